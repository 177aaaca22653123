"""Requests in a queue over a cycle of load: how long they wait and how many come late.

A request takes overhead + waiting + service; the percentile of the sum comes from convolving the
waiting time's exponential tail with the service time, never from adding percentiles (which
overshoots by a third). Region of validity: `planner.capacity.latency.outside_validity`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from copy import copy
from typing import Self

from planner.capacity import erlang
from planner.capacity.load import Bin, Load
from planner.capacity.service_time import ServiceTime
from planner.model.value import value

NEGLIGIBLE_SHARE = 1e-3
"""Part of the allowed late requests that moves a quantile of a smooth distribution by nothing."""

NEGLIGIBLE = 1e-7
"""Share of late requests that is not worth its arithmetic."""

NEGLIGIBLE_LOADING = 1e-3
"""Time for loading, over that of the service, that changes no wait worth telling."""


@value
class Cold:
    """A share of all requests that waits another `delay_s` before it is served."""

    fraction: float = 0.0
    delay_s: float = 0.0


NEVER_COLD = Cold()


class Line:
    """Pooled servers under one load: requests wait in one line, the next free server takes them.

    Least-outstanding routing behaves like this; random routing is one such pool per replica at its
    share of the rate. Server counts may differ per bin (autoscaling): a sequence in bin order.
    """

    __slots__ = ("_held", "_load", "_overhead_s", "_service", "_tables", "_waits")

    def __init__(self, load: Load, service: ServiceTime, *, overhead_s: float) -> None:
        self._load = load
        self._service = service
        self._overhead_s = overhead_s
        self._held = service
        self._tables = _tables(load, service)
        self._waits: dict[tuple[int, int], erlang.Wait] = {}

    def loading(self, cold: Cold) -> Self:
        """The same line where a cold request keeps its server busy for its delay: others wait."""
        extra = cold.fraction * cold.delay_s
        if extra < NEGLIGIBLE_LOADING * self._service.mean_s and self._held is self._service:
            return self
        mean = self._service.mean_s + extra
        second = (1.0 + self._service.scv) * self._service.mean_s**2
        second += extra * (2.0 * self._service.mean_s + cold.delay_s)
        found = copy(self)
        found._held = ServiceTime(mean, math.sqrt(math.log(second / (mean * mean))))
        found._tables = _tables(self._load, found._held)
        found._waits = {}
        return found

    @property
    def overhead_s(self) -> float:
        """Seconds added to every request, where the objective is measured."""
        return self._overhead_s

    @property
    def held_s(self) -> float:
        """Mean seconds that a request keeps its server: service, and loading where there is any."""
        return self._held.mean_s

    @property
    def load(self) -> Load:
        """The load these servers are under."""
        return self._load

    @property
    def bins(self) -> tuple[Bin, ...]:
        """The load's bins, by rising rate."""
        return self._load.bins

    @property
    def service(self) -> ServiceTime:
        """The service time of one request."""
        return self._service

    def offered(self, index: int) -> float:
        """Servers busy in one bin, on average (Little's law)."""
        return self._load.bins[index].rate * self._held.mean_s

    def wait(self, index: int, servers: int) -> erlang.Wait:
        """Waiting time in one bin."""
        key = (index, servers)
        found = self._waits.get(key)
        if found is None:
            found = self._waits[key] = self._wait(index, servers)
        return found

    def _wait(self, index: int, servers: int) -> erlang.Wait:
        return erlang.wait(
            self._tables[index],
            servers,
            self.offered(index),
            mean_service_s=self._held.mean_s,
            scv=self._held.scv,
            arrival_scv=self._load.arrival_scv,
        )

    def exceeds(self, servers: Sequence[int], seconds: float, cold: Cold = NEVER_COLD) -> float:
        """Share of all requests slower than `seconds`, overhead and cold starts included."""
        room = seconds - self._overhead_s
        warm = self._warm_exceeds(servers, room)
        if cold.fraction <= 0.0:
            return warm
        late = self._warm_exceeds(servers, room - cold.delay_s)
        return (1.0 - cold.fraction) * warm + cold.fraction * late

    def _warm_exceeds(self, servers: Sequence[int], room: float) -> float:
        total = self._service.exceeds(room)
        if room <= 0.0:
            return 1.0
        for index, b in enumerate(self._load.bins):
            share = b.share_requests
            if share * self.wait(index, servers[index]).probability < NEGLIGIBLE:
                continue
            total += share * self._waiting_exceeds(index, servers[index], room)
        return min(total, 1.0)

    def bin_exceeds(self, index: int, servers: int, seconds: float) -> float:
        """Share of one bin's requests slower than `seconds`, overhead included."""
        room = seconds - self._overhead_s
        if room <= 0.0:
            return 1.0
        return min(1.0, self._service.exceeds(room) + self._waiting_exceeds(index, servers, room))

    def _waiting_exceeds(self, index: int, servers: int, room: float) -> float:
        """Share of a bin's requests that would be in time but for their waiting."""
        queue = self.wait(index, servers)
        if queue.decay <= 0.0:
            return 1.0 - self._service.exceeds(room)
        decay, exp = queue.decay, math.exp
        late = 0.0
        for share, service_s in self._service.points():
            if service_s <= room:
                late += share * exp(-decay * (room - service_s))
        return queue.probability * late

    def mean(self, servers: Sequence[int], cold: Cold = NEVER_COLD) -> float:
        """Mean latency over all requests in seconds, infinite if any bin is saturated."""
        waiting = sum(
            b.share_requests * self.wait(i, servers[i]).mean_s
            for i, b in enumerate(self._load.bins)
            if b.share_requests > 0.0
        )
        return self._overhead_s + self._service.mean_s + waiting + cold.fraction * cold.delay_s

    def quantile(self, servers: Sequence[int], q: float, cold: Cold = NEVER_COLD) -> float:
        """Latency that a share `q` of all requests does not exceed, to 0.1 %; inf if none does."""
        allowed = 1.0 - q
        # Nobody is faster than without any wait, and mostly nobody waits.
        low = high = self._overhead_s + self._service.quantile(q)
        spread = cold.fraction == 0.0 and self._service.sigma > 0.0
        if spread and self.exceeds(servers, high) <= allowed * (1.0 + NEGLIGIBLE_SHARE):
            return high
        for _ in range(40):
            if self.exceeds(servers, high, cold) <= allowed:
                break
            low, high = high, high + (high - self._overhead_s)
        else:
            return math.inf
        while high - low > 1e-3 * high:
            middle = (low + high) / 2.0
            if self.exceeds(servers, middle, cold) > allowed:
                low = middle
            else:
                high = middle
        return high

    def mean_without_wait(self, cold: Cold = NEVER_COLD) -> float:
        """Mean latency of a request that finds a free server."""
        return self._overhead_s + self._service.mean_s + cold.fraction * cold.delay_s

    def late_without_wait(self, seconds: float, cold: Cold) -> float:
        """Share of the requests that would be late even if nobody ever waited."""
        room = seconds - self._overhead_s
        warm = self._service.exceeds(room)
        late = self._service.exceeds(room - cold.delay_s)
        return (1.0 - cold.fraction) * warm + cold.fraction * late


def _tables(load: Load, held: ServiceTime) -> list[erlang.BlockingTable]:
    """One for each bin; `held` is how long a request keeps its server."""
    return [erlang.BlockingTable(b.rate * held.mean_s) for b in load.bins]
