"""Whether the traffic is what was planned for, and anybody calls at all."""

from __future__ import annotations

import math
from collections.abc import Iterator

from planner.doctor.case import Case, chance
from planner.model.checkup import Finding, Severity
from planner.model.units import format_duration, format_rate, format_usd


def traffic(case: Case) -> Iterator[Finding]:
    """Traffic unlike the spec, with what planning for the real one saves."""
    vitals, expected = case.vitals, case.forecast.rate
    if not vitals.periods or _idle_s(case) > case.limit("idle"):
        return
    seen, apart = vitals.rate_per_s, case.limit("traffic-apart")
    low, high = expected.low * (1.0 - apart), expected.high * (1.0 + apart)
    if low <= seen <= high or _by_chance(case, expected.low if seen < low else expected.high):
        return
    factor = seen / expected.mean if expected.mean > 0.0 else math.inf
    saving = case.saving(factor) if 0.0 < factor < math.inf else None
    yield Finding(
        rule="traffic-unlike-spec",
        source_id="D7",
        severity=Severity.WARNING if seen > high else Severity.NOTE,
        cause=f"traffic unlike the spec: you asked for {format_rate(expected.mean)}, "
        f"it gets {format_rate(seen)}",
        action=f"give the spec the traffic that there is{_worth(saving)}",
        measured=format_rate(seen),
        expected=_range(expected.low, expected.high),
        saves_monthly_usd=saving,
    )


def _worth(saving: float | None) -> str:
    if saving is None or abs(saving) < 1.0:
        return " and plan again"
    if saving > 0.0:
        return f": re-planning saves {format_usd(saving)} a month"
    return f": what it needs costs {format_usd(-saving)} a month more"


def idle(case: Case) -> Iterator[Finding]:
    """An endpoint that costs money and that nobody calls, though its spec expects calls."""
    since_s = _idle_s(case)
    if since_s <= case.limit("idle") or case.forecast.rate.high <= 0.0:
        return
    monthly = case.decision.cost.monthly_usd
    yield Finding(
        rule="idle",
        source_id="L4",
        severity=Severity.WARNING,
        cause=f"idle: no request for {format_duration(since_s)} or longer, and it costs "
        f"{format_usd(monthly)} a month",
        action="planner destroy, or a spec with the traffic that there is: where calls are rare, "
        "capacity that goes to zero costs less",
        measured="no request",
        expected=_range(case.forecast.rate.low, case.forecast.rate.high),
        saves_monthly_usd=monthly,
    )


def _idle_s(case: Case) -> float:
    """For how long nobody has called, as far as is known."""
    vitals = case.vitals
    if vitals.requests > 0.0:
        return 0.0
    last_s = vitals.last_request_s
    return max(vitals.seconds, 0.0 if last_s is None else vitals.until_s - last_s)


def _by_chance(case: Case, rate: float) -> bool:
    """Whether so many requests, more or fewer, may come by chance."""
    count = rate * case.vitals.seconds
    return abs(case.vitals.requests - count) <= chance(count, case.workload.traffic.burstiness**2)


def _range(low: float, high: float) -> str:
    if high - low <= 1e-9 * high:
        return format_rate(low)
    return f"{format_rate(low)} to {format_rate(high)}"
