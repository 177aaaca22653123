"""A replica that is shared by the requests in it, and the curve that explains what was measured.

With k requests in it a replica finishes k / L(k) a second. L is solved for, so that every measured
response time comes out again:

- N users who pause Z between calls make states of p(k) ~ p(k-1) (N - k + 1) / Z x L(k) / k
  (product form: Baskett, Chandy, Muntz, Palacios, J. ACM 22(2), 1975; the stationary form of mean
  value analysis with a load-dependent station: Reiser, Lavenberg, J. ACM 27(2), 1980).
- Poisson arrivals at rate X make states of p(k) ~ p(k-1) X L(k) / k.

Holds for requests that share a replica equally, whatever their service times, and for those served
in order of arrival where these are exponential. Service times that vary less queue less, and the
solved ones come out too short near the limit of the replica; so where fewer requests in service
would be finished faster than more were, they take the rate of the more.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate, pairwise

from planner.model.value import value
from planner.profiling.linear import normal_equations, solution
from planner.profiling.observation import Observation

_ROUNDS = 60
_CLOSE = 1e-5
_NUDGE = 1e-4
_FAR = 5.0
_STATES = 3_000
"""States that are summed over: with more requests in a replica, chance hardly moves their mean."""
_SAME, _NEAR = 0.02, 0.1
"""Parts by which concurrencies differ that are taken for one: of few knots, and of many."""
_MANY = 16
_HUGE = 1e200
_LEAST = 1e-10


@value
class Knot:
    """An observation at the concurrency that its requests met on average.

    `pause_s` is None in an open loop, 0 in a closed one without pauses.
    """

    seen: Observation
    met: float
    pause_s: float | None
    mean_s: float


class Line:
    """Straight between the knots, level before the first, along the last part behind the last."""

    def __init__(self, at: Sequence[float], seconds: Sequence[float]) -> None:
        at, seconds = _distinct(at, seconds)
        self._at, self._seconds = at, seconds
        self._beyond = 0.0
        if len(at) > 1:
            rise = (seconds[-1] - seconds[-2]) / (at[-1] - at[-2])
            self._beyond = min(max(rise, 0.0), seconds[-1] / at[-1])

    def __call__(self, count: float) -> float:
        """Seconds with so many requests in the replica."""
        at, seconds = self._at, self._seconds
        if count <= at[0]:
            return seconds[0]
        if count >= at[-1]:
            return seconds[-1] + self._beyond * (count - at[-1])
        high = bisect_right(at, count)
        part = (count - at[high - 1]) / (at[high] - at[high - 1])
        return seconds[high - 1] + (seconds[high] - seconds[high - 1]) * part


def _distinct(
    at: Sequence[float], seconds: Sequence[float]
) -> tuple[Sequence[float], Sequence[float]]:
    """The same with one average for each place; users and a rate may have met in one."""
    if all(low < high for low, high in pairwise(at)):
        return at, seconds
    means: dict[float, list[float]] = {}
    for place, one in zip(at, seconds, strict=True):
        means.setdefault(place, []).append(one)
    return list(means), [math.fsum(some) / len(some) for some in means.values()]


def joined(knots: Sequence[Knot]) -> list[Knot]:
    """Knots by rising concurrency; those of a kind that stand at nearly the same one are one."""
    apart = _SAME if len(knots) <= _MANY else _NEAR
    groups: dict[tuple[object, ...], list[list[Knot]]] = {}
    for one in sorted(knots, key=lambda knot: knot.met):
        kind = (one.seen.loop, one.seen.queue, one.pause_s == 0.0, one.seen.users is None)
        own = groups.setdefault(kind, [])
        if own and one.met - own[-1][0].met <= apart * own[-1][0].met:
            own[-1].append(one)
        else:
            own.append([one])
    every = (_one_of(group) for own in groups.values() for group in own)
    return sorted(every, key=lambda knot: knot.met)


def _one_of(group: Sequence[Knot]) -> Knot:
    """Their average, by requests."""
    if len(group) == 1:
        return group[0]
    weights = [float(one.seen.requests or 1) for one in group]
    whole = math.fsum(weights)

    def average(numbers: Sequence[float | None]) -> float | None:
        known = [number for number in numbers if number is not None]
        if len(known) < len(group):
            return None
        return math.fsum(n * w for n, w in zip(known, weights, strict=True)) / whole

    first = max(group, key=lambda one: one.seen.requests or 1)
    p99 = average([one.seen.percentile("p99") for one in group])
    mean_s = average([one.mean_s for one in group]) or first.mean_s
    seen = replace(
        first.seen,
        mean_s=mean_s,
        users=average([one.seen.users for one in group]),
        throughput_per_s=average([one.seen.throughput_per_s for one in group]),
        latency=() if p99 is None else (("p99", p99),),
    )
    met = average([one.met for one in group]) or first.met
    return Knot(seen=seen, met=met, pause_s=average([one.pause_s for one in group]), mean_s=mean_s)


@value
class Solved:
    """Service times by concurrency; `off` is the largest relative error of a response time."""

    counts: tuple[int, ...]
    seconds: tuple[float, ...]
    off: float


def solved(knots: Sequence[Knot], counts: Sequence[int]) -> Solved:
    """The curve over these concurrencies that comes nearest to the response times measured.

    Least squares of the logarithms by Levenberg's and Marquardt's steps.
    """
    logs = [math.log(each) for each in _start(knots, counts)]
    errors = _errors(knots, counts, logs)
    damping = 1e-3
    for _ in range(_ROUNDS):
        step = _step(knots, counts, logs, errors, damping=damping)
        moved = [one + each for one, each in zip(logs, step, strict=True)]
        new = _errors(knots, counts, moved)
        if _size(new) < _size(errors):
            logs, errors, damping = moved, new, damping / 5.0
        else:
            damping *= 8.0
        if max(map(abs, step)) < _CLOSE:
            break
    seconds = _no_faster_with_fewer(counts, [math.exp(one) for one in logs])
    off = max(abs(math.expm1(one)) for one in errors)
    return Solved(counts=tuple(counts), seconds=seconds, off=off)


def _start(knots: Sequence[Knot], counts: Sequence[int]) -> list[float]:
    """The means where they stand, and shorter where every load would have to settle and does not.

    Of a replica that is shared in equal parts they are the service times already (arrival theorem).
    """
    at, times = [one.met for one in knots], [one.mean_s for one in knots]
    if len(at) > 1 and counts[0] < at[0]:
        slope = max((times[1] - times[0]) / max(at[1] - at[0], _LEAST), 0.0)
        first = max(times[0] - slope * (at[0] - counts[0]), times[0] * counts[0] / at[0])
        at, times = [float(counts[0]), *at], [first, *times]
    curve = Line(at, times)
    seconds = [curve(count) for count in counts]
    for _ in range(_ROUNDS):
        line = Line(counts, seconds)
        if all(math.isfinite(_response(one, line)) for one in knots):
            break
        seconds = [each * 0.95 for each in seconds]
    return seconds


def _errors(knots: Sequence[Knot], counts: Sequence[int], logs: Sequence[float]) -> list[float]:
    """Logarithms of measured over predicted response times; what never settles is far off."""
    curve = Line(counts, [math.exp(one) for one in logs])
    found = []
    for knot in knots:
        response = _response(knot, curve)
        found.append(math.log(knot.mean_s / response) if math.isfinite(response) else -_FAR)
    return found


def _size(errors: Sequence[float]) -> float:
    return math.fsum(one * one for one in errors)


def _step(
    knots: Sequence[Knot],
    counts: Sequence[int],
    logs: Sequence[float],
    errors: Sequence[float],
    *,
    damping: float,
) -> list[float]:
    """Where the errors would vanish, were they straight in the logarithms of the times."""
    columns = []
    for index in range(len(logs)):
        moved = [one + (_NUDGE if at == index else 0.0) for at, one in enumerate(logs)]
        new = _errors(knots, counts, moved)
        columns.append([(old - one) / _NUDGE for old, one in zip(errors, new, strict=True)])
    rows = list(zip(*columns, strict=True))
    matrix, right = normal_equations(rows, errors)
    for index in range(len(logs)):
        matrix[index][index] += damping * (matrix[index][index] + 1.0)
    found = solution(matrix, right) or [0.0] * len(logs)
    return [min(max(one, -1.0), 1.0) for one in found]


def _no_faster_with_fewer(counts: Sequence[int], seconds: Sequence[float]) -> tuple[float, ...]:
    """Times by which a replica is never faster with fewer requests in it than with more.

    What is faster takes the rate of the most. A rate that falls and is reached again is noise of
    the measurement, and is filled.
    """
    rates = [count / time for count, time in zip(counts, seconds, strict=True)]
    level = accumulate((min(rate, rates[-1]) for rate in rates), max)
    return tuple(count / rate for count, rate in zip(counts, level, strict=True))


def _response(knot: Knot, curve: Line) -> float:
    """The mean response time under the load of a knot, infinite where it would never settle."""
    one = knot.seen
    regular = knot.pause_s is None and one.arrivals == "constant"
    if regular or knot.pause_s == 0.0 or knot.met > _STATES / 2:
        return curve(knot.met)
    weight = total = 1.0
    present = 0.0
    for count in range(1, _STATES):
        weight *= _arrivals_per_s(knot, count) * curve(count) / count
        total += weight
        present += count * weight
        if weight < _LEAST * total:
            break
        if weight > _HUGE:
            weight, total, present = 1.0, total / weight, present / weight
    else:
        return math.inf
    average = present / total
    if knot.pause_s is None:
        return average / (one.throughput_per_s or 1.0)
    return average * knot.pause_s / max((one.users or 1.0) - average, 1e-12)


def _arrivals_per_s(knot: Knot, count: int) -> float:
    """Requests a second that make `count` of one fewer."""
    if knot.pause_s is None:
        return knot.seen.throughput_per_s or 0.0
    return max((knot.seen.users or 0.0) - count + 1, 0.0) / knot.pause_s
