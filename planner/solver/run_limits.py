"""Limits that count over a region, workspace or account: all endpoints of a run together."""

from __future__ import annotations

from collections.abc import Sequence

from planner.model.candidate import Decision, Outcome, Solved
from planner.model.catalog import Catalog, Limit, Measure, Offering
from planner.model.plan import LimitBreach


def check_run(outcomes: Sequence[Outcome], catalogs: Sequence[Catalog]) -> tuple[LimitBreach, ...]:
    """Every shared limit that the decided endpoints exceed together, by provider and limit name.

    A limit that stands on offerings counts the endpoints decided for those, any other one all.
    """
    decisions = [d for o in outcomes if isinstance(o, Solved) for d in o.decisions]
    breaches: list[LimitBreach] = []
    for catalog in _distinct(catalogs):
        here = [
            d for d in decisions if (d.provider, d.region) == (catalog.provider, catalog.region)
        ]
        if here:
            breaches += _breaches(catalog, here)
    return tuple(sorted(breaches, key=lambda b: (b.provider, b.region, b.limit.name)))


def _distinct(catalogs: Sequence[Catalog]) -> list[Catalog]:
    """One catalog per provider and region; quotas of two blocks for one region: the first."""
    found: dict[tuple[str, str], Catalog] = {}
    for catalog in catalogs:
        found.setdefault((catalog.provider, catalog.region), catalog)
    return list(found.values())


def _breaches(catalog: Catalog, decisions: Sequence[Decision]) -> list[LimitBreach]:
    groups: dict[Limit, list[Decision]] = {}
    on_offerings = {limit for o in catalog.offerings for limit in o.limits if _counts(limit)}
    for limit in catalog.limits:
        if _counts(limit) and limit not in on_offerings:
            groups[limit] = list(decisions)
    offered = {_key(o): o for o in catalog.offerings}
    for decision in decisions:
        offering = offered.get(_decided(decision))
        for limit in offering.limits if offering is not None else ():
            if _counts(limit):
                groups.setdefault(limit, []).append(decision)
    result = []
    for limit, over in groups.items():
        distinct = list(dict.fromkeys(d.endpoint for d in over))
        measured = sum(_measure(d, limit.measure) for d in {d.endpoint: d for d in over}.values())
        if measured > limit.value:
            result.append(
                LimitBreach(
                    provider=catalog.provider,
                    region=catalog.region,
                    limit=limit,
                    measured=measured,
                    endpoints=tuple(sorted(distinct)),
                )
            )
    return result


def _counts(limit: Limit) -> bool:
    """Tell whether a limit counts endpoints together, and binds."""
    return limit.scope.shared and not limit.advisory


def _key(offering: Offering) -> tuple[str, str, str]:
    route = dict(offering.options).get("route_optimized", "")
    return (offering.hosting, offering.instance_type, route)


def _decided(decision: Decision) -> tuple[str, str, str]:
    return (decision.hosting, decision.instance_type, decision.option("route_optimized"))


def _measure(decision: Decision, measure: Measure) -> float:
    match measure:
        case Measure.ENDPOINTS:
            return 1.0
        case Measure.CONCURRENCY:
            return float(decision.concurrency.max)
        case Measure.PROVISIONED_CONCURRENCY:
            held = decision.option("prewarm", "0")
            return float(decision.units.max if decision.units else int(held))
        case Measure.REPLICAS:
            return float(decision.replicas.max if decision.replicas else 0)
        case Measure.RATE_PER_S:
            return decision.peak_per_s
        case Measure.MODELS:
            return float(len(decision.models))
        case _:
            return 0.0
