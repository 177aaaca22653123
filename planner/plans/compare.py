"""Two plans side by side."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from planner.model.plan import EndpointPlan, Plan
from planner.model.value import value
from planner.plans.document import FORMAT_VERSION, document
from planner.plans.numbers import milliseconds, money, total
from planner.plans.shortlist import sized


@value
class Side:
    """What one plan says about one endpoint, as far as two plans are compared."""

    hosting: str
    what: str
    provider: str
    region: str
    concurrency: int
    p50_s: float
    p99_s: float
    cold_start_fraction: float
    monthly_usd: float
    per_million_usd: float | None
    met: bool


@value
class Pair:
    """One endpoint on both sides; None where a plan does not have it."""

    name: str
    left: Side | None
    right: Side | None
    left_infeasible: bool = False
    right_infeasible: bool = False

    @property
    def differences(self) -> tuple[str, ...]:
        """Names of the values that differ, sorted; empty where a side is missing."""
        if self.left is None or self.right is None:
            return ()
        names = Side.__dataclass_fields__
        return tuple(
            sorted(name for name in names if getattr(self.left, name) != getattr(self.right, name))
        )


def pairs(left: Plan, right: Plan) -> tuple[Pair, ...]:
    """Endpoints of both plans by name; two plans of one endpoint each are paired whatever it is.

    A workload that a plan found infeasible is a pair with that side None.
    """
    return tuple(sorted(_pairs(left, right), key=lambda pair: pair.name))


def _pairs(left: Plan, right: Plan) -> Iterator[Pair]:
    lefts, rights = _names(left), _names(right)
    if len(lefts) == len(rights) == 1 and set(lefts) != set(rights):
        (before, one), (after, other) = *lefts.items(), *rights.items()
        yield _pair(f"{before} -> {after}", one, other)
        return
    for name in {**lefts, **rights}:
        yield _pair(name, lefts.get(name, _ABSENT), rights.get(name, _ABSENT))


@value
class _Found:
    side: Side | None = None
    infeasible: bool = False


_ABSENT = _Found()


def _names(plan: Plan) -> dict[str, _Found]:
    found = {endpoint.name: _Found(side=side_of(endpoint)) for endpoint in plan.endpoints}
    for outcome in plan.infeasible:
        found.setdefault(outcome.workload, _Found(infeasible=True))
    return found


def _pair(name: str, left: _Found, right: _Found) -> Pair:
    return Pair(
        name=name,
        left=left.side,
        right=right.side,
        left_infeasible=left.infeasible,
        right_infeasible=right.infeasible,
    )


def side_of(endpoint: EndpointPlan) -> Side:
    """The compared values of one endpoint."""
    decision = endpoint.decision
    return Side(
        hosting=decision.hosting,
        what=sized(decision.instance_type, decision.replicas or decision.units),
        provider=decision.provider,
        region=decision.region,
        concurrency=decision.concurrency.max,
        p50_s=decision.latency.p50_s,
        p99_s=decision.latency.p99_s,
        cold_start_fraction=decision.cold_start_fraction,
        monthly_usd=decision.cost.monthly_usd,
        per_million_usd=decision.cost.per_million_usd,
        met=decision.met,
    )


def comparison_document(left: Plan, right: Plan, *, labels: tuple[str, str]) -> dict[str, Any]:
    """Both plan documents with what differs per endpoint, as a JSON value."""
    before, after = left.monthly_usd_after, right.monthly_usd_after
    return {
        "endpoints": [_pair_part(pair) for pair in pairs(left, right)],
        "format_version": FORMAT_VERSION,
        "left": {"label": labels[0], "plan": document(left)},
        "right": {"label": labels[1], "plan": document(right)},
        "summary": {
            "monthly_usd_difference": total(after - before),
            "monthly_usd_left": total(before),
            "monthly_usd_right": total(after),
        },
    }


def _pair_part(pair: Pair) -> dict[str, Any]:
    return {
        "differences": list(pair.differences),
        "left": _side_part(pair.left, infeasible=pair.left_infeasible),
        "name": pair.name,
        "right": _side_part(pair.right, infeasible=pair.right_infeasible),
    }


def _side_part(side: Side | None, *, infeasible: bool) -> dict[str, Any] | None:
    if side is None:
        return {"infeasible": True} if infeasible else None
    return {
        "hosting": side.hosting,
        "infeasible": False,
        "instance_type": side.what,
        "monthly_usd": money(side.monthly_usd),
        "p99_ms": milliseconds(side.p99_s),
        "provider": side.provider,
        "region": side.region,
    }
