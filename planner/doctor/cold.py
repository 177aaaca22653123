"""Whether more requests meet a cold start than may, or than were predicted."""

from __future__ import annotations

from collections.abc import Iterator

from planner.doctor.case import Case, chance
from planner.model.checkup import Finding, Severity
from planner.model.units import format_duration, format_fraction
from planner.model.value import value


@value
class _Bound:
    """Requests that may be cold, why so, and how bad more of them are."""

    count: float
    text: str
    severity: Severity


def cold_starts(case: Case) -> Iterator[Finding]:
    """Cold starts beyond what the spec allows, or else beyond what was predicted."""
    vitals = case.vitals
    count = vitals.count("cold_starts")
    if count is None or case.shared or vitals.requests <= 0.0:
        return
    bound = _bound(case)
    if count > bound.count:
        yield Finding(
            rule="cold-starts",
            source_id="S5",
            severity=bound.severity,
            cause=f"{format_fraction(count / vitals.requests)} of the requests meet a cold start"
            f"{_how_long(case)}",
            action=_action(case),
            measured=format_fraction(count / vitals.requests),
            expected=bound.text,
        )
    longest_s, setup = case.workload.slo.cold_start.max_s, vitals.setup
    taken_s = setup.p99_s if setup is not None else None
    if longest_s is not None and taken_s is not None and taken_s > longest_s:
        yield Finding(
            rule="slow-cold-start",
            source_id="S5",
            severity=Severity.ERROR,
            cause=f"cold starts take up to {format_duration(taken_s)}",
            action="a smaller image and model, less to do at start, or capacity kept warm",
            measured=format_duration(taken_s),
            expected=f"at most {format_duration(longest_s)}",
        )


def _bound(case: Case) -> _Bound:
    """The tightest of what holds."""
    slo, requests = case.workload.slo.cold_start, case.vitals.requests
    if not slo.allowed:
        return _Bound(count=0.0, text="none", severity=Severity.ERROR)
    predicted = case.forecast.cold * requests
    more = max(predicted * case.limit("cold-share-over"), predicted + chance(predicted))
    usual = _Bound(
        count=more,
        text=f"about {format_fraction(case.forecast.cold)}",
        severity=Severity.WARNING,
    )
    if slo.fraction is None:
        return usual
    # The fraction is over the cycle: a quiet window has more than its share of them.
    allowed = max(slo.fraction, case.forecast.cold) * requests
    bound = _Bound(
        count=allowed + chance(allowed),
        text=f"at most {format_fraction(slo.fraction)}",
        severity=Severity.ERROR,
    )
    return min(bound, usual, key=lambda one: one.count)


def _how_long(case: Case) -> str:
    setup = case.vitals.setup
    return "" if setup is None else f", which takes {format_duration(setup.mean_s)}"


def _action(case: Case) -> str:
    warm = "more of it" if (case.vitals.count("spilled") or 0.0) > 0.0 else "some"
    return (
        f"keep concurrency warm ({warm}, slo.cold_start in the spec decides how much), make image "
        "and model smaller, or take instances that do not go to zero"
    )
