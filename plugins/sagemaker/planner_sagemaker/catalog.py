"""The catalog of one region: offerings, meters and shared limits, identical for equal options."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

from planner.errors import ProviderError
from planner.model.catalog import Catalog, Limit, Meter, Offering, Price
from planner.model.price_list import PriceList
from planner_sagemaker import listed as by_list
from planner_sagemaker import tables
from planner_sagemaker.offerings import PROVIDER, ROUTING_NOTE, STARTUP_NOTE, offerings
from planner_sagemaker.options import OVERHEAD_NOTE, SPEC, CatalogOptions

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
    if options.listed is None:
        check_region(options.region)
    found = offerings(options)
    meters = tuple(_meters(options))
    return Catalog(
        provider=PROVIDER,
        region=options.region,
        offerings=found,
        meters=meters,
        limits=_shared(found),
        version=f"{tables.source('types').source.split(' sagemaker')[0]}, {_priced(options)}",
        as_of=min(_dates(found, meters), default=""),
        notes=tuple(_notes(options, meters)),
    )


def catalog_by(options: CatalogOptions, account: str, lists: Sequence[PriceList]) -> Catalog:
    """The catalog by the list of the options' region; quotas count where they are the account's."""
    own = next((one for one in lists if one.region == options.region), None)
    if own is None:
        return catalog_for(options)
    known = account if account in {own.account, by_list.NO_ACCOUNT} else ""
    return catalog_for(replace(options, listed=own, account=known))


def _priced(options: CatalogOptions) -> str:
    if options.listed is None:
        return f"prices of {tables.source('prices').as_of}"
    return f"{options.listed.source} read {options.listed.read_at}"


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
    rows = by_list.meters(options.region, options.listed)
    sourced = {row.name: row.price for row in rows}
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
    listed = options.listed
    if listed is not None:
        if listed.left_out:
            yield f"left out when the prices were read: {', '.join(listed.left_out)}"
        if listed.unknown:
            yield f"priced, and their hardware is not known here: {', '.join(listed.unknown)}"
        return
    suspect = [
        row.name
        for row in tables.instances()
        if tables.price_cell(row.name, options.region) == tables.SUSPECT
    ]
    if suspect:
        yield f"left out, price contradicted by its sister regions: {', '.join(suspect)}"
