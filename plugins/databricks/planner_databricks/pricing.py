"""USD of a unit of concurrency and of a start, each with its origin and what is a guess in it."""

from __future__ import annotations

from planner.errors import ProviderError
from planner.model.catalog import Price
from planner_databricks import tables
from planner_databricks.tables import UNITS_PER_REPLICA, DbuPrice, WorkloadType
from planner_databricks.terms import SPEC, Terms


def dbu_price(terms: Terms) -> DbuPrice:
    """USD per DBU in this region and tier; raises `unknown-tier`."""
    rows = _rows(terms)
    for row in rows:
        if row.tier == terms.tier:
            return row
    tiers = ", ".join(row.tier for row in rows)
    raise ProviderError(
        "unknown-tier",
        f"no price for tier {terms.tier} in {terms.region}; known: {tiers}",
        hint=f"tier: {rows[0].tier}",
        path="tier",
    )


def _rows(terms: Terms) -> list[DbuPrice]:
    """Prices of the region by tier, as its list has them where it was read."""
    if terms.listed is None:
        place = (terms.cloud, terms.region)
        return [row for row in tables.dbu_prices() if (row.cloud, row.region) == place]
    prices = {one.key: one.usd for one in terms.listed.prices}
    return [
        DbuPrice(
            cloud=terms.cloud,
            region=terms.region,
            tier=tier,
            usd_per_dbu=usd,
            usd_per_launch=prices.get(f"{tier}/launch"),
            source=f"{terms.listed.source} of the workspace",
            as_of=terms.listed.read_on,
        )
        for tier, usd in prices.items()
        if "/" not in tier
    ]


def _rate_assumption(kind: WorkloadType) -> str:
    """What is guessed about the unit of the DBU rate; empty where it is well established."""
    if kind.confidence == "high":
        return ""
    if kind.rate_unit == "replica":
        reading = f"per replica of {UNITS_PER_REPLICA} units; if it is per unit, the price is 4x"
    else:
        reading = f"per unit; if it is per replica of {UNITS_PER_REPLICA}, the price is a quarter"
    return f"DBU rate of {kind.name} read as {reading} ({kind.confidence} confidence)"


def unit_price(kind: WorkloadType, terms: Terms, dbu: DbuPrice) -> Price | None:
    """USD per unit of concurrency and hour; the spec's own price goes first."""
    given = dict(terms.prices).get(kind.name)
    if given is not None:
        return Price(usd=given / kind.units_per_rate, source=SPEC, as_of=SPEC)
    if kind.dbu_per_hour is None:
        return None
    place = f"region {terms.region} assumed, the spec names none" if terms.region_assumed else ""
    return Price(
        usd=kind.dbu_per_hour / kind.units_per_rate * dbu.usd_per_dbu,
        source=f"{kind.dbu_per_hour:g} DBU/h: {kind.price_source}; USD per DBU: {dbu.source}",
        as_of=min(kind.as_of, dbu.as_of),
        assumption="; ".join(filter(None, (_rate_assumption(kind), place))),
    )


def launch_price(terms: Terms, dbu: DbuPrice) -> Price:
    """USD per start from zero; one DBU where the list has none for the region."""
    given = dict(terms.prices).get("LAUNCH")
    if given is not None:
        return Price(usd=given, source=SPEC, as_of=SPEC)
    if dbu.usd_per_launch is not None:
        return Price(usd=dbu.usd_per_launch, source=dbu.source, as_of=dbu.as_of)
    return Price(
        usd=dbu.usd_per_dbu,
        source=dbu.source,
        as_of=dbu.as_of,
        assumption=f"no launch price is listed for {terms.region} ({terms.tier}): the price of "
        "one DBU, which is what the regions that list one charge",
    )
