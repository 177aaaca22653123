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


STABLE = 0.97
"""Utilisation from which a stretch is replayed in order of time: it hardly settles."""


@record
class Capacity:
    """Slots of a replica, mean seconds in service, SCV of the gaps between requests and of service.

    `queue_limit` is how many may wait for each slot.
    """

    slots: int
    service_s: float
    arrival_scv: float = 1.0
    service_scv: float = 1.0
    queue_limit: int | None = None

    def offered(self, step: Step) -> float:
        """Requests in service on average (Little's law)."""
        return step.rate * self.service_s

    def utilization(self, step: Step) -> float:
        """Part of the slots that is busy; 1 and more in overload."""
        return self.offered(step) / max(step.replicas * self.slots, 1e-9)

    def quiet(self, step: Step) -> bool:
        """True where waiting has a probability below about one in a billion."""
        busy = self.offered(step)
        peaked = max(1.0, (1.0 + self.arrival_scv) / 2.0)
        return step.replicas * self.slots > busy + 6.0 * math.sqrt(busy * peaked) + 8.0


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
