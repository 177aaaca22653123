"""Objectives that no number of servers can mend: cold starts, and latency without any wait."""

from __future__ import annotations

import math

from planner.capacity.latency import Pool
from planner.capacity.queue import Cold
from planner.model.candidate import Rejection
from planner.model.catalog import Measure, Offering
from planner.model.units import format_duration, format_fraction
from planner.model.workload import LatencyTarget
from planner.solver.ask import Ask, limit_of, time_limit
from planner.solver.constraints import over_limit


def check_cold(ask: Ask, cold: Cold) -> Rejection | None:
    """The spec's bound on cold starts, against what is predicted."""
    allowed = ask.workload.slo.cold_start
    if cold.fraction <= 0.0:
        return None
    if not allowed.allowed:
        return cold_forbidden(cold)
    if allowed.fraction is not None and cold.fraction > allowed.fraction:
        return Rejection(
            code="cold-start-fraction",
            measured=f"{format_fraction(cold.fraction)} of the requests",
            allowed=format_fraction(allowed.fraction),
            path="spec.slo.cold_start.fraction",
            source_id="S5",
            shortfall=cold.fraction / allowed.fraction if allowed.fraction else math.inf,
        )
    if allowed.max_s is not None and cold.delay_s > allowed.max_s:
        return Rejection(
            code="cold-start-time",
            measured=format_duration(cold.delay_s),
            allowed=format_duration(allowed.max_s),
            path="spec.slo.cold_start.max",
            source_id="S5",
            shortfall=cold.delay_s / allowed.max_s,
        )
    return None


def cold_forbidden(cold: Cold) -> Rejection:
    """The rejection where no request may start cold and some would."""
    return Rejection(
        code="cold-start-forbidden",
        measured=f"{format_fraction(cold.fraction)} of the requests start cold",
        allowed="no cold start",
        path="spec.slo.cold_start",
        source_id="S5",
    )


def miss(
    offering: Offering, pool: Pool, targets: tuple[LatencyTarget, ...], cold: Cold
) -> Rejection | None:
    """The target that no number of servers meets, by how much it is missed; None if all can be.

    The platform's own limit comes first: no other target would help.
    """
    if pool.attainable(targets, cold):
        return None
    limit, hard = limit_of(offering, Measure.REQUEST_SECONDS), time_limit(offering)
    if limit is not None and hard is not None and not pool.attainable((hard,), cold):
        return over_limit(limit, pool.best_case(hard, cold), "spec.models.service_time")
    worst: tuple[float, LatencyTarget, float] | None = None
    for target in targets:
        best = pool.best_case(target, cold)
        ratio = best / target.seconds
        if worst is None or ratio > worst[0]:
            worst = (ratio, target, best)
    assert worst is not None
    ratio, target, best = worst
    return Rejection(
        code="slo-below-service-time",
        measured=f"{target.label} {format_duration(best)} without any waiting",
        allowed=f"{target.label} {format_duration(target.seconds)}",
        path=f"spec.slo.latency.{target.label}",
        shortfall=max(ratio, 1.0),
    )
