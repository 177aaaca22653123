"""Latency goals over a cycle of load, and the fewest servers that keep them.

See `planner.capacity.queue` for the formulas; `outside_validity` tells where they do not hold.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from planner.capacity import erlang
from planner.capacity.load import Load
from planner.capacity.queue import NEVER_COLD, Cold, Line
from planner.capacity.service_time import ServiceTime
from planner.model.candidate import Latency
from planner.model.workload import LatencyTarget


class Pool(Line):
    """Pooled servers under one load, held against latency targets.

    Server counts may differ per bin (autoscaling): a sequence in bin order.
    """

    __slots__ = ()

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
        return self.late_without_wait(target.seconds, cold) < 1.0 - quantile_of(target)

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
                if cold.fraction > 0.0:
                    room = target.seconds - cold.delay_s
                    late += cold.fraction * self.bin_exceeds(index, servers, room)
                if late > 1.0 - quantile_of(target) + 1e-12:
                    return False
            return True

        return smallest_count(ok, floor)

    def best_case(self, target: LatencyTarget, cold: Cold = NEVER_COLD) -> float:
        """The latency for one target with no waiting at all: what no number of servers beats."""
        if target.quantile is None:
            return self.mean_without_wait(cold)
        allowed = 1.0 - quantile_of(target)
        low, high = self._overhead_s, self._overhead_s + self._service.quantile(0.99999)
        high += cold.delay_s
        while high - low > 1e-3 * high:
            middle = (low + high) / 2.0
            if self.late_without_wait(middle, cold) > allowed:
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
            mean_service_s=self._held.mean_s,
            scv=self._held.scv,
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


VALID_UTILIZATION = 0.9
"""Utilisation up to which the closed form was held against simulations."""


VALID_SCV = 0.5
"""Spread of the service time up to which p99 is no more than 3 % low; above, log-normal tails
exceed the two-moment form by 12 % at SCV 1 and by more beyond."""


CAREFUL_SERVERS = 2
CAREFUL_SCV = 0.1
"""Up to so many servers with less spread than this, half busy, the p99 is up to 14 % too high."""


def outside_validity(service: ServiceTime, rho: float, servers: int) -> str:
    """Why the closed form cannot be trusted here, or an empty text."""
    if servers <= CAREFUL_SERVERS and service.scv < CAREFUL_SCV:
        return "one or two servers of nearly constant speed: the closed form is up to 14 % too high"
    if service.scv > VALID_SCV:
        return (
            f"service times vary too much for the closed form (SCV {service.scv:.2f} > 0.5): its "
            "percentiles may be too low"
        )
    if rho > VALID_UTILIZATION + 1e-9:
        return (
            f"utilisation {rho:.0%} is above the closed form's tested 90 %: its percentiles may be "
            "too low"
        )
    return ""
