"""What a window of time should look like: the simulation of what runs, where the window lies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from planner.capacity.load import build_load
from planner.capacity.moment import Course, Expected
from planner.model.simulation import SimulatedWindow, Simulation
from planner.model.value import value
from planner.model.workload import Workload


@value
class Forecast:
    """Predictions for a stretch of time, of the whole cycle where its place in it is not known.

    `p50_s` is of the whole answer, None without requests; `cold` the share that waits for capacity
    or a model; `cpu` and `busy` (of the slots) are those of the busiest part.
    """

    rate: Expected
    p50_s: float | None
    cold: float
    cpu: float
    busy: float


def forecast(
    workload: Workload, simulation: Simulation, since_s: float, seconds: float
) -> Forecast:
    """What the simulated configuration should show from a moment on, under the spec's traffic."""
    conditions = simulation.conditions
    assert conditions is not None
    load = build_load(workload.traffic, service_s=conditions.service_s)
    share = simulation.requests / simulation.cycle_s / load.mean if load.mean > 0.0 else 0.0
    course = Course(workload.traffic, load.scaled(share))
    inside = list(_inside(simulation, course, since_s, seconds)) or list(simulation.windows)
    requests = sum(one.rate_per_s * one.seconds for one in inside)
    cold = sum(one.rate_per_s * one.seconds * one.cold for one in inside)
    busy = max((one.utilization for one in inside), default=0.0)
    return Forecast(
        rate=course.expected(since_s, seconds),
        p50_s=_median(inside),
        cold=cold / requests if requests > 0.0 else simulation.cold,
        cpu=min(1.0, busy * conditions.slots * conditions.cpu),
        busy=busy,
    )


def _inside(
    simulation: Simulation, course: Course, since_s: float, seconds: float
) -> Iterable[SimulatedWindow]:
    """Windows of the cycle that the stretch touches; all of them where nobody knows."""
    if not course.anchored or seconds >= simulation.cycle_s:
        return simulation.windows
    begin = course.place(since_s)
    return (
        one
        for one in simulation.windows
        if any(
            one.start_s + turn < begin + seconds and one.start_s + one.seconds + turn > begin
            for turn in (0.0, simulation.cycle_s)
        )
    )


def _median(windows: Sequence[SimulatedWindow]) -> float | None:
    answers = sorted(
        (took, one.rate_per_s * one.seconds * part) for one in windows for took, part in one.answers
    )
    left = sum(weight for _, weight in answers) / 2.0
    for took, weight in answers:
        left -= weight
        if left <= 1e-9:
            return took
    return None
