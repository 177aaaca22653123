"""Whether there is room in processors and memory, and requests are answered at all."""

from __future__ import annotations

from collections.abc import Iterator

from planner.doctor.case import Case, chance
from planner.doctor.scaling import reason
from planner.model.checkup import Finding, Severity
from planner.model.units import format_fraction

_TITLES = {"cpu": "processors", "memory": "memory", "gpu": "accelerators"}
_ACTIONS = {
    "cpu": "more replicas or a lower target (constraints.utilization); a faster instance type; "
    "pre- and post-processing elsewhere",
    "memory": "an instance type with more memory, a smaller model, or fewer workers",
    "gpu": "more replicas or a lower target (constraints.utilization); a larger accelerator",
}

_BACK_OFF = "clients retry with exponential back-off"


def utilization(case: Case) -> Iterator[Finding]:
    """Processors, memory or accelerators that are fuller than they should be for a while."""
    planned = {
        "cpu": case.forecast.cpu,
        # Shared memory is filled with models on purpose, and freed when it runs out.
        "memory": 1.0 if case.shared else (case.conditions.memory or 0.0),
        "gpu": case.forecast.busy,
    }
    for name, title in _TITLES.items():
        seen, room = case.vitals.sustained(name), case.room(name, planned[name])
        if seen is None or seen <= room:
            continue
        yield Finding(
            rule=f"high-{name}",
            source_id="D7",
            severity=Severity.WARNING,
            cause=f"{title} {format_fraction(seen)} busy"
            if name != "memory"
            else f"{title} {format_fraction(seen)} full",
            action=_ACTIONS[name],
            measured=format_fraction(seen),
            expected=f"at most {format_fraction(room)}",
        )


def errors(case: Case) -> Iterator[Finding]:
    """Failed and refused requests, with whose fault they are."""
    vitals, slo = case.vitals, case.workload.slo
    allowed = case.limit("error-share") if slo.availability is None else 1.0 - slo.availability
    if _more(case, "errors_5xx", allowed):
        full = (vitals.sustained("memory") or 0.0) > case.limit("memory")
        yield Finding(
            rule="server-errors",
            source_id="D7",
            severity=Severity.ERROR,
            cause=f"{format_fraction(vitals.share('errors_5xx') or 0.0)} of the requests fail in "
            "the model or its container" + ("; memory is nearly full" if full else ""),
            action="read the endpoint's logs; " + _ACTIONS["memory" if full else "cpu"]
            if full
            else "read the endpoint's logs for exceptions, timeouts and workers that were killed",
            measured=format_fraction(vitals.share("errors_5xx") or 0.0),
            expected=f"at most {format_fraction(allowed)}",
        )
    refusable = case.limit("error-share") if slo.errors is None else slo.errors
    if _more(case, "errors_4xx", refusable):
        yield _refused(case, refusable)


def _refused(case: Case, allowed: float) -> Finding:
    """Requests that are answered 4xx: 429 where capacity is short just then, else the clients'."""
    vitals = case.vitals
    share = vitals.share("errors_4xx") or 0.0
    hit = [one for one in vitals.periods if (one.errors_4xx or 0.0) > allowed * one.requests]
    measured, expected = format_fraction(share), f"at most {format_fraction(allowed)}"
    if 2 * sum(case.crowded(one) for one in hit) >= len(hit):
        why = reason(case, hit)
        return Finding(
            rule="throttled",
            source_id="D9",
            severity=Severity.ERROR,
            cause=f"{format_fraction(share)} of the requests are refused (429) while capacity is "
            f"full: {why['cause']}",
            action=why["action"] if _BACK_OFF in why["action"] else f"{why['action']}; {_BACK_OFF}",
            measured=measured,
            expected=expected,
        )
    return Finding(
        rule="client-errors",
        source_id="D6",
        severity=Severity.WARNING,
        cause=f"{format_fraction(share)} of the requests are answered 4xx while there is room: "
        "clients send what cannot be served",
        action="look at payload size and form, credentials, and clients that retry at once; pool "
        "connections and back off exponentially",
        measured=measured,
        expected=expected,
    )


def _more(case: Case, name: str, allowed: float) -> bool:
    count, requests = case.vitals.count(name), case.vitals.requests
    return count is not None and count > allowed * requests + chance(allowed * requests)
