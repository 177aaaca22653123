"""Which stretches of a cycle are simulated, and how many requests each stands for.

Capacity that nobody ever waits at needs no simulation. Where requests may wait, a chain of
stretches steps through the rates that occur, longer where more is at stake; overload is replayed
in order of time, so that its backlog is carried along. Recordings of a bearable length are replayed
as they came.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

from planner.capacity.simulator.flood import flood
from planner.capacity.simulator.steps import STABLE, Capacity, Step
from planner.model.value import record

LEVELS = 32
"""Rates that a chain steps through at most."""
RELAXATIONS = 10.0
LEAST = 40
REPLAYED = 6.0
"""Requests in overload, over the budget of a pass, up to which they are replayed."""


@record
class Stretch:
    """`seconds` of arrivals at `rate` on `replicas`; each one stands for `weight` of the cycle.

    `times_s` are recorded arrivals, from the start of the stretch. Weight 0 only warms up.
    """

    seconds: float
    rate: float
    replicas: int
    weight: float
    start_s: float = 0.0
    times_s: Sequence[float] | None = None


Run = tuple[Stretch, ...]
"""Stretches in a row: the state of the servers is carried from one to the next."""


@record
class Windows:
    """What to simulate; `quiet` requests of the cycle never wait and are only counted.

    `flood` are overloads of more requests than can be replayed: (requests, delay) by their backlog,
    `lost` those of them that no line has room for. `shortened` tells
    that an overload was cut short, so that its delays are too low.
    """

    runs: tuple[Run, ...]
    quiet: float
    requests: float
    flood: tuple[tuple[float, float], ...] = ()
    lost: float = 0.0
    shortened: bool = False


def windows(
    steps: Sequence[Step], capacity: Capacity, *, budget: int, one_line: bool = True
) -> Windows:
    """A chain through the rates that occur, and every overload as it comes.

    `budget` is how many requests one pass may simulate, about. Without `one_line` (random routing,
    service times that depend on the load of a replica) no load is too light to matter.
    """
    requests = sum(s.seconds * s.rate for s in steps)
    overload = list(_overloads(steps, capacity))
    inside = {index for first, last in overload for index in range(first, last)}
    quiet, calm = 0.0, []
    for index, step in enumerate(steps):
        if index in inside or step.rate <= 0.0:
            continue
        if one_line and capacity.quiet(step):
            quiet += step.seconds * step.rate
        else:
            calm.append(step)
    runs = [_chain(_levels(calm), capacity, budget)] if calm else []
    flooded = [steps[first:last] for first, last in overload]
    if sum(s.seconds * s.rate for run in flooded for s in run) <= REPLAYED * budget:
        runs += [tuple(Stretch(s.seconds, s.rate, s.replicas, 1.0) for s in run) for run in flooded]
        return Windows(runs=tuple(runs), quiet=quiet, requests=requests)
    cells, lost = flood(flooded, capacity)
    return Windows(runs=tuple(runs), quiet=quiet, requests=requests, flood=tuple(cells), lost=lost)


def _levels(steps: Iterable[Step]) -> list[Step]:
    """Equal capacity and nearly equal rate as one step, at the mean rate of its requests."""
    steps = list(steps)
    top = max(step.rate for step in steps)
    groups: dict[tuple[int, int], list[Step]] = {}
    for step in steps:
        groups.setdefault((step.replicas, math.ceil(step.rate / top * LEVELS)), []).append(step)
    found = []
    for (replicas, _), group in sorted(groups.items()):
        requests = sum(s.seconds * s.rate for s in group)
        # Requests, not seconds, weigh the rate: what counts is what a request meets.
        rate = sum(s.seconds * s.rate * s.rate for s in group) / requests
        found.append(Step(seconds=requests / rate, rate=rate, replicas=replicas))
    return found


def _chain(levels: Sequence[Step], capacity: Capacity, budget: int) -> Run:
    """Stretches whose lengths follow what is at stake, after a warm-up at the first."""
    stake = [
        step.seconds * step.rate * math.sqrt(_waiting(capacity.utilization(step), step, capacity))
        for step in levels
    ]
    total = sum(stake) or 1.0
    first = levels[0]
    warm = max(LEAST, 0.5 * RELAXATIONS * _relaxation(capacity.utilization(first)))
    stretches = [Stretch(min(warm, budget) / first.rate, first.rate, first.replicas, 0.0)]
    for step, part in zip(levels, stake, strict=True):
        settle = RELAXATIONS * _relaxation(capacity.utilization(step))
        count = max(LEAST, budget * part / total, min(settle, budget / 4.0))
        requests = step.seconds * step.rate
        count = max(min(count, requests), 1e-9)
        stretches.append(Stretch(count / step.rate, step.rate, step.replicas, requests / count))
    return tuple(stretches)


def _relaxation(utilization: float) -> float:
    """Requests until a queue has forgotten its start: 4 rho / (1 - rho)^2 (M/M/1)."""
    rho = min(utilization, STABLE)
    return 4.0 * rho / (1.0 - rho) ** 2


def _waiting(utilization: float, step: Step, capacity: Capacity) -> float:
    """About the probability of waiting (Halfin, Whitt 1981), for shares of a budget only."""
    slots = max(step.replicas * capacity.slots, 1)
    beta = (1.0 - min(utilization, 1.0)) * math.sqrt(slots)
    return max(1e-3, math.exp(-1.5 * beta))


def _overloads(steps: Sequence[Step], capacity: Capacity) -> Iterator[tuple[int, int]]:
    """Index ranges from the step before each overload to the one in which its backlog is gone."""
    index, end = 0, 0
    while index < len(steps):
        if capacity.utilization(steps[index]) < STABLE:
            index += 1
            continue
        first = max(end, index - 1)
        end = _drained(steps, index, capacity)
        yield first, end
        index = end


def _drained(steps: Sequence[Step], index: int, capacity: Capacity) -> int:
    backlog = 0.0
    while index < len(steps):
        step = steps[index]
        surplus = step.rate - STABLE * step.replicas * capacity.slots / capacity.service_s
        backlog = max(0.0, backlog + surplus * step.seconds)
        index += 1
        if backlog == 0.0:
            break
    return index


def sampled(steps: Sequence[Step], capacity: Capacity, *, budget: int) -> Windows:
    """The whole cycle in order of time, every calm step cut short by the same part.

    What is overloaded keeps its length, so that its backlog grows as it would.
    """
    requests = sum(s.seconds * s.rate for s in steps)
    hot = [s for s in steps if capacity.utilization(s) >= STABLE]
    inside = sum(s.seconds * s.rate for s in hot)
    kept = (budget - inside) / max(requests - inside, 1.0)
    shortened = inside > OVERRUN * budget
    if shortened:
        hot, kept = [], budget / max(requests, 1.0)
    part = min(1.0, max(kept, LEAST_PART) if hot else kept)
    long = {id(s) for s in hot}
    stretches, at = [], 0.0
    for step in steps:
        share = 1.0 if id(step) in long else part
        stretches.append(Stretch(step.seconds * share, step.rate, step.replicas, 1.0 / share, at))
        at += step.seconds
    return Windows(
        runs=(tuple(stretches),), quiet=0.0, requests=requests, shortened=shortened and part < 1.0
    )


OVERRUN = 4.0
"""Times its budget that a pass may be overrun by an overload that is watched."""
LEAST_PART = 0.02
SPANS = 6
"""Parts of a cycle of which each gives one span."""
VARIANTS = 8
"""Sets of spans, in different places."""


def spans(
    steps: Sequence[Step], *, budget: int, lead_s: float, parts: int = SPANS
) -> tuple[Windows, ...]:
    """Stretches of time in a row, for capacity with a memory: idle times, caches.

    The whole cycle where it has no more than `budget` requests; else one span in each of `parts`
    with equal requests. `lead_s` before each only warms up, as far as the budget goes.
    """
    course = _Course(steps)
    if course.requests <= budget:
        return (whole(steps, lead_s=lead_s),)
    # Half of it goes into the warm-up before each span.
    count = budget / parts / 2.0
    weight = course.requests / parts / count
    places = [
        [(part + (v + 0.5) / VARIANTS) / parts for part in range(parts)] for v in range(VARIANTS)
    ]
    return tuple(
        Windows(
            runs=tuple(_span(course, at * course.requests, count, weight, lead_s) for at in place),
            quiet=0.0,
            requests=course.requests,
        )
        for place in places
    )


def first(steps: Sequence[Step], *, budget: int) -> Windows:
    """The cycle from its start on, as far as the budget goes."""
    course = _Course(steps)
    end_s = course.cycle_s
    if course.requests > budget:
        end_s = course.moment(float(budget))
    run = tuple(course.between(0.0, end_s, weight=1.0))
    return Windows(runs=(run,), quiet=0.0, requests=course.requests)


def whole(steps: Sequence[Step], *, lead_s: float = 0.0) -> Windows:
    """The cycle from end to end, after the last `lead_s` of the one before."""
    course = _Course(steps)
    begin_s = max(course.cycle_s - lead_s, 0.0)
    lead = course.between(begin_s, course.cycle_s, weight=0.0) if lead_s > 0.0 else []
    run = (*lead, *course.between(0.0, course.cycle_s, weight=1.0))
    return Windows(runs=(run,), quiet=0.0, requests=course.requests)


def _span(course: _Course, first: float, count: float, weight: float, lead_s: float) -> Run:
    """`count` requests from the `first` of the cycle on."""
    begin, end = course.moment(first), course.moment(min(first + count, course.requests))
    before = course.moment(max(first - count, 0.0))
    lead = course.between(max(before, begin - lead_s, 0.0), begin, weight=0.0)
    return (*lead, *course.between(begin, end, weight=weight))


class _Course:
    """Moments and requests of a cycle, by bisection."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self._steps = steps
        self._starts = list(accumulate((s.seconds for s in steps), initial=0.0))
        self._before = list(accumulate((s.seconds * s.rate for s in steps), initial=0.0))
        self.cycle_s, self.requests = self._starts[-1], self._before[-1]

    def moment(self, requests: float) -> float:
        """When so many requests of the cycle have come."""
        index = min(max(bisect_left(self._before, requests) - 1, 0), len(self._steps) - 1)
        step = self._steps[index]
        if step.rate <= 0.0:
            return self._starts[index]
        return self._starts[index] + min((requests - self._before[index]) / step.rate, step.seconds)

    def between(self, begin: float, end: float, *, weight: float) -> list[Stretch]:
        """The steps between two moments."""
        found: list[Stretch] = []
        index = max(bisect_right(self._starts, begin) - 1, 0)
        while index < len(self._steps) and self._starts[index] < end:
            low, high = max(self._starts[index], begin), min(self._starts[index + 1], end)
            step = self._steps[index]
            if high > low:
                found.append(Stretch(high - low, step.rate, step.replicas, weight, low))
            index += 1
        return found


def replay(
    stamps_s: Sequence[float], steps: Sequence[Step], starts_s: Sequence[float] = ()
) -> Windows:
    """A recording as it came, on capacity that may change.

    `starts_s` tells when each step begins, where some of the recording is left out.
    """
    stretches, at = [], 0.0
    for index, step in enumerate(steps):
        start_s = starts_s[index] if starts_s else at
        low, high = bisect_left(stamps_s, start_s), bisect_left(stamps_s, start_s + step.seconds)
        times = [t - start_s for t in stamps_s[low:high]]
        stretches.append(Stretch(step.seconds, step.rate, step.replicas, 1.0, start_s, times))
        at += step.seconds
    requests = float(sum(len(stretch.times_s or ()) for stretch in stretches))
    return Windows(runs=(tuple(stretches),), quiet=0.0, requests=requests)
