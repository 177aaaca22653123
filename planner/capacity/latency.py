"""Latency of all requests over a cycle of load, and the fewest servers that keep it in bounds.

A request takes overhead + waiting + service; the percentile of the sum comes from convolving the
waiting time's exponential tail with the service time, never from adding percentiles (which
overshoots by a third). Region of validity: scv <= 1 and rho <= 0.9; `outside_validity` tells.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from planner.capacity import erlang
from planner.capacity.load import Bin, Load
from planner.capacity.service_time import ServiceTime
from planner.model.candidate import Latency
from planner.model.workload import LatencyTarget

NEGLIGIBLE = 1e-7


@dataclass(frozen=True, slots=True, kw_only=True)
class Cold:
    """A share of all requests that waits another `delay_s` before it is served."""

    fraction: float = 0.0
    delay_s: float = 0.0


NEVER_COLD = Cold()


class Pool:
    """Pooled servers under one load: requests wait in one line, the next free server takes them.

    Least-outstanding routing behaves like this; random routing is one such pool per replica at its
    share of the rate. Server counts may differ per bin (autoscaling): a sequence in bin order.
    """

    __slots__ = ("_load", "_overhead_s", "_service", "_tables", "_waits")

    def __init__(self, load: Load, service: ServiceTime, *, overhead_s: float) -> None:
        self._load = load
        self._service = service
        self._overhead_s = overhead_s
        self._tables = [erlang.BlockingTable(b.rate * service.mean_s) for b in load.bins]
        self._waits: dict[tuple[int, int], erlang.Wait] = {}

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
        """Requests in service in one bin, on average (Little's law)."""
        return self._load.bins[index].rate * self._service.mean_s

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
            mean_service_s=self._service.mean_s,
            scv=self._service.scv,
            arrival_scv=self._load.arrival_scv,
        )

    def exceeds(self, servers: Sequence[int], seconds: float, cold: Cold = NEVER_COLD) -> float:
        """Share of all requests slower than `seconds`, overhead and cold starts included."""
        room = seconds - self._overhead_s
        warm = self._warm_exceeds(servers, room)
        if cold.fraction <= 0.0:
            return warm
        late = self._service.exceeds(room - cold.delay_s)
        return (1.0 - cold.fraction) * warm + cold.fraction * max(warm, late)

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
            if service_s < room:
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
        low = self._overhead_s
        high = self._overhead_s + self._service.quantile(q)
        doublings = 0
        while self.exceeds(servers, high, cold) > allowed:
            low, high = high, high + (high - self._overhead_s)
            doublings += 1
            if doublings > 40:
                return math.inf
        while high - low > 1e-3 * high:
            middle = (low + high) / 2.0
            if self.exceeds(servers, middle, cold) > allowed:
                low = middle
            else:
                high = middle
        return high

    def latency(self, servers: Sequence[int], cold: Cold = NEVER_COLD) -> Latency:
        """The percentiles that a plan reports."""
        return Latency(
            p50_s=self.quantile(servers, 0.50, cold),
            p90_s=self.quantile(servers, 0.90, cold),
            p95_s=self.quantile(servers, 0.95, cold),
            p99_s=self.quantile(servers, 0.99, cold),
            mean_s=self.mean(servers, cold),
        )

    def meets(
        self, targets: Sequence[LatencyTarget], servers: Sequence[int], cold: Cold = NEVER_COLD
    ) -> bool:
        """True when every target holds over the whole cycle."""
        return all(self.met(target, servers, cold) for target in targets)

    def met(self, target: LatencyTarget, servers: Sequence[int], cold: Cold = NEVER_COLD) -> bool:
        """True when one target holds."""
        if target.quantile is None:
            return self.mean(servers, cold) <= target.seconds
        allowed = 1.0 - quantile_of(target)
        return self.exceeds(servers, target.seconds, cold) <= allowed + 1e-12

    def predicted(
        self, target: LatencyTarget, servers: Sequence[int], cold: Cold = NEVER_COLD
    ) -> float:
        """The latency, in seconds, to hold against one target."""
        if target.quantile is None:
            return self.mean(servers, cold)
        return self.quantile(servers, quantile_of(target), cold)

    def constant(self, servers: int) -> tuple[int, ...]:
        """The same number of servers in every bin."""
        return (servers,) * len(self._load.bins)

    def smallest(
        self, targets: Sequence[LatencyTarget], *, floor: int, cold: Cold = NEVER_COLD
    ) -> int | None:
        """Fewest servers from `floor` on that meet every target; None where no number does.

        The share of late requests falls with every server, so bisection is exact.
        """
        if not self.attainable(targets, cold):
            return None
        return smallest_count(lambda n: self.meets(targets, self.constant(n), cold), floor)

    def attainable(self, targets: Sequence[LatencyTarget], cold: Cold = NEVER_COLD) -> bool:
        """True when requests that never wait meet every target: some number of servers does."""
        return all(self._met_without_wait(target, cold) for target in targets)

    def _met_without_wait(self, target: LatencyTarget, cold: Cold) -> bool:
        if target.quantile is None:
            return self.mean_without_wait(cold) < target.seconds
        return self._late_without_wait(target.seconds, cold) < 1.0 - quantile_of(target)

    def _late_without_wait(self, seconds: float, cold: Cold) -> float:
        room = seconds - self._overhead_s
        warm = self._service.exceeds(room)
        late = self._service.exceeds(room - cold.delay_s)
        return (1.0 - cold.fraction) * warm + cold.fraction * late

    def smallest_per_bin(
        self, targets: Sequence[LatencyTarget], *, utilization: float, cold: Cold = NEVER_COLD
    ) -> tuple[int, ...] | None:
        """Fewest servers for each bin alone, non-decreasing; None where no number does.

        Every bin meeting the targets on its own is stricter than the whole doing so, and it is what
        an autoscaled endpoint must have at that moment.
        """
        if not self.attainable(targets, cold):
            return None
        counts: list[int] = []
        low = 1
        for index in range(len(self._load.bins)):
            low = max(low, stable_count(self.offered(index), utilization))
            low = self._bin_smallest(index, targets, low, cold)
            counts.append(low)
        return tuple(counts)

    def _bin_smallest(
        self, index: int, targets: Sequence[LatencyTarget], floor: int, cold: Cold
    ) -> int:
        warm = 1.0 - cold.fraction

        def ok(servers: int) -> bool:
            for target in targets:
                if target.quantile is None:
                    mean = self.wait(index, servers).mean_s + self.mean_without_wait(cold)
                    if mean > target.seconds:
                        return False
                    continue
                late = warm * self.bin_exceeds(index, servers, target.seconds)
                late += cold.fraction * self._service.exceeds(
                    target.seconds - self._overhead_s - cold.delay_s
                )
                if late > 1.0 - quantile_of(target) + 1e-12:
                    return False
            return True

        return smallest_count(ok, floor)

    def mean_without_wait(self, cold: Cold = NEVER_COLD) -> float:
        """Mean latency of a request that finds a free server."""
        return self._overhead_s + self._service.mean_s + cold.fraction * cold.delay_s

    def best_case(self, target: LatencyTarget, cold: Cold = NEVER_COLD) -> float:
        """The latency for one target with no waiting at all: what no number of servers beats."""
        if target.quantile is None:
            return self.mean_without_wait(cold)
        allowed = 1.0 - quantile_of(target)
        low, high = self._overhead_s, self._overhead_s + self._service.quantile(0.99999)
        high += cold.delay_s
        while high - low > 1e-3 * high:
            middle = (low + high) / 2.0
            if self._late_without_wait(middle, cold) > allowed:
                low = middle
            else:
                high = middle
        return high

    def rho(self, servers: Sequence[int]) -> float:
        """Highest utilisation over the bins."""
        return max(self.offered(i) / servers[i] for i in range(len(self._load.bins)))


class SplitPool(Pool):
    """Random routing: each replica of `slots` servers has its own line and its share of the rate.

    Server counts are still totals over all replicas.
    """

    __slots__ = ("_slots",)

    def __init__(self, load: Load, service: ServiceTime, *, overhead_s: float, slots: int) -> None:
        super().__init__(load, service, overhead_s=overhead_s)
        self._slots = slots

    def _wait(self, index: int, servers: int) -> erlang.Wait:
        offered = self.offered(index) * self._slots / servers
        return erlang.wait(
            erlang.BlockingTable(offered),
            self._slots,
            offered,
            mean_service_s=self._service.mean_s,
            scv=self._service.scv,
            arrival_scv=self._load.arrival_scv,
        )


def quantile_of(target: LatencyTarget) -> float:
    """A target's quantile; `max` stands for all but one in ten thousand."""
    q = target.quantile if target.quantile is not None else 0.5
    return min(q, 0.9999)


def stable_count(offered: float, utilization: float) -> int:
    """Fewest servers that stay at or below `utilization`, and strictly below saturation."""
    return max(1, math.ceil(offered / utilization - 1e-9), math.floor(offered) + 1)


def smallest_count(predicate: Callable[[int], bool], floor: int) -> int:
    """Smallest count >= `floor` for which a predicate holds that stays true once it is."""
    if predicate(floor):
        return floor
    low, step = floor, 1
    while not predicate(low + step):
        low, step = low + step, step * 2
    high = low + step
    while high - low > 1:
        middle = (low + high) // 2
        if predicate(middle):
            high = middle
        else:
            low = middle
    return high


def outside_validity(service: ServiceTime, rho: float) -> str:
    """Why the closed form cannot be trusted here, or an empty text."""
    if service.scv > 1.0:
        return f"service times vary too much for the closed form (SCV {service.scv:.1f} > 1)"
    if rho > 0.9:
        return f"utilisation {rho:.0%} is above the closed form's tested 90 %"
    return ""
