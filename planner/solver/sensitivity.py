"""Where a decision changes as the rate or the service time grows."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from planner.model.candidate import Sensitivity, Solved
from planner.model.catalog import Catalog
from planner.model.units import format_duration, format_rate
from planner.model.workload import Workload
from planner.solver.ask import Ask
from planner.solver.configuration import Configuration, describe
from planner.solver.relax import scaled, slowed
from planner.solver.solve import cheapest

MOST = 8.0
STEPS = 10


def sensitivities(
    workload: Workload, catalogs: Mapping[str, Catalog], solved: Solved
) -> tuple[Sensitivity, ...]:
    """The rate and the service time at which another configuration is chosen, to 1 %."""
    now = cheapest(workload, catalogs)
    if now is None or not solved.decisions:
        return ()
    peak = Ask(workload, catalogs).load(0.0).peak
    found = [
        _sensitivity(
            "rate at the peak",
            now,
            lambda f: cheapest(scaled(workload, f), catalogs),
            lambda f: format_rate(peak * f),
        )
    ]
    lead = now.runs[0].sized
    outside = sum(call.latency_s for call in lead.models[0].external_calls)
    own = lead.slots.service.mean_s - outside
    found.append(
        _sensitivity(
            "service time",
            now,
            lambda f: cheapest(slowed(workload, f), catalogs),
            lambda f: format_duration(outside + own * f),
        )
    )
    return tuple(found)


def _sensitivity(
    subject: str,
    now: Configuration,
    again: Callable[[float], Configuration | None],
    text: Callable[[float], str],
) -> Sensitivity:
    """Bisects the least factor in (1, MOST] at which the answer is another one."""
    same = _shape(now)
    other = again(MOST)
    if _shape(other) == same:
        return Sensitivity(subject=subject, now=text(1.0), changes_at=None, to="")
    low, high = 1.0, MOST
    for _ in range(STEPS):
        middle = (low * high) ** 0.5
        found = again(middle)
        if _shape(found) == same:
            low = middle
        else:
            high, other = middle, found
        if high / low < 1.01:
            break
    return Sensitivity(subject=subject, now=text(1.0), changes_at=text(high), to=describe(other))


def _shape(configuration: Configuration | None) -> tuple[object, ...]:
    if configuration is None:
        return ("infeasible",)
    sizes = tuple((run.sized.groups, run.sized.prewarm) for run in configuration.runs)
    return (
        configuration.provider,
        configuration.hosting,
        configuration.instance_type,
        configuration.variant,
        sizes,
    )
