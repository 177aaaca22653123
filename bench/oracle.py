"""Grades a configuration by replay, and finds the cheapest that holds by trying them all."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from replay import Capacity, percentile, replay
from scenarios import TYPES, Scenario

Driven = Callable[[Sequence[float]], Capacity]
"""Capacity that follows from the arrivals: what a policy does."""

LATE = 0.01
"""Share of requests that may miss a p99 objective."""


@dataclass(frozen=True, kw_only=True)
class Grade:
    """Seconds over all seeds together; `late` is the share of requests over the objective.

    `feasible` asks that the pooled p99 keeps the objective, `strict` that every seed's does.
    """

    p50: float
    p90: float
    p99: float
    late: float
    feasible: bool
    strict: bool


@dataclass(frozen=True, kw_only=True)
class Best:
    """The cheapest type and count; `table` has per type the least count, None where dearer."""

    instance_type: str
    replicas: int
    usd_per_hour: float
    table: dict[str, int | None]

    @property
    def servers(self) -> int:
        return self.replicas * TYPES[self.instance_type][0]


class Grader:
    """One scenario's traffic by seed, and what replaying it found; nothing is replayed twice."""

    def __init__(self, scenario: Scenario, *, seeds: int, most: int = 400_000) -> None:
        self.scenario = scenario
        first = scenario.traffic.arrivals(1)
        self.seeds = max(2, min(seeds, most // len(first)))
        self.runs = [
            (
                first if seed == 1 else scenario.traffic.arrivals(seed),
                scenario.service.draw(len(first) * 11 // 10 + 1000, seed),
            )
            for seed in range(1, self.seeds + 1)
        ]
        warm_s = scenario.traffic.warm_s
        self.requests = sum(len(one) - bisect_left(one, warm_s) for one, _ in self.runs)
        self._late: dict[tuple[int, int], bool] = {}

    @property
    def arrivals(self) -> list[float]:
        """Those of the first seed: what the rules of thumb take their rates from."""
        return self.runs[0][0]

    def responses(self, capacity: Capacity | Driven, slots: int, seed: int) -> list[float]:
        arrivals, service = self.runs[seed - 1]
        if callable(capacity):
            capacity = capacity(arrivals)
        found = replay(arrivals, service[: len(arrivals)], capacity, slots, seed=seed)
        return found[bisect_left(arrivals, self.scenario.traffic.warm_s) :]

    def grade(self, capacity: Capacity | Driven, slots: int) -> Grade:
        slo = self.scenario.slo_s
        every: list[float] = []
        strict = True
        for seed in range(1, self.seeds + 1):
            found = self.responses(capacity, slots, seed)
            strict = strict and late(found, slo) <= LATE * len(found)
            every += found
        every.sort()
        over = late(every, slo)
        return Grade(
            p50=percentile(every, 0.50),
            p90=percentile(every, 0.90),
            p99=percentile(every, 0.99),
            late=over / len(every),
            feasible=over <= LATE * len(every),
            strict=strict,
        )

    def holds(self, replicas: int, slots: int) -> bool:
        """Whether a fixed count keeps the objective; stops at the seed that settles it."""
        key = (replicas, slots)
        if key not in self._late:
            self._late[key] = self.holds_with(replicas, slots)
        return self._late[key]

    def holds_with(self, capacity: Capacity | Driven, slots: int) -> bool:
        """The same for any capacity."""
        over = 0
        for seed in range(1, self.seeds + 1):
            over += late(self.responses(capacity, slots, seed), self.scenario.slo_s)
            if over > LATE * self.requests:
                return False
        return True

    def best(self, guess_servers: int) -> Best:
        """Over all types and counts; the least count is found by bisection around a guess.

        Types of equal slots need equal counts. A type is given up as soon as it is known to cost
        more than the best so far.
        """
        least: dict[int, int | None] = {}
        best: tuple[float, str, int] | None = None
        order = sorted(TYPES, key=lambda name: (TYPES[name][1] / TYPES[name][0], name))
        for name in order:
            slots, price = TYPES[name]
            if slots not in least:
                limit = math.inf if best is None else (best[0] - 1e-9) // price
                least[slots] = self._least(slots, guess_servers, limit)
            count = least[slots]
            if count is not None and (best is None or count * price < best[0] - 1e-9):
                best = (count * price, name, count)
                guess_servers = min(guess_servers, count * slots)
        assert best is not None
        return Best(
            instance_type=best[1],
            replicas=best[2],
            usd_per_hour=best[0],
            table={name: least[TYPES[name][0]] for name in TYPES},
        )

    def _least(self, slots: int, guess_servers: int, limit: float) -> int | None:
        """The least count that holds, or None where it is over `limit`."""
        offered = len(self.arrivals) / self.arrivals[-1] * self.scenario.service.mean_s
        floor = max(1, math.ceil(0.98 * offered / slots))
        if limit < floor or (limit < math.inf and not self.holds(int(limit), slots)):
            return None
        count = int(min(limit, max(floor, math.ceil(guess_servers / slots))))
        step = 1
        if self.holds(count, slots):
            high = count
            low = high - 1
            while low >= floor and self.holds(low, slots):
                high, step = low, 2 * step
                low = max(floor - 1, low - step)
        else:
            low = count
            high = low + 1
            while not self.holds(high, slots):
                low, step = high, 2 * step
                high = int(min(limit, high + step))
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self.holds(middle, slots) else (middle, high)
        return high


def late(responses: Sequence[float], slo_s: float) -> int:
    """How many take longer than the objective."""
    return sum(1 for seconds in responses if seconds > slo_s)
