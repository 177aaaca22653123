"""The catalog of one region: offerings, meters and shared limits, identical for equal options."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from planner.errors import ProviderError
from planner.model.catalog import Catalog, Limit, Meter, Offering, Price
from planner_sagemaker import tables
from planner_sagemaker.offerings import (
    OVERHEAD_NOTE,
    PROVIDER,
    ROUTING_NOTE,
    SPEC,
    STARTUP_NOTE,
    CatalogOptions,
    offerings,
)

METERS = ("data-in-gb", "data-out-gb", "storage-gb-month")
EXTRA_PRICES = (
    "serverless_gb_second",
    "provisioned_gb_second",
    "provisioned_busy_gb_second",
    "data_in_gb",
    "data_out_gb",
    "storage_gb_month",
)
EXTRA_QUOTAS = ("serverless_endpoints", "serverless_concurrency", "endpoint_instances")


@lru_cache(maxsize=64)
def catalog_for(options: CatalogOptions) -> Catalog:
    """The catalog for these options; the same object for equal options.

    Limits over the region stand in `limits` and again on each offering that counts towards them.
    Raises ProviderError `unknown-region`.
    """
    check_region(options.region)
    found = offerings(options)
    meters = tuple(_meters(options))
    return Catalog(
        provider=PROVIDER,
        region=options.region,
        offerings=found,
        meters=meters,
        limits=_shared(found),
        version=f"{tables.source('types').source.split(' sagemaker')[0]}, "
        f"prices of {tables.source('prices').as_of}",
        as_of=min(_dates(found, meters), default=""),
        notes=tuple(_notes(options, meters)),
    )


def check_region(region: str) -> None:
    """Raises ProviderError `unknown-region` with the nearest names."""
    if region in tables.regions():
        return
    from difflib import get_close_matches  # noqa: PLC0415 - only for the message

    near = get_close_matches(region, tables.regions(), n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else f"one of {', '.join(tables.regions())}"
    raise ProviderError(
        "unknown-region",
        f"SageMaker hosting has no prices for the region {region!r}",
        hint=hint,
        path="region",
    )


def _meters(options: CatalogOptions) -> Iterator[Meter]:
    given = dict(options.prices)
    sourced = {row.name: row.price for row in tables.meters(options.region)}
    for name in METERS:
        key = name.replace("-", "_")
        price = sourced.get(name)
        if key in given:
            price = Price(usd=given[key], source=f"{SPEC}.prices", as_of="")
        if price is not None:
            yield Meter(name=name, price=price, per="GB-month" if "month" in name else "GB")


def _shared(found: tuple[Offering, ...]) -> tuple[Limit, ...]:
    # Offerings of one mode share one tuple; hashing each of its limits for each would cost more
    # than building the offerings.
    tuples = {id(offering.limits): offering.limits for offering in found}
    return tuple(
        dict.fromkeys(limit for limits in tuples.values() for limit in limits if limit.scope.shared)
    )


def _dates(found: tuple[Offering, ...], meters: tuple[Meter, ...]) -> set[str]:
    prices = [offering.price for offering in found] + [meter.price for meter in meters]
    return {price.as_of for price in prices if price is not None and price.as_of}


def _notes(options: CatalogOptions, meters: tuple[Meter, ...]) -> Iterator[str]:
    if options.overhead_s is None:
        yield OVERHEAD_NOTE
    if options.startup_s is None:
        yield STARTUP_NOTE
    yield ROUTING_NOTE
    missing = [name for name in METERS if name not in {meter.name for meter in meters}]
    if missing:
        keys = ", ".join(name.replace("-", "_") for name in missing)
        yield (
            f"no source prices {', '.join(missing)} in {options.region}: left out of the cost; "
            f"give them as {SPEC.split(': ')[1]}.prices: {keys}"
        )
    suspect = [
        row.name
        for row in tables.instances()
        if tables.price_cell(row.name, options.region) == tables.SUSPECT
    ]
    if suspect:
        yield f"left out, price contradicted by its sister regions: {', '.join(suspect)}"
