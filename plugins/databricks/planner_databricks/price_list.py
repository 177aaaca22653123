"""USD of a DBU as the workspace's own price table has it.

DBU per hour and type stand in no table of the workspace: they stay those of the bundled catalog.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from planner.errors import ProviderError
from planner.model.price_list import ListPrice, PriceList, Wanted
from planner_databricks import tables
from planner_databricks.reading import Ask
from planner_databricks.sku import FAMILY, read_sku, sku_regions
from planner_databricks.sql import Row, rows

TABLE = "system.billing.list_prices"
SOURCE = TABLE
# The history is read as well: the row in effect may have an end already, and the one without an
# end may begin tomorrow.
_STATEMENT = f"""\
SELECT sku_name, usage_unit, pricing.default, price_start_time, price_end_time
FROM {TABLE}
WHERE sku_name LIKE '%{FAMILY}%' AND currency_code = 'USD'
"""  # noqa: S608 - nothing in it comes from outside
_UNIT = "DBU"


def price_list(ask: Ask, warehouse: str, wanted: Wanted) -> PriceList:
    """Prices of a DBU and of a start from zero in a region, by tier."""
    region = _sku_region(wanted.region)
    found = [
        price
        for row in rows(ask, warehouse, _STATEMENT, patience_s=wanted.patience_s)
        for price in _in_effect(row, region, wanted)
        if not any(fnmatchcase(price.key, pattern) for pattern in wanted.leave_out)
    ]
    _refuse_duplicates(found, wanted)
    _refuse_half(found, wanted)
    sound = {price.key: price for price in found if not _fault(price)}
    return PriceList(
        provider="databricks",
        region=wanted.region,
        read_at=wanted.now,
        source=SOURCE,
        prices=tuple(sound[key] for key in sorted(sound)),
        left_out=wanted.leave_out,
        notes=tuple(sorted({f"{one.sku}: {_fault(one)}" for one in found if _fault(one)})),
    )


def _sku_region(region: str) -> str:
    for (_, name), in_skus in sku_regions().items():
        if name == region:
            return in_skus
    raise ProviderError(
        "unknown-region",
        f"no public list says how {region} is called in SKUs, so that its prices cannot be told "
        "apart",
        hint="give them in the spec: providers.databricks.prices",
    )


def _in_effect(row: Row, region: str, wanted: Wanted) -> Iterator[ListPrice]:
    try:
        sku, unit, usd, start, end = row
        read = read_sku(sku or "")
        if read is None or read[1] != region:
            return
        # Both as 2026-11-21T10:00:00, with fractions and zone behind it.
        now = wanted.now[:19]
        if (start or "")[:19] <= now and (end is None or now < end[:19]):
            yield ListPrice(
                key=read[0],
                usd=float(usd or "none"),
                unit=unit or "",
                since=(start or "")[:10],
                sku=sku or "",
            )
    except (ValueError, TypeError) as error:
        raise ProviderError(
            "half-answer", f"{TABLE} gave a row that is not whole: {list(row)}"
        ) from error


def _fault(price: ListPrice) -> str:
    if price.unit != _UNIT:
        return f"its unit is {price.unit}, not {_UNIT}"
    return "" if price.usd > 0.0 else "it is listed at $0"


def _refuse_duplicates(found: Iterable[ListPrice], wanted: Wanted) -> None:
    known: dict[str, ListPrice] = {}
    for price in sorted(found, key=lambda one: (one.key, one.usd)):
        other = known.setdefault(price.key, price)
        if other.usd != price.usd:
            raise ProviderError(
                "duplicate-price",
                f"{TABLE} has two prices in {wanted.region} for {price.sku}: ${other.usd:g} (since "
                f"{other.since}) and ${price.usd:g} (since {price.since}); none of them is taken",
                hint=f"planner catalog refresh --provider databricks --region {wanted.region} "
                f"--leave-out '{price.key}'",
            )


def _refuse_half(found: Iterable[ListPrice], wanted: Wanted) -> None:
    known = {price.tier for price in tables.dbu_prices() if price.region == wanted.region}
    have = {price.key for price in found if not _fault(price)}
    if have & known:
        return
    clouds = {price.cloud for price in tables.dbu_prices() if price.region == wanted.region}
    raise ProviderError(
        "half-answer",
        f"{TABLE} has no price of a DBU in {wanted.region}; a workspace sees those of its own "
        f"cloud alone, and {wanted.region} is of {' or '.join(sorted(clouds)) or 'none'}",
        hint="planner catalog refresh --provider databricks --region REGION, one of its cloud",
    )
