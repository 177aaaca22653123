"""A simulation as minutes of a calendar: what a cloud would have measured of such traffic."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate
from random import Random

from planner.capacity.load import Load, build_load
from planner.capacity.moment import Course
from planner.model.minute import Minute, Times
from planner.model.simulation import Conditions, SimulatedWindow, Simulation
from planner.model.value import value
from planner.model.workload import Workload

MINUTE_S = 60.0
_DRAWN = 400
"""Requests of a minute up to which each is drawn; more of them come out as expected."""


@value
class Passing:
    """Which time passes: from `since_s` on, with what chance `seed` brings."""

    since_s: float
    seconds: float
    seed: str = "0"


def minutes(workload: Workload, simulation: Simulation, passing: Passing) -> Iterator[Minute]:
    """What each minute has of the simulated endpoint's traffic; `simulation` is a detailed one."""
    conditions = simulation.conditions
    assert conditions is not None
    load = build_load(workload.traffic, service_s=conditions.service_s)
    share = simulation.requests / simulation.cycle_s / load.mean if load.mean > 0.0 else 0.0
    course = Course(workload.traffic, load)
    rng = Random(f"{passing.seed}/{simulation.endpoint}")
    seen = _Seen(simulation.windows)
    for index in range(int(passing.seconds / MINUTE_S)):
        at_s = passing.since_s + index * MINUTE_S
        place_s = course.place(at_s)
        expected = share * course.requests(place_s, MINUTE_S)
        count = _count(expected, load, rng)
        yield _minute(at_s, count, seen.at(place_s, expected / MINUTE_S), conditions, rng)


class _Seen:
    """Windows that were simulated: that of a place in the cycle, or one of about the rate."""

    def __init__(self, windows: Sequence[SimulatedWindow]) -> None:
        self._windows = sorted(windows, key=lambda one: one.start_s)
        self._starts = [one.start_s for one in self._windows]

    def at(self, place_s: float, rate: float) -> SimulatedWindow:
        index = bisect_left(self._starts, place_s + 1e-6) - 1
        found = self._windows[max(index, 0)]
        if found.start_s <= place_s < found.start_s + found.seconds and (found.answers or not rate):
            return found
        answered = [one for one in self._windows if one.answers] or self._windows
        return min(answered, key=lambda one: abs(one.rate_per_s - rate))


def _minute(
    at_s: float, count: float, window: SimulatedWindow, conditions: Conditions, rng: Random
) -> Minute:
    served = count * (1.0 - window.refused)
    warm_s, cold_s = _parted(window)
    cold = served * window.cold
    total = _times(warm_s, served - cold, rng)
    delays = [(max(0.0, took - conditions.service_s), times) for took, times in cold_s]
    waited = _times(delays, cold, rng)
    answered = tuple((max(took - conditions.answered_s, 1e-6), times) for took, times in total)
    outside_s = conditions.overhead_s - conditions.answered_s
    whole = [(took + outside_s, times) for took, times in total]
    whole += [(conditions.overhead_s + conditions.service_s + took, n) for took, n in waited]
    chilled = sum(times for _, times in waited)
    usual = window.rate_per_s * MINUTE_S
    more = count / usual if usual > 0.0 else 0.0
    busy = min(1.0, window.utilization * more) * window.capacity * conditions.slots
    overhead = [(conditions.overhead_s, sum(times for _, times in total))]
    overhead += [(conditions.overhead_s + took, times) for took, times in waited]
    capacity = window.capacity
    cpu = busy / capacity * conditions.cpu if capacity > 0.0 else 0.0
    shared = conditions.resident is not None
    return Minute(
        at_s=at_s,
        seconds=MINUTE_S,
        requests=count,
        refused=count - served,
        failed=0.0,
        total=tuple(whole),
        model=(*answered, *(((conditions.service_s, chilled),) if chilled else ())),
        overhead=tuple(one for one in overhead if one[1] > 0.0),
        queue=tuple((took, served * part) for took, part in window.waits),
        cold=() if shared else waited,
        loads=waited if shared else (),
        capacity=capacity,
        busy=busy,
        slots=conditions.slots,
        cpu=min(1.0, cpu),
        memory=conditions.memory,
        gpu=window.utilization if conditions.accelerated else None,
        resident=conditions.resident,
        load_s=conditions.load_s if shared else 0.0,
        service_s=conditions.service_s,
        # What is loaded again had been pushed out before.
        unloads=chilled if shared else 0.0,
    )


def _parted(window: SimulatedWindow) -> tuple[Times, Times]:
    """The answers of warm requests, then of cold ones, which take the longest."""
    passed = list(accumulate(part for _, part in window.answers))
    cut = bisect_left(passed, 1.0 - window.cold - 1e-9) + 1
    return window.answers[:cut], window.answers[cut:]


def _times(shares: Sequence[tuple[float, float]], count: float, rng: Random) -> Times:
    """So many of what has these shares: drawn where they are few, in proportion else."""
    total = sum(part for _, part in shares)
    if total <= 0.0 or count <= 0.0:
        return ()
    if count > _DRAWN:
        return tuple((took, count * part / total) for took, part in shares)
    whole = int(count) + (rng.random() < count % 1.0)
    weights = [part for _, part in shares]
    drawn = rng.choices([took for took, _ in shares], weights=weights, k=whole)
    return tuple((took, float(drawn.count(took))) for took in sorted(set(drawn)))


def _count(expected: float, load: Load, rng: Random) -> float:
    """How many come of so many expected: as Poisson, or as much more or less bursty."""
    if expected <= 0.0:
        return 0.0
    if expected > 50.0:
        return float(max(0, round(rng.gauss(expected, math.sqrt(load.arrival_scv * expected)))))
    below, count, chance = math.exp(-expected), 0, rng.random()
    term = passed = below
    while passed < chance and term > 1e-12:
        count += 1
        term *= expected / count
        passed += term
    return float(count)
