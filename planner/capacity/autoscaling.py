"""Target tracking as bounds: which minimum and target keep up with a load that moves.

The policy sees the load of `lag` seconds ago: count(t) = max(minimum, ceil(rate(t - lag) /
target)), held on the way down for the scale-in lag. It meets the goal when count(t) is at least
the count needed at t for every t. Bursts shorter than the lag leave only a higher minimum: "do not
autoscale" is then the answer, and it comes out by itself.
"""

from __future__ import annotations

import math
import operator
from collections import deque
from collections.abc import Callable, Iterator, Sequence

from planner.capacity.load import Load, Segment
from planner.model.value import value


@value
class Demand:
    """One moment of a cycle: what is needed now, what the policy has seen, what it still holds.

    `seen` is the lowest rate the policy may be acting on, `held` the highest it still provides for.
    """

    seconds: float
    rate: float
    seen: float
    held: float
    spike: str


@value
class Bounds:
    """An autoscaling range in replicas and its mean over the cycle.

    `target` is the rate per replica the policy aims at. `spike_minimum` holds by schedule during
    known events, 0 where there are none.
    """

    minimum: int
    maximum: int
    target: float
    average: float
    spike_minimum: int = 0


def demands(
    load: Load, *, lag_up_s: float, lag_down_s: float, scheduled: bool = True
) -> tuple[Demand, ...]:
    """What a policy with these lags has seen and still holds over a cycle, alike moments as one.

    Where capacity cannot be `scheduled`, a known event is load like any other.
    """
    segments = load.segments
    if not scheduled:
        segments = tuple(Segment(s.seconds, s.rate) for s in segments)
    if len(segments) == 1:
        only = segments[0]
        return (
            Demand(
                seconds=only.seconds,
                rate=only.rate,
                seen=only.rate,
                held=only.rate,
                spike=only.spike,
            ),
        )
    segments = tuple(_cut(segments, lag_up_s + lag_down_s))
    calm = [s.rate if not s.spike else _calm_rate(segments, i) for i, s in enumerate(segments)]
    seen = _sliding(segments, calm, lag_up_s, lowest=True)
    held = _sliding(segments, calm, lag_up_s + lag_down_s, lowest=False)
    alike: dict[tuple[float, float, float], float] = {}
    events: list[Demand] = []
    for i, s in enumerate(segments):
        if s.spike:
            events.append(
                Demand(seconds=s.seconds, rate=s.rate, seen=seen[i], held=held[i], spike=s.spike)
            )
            continue
        key = (s.rate, seen[i], held[i])
        alike[key] = alike.get(key, 0.0) + s.seconds
    calm_moments = [
        Demand(seconds=seconds, rate=rate, seen=low, held=high, spike="")
        for (rate, low, high), seconds in alike.items()
    ]
    return (*calm_moments, *events)


def _cut(segments: Sequence[Segment], head_s: float) -> Iterator[Segment]:
    """Segments in two where they outlast what came before: only their head still holds that.

    A known event stays whole, because capacity is raised once for each.
    """
    for segment in segments:
        if segment.spike or segment.seconds <= head_s:
            yield segment
        else:
            yield Segment(head_s, segment.rate)
            yield Segment(segment.seconds - head_s, segment.rate)


def _calm_rate(segments: Sequence[Segment], index: int) -> float:
    """The rate just before a known event."""
    for step in range(1, len(segments)):
        before = segments[index - step]
        if not before.spike:
            return before.rate
    return segments[index].rate


def _sliding(
    segments: Sequence[Segment], rates: Sequence[float], width_s: float, *, lowest: bool
) -> list[float]:
    """Lowest (or highest) rate over [t - width, t] of a repeating cycle, worst t per segment."""
    starts: list[float] = []
    at = 0.0
    for segment in segments:
        starts.append(at)
        at += segment.seconds
    cycle, n = at, len(segments)
    width = min(width_s, cycle)
    better = operator.le if lowest else operator.ge
    window: deque[tuple[float, float]] = deque()
    result = [0.0] * n
    for index in range(2 * n):
        i = index % n
        begin = starts[i] + (cycle if index >= n else 0.0)
        while window and window[0][0] <= begin - width + 1e-6:
            window.popleft()
        while window and better(rates[i], window[-1][1]):
            window.pop()
        window.append((begin + segments[i].seconds, rates[i]))
        result[i] = window[0][1]
    return result


def track(
    moments: Sequence[Demand],
    needed: Callable[[float], int],
    *,
    floor: int,
    scheduled: bool,
    around_s: float,
    given_target: float | None = None,
) -> Bounds:
    """The cheapest minimum with the highest target that keeps up with every moment.

    `given_target` is the rate per replica of a platform that sets its own.

    `needed` gives the replicas for a rate (non-decreasing). With `scheduled`, known events are
    covered by raising the minimum before each; with what is held after it, that is `around_s`.
    """
    spike = max((needed(m.rate) for m in moments if scheduled and m.spike), default=0)
    lowest_seen = _lowest_seen(moments, needed, floor, scheduled)
    held = _held_histogram(moments)
    most = max(*lowest_seen, spike)
    if given_target is not None:
        most = max(most, math.ceil(max(held)[0] / given_target - 1e-9))
    best: Bounds | None = None
    for minimum in sorted(lowest_seen):
        target = _highest_target(lowest_seen, minimum)
        if given_target is not None:
            if target < given_target:
                continue
            target = given_target
        found = _bounds(held, minimum, target, most)
        # Of equal cost the higher minimum: it depends less on the policy being in time.
        if best is None or found.average <= best.average + 1e-9:
            best = found
    assert best is not None
    if spike <= best.minimum:
        return best
    total_s = sum(m.seconds for m in moments)
    extra = sum(m.seconds + around_s for m in moments if m.spike) / total_s
    return Bounds(
        minimum=best.minimum,
        maximum=most,
        target=best.target,
        average=best.average + extra * (spike - best.minimum),
        spike_minimum=spike,
    )


def follow(
    moments: Sequence[Demand],
    needed: Callable[[float], int],
    *,
    minimum: int,
    maximum: int,
    target: float | None,
    spike_minimum: int = 0,
) -> tuple[Bounds, bool]:
    """Bounds that somebody has set, and whether they keep up with every moment.

    Without a `target` the highest that does; known events are covered by `spike_minimum`, 0 where
    nothing raises the minimum before them.
    """
    lowest_seen = _lowest_seen(moments, needed, minimum, bool(spike_minimum))
    aim = _highest_target(lowest_seen, minimum) if target is None else target
    events = max((needed(m.rate) for m in moments if spike_minimum and m.spike), default=0)
    enough = events <= max(minimum, min(spike_minimum, maximum)) and all(
        min(maximum, max(minimum, math.ceil(seen / aim - 1e-9))) >= count
        for count, seen in lowest_seen.items()
    )
    average = _bounds(_held_histogram(moments), minimum, aim, maximum).average
    bounds = Bounds(
        minimum=minimum,
        maximum=maximum,
        target=aim,
        average=average,
        spike_minimum=spike_minimum,
    )
    return bounds, enough


def _lowest_seen(
    moments: Sequence[Demand], needed: Callable[[float], int], floor: int, scheduled: bool
) -> dict[int, float]:
    """For each count that is needed at some moment, the lowest rate that is then acted on."""
    lowest: dict[int, float] = {}
    for moment in moments:
        if scheduled and moment.spike:
            continue
        count = max(floor, needed(moment.rate))
        lowest[count] = min(moment.seen, lowest.get(count, math.inf))
    return lowest


def _highest_target(lowest_seen: dict[int, float], minimum: int) -> float:
    """Rate per replica below which every need above `minimum` is provided in time.

    ceil(seen / target) >= count holds exactly when target < seen / (count - 1).
    """
    bounds = [seen / (count - 1) for count, seen in lowest_seen.items() if count > minimum]
    return min(bounds) * 0.999 if bounds else math.inf


def _held_histogram(moments: Sequence[Demand]) -> list[tuple[float, float]]:
    by_rate: dict[float, float] = {}
    for moment in moments:
        by_rate[moment.held] = by_rate.get(moment.held, 0.0) + moment.seconds
    if len(by_rate) > 64:
        width = max(by_rate) / 64
        coarse: dict[float, float] = {}
        for rate, seconds in by_rate.items():
            edge = math.ceil(rate / width - 1e-9) * width
            coarse[edge] = coarse.get(edge, 0.0) + seconds
        by_rate = coarse
    return list(by_rate.items())


def _bounds(held: Sequence[tuple[float, float]], minimum: int, target: float, most: int) -> Bounds:
    """Capped at the `most` that is ever needed: a target low enough to be early asks for more."""
    if math.isinf(target):
        return Bounds(minimum=minimum, maximum=minimum, target=target, average=float(minimum))
    if target <= 0.0:
        return Bounds(minimum=minimum, maximum=minimum, target=target, average=math.inf)
    total = weighted = 0.0
    for rate, seconds in held:
        total += seconds
        weighted += seconds * min(most, max(minimum, math.ceil(rate / target - 1e-9)))
    return Bounds(minimum=minimum, maximum=most, target=target, average=weighted / total)
