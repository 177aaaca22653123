"""Load and capacity over a cycle, moment by moment."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from planner.model.value import record


@record
class Step:
    """`seconds` at `rate` requests per second on `replicas` that are up."""

    seconds: float
    rate: float
    replicas: int


def cut(steps: Iterable[Step], width_s: float) -> Iterator[Step]:
    """The same steps, none across a multiple of `width_s` since the start."""
    at = 0.0
    for step in steps:
        end = at + step.seconds
        while at < end - 1e-9:
            edge = min(end, (math.floor(at / width_s + 1e-9) + 1) * width_s)
            yield Step(edge - at, step.rate, step.replicas)
            at = edge
        at = end


def average_replicas(steps: Iterable[Step]) -> float:
    """Mean of the replicas over time; 0 of no time."""
    steps = tuple(steps)
    total = sum(step.seconds for step in steps)
    return sum(step.seconds * step.replicas for step in steps) / total if total else 0.0
