"""Whether there is enough capacity, and in time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from planner.doctor.case import Case
from planner.model.candidate import Range
from planner.model.units import format_fraction, format_number
from planner.model.vitals import Period
from planner.model.workload import LatencyTarget

_AHEAD = 15 * 60.0
"""How much later capacity that came too late has come."""

_SHARE = 0.5
"""Of the late periods that a cause must explain."""

Told = dict[str, str]


def queueing(case: Case, target: LatencyTarget) -> Iterator[Told]:
    """Why requests wait, if they do: by what the replicas did while answers were late."""
    late = case.late_periods(target)
    if not late or not (_waiting(case) or _mostly(late, case.crowded)):
        return
    yield reason(case, late)


def reason(case: Case, late: Sequence[Period]) -> Told:
    """Cause and action of too little capacity in these periods."""
    bounds, scaled = _bounds(case), case.decision.autoscaling is not None
    told = {"row": "D9", "measured": _measured(case, late), "expected": "no queue"}
    if not scaled or bounds is None or bounds.min == bounds.max:
        return told | {
            "rule": "queueing",
            "cause": "requests queue: more come than there are slots for",
            "action": f"more capacity than {_shown(bounds)}: planner plan with this traffic and "
            "service time; clients retry with exponential back-off",
        }
    if _mostly(late, lambda one: one.replicas is not None and one.replicas >= bounds.max - 0.5):
        return told | {
            "rule": "maximum",
            "cause": f"requests queue at the maximum of {bounds.max}",
            "action": "raise constraints.replicas.max, or see why more come than were planned for",
        }
    if _mostly(late, lambda one: one.replicas is not None and one.replicas <= bounds.min + 0.5):
        return told | {
            "rule": "minimum",
            "cause": f"requests queue at the minimum of {bounds.min}, before more comes up",
            "action": "raise constraints.replicas.min to the usual load and its bursts",
        }
    if _mostly(late, lambda one: _more_soon(one, case.vitals.periods)):
        return told | {
            "rule": "autoscaling-slow",
            "cause": "requests queue while capacity that is on its way comes up",
            "action": "raise the minimum, aim at a lower utilization (constraints.utilization), or "
            "put the known rise into traffic.spikes, so that capacity is there before",
        }
    return told | {
        "rule": "queueing",
        "cause": "requests queue: more come at once than there are slots for",
        "action": "aim at a lower utilization (constraints.utilization); planner plan with this "
        "traffic and service time",
    }


def _waiting(case: Case) -> bool:
    """Whether the wait itself is measured, and a large part of the time."""
    queue, total = case.vitals.queue, case.vitals.total
    if queue is None or total is None or total.mean_s <= 0.0:
        return False
    return queue.mean_s / total.mean_s > case.limit("queue-share")


def _mostly(late: Sequence[Period], holds: object) -> bool:
    assert callable(holds)
    return sum(bool(holds(one)) for one in late) >= _SHARE * len(late)


def _more_soon(one: Period, periods: Sequence[Period]) -> bool:
    if one.replicas is None:
        return False
    soon = (p.replicas for p in periods if 0.0 < p.start_s - one.start_s <= _AHEAD)
    return any(after is not None and after > one.replicas * 1.05 for after in soon)


def _bounds(case: Case) -> Range | None:
    return case.decision.replicas or case.decision.units


def _shown(bounds: Range | None) -> str:
    return "there is" if bounds is None else str(bounds)


def _measured(case: Case, late: Sequence[Period]) -> str:
    queue, total = case.vitals.queue, case.vitals.total
    if queue is not None and total is not None and total.mean_s > 0.0:
        return f"{format_fraction(queue.mean_s / total.mean_s)} of the time waiting"
    rate = sum(one.requests for one in late) / (len(late) * case.vitals.period_s)
    return f"{format_number(rate)}/s in {len(late)} late periods"
