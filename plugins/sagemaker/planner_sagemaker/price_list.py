"""Prices and quotas as AWS itself says them: the Price List service and Service Quotas.

Rows are told apart by their attributes and never by a prefix of their usage type, which names the
region in a way of its own. Attributes, groups and units of the rows: AWS's public price list of
AmazonSageMaker, as other programs that read it name them (infracost sagemaker_endpoint*,
sagemaker-idle-finder scripts/fetch_prices.py).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from planner.errors import AuthError, ProviderError
from planner.model.price_list import ListPrice, ListQuota, PriceList, Wanted
from planner.model.value import value
from planner_sagemaker import tables
from planner_sagemaker.quota_names import (
    PER_TYPE,
    SERVERLESS_CONCURRENCY,
    SERVERLESS_ENDPOINTS,
    TOTAL,
)
from planner_sagemaker.reading import Ask

PRICING, PRICING_REGION = "pricing", "us-east-1"
"""One of the few regions whose service tells the prices of all."""

SERVICE = "AmazonSageMaker"
SOURCE = "AWS Price List GetProducts"
_QUERIES = (
    ("component", "Hosting"),
    ("productFamily", "ML Serverless"),
    ("group", "Hosting:IN"),
    ("group", "Hosting:OUT"),
    ("volumeType", "General Purpose-Hosting"),
)
_UNITS = {"Hrs": "hour", "seconds": "second", "GB": "GB", "GB-Mo": "GB-month"}
_METERS = {
    "serverless-busy-second": "second",
    "prewarm-held-second": "second",
    "prewarm-busy-second": "second",
    "data-in-gb": "GB",
    "data-out-gb": "GB",
    "storage-gb-month": "GB-month",
}
_QUOTAS = {TOTAL, SERVERLESS_ENDPOINTS, SERVERLESS_CONCURRENCY}
_HELD = "ServerlessProvisionedConcurrency-Usage"
_BUSY = "ServerlessProvisionedConcurrency-Duration"
_MEMORY = re.compile(r"(?:Mem|Usage)-(\d+)GB\Z")
_MOST_NAMED = 3
_ENOUGH = 0.5
"""Of the prices that are known in a region a list must have so many to be taken for whole."""


@value
class _Row:
    key: str
    usd: float
    unit: str
    since: str
    sku: str

    @property
    def fault(self) -> str:
        """Why the row cannot be used; "" where it can."""
        wanted = _METERS.get(self.key.partition("/")[0], "hour")
        if _UNITS.get(self.unit) != wanted:
            return f"its unit is {self.unit}, not {wanted}s"
        return "" if self.usd > 0.0 else "it is listed at $0"


def price_list(prices: Ask, ask: Ask, wanted: Wanted) -> PriceList:
    """What is listed in a region, by the connection `prices`, and the quotas there, by `ask`."""
    rows = [
        row
        for filtered in _QUERIES
        for row in _listed(prices, wanted, filtered)
        if not any(fnmatchcase(row.key, pattern) for pattern in wanted.leave_out)
    ]
    known = {row.name for row in tables.instances()}
    types = {row.key for row in rows if row.key.startswith("ml.")}
    useful = [row for row in rows if row.key in known or not row.key.startswith("ml.")]
    _refuse_duplicates(useful, wanted)
    sound = {row.key: row for row in reversed(useful) if not row.fault}
    _refuse_half(sound.keys() & known, wanted)
    account, quotas = _quotas(ask) if wanted.quotas else ("", ())
    return PriceList(
        provider="sagemaker",
        region=wanted.region,
        read_at=wanted.now,
        source=SOURCE,
        prices=tuple(_price(sound[key]) for key in sorted(sound)),
        account=account,
        quotas=quotas,
        unknown=tuple(sorted(types - known)),
        left_out=wanted.leave_out,
        notes=tuple(sorted({f"{row.key}: {row.fault}" for row in useful if row.fault})),
    )


def _price(row: _Row) -> ListPrice:
    unit = _UNITS[row.unit]
    return ListPrice(key=row.key, usd=row.usd, unit=unit, since=row.since, sku=row.sku)


def _listed(prices: Ask, wanted: Wanted, filtered: tuple[str, str]) -> Iterator[_Row]:
    filters = (("regionCode", wanted.region), filtered)
    answer = prices(
        PRICING,
        "GetProducts",
        {
            "ServiceCode": SERVICE,
            "FormatVersion": "aws_v1",
            "Filters": [{"Type": "TERM_MATCH", "Field": f, "Value": v} for f, v in filters],
        },
    )
    found = [row for text in answer.get("PriceList", ()) for row in _rows(text, wanted.now)]
    return iter(sorted(found, key=lambda row: (row.key, row.sku)))


def _rows(text: str, now: str) -> Iterator[_Row]:
    """The rates of one product that are in effect; each product is a text that holds JSON."""
    try:
        listed = json.loads(text)
        product, terms = listed["product"], listed["terms"]
        key = _key(product["attributes"])
        if key is None:
            return
        for term in (terms.get("OnDemand") or {}).values():
            if term["effectiveDate"] > now:
                continue
            for rate in term["priceDimensions"].values():
                yield _Row(
                    key=key,
                    usd=float(rate["pricePerUnit"]["USD"]),
                    unit=rate["unit"],
                    since=term["effectiveDate"][:10],
                    sku=product["sku"],
                )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ProviderError(
            "half-answer",
            f"GetProducts gave a product that is not whole: {type(error).__name__}: {error}",
        ) from error


def _key(attributes: Mapping[str, str]) -> str | None:
    """What a row prices, in the terms of our tables; None for what is no part of hosting."""
    group = attributes.get("group", "")
    if attributes.get("component") == "Hosting":
        name = attributes.get("instanceName") or attributes.get("instanceType", "")
        name = re.sub(r"-hosting\Z", "", name, flags=re.IGNORECASE)
        return name if name.startswith("ml.") else None
    if group in {"Hosting:IN", "Hosting:OUT"}:
        return "data-in-gb" if group == "Hosting:IN" else "data-out-gb"
    if attributes.get("volumeType") == "General Purpose-Hosting":
        return "storage-gb-month"
    return _serverless(group, attributes.get("usagetype", ""))


def _serverless(group: str, usage: str) -> str | None:
    memory = _MEMORY.search(usage)
    if memory is None:
        return None
    named = {_HELD: "prewarm-held-second", _BUSY: "prewarm-busy-second"}
    meter = named.get(group)
    if meter is None and "ProvisionedConcurrency" in usage:
        return None
    return f"{meter or 'serverless-busy-second'}/{int(memory[1]) * 1024}"


def _refuse_duplicates(rows: Iterable[_Row], wanted: Wanted) -> None:
    found: dict[str, dict[float, _Row]] = {}
    for row in rows:
        if not row.fault:
            found.setdefault(row.key, {}).setdefault(row.usd, row)
    clashes = {key: list(by.values()) for key, by in found.items() if len(by) > 1}
    if not clashes:
        return
    names = sorted(clashes)
    said = "; ".join(_clash(name, clashes[name]) for name in names[:_MOST_NAMED])
    more = f"; and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    family = names[0].rpartition(".")[0] + ".*" if names[0].startswith("ml.") else names[0]
    raise ProviderError(
        "duplicate-price",
        f"AWS lists more than one price in {wanted.region}: {said}{more}; none of them is taken",
        hint=f"planner catalog refresh --provider sagemaker --region {wanted.region} "
        f"--leave-out '{family}'",
    )


def _usd(row: _Row) -> float:
    return row.usd


def _clash(key: str, rows: Sequence[_Row]) -> str:
    prices = " and ".join(
        f"${row.usd:g} (SKU {row.sku}, since {row.since})" for row in sorted(rows, key=_usd)
    )
    return f"{key} at {prices}"


def _refuse_half(types: Iterable[str], wanted: Wanted) -> None:
    """Raise ProviderError where too few types are priced; left out is not missing."""
    expected = sum(
        tables.price_cell(row.name, wanted.region) not in {"", tables.SUSPECT}
        for row in tables.instances()
        if wanted.region in tables.regions()
        if not any(fnmatchcase(row.name, pattern) for pattern in wanted.leave_out)
    )
    have = len(set(types))
    if have < max(1.0, _ENOUGH * expected):
        raise ProviderError(
            "half-answer",
            f"AWS lists {have} prices of hosting types in {wanted.region}, where "
            f"{expected or 'none'} were known: that cannot be all",
        )


def _quotas(ask: Ask) -> tuple[str, tuple[ListQuota, ...]]:
    """The account and its quotas of endpoints, by name: codes differ, and few are published."""
    try:
        answer = ask("service-quotas", "ListServiceQuotas", {"ServiceCode": "sagemaker"})
    except AuthError as error:
        if error.code != "access-denied":
            raise
        hint = "planner catalog refresh --no-quotas reads prices alone"
        raise AuthError(error.code, error.message, hint=hint) from error
    found: dict[str, float] = {}
    accounts: set[str] = set()
    for one in answer.get("Quotas", ()):
        name, amount = str(one["QuotaName"]), one.get("Value")
        if amount is None or not (name.endswith(PER_TYPE) or name in _QUOTAS):
            continue
        # A name may stand there again, for a level below the account: the least holds for all.
        found[name] = min(float(amount), found.get(name, float(amount)))
        accounts.update(str(one.get("QuotaArn", "")).split(":")[4:5])
    return next(iter(accounts), ""), tuple(
        ListQuota(name=name, amount=found[name]) for name in sorted(found)
    )
