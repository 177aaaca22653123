"""Load and capacity over a cycle, moment by moment."""

from __future__ import annotations

from collections.abc import Iterable

from planner.model.value import record


@record
class Step:
    """`seconds` at `rate` requests per second on `replicas` that are up."""

    seconds: float
    rate: float
    replicas: int


def average_replicas(steps: Iterable[Step]) -> float:
    """Mean of the replicas over time; 0 of no time."""
    steps = tuple(steps)
    total = sum(step.seconds for step in steps)
    return sum(step.seconds * step.replicas for step in steps) / total if total else 0.0
