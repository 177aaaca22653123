"""From what clients saw to the service time by the number of requests in service.

A closed loop of N users without pauses keeps exactly N requests in service: L(N) is the measured
mean, by Little's law alone, whatever the distributions. With pauses, and in an open loop, fewer
are: `planner.profiling.replica` has what is solved for then. N / X - R is the pause (interactive
response time law: Denning, Buzen, ACM Computing Surveys 10(3), 1978). A percentile of a closed loop
is never converted: it lacks the queue that real arrivals meet.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from planner.model.units import format_duration, format_number
from planner.model.value import value
from planner.model.workload import ServicePoint
from planner.profiling.observation import Loop, MeasurementError, Observation
from planner.profiling.replica import Knot, Line, joined, solved

AGREE = 0.1
"""Part by which users, rate and mean may contradict each other before nothing is taken."""
NO_PAUSE = 0.05
"""Part of a cycle that a pause takes at least: below, clocks and start-up explain it."""
MOST = 100_000
"""Requests in service on one replica: our bound, where a unit must be wrong."""
FAILING = 0.5
"""Part of the requests that may fail before what is left says nothing of a service time."""
SATURATED = 0.95
"""Part of the rate sent that is answered at least where the replica keeps up."""
CHANCE = 2.0
"""Standard deviations by which a number of Poisson arrivals may fall short."""
UNEXPLAINED = 0.15
"""Part by which a mean may be off the curve that was solved for before that is told."""
WIDEST_TAIL = 14.97
"""A log-normal's p99 over its mean is at most exp(z^2 / 2)."""
_NEAR = 0.02
"""Part of a request by which a concurrency may fall short of a whole number."""


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
        if (one.errors or 0.0) > FAILING:
            notes.append(
                f"{_load(one)} on {instance_type} left out: {one.errors:.0%} of its requests failed"
            )
        elif _overloaded(one):
            notes.append(
                f"{format_number(one.offered_per_s or 0.0)}/s on {instance_type} left out: more "
                "than it answers, so that the latency only says how long the run was"
            )
        else:
            steady.append(one)
    if not steady:
        raise MeasurementError(
            "overload-only",
            f"{instance_type} was sent more than it answers, or failed, at every load",
            hint="measure below its limit too",
        )
    knots = joined([_possible(_knot(one)) for one in steady])
    exact = all(_is_exact(one) for one in knots)
    newest = max(steady, key=lambda one: one.date)
    points = _points(knots, exact=exact, notes=notes)
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


def _load(one: Observation) -> str:
    if one.users is not None:
        return f"{format_number(one.users)} users"
    return f"{format_number(one.throughput_per_s or 0.0)}/s"


def _failures(observations: Iterable[Observation]) -> Iterable[str]:
    for one in observations:
        if one.errors is not None and 0.01 < one.errors <= FAILING:
            yield (
                f"{one.errors:.1%} of the requests failed on {one.instance_type}: failures are "
                "often fast, and some tools have their times in the mean"
            )


def _overloaded(one: Observation) -> bool:
    """Whether more was sent than came back; what few Poisson arrivals miss by chance is no sign."""
    if one.loop == "closed" or not one.offered_per_s or not one.throughput_per_s:
        return False
    by_chance = 0.0
    if one.arrivals == "poisson" and one.requests:
        by_chance = CHANCE / math.sqrt(one.requests)
    return one.throughput_per_s < (SATURATED - by_chance) * one.offered_per_s


def _knot(one: Observation) -> Knot:
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
        if one.queue == "apart":
            return Knot(seen=one, met=max(rate * one.mean_s, 1.0), pause_s=0.0, mean_s=one.mean_s)
        met = rate * one.mean_s + (1.0 if one.arrivals == "poisson" else 0.0)
        return Knot(seen=one, met=max(met, 1.0), pause_s=None, mean_s=one.mean_s)
    if users is None:
        return Knot(seen=one, met=_in_service(one), pause_s=0.0, mean_s=one.mean_s)
    pause = 0.0 if rate is None else _pause(one, users, rate)
    if not pause or rate is None or users <= 1.0:
        return Knot(seen=one, met=max(users, 1.0), pause_s=0.0, mean_s=one.mean_s)
    met = 1.0 + rate * one.mean_s * (users - 1.0) / users
    return Knot(seen=one, met=met, pause_s=pause, mean_s=one.mean_s)


def _possible(knot: Knot) -> Knot:
    if knot.met <= MOST:
        return knot
    raise MeasurementError(
        "impossible-load",
        f"{knot.met:.3g} requests in one {knot.seen.instance_type} at a time, by its rate and mean",
        hint="check the units of the rate and of the latency",
    )


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


def _is_exact(knot: Knot) -> bool:
    closed = knot.seen.loop == "closed" and not knot.pause_s and knot.seen.users is not None
    return closed and abs(knot.met - round(knot.met)) < 1e-9


def _points(knots: Sequence[Knot], *, exact: bool, notes: list[str]) -> tuple[ServicePoint, ...]:
    at = [one.met for one in knots]
    tails = [_tail(one, notes) for one in knots]
    wide = None
    if all(tail is not None for tail in tails):
        wide = Line(at, [tail or 0.0 for tail in tails])
    pairs = [(round(one.met), one.mean_s) for one in knots]
    if not exact:
        found = solved(knots, _counts(at))
        pairs = list(zip(found.counts, found.seconds, strict=True))
        if found.off > UNEXPLAINED:
            notes.append(
                f"one curve explains the means on {knots[0].seen.instance_type} to "
                f"{found.off:.0%} only: measure longer, or one kind of request at a time"
            )
    return tuple(
        ServicePoint(
            concurrency=count,
            mean_s=mean,
            p99_s=None if wide is None else mean * wide(min(max(count, at[0]), at[-1])),
        )
        for count, mean in pairs
    )


def _counts(at: Sequence[float]) -> list[int]:
    """Whole numbers between the knots, each doubled; below the first at its (longer) time."""
    first, last = max(1, math.floor(at[0] + _NEAR)), max(1, math.floor(at[-1] + _NEAR))
    found = [first]
    while found[-1] * 2 < last:
        found.append(found[-1] * 2)
    return found if found[-1] == last else [*found, last]


def _tail(knot: Knot, notes: list[str]) -> float | None:
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


def _said(knots: Sequence[Knot]) -> str:
    """How the points came about, in a few words."""
    pauses = [one.pause_s for one in knots if one.pause_s]
    if pauses:
        shortest, longest = (format_duration(each) for each in (min(pauses), max(pauses)))
        between = shortest if shortest == longest else f"{shortest} to {longest}"
        return f"from users who pause {between} between calls, by mean value analysis"
    if any(one.seen.loop == "open" and one.seen.queue == "inside" for one in knots):
        return "from rates, by the product form of a shared replica"
    return "from rate x mean, by Little's law"
