"""How many replicas an autoscaling policy has in service at each moment of a cycle.

Period by period, as the platforms describe theirs: the metric is what came in a period over the
replicas in service, a rise has to last `breaches_up` periods and a fall `breaches_down`, and what
is added serves `start_s` later, exactly then, also within a period. A fall counts below 0.9 of the
target, the gap in which target tracking leaves capacity alone. Not modelled: minutes by which a
metric is late, and capacity the platform does not have.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import accumulate, groupby, repeat
from operator import itemgetter
from random import Random

from planner.capacity.load import DAY_S, Load, Segment
from planner.capacity.simulator.steps import Step
from planner.model.catalog import Scaling
from planner.model.value import value

CALM_BELOW = 0.9
_EXACT_BELOW = 50.0


@value
class Range:
    """What a policy may do: its bounds in replicas and the rate per replica it aims at.

    `spike_minimum` holds by schedule around known events, 0 where there are none.
    """

    minimum: int
    maximum: int
    target: float
    spike_minimum: int = 0


def replicas_over(load: Load, scaling: Scaling, within: Range, *, rng: Random) -> tuple[Step, ...]:
    """Replicas in service over one cycle of a load that repeats, neighbours alike as one step.

    The cycle is entered as it was left: up to a day of it runs first.
    """
    changes = [(0.0, within.minimum)]
    if max(within.maximum, within.spike_minimum) > within.minimum:
        before = _periods_before(load.cycle_s, scaling)
        count = before + math.ceil(load.cycle_s / scaling.period_s - 1e-9)
        means = _means(load.segments, scaling.period_s, -before * scaling.period_s, count)
        arrivals = _arrivals(means, 0.0 if load.recorded else load.arrival_scv, rng)
        floors = _floors(load, scaling, within, before=before)
        changes = _Course(scaling, within, floors).run(arrivals, first=-before)
    return tuple(_steps(load.segments, changes))


def _periods_before(cycle_s: float, scaling: Scaling) -> int:
    """Periods that run first: a day, of a shorter cycle enough to forget the state at its start."""
    lags_s = scaling.lag_up_s + scaling.lag_down_s + scaling.cooldown_up_s
    return math.ceil(max(min(cycle_s, DAY_S), 4.0 * lags_s) / scaling.period_s)


def _means(
    segments: Sequence[Segment], period_s: float, start_s: float, count: int
) -> Iterator[tuple[float, int]]:
    """(requests expected in a period, periods in a row) from a moment of the repeating cycle."""
    ends = list(accumulate(segment.seconds for segment in segments))
    within = start_s % ends[-1]
    at = min(bisect_left(ends, within + 1e-9), len(segments) - 1)
    left, rate = ends[at] - within, segments[at].rate
    while count > 0:
        whole = min(count, int((left + 1e-9) // period_s))
        if whole:
            yield rate * period_s, whole
            left, count = left - whole * period_s, count - whole
            continue
        missing, total = period_s, 0.0
        while left < missing:
            total += left * rate
            missing -= left
            at = (at + 1) % len(segments)
            left, rate = segments[at].seconds, segments[at].rate
        left, count = left - missing, count - 1
        yield total + missing * rate, 1


def _arrivals(means: Iterator[tuple[float, int]], scv: float, rng: Random) -> Iterator[float]:
    """Requests of each period: Poisson, in clusters of `scv` where that is not 1, 0 for none."""
    gauss, random = rng.gauss, rng.random
    tables: dict[float, list[float]] = {}
    for expected, count in means:
        if scv == 0.0:
            yield from repeat(expected, count)
        elif expected > _EXACT_BELOW * scv:
            deviation = math.sqrt(expected * scv)
            for drawn in [gauss(expected, deviation) for _ in range(count)]:
                yield drawn if drawn > 0.0 else 0.0
        else:
            table = tables.get(expected)
            if table is None:
                table = tables[expected] = _poisson_up_to(expected / scv)
            for _ in range(count):
                yield bisect_left(table, random()) * scv


def _poisson_up_to(mean: float) -> list[float]:
    """P(N <= k) of a Poisson variable from k = 0 until nothing is left."""
    probability = total = math.exp(-mean)
    result = [total]
    while probability > 1e-15 or len(result) <= mean:
        probability *= mean / len(result)
        total += probability
        result.append(total)
    return result


def _floors(load: Load, scaling: Scaling, within: Range, *, before: int) -> list[tuple[int, int]]:
    """(period, minimum from its start on) in time order; an event between periods waits for one."""
    if not within.spike_minimum:
        return []
    period_s, cycle_s = scaling.period_s, load.cycle_s
    spans: list[list[int]] = []
    at = 0.0
    events: list[tuple[float, float]] = []
    for segment in load.segments:
        if segment.spike:
            events.append((at - scaling.lag_up_s, at + segment.seconds))
        at += segment.seconds
    shifts = [k * cycle_s for k in range(-math.ceil(before * period_s / cycle_s), 2)]
    for start_s, end_s in sorted((a + by, b + by) for a, b in events for by in shifts):
        start = math.ceil(start_s / period_s - 1e-9)
        end = math.ceil(end_s / period_s - 1e-9)
        if spans and start <= spans[-1][1]:
            spans[-1][1] = max(end, spans[-1][1])
        else:
            spans.append([start, end])
    raised = min(within.maximum, max(within.minimum, within.spike_minimum))
    return [edge for start, end in spans for edge in ((start, raised), (end, within.minimum))]


class _Course:
    """The policy's state from period to period; period k begins at k x `period_s`."""

    __slots__ = (
        "_changes",
        "_cool_s",
        "_floor",
        "_floors",
        "_pending",
        "_quota",
        "_scaling",
        "_serving",
        "_wake",
        "_within",
    )

    def __init__(self, scaling: Scaling, within: Range, floors: Sequence[tuple[int, int]]) -> None:
        self._scaling = scaling
        self._within = within
        self._floors = deque(floors)
        self._floor = self._serving = within.minimum
        self._quota = within.target * scaling.period_s
        """Requests of a replica in a period at the target."""
        self._pending: deque[tuple[float, int]] = deque()
        """(moment, replicas) that are being started."""
        self._cool_s = -math.inf
        """Moment before which nothing is taken away."""
        self._wake: float = -math.inf
        """Next period whose replicas in service are not those of the period before."""
        self._changes: list[tuple[float, int]] = []

    def run(self, arrivals: Iterator[float], *, first: int) -> list[tuple[float, int]]:
        """(moment, replicas in service from then on) for these arrivals by period."""
        self._changes = [(first * self._scaling.period_s, self._serving)]
        ups, downs = self._scaling.breaches_up, self._scaling.breaches_down
        high = low = 0
        most = least = 0.0
        for k, came in enumerate(arrivals, first):
            if k >= self._wake:
                most = self._in_service(k) * self._quota
                least = most * CALM_BELOW
            if came > most:
                high, low = high + 1, 0
                if high >= ups:
                    self._start((k + 1) * self._scaling.period_s, self._desired(came))
            elif came < least:
                high, low = 0, low + 1
                if low >= downs:
                    self._take_away(k + 1, self._desired(came))
            else:
                high = low = 0
        return self._changes

    def _desired(self, came: float) -> int:
        if came >= self._quota * self._within.maximum:
            return self._within.maximum
        return max(self._floor, math.ceil(came / self._quota - 1e-9))

    def _in_service(self, k: int) -> float:
        """Mean replicas over a period, after what its start and its course bring."""
        period_s, pending, floors = self._scaling.period_s, self._pending, self._floors
        while floors and floors[0][0] <= k:
            at, self._floor = floors.popleft()
            self._start(at * period_s, self._floor)
        begin_s, end_s = k * period_s, (k + 1) * period_s
        missing_s = 0.0
        while pending and pending[0][0] < end_s - 1e-9:
            ready_s, added = pending.popleft()
            self._serving += added
            self._changes.append((ready_s, self._serving))
            missing_s += added * max(0.0, ready_s - begin_s)
        if missing_s > 0.0:
            self._wake = k + 1
        else:
            self._wake = min(
                floors[0][0] if floors else math.inf,
                (pending[0][0] + 1e-9) // period_s if pending else math.inf,
            )
        return self._serving - missing_s / period_s

    def _start(self, now_s: float, desired: int) -> None:
        """Start what is missing, counting what is being started already."""
        missing = desired - self._serving - sum(added for _, added in self._pending)
        if missing > 0:
            ready_s = now_s + self._scaling.start_s
            self._pending.append((ready_s, missing))
            self._wake = min(self._wake, (ready_s + 1e-9) // self._scaling.period_s)
            self._cool_s = max(self._cool_s, ready_s, now_s + self._scaling.cooldown_up_s)

    def _take_away(self, k: int, desired: int) -> None:
        now_s = k * self._scaling.period_s
        if desired < self._serving and now_s >= self._cool_s:
            self._serving = desired
            self._changes.append((now_s, desired))
            self._cool_s = now_s + self._scaling.cooldown_down_s
            self._wake = k


def _steps(segments: Sequence[Segment], changes: Sequence[tuple[float, int]]) -> Iterator[Step]:
    """Segments cut where the number of replicas changes, neighbours alike as one."""
    for (rate, replicas), alike in groupby(_pieces(segments, changes), key=itemgetter(1, 2)):
        yield Step(sum(seconds for seconds, _, _ in alike), rate, replicas)


def _pieces(
    segments: Sequence[Segment], changes: Sequence[tuple[float, int]]
) -> Iterator[tuple[float, float, int]]:
    later = deque(changes)
    replicas, at = changes[0][1], 0.0
    for segment in segments:
        end = at + segment.seconds
        while later and later[0][0] < end - 1e-9:
            moment, following = later.popleft()
            if moment > at + 1e-9:
                yield moment - at, segment.rate, replicas
                at = moment
            replicas = following
        yield end - at, segment.rate, replicas
        at = end
