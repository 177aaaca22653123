"""From what clients saw to the service time by the number of requests in service.

A replica under test shares itself among the requests in it: with k of them it finishes k / L(k) a
second. `L` is what a profile holds, and what is solved for here, so that the model gives back every
response time that was measured.

- A closed loop of N users without pauses keeps exactly N requests in service: L(N) is the measured
  mean, by Little's law alone, whatever the distributions.
- With pauses, fewer are in service. N / X - R is the pause Z (interactive response time law:
  Denning, Buzen, ACM Computing Surveys 10(3), 1978), and the states of the closed network follow
  p(k) ~ p(k-1) (N - k + 1) / Z x L(k) / k (product form: Baskett, Chandy, Muntz, Palacios, J. ACM
  22(2), 1975; the stationary form of mean value analysis with a load-dependent station: Reiser,
  Lavenberg, J. ACM 27(2), 1980).
- An open loop at rate X has p(k) ~ p(k-1) X L(k) / k: the same with Poisson arrivals.

Holds for requests that share a replica equally, whatever their service times, and for those served
in order of arrival where these are exponential. Service times that vary less queue less, and the
solved ones come out too short near the limit of the replica; so where fewer requests in service
would be finished faster than more were, they take the rate of the more. A percentile of a closed
loop is never converted: it lacks the queue that real arrivals meet.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

from planner.model.units import format_duration, format_number
from planner.model.value import value
from planner.model.workload import ServicePoint
from planner.profiling.observation import Loop, MeasurementError, Observation

AGREE = 0.1
"""Part by which users, rate and mean may contradict each other before nothing is taken."""
NO_PAUSE = 0.05
"""Part of a cycle that a pause takes at least: below, clocks and start-up explain it."""
SATURATED = 0.95
"""Part of the rate sent that is answered at least where the replica keeps up."""
WIDEST_TAIL = 14.97
"""A log-normal's p99 over its mean is at most exp(z^2 / 2)."""
_ROUNDS = 200
_CLOSE = 1e-4
_SAME = 0.02


@value
class Conversion:
    """Points of one instance type by rising concurrency, and what was done to get them.

    `converted` is empty where the points are what was measured.
    """

    instance_type: str
    points: tuple[ServicePoint, ...]
    loop: Loop
    tool: str
    date: str
    at: str
    converted: str = ""
    notes: tuple[str, ...] = ()


@value
class _Knot:
    """An observation at the concurrency that its requests met on average."""

    seen: Observation
    met: float
    pause_s: float | None
    mean_s: float


def converted(observations: Iterable[Observation]) -> tuple[Conversion, ...]:
    """Service times by instance type; MeasurementError where an observation contradicts itself."""
    grouped: dict[str, list[Observation]] = {}
    for one in observations:
        grouped.setdefault(one.instance_type, []).append(one)
    return tuple(_curve(name, found) for name, found in sorted(grouped.items()))


def _curve(instance_type: str, observations: Sequence[Observation]) -> Conversion:
    notes = list(_failures(observations))
    steady = []
    for one in observations:
        if _overloaded(one):
            notes.append(
                f"{format_number(one.offered_per_s or 0.0)}/s on {instance_type} left out: more "
                "than it answers, so that the latency only says how long the run was"
            )
        else:
            steady.append(one)
    if not steady:
        raise MeasurementError(
            "overload-only",
            f"{instance_type} was sent more than it answers, at every rate",
            hint="measure below its limit too",
        )
    knots = _merged(sorted(map(_knot, steady), key=lambda one: one.met))
    exact = all(_is_exact(one) for one in knots)
    solved = knots if exact else _solved(knots)
    newest = max(steady, key=lambda one: one.date)
    points = tuple(_points(solved, exact=exact, notes=notes))
    return Conversion(
        instance_type=instance_type,
        points=points,
        loop="open" if all(one.seen.loop == "open" for one in knots) else "closed",
        tool=newest.tool,
        date=newest.date,
        at=newest.at,
        converted="" if exact else _said(knots),
        notes=tuple(notes),
    )


def _failures(observations: Iterable[Observation]) -> Iterable[str]:
    for one in observations:
        if one.errors is not None and one.errors > 0.01:
            yield (
                f"{one.errors:.1%} of the requests failed on {one.instance_type}: their times are "
                "in the mean, and failures are often fast"
            )


def _overloaded(one: Observation) -> bool:
    if one.loop == "closed" or not one.offered_per_s or not one.throughput_per_s:
        return False
    return one.throughput_per_s < SATURATED * one.offered_per_s


def _knot(one: Observation) -> _Knot:
    """Where an observation stands: what an arriving request finds, and itself.

    That is one request fewer than the users have out on average (arrival theorem: Sevcik, Mitrani,
    J. ACM 28(2), 1981; by Schweitzer's proportional estimate), in an open Poisson stream all.
    """
    rate, users = one.throughput_per_s, one.users
    if one.loop == "open":
        if rate is None:
            raise MeasurementError(
                "which-rate",
                f"an open loop on {one.instance_type} without its rate",
                hint="name the column of the rate: --columns rate=COLUMN",
            )
        met = rate * one.mean_s + (1.0 if one.arrivals == "poisson" else 0.0)
        return _Knot(seen=one, met=max(met, 1.0), pause_s=None, mean_s=one.mean_s)
    if users is None:
        return _Knot(seen=one, met=_in_service(one), pause_s=0.0, mean_s=one.mean_s)
    pause = 0.0 if rate is None else _pause(one, users, rate)
    if not pause or rate is None or users <= 1.0:
        return _Knot(seen=one, met=max(users, 1.0), pause_s=0.0, mean_s=one.mean_s)
    met = 1.0 + rate * one.mean_s * (users - 1.0) / users
    return _Knot(seen=one, met=met, pause_s=pause, mean_s=one.mean_s)


def _in_service(one: Observation) -> float:
    if one.throughput_per_s is None:
        raise MeasurementError(
            "which-users",
            f"nothing says how many requests were out at a time on {one.instance_type}",
            hint="--users 8",
        )
    return max(one.throughput_per_s * one.mean_s, 1.0)


def _pause(one: Observation, users: float, rate: float) -> float:
    """Seconds between an answer and the next request of a user, 0 where there are none."""
    cycle = users / rate
    pause = cycle - one.mean_s
    if pause < -AGREE * cycle:
        raise MeasurementError(
            "users-contradict",
            f"{format_number(users)} users who wait {format_duration(one.mean_s)} for each answer "
            f"send at most {format_number(users / one.mean_s)}/s, not {format_number(rate)}/s",
            hint="check the number of users, and the unit of the latency",
        )
    return pause if pause > NO_PAUSE * cycle else 0.0


def _is_exact(knot: _Knot) -> bool:
    closed = knot.seen.loop == "closed" and not knot.pause_s and knot.seen.users is not None
    return closed and abs(knot.met - round(knot.met)) < 1e-9


def _merged(knots: Sequence[_Knot]) -> list[_Knot]:
    """Those that stand at the same concurrency as one, at the mean of their times."""
    found: list[_Knot] = []
    for one in knots:
        before = found[-1] if found else None
        if before is None or one.met - before.met > _SAME * before.met:
            found.append(one)
        else:
            found[-1] = replace(before, mean_s=(before.mean_s + one.mean_s) / 2.0)
    return found


def _solved(knots: Sequence[_Knot]) -> list[_Knot]:
    """The curve through the knots that gives back the response times measured."""
    times = [one.mean_s for one in knots]
    for _ in range(_ROUNDS):
        curve = _Line([one.met for one in knots], times)
        off = [one.mean_s / _response(one, curve) for one in knots]
        if max(abs(each - 1.0) for each in off) < _CLOSE:
            break
        times = [seconds * each**0.7 for seconds, each in zip(times, off, strict=True)]
    else:
        # No curve through these knots explains them all: as measured, which is never too fast.
        return list(knots)
    return _no_faster_with_fewer(knots, times)


def _no_faster_with_fewer(knots: Sequence[_Knot], times: Sequence[float]) -> list[_Knot]:
    found: list[_Knot] = []
    fastest = 0.0
    for one, seconds in zip(reversed(knots), reversed(times), strict=True):
        slow = max(seconds, one.met / fastest) if fastest else seconds
        fastest = max(fastest, one.met / slow)
        found.append(replace(one, mean_s=slow))
    return found[::-1]


class _Line:
    """Straight between the knots, level before the first, along the last part behind the last."""

    def __init__(self, at: Sequence[float], seconds: Sequence[float]) -> None:
        self._at, self._seconds = at, seconds
        self._beyond = 0.0
        if len(at) > 1:
            rise = (seconds[-1] - seconds[-2]) / (at[-1] - at[-2])
            self._beyond = min(max(rise, 0.0), seconds[-1] / at[-1])

    def __call__(self, count: float) -> float:
        if count <= self._at[0]:
            return self._seconds[0]
        if count >= self._at[-1]:
            return self._seconds[-1] + self._beyond * (count - self._at[-1])
        for (low, first), (high, second) in pairwise(zip(self._at, self._seconds, strict=True)):
            if count <= high:
                return first + (second - first) * (count - low) / (high - low)
        raise AssertionError("between the first and the last")


def _response(knot: _Knot, curve: _Line) -> float:
    """The mean response time under the load of a knot, infinite where it would never settle."""
    one = knot.seen
    if one.loop == "closed" and not knot.pause_s:
        return curve(knot.met)
    if one.loop == "open" and one.arrivals == "constant":
        return curve(knot.met)
    weight = total = 1.0
    present = 0.0
    for count in range(1, 100_000):
        weight *= _arrivals_per_s(knot, count) * curve(count) / count
        total += weight
        present += count * weight
        if weight < 1e-12 * total:
            break
        if weight > 1e250:
            return math.inf
    average = present / total
    if one.loop == "open":
        return average / (one.throughput_per_s or 1.0)
    return average * (knot.pause_s or 0.0) / max((one.users or 1.0) - average, 1e-12)


def _arrivals_per_s(knot: _Knot, count: int) -> float:
    """Requests a second that make `count` of one fewer."""
    if knot.seen.loop == "open":
        return knot.seen.throughput_per_s or 0.0
    assert knot.pause_s
    return max((knot.seen.users or 0.0) - count + 1, 0.0) / knot.pause_s


def _points(knots: Sequence[_Knot], *, exact: bool, notes: list[str]) -> Iterable[ServicePoint]:
    at = [one.met for one in knots]
    curve = _Line(at, [one.mean_s for one in knots])
    tails = [_tail(one, notes) for one in knots]
    wide = None
    if all(tail is not None for tail in tails):
        wide = _Line(at, [tail or 0.0 for tail in tails])
    for count in (round(one) for one in at) if exact else _counts(at):
        within = min(max(float(count), at[0]), at[-1])
        mean = curve(within)
        p99 = None if wide is None else mean * wide(within)
        yield ServicePoint(concurrency=count, mean_s=mean, p99_s=p99)


def _counts(at: Sequence[float]) -> list[int]:
    """Whole numbers between the knots, each doubled; below the first at its (longer) time."""
    first, last = max(1, math.floor(at[0] + _SAME)), max(1, math.floor(at[-1] + _SAME))
    found = [first]
    while found[-1] * 2 < last:
        found.append(found[-1] * 2)
    return found if found[-1] == last else [*found, last]


def _tail(knot: _Knot, notes: list[str]) -> float | None:
    """p99 over mean of an open loop; a closed one has none that can be used."""
    p99 = knot.seen.percentile("p99")
    if knot.seen.loop == "closed" or p99 is None:
        return None
    ratio = max(p99 / knot.seen.mean_s, 1.0)
    if ratio > WIDEST_TAIL:
        notes.append(
            f"p99 of {format_duration(p99)} on {knot.seen.instance_type} is {ratio:.0f} times the "
            "mean: no log-normal has that; percentiles left out"
        )
        return None
    return ratio


def _said(knots: Sequence[_Knot]) -> str:
    """How the points came about, in a few words."""
    pauses = [one.pause_s for one in knots if one.pause_s]
    if pauses:
        shortest, longest = (format_duration(each) for each in (min(pauses), max(pauses)))
        between = shortest if shortest == longest else f"{shortest} to {longest}"
        return f"from users who pause {between} between calls, by mean value analysis"
    if any(one.seen.loop == "open" for one in knots):
        return "from rates, by the product form of a shared replica"
    return "from rate x mean, by Little's law"
