"""The part of the traffic that a load test repeats: the hour around the highest rate."""

from __future__ import annotations

from planner.capacity.load import Segment, build_load
from planner.model.export import Asked
from planner.model.traffic import Stages, Steady
from planner.model.value import value

SPAN_S = 3600.0
FLAT_S = 600.0
_SERVICE_S = 1.0
"""Recorded requests are counted over ten times this: chance alone would look like load."""


@value
class Step:
    """`rate` requests per second for `seconds`."""

    seconds: float
    rate: float


def schedule(asked: Asked) -> tuple[Step, ...]:
    """The rate over time, step by step: all stages, ten minutes of a flat rate, else an hour.

    An endpoint that shares the traffic with others of its spec gets the share of its models.
    """
    pattern = asked.workload.traffic.pattern
    load = build_load(asked.workload.traffic, service_s=_SERVICE_S).scaled(share(asked))
    if isinstance(pattern, Stages):
        return _steps(load.segments)
    if isinstance(pattern, Steady) and pattern.burst is None:
        return _steps((Segment(FLAT_S, load.segments[0].rate),))
    return _steps(_around_peak(load.segments))


def share(asked: Asked) -> float:
    """How much of the spec's traffic goes to this endpoint."""
    models = set(asked.decision.models)
    if len(models) == len(asked.workload.models):
        return 1.0
    return sum(one.weight for one in asked.workload.models if one.name in models)


def _around_peak(segments: tuple[Segment, ...]) -> tuple[Segment, ...]:
    """An hour with the middle of the highest segment in its middle; the cycle repeats."""
    cycle_s = sum(one.seconds for one in segments)
    if cycle_s <= SPAN_S:
        return segments
    highest = max(range(len(segments)), key=lambda at: segments[at].rate)
    before_s = sum(one.seconds for one in segments[:highest])
    start_s = before_s + segments[highest].seconds / 2.0 - SPAN_S / 2.0
    return _cut(segments, start_s % cycle_s, cycle_s)


def _cut(segments: tuple[Segment, ...], start_s: float, cycle_s: float) -> tuple[Segment, ...]:
    end_s = start_s + SPAN_S
    found = []
    for turn_s in (0.0, cycle_s):
        at_s = turn_s
        for one in segments:
            seconds = min(at_s + one.seconds, end_s) - max(at_s, start_s)
            if seconds > 0.0:
                found.append(Segment(seconds, one.rate))
            at_s += one.seconds
    return tuple(found)


def _steps(segments: tuple[Segment, ...]) -> tuple[Step, ...]:
    return tuple(
        Step(seconds=round(one.seconds, 3), rate=float(f"{one.rate:.6g}")) for one in segments
    )
