"""What a station did with a run of requests: their delays before service, refusals, cold starts."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import Protocol


class Tally:
    """Requests of one run, counted; the delays only of those that had to wait.

    A request's service time is not in it: it does not depend on its own delay, so percentiles of
    the response come from convolving the delays with the service time's distribution, which is
    exact where sampling is not (conditional Monte Carlo: Asmussen and Glynn 2007, ch. V.4).
    """

    __slots__ = ("at_once", "busy_s", "cold", "delays", "refused", "served")

    def __init__(self) -> None:
        self.served = 0
        """Requests that were served, waiting or not."""
        self.delays: list[float] = []
        """Seconds between arrival and start of service, of the served ones that waited (> 0)."""
        self.refused = 0
        """Requests answered 429: queue full, or no concurrency left."""
        self.cold = 0
        """Served requests that waited for capacity or a model to start or load."""
        self.busy_s = 0.0
        """Seconds of service begun, over all slots (loading included where it holds a slot)."""
        self.at_once: list[int] = []
        """Of the served that did not wait, how many met 0, 1, 2... others on their replica."""

    def add(self, other: Tally) -> None:
        """Take in another run's requests."""
        self.served += other.served
        self.delays += other.delays
        self.refused += other.refused
        self.cold += other.cold
        self.busy_s += other.busy_s
        met = zip_longest(self.at_once, other.at_once, fillvalue=0)
        self.at_once = [mine + theirs for mine, theirs in met]


class Station(Protocol):
    """Servers with a state that lasts from one run of requests to the next."""

    def serve(self, times_s: Sequence[float]) -> Tally:
        """Take these arrivals, rising and not before those of the last call."""
        ...

    def resize(self, now_s: float, replicas: int) -> None:
        """Change the number of replicas: new ones are free at once, removed ones finish first."""
        ...
