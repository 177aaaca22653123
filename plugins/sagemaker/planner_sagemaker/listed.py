"""What a price list says, in the place of the tables: prices by type and meter, and quotas."""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import lru_cache

from planner.model.catalog import Price
from planner.model.price_list import ListPrice, PriceList
from planner.model.value import value
from planner_sagemaker import tables
from planner_sagemaker.quota_names import (
    PER_TYPE,
    SERVERLESS_CONCURRENCY,
    SERVERLESS_ENDPOINTS,
    TOTAL,
)

NO_ACCOUNT = "000000000000"
"""Of settings that only name a region: they are shown what whoever asked may have."""

_QUOTAS = {
    "serverless_endpoints": SERVERLESS_ENDPOINTS,
    "serverless_concurrency": SERVERLESS_CONCURRENCY,
    "endpoint_instances": TOTAL,
}


@value
class Granted:
    """A quota as the account has it, with its origin."""

    amount: float
    source: str
    as_of: str


def listed_price(listed: PriceList, key: str) -> Price | None:
    """The price of an instance type or a meter, None where the list has none."""
    found = _prices(listed).get(key)
    return None if found is None else _price(listed, found)


def left_out(listed: PriceList, name: str) -> bool:
    """Whether the price of a type was not wanted: it may well be offered."""
    return any(fnmatchcase(name, pattern) for pattern in listed.left_out)


def not_listed(listed: PriceList) -> str:
    """Where it was looked for, for what is not there."""
    return f"{listed.source} of {listed.read_on}"


def _price(listed: PriceList, found: ListPrice) -> Price:
    origin = f"{listed.source}, SKU {found.sku}, in effect since {found.since}"
    return Price(usd=found.usd, source=origin, as_of=listed.read_on)


def meters(region: str, listed: PriceList | None) -> tuple[tables.MeterRow, ...]:
    """Serverless, data and storage prices of a region; what is not listed keeps its own source."""
    rows = {(row.name, row.memory_mb): row for row in tables.meters(region)}
    for one in listed.prices if listed is not None else ():
        name, _, memory = one.key.partition("/")
        if not name.startswith("ml."):
            assert listed is not None
            size = int(memory or 0)
            price = _price(listed, one)
            rows[name, size] = tables.MeterRow(name=name, memory_mb=size, price=price)
    return tuple(rows.values())


def granted(listed: PriceList | None, name: str, account: str) -> Granted | None:
    """A quota by its name in a spec's `quotas`; None unless the account's own was read."""
    if listed is None or account not in {listed.account, NO_ACCOUNT}:
        return None
    amount = _granted(listed).get(_QUOTAS.get(name, name + PER_TYPE))
    if amount is None:
        return None
    source = f"Service Quotas of account {listed.account}"
    return Granted(amount=amount, source=source, as_of=listed.read_on)


@lru_cache(maxsize=64)
def _prices(listed: PriceList) -> dict[str, ListPrice]:
    return {one.key: one for one in listed.prices}


@lru_cache(maxsize=64)
def _granted(listed: PriceList) -> dict[str, float]:
    return {one.name: one.amount for one in listed.quotas}
