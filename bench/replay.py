"""Replays arrivals at n replicas x k slots: the grader of plans, which shares no code with them.

python bench/replay.py --check [--requests N] [--seeds N]

`--check` proves the replay before anything is graded by it: against exact values (M/M/c, M/D/1,
Pollaczek-Khinchine, an exact Markov chain for the shortest of two queues) within 1 % of the mean,
and against ciw on a larger shortest-queue case within noise; exit code 1 where one is broken.

How it works: every slot has a clock that tells when it is free. A request that joins a replica
starts when the earliest of its slots is free, so its departure is known as it arrives; departures
wait in one heap, only to count who has how many requests outstanding.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush, heapreplace

from measure import table

ROUTINGS = ("least-outstanding", "pooled", "two-choices", "random")

Capacity = int | Sequence[tuple[float, int]]
"""A fixed number of replicas, or (from second, replicas) steps; the first step at or before 0."""


@dataclass(frozen=True, kw_only=True)
class Service:
    """A service-time distribution: `constant`, `gamma`, `lognormal` or `exponential`."""

    kind: str
    mean_s: float
    scv: float = 0.0

    def sampler(self, source: random.Random) -> Callable[[], float]:
        mean, scv = self.mean_s, self.scv
        if self.kind == "constant" or scv == 0.0:
            return lambda: mean
        if self.kind == "exponential":
            return lambda: source.expovariate(1.0 / mean)
        if self.kind == "gamma":
            return lambda: source.gammavariate(1.0 / scv, mean * scv)
        sigma = math.sqrt(math.log1p(scv))
        mu = math.log(mean) - sigma * sigma / 2.0
        return lambda: math.exp(source.gauss(mu, sigma))

    def draw(self, count: int, seed: int) -> list[float]:
        sample = self.sampler(random.Random(f"service {seed}"))
        return [sample() for _ in range(count)]

    def quantile(self, q: float) -> float:
        """By bisection over the distribution function; the gamma's shape must be whole."""
        if self.kind == "constant" or self.scv == 0.0:
            return self.mean_s
        low, high = 0.0, 50.0 * self.mean_s
        for _ in range(80):
            middle = (low + high) / 2.0
            low, high = (middle, high) if self.below(middle) < q else (low, middle)
        return high

    def below(self, seconds: float) -> float:
        """Share of requests that take at most `seconds`."""
        if seconds <= 0.0:
            return 0.0
        if self.scv == 0.0:
            return float(seconds >= self.mean_s)
        if self.kind == "exponential":
            return 1.0 - math.exp(-seconds / self.mean_s)
        if self.kind == "gamma":
            shape = round(1.0 / self.scv)
            x = seconds / (self.mean_s * self.scv)
            term = total = 1.0
            for index in range(1, shape):
                term *= x / index
                total += term
            return 1.0 - total * math.exp(-x)
        sigma = math.sqrt(math.log1p(self.scv))
        z = (math.log(seconds / self.mean_s) + sigma * sigma / 2.0) / sigma
        return 0.5 * math.erfc(-z / math.sqrt(2.0))


def replay(
    arrivals: Sequence[float],
    service: Sequence[float],
    capacity: Capacity,
    slots: int,
    *,
    routing: str = "least-outstanding",
    seed: int = 1,
) -> list[float]:
    """Response times in the order of `arrivals`; `service` holds one time per request.

    A replica that capacity gives up takes no new requests and finishes what it has. One that it
    adds starts empty. Ties are broken at random.
    """
    steps = [(0.0, capacity)] if isinstance(capacity, int) else list(capacity)
    source = random.Random(f"routing {seed}")
    if routing == "pooled":
        return _pooled(arrivals, service, steps, slots)
    if routing == "random":
        return _random(arrivals, service, steps, slots, source)
    if routing == "two-choices":
        return _two_choices(arrivals, service, steps, slots, source)
    if routing == "least-outstanding":
        return _least(arrivals, service, steps, slots, source)
    raise ValueError(f"unknown routing {routing}; known: {', '.join(ROUTINGS)}")


Steps = list[tuple[float, int]]


def _pooled(
    arrivals: Sequence[float], service: Sequence[float], steps: Steps, slots: int
) -> list[float]:
    """One line for all; capacity that is given up is taken from the slots that are free first."""
    free = [0.0] * (steps[0][1] * slots)
    following, upcoming = 1, _when(steps, 1)
    responses = []
    for at, seconds in zip(arrivals, service, strict=True):
        while at >= upcoming:
            want = steps[following][1] * slots
            while len(free) > want:
                heappop(free)
            free.extend([upcoming] * (want - len(free)))
            heapify(free)
            following += 1
            upcoming = _when(steps, following)
        start = free[0] if free[0] > at else at
        heapreplace(free, start + seconds)
        responses.append(start + seconds - at)
    return responses


def _random(
    arrivals: Sequence[float],
    service: Sequence[float],
    steps: Steps,
    slots: int,
    source: random.Random,
) -> list[float]:
    count = steps[0][1]
    clocks = [[0.0] * slots for _ in range(max(n for _, n in steps))]
    following, upcoming = 1, _when(steps, 1)
    responses = []
    for at, seconds in zip(arrivals, service, strict=True):
        while at >= upcoming:
            count = steps[following][1]
            following += 1
            upcoming = _when(steps, following)
        clock = clocks[int(source.random() * count)]
        start = clock[0] if clock[0] > at else at
        heapreplace(clock, start + seconds)
        responses.append(start + seconds - at)
    return responses


def _two_choices(
    arrivals: Sequence[float],
    service: Sequence[float],
    steps: Steps,
    slots: int,
    source: random.Random,
) -> list[float]:
    count = steps[0][1]
    most = max(n for _, n in steps)
    clocks = [[0.0] * slots for _ in range(most)]
    outstanding = [0] * most
    leaving: list[tuple[float, int]] = []
    following, upcoming = 1, _when(steps, 1)
    draw = source.random
    responses = []
    for at, seconds in zip(arrivals, service, strict=True):
        while at >= upcoming:
            count = steps[following][1]
            following += 1
            upcoming = _when(steps, following)
        while leaving and leaving[0][0] <= at:
            outstanding[heappop(leaving)[1]] -= 1
        one = int(draw() * count)
        if count > 1:
            # Two different ones; the first stands where both have as many, which is at random too.
            other = int(draw() * (count - 1))
            other += other >= one
            if outstanding[other] < outstanding[one]:
                one = other
        outstanding[one] += 1
        clock = clocks[one]
        start = clock[0] if clock[0] > at else at
        heapreplace(clock, start + seconds)
        heappush(leaving, (start + seconds, one))
        responses.append(start + seconds - at)
    return responses


class _Ranks:
    """The replicas in use, one list for each number of outstanding requests.

    A replica whose number changes swaps places with the last of its list, so a change costs the
    same however many replicas there are.
    """

    def __init__(self, most: int) -> None:
        self.outstanding = [0] * most
        self.lists: list[list[int]] = [[]]
        self.place = [-1] * most  # -1: takes no new requests
        self.lowest = 0
        self.count = 0

    def resize(self, count: int) -> None:
        while self.count > count:
            self.count -= 1
            self._remove(self.count)
            self.place[self.count] = -1
        while self.count < count:
            self._insert(self.count)
            self.count += 1
        self.lowest = 0

    def _insert(self, replica: int) -> None:
        while len(self.lists) <= self.outstanding[replica]:
            self.lists.append([])
        found = self.lists[self.outstanding[replica]]
        self.place[replica] = len(found)
        found.append(replica)

    def _remove(self, replica: int) -> None:
        found, where = self.lists[self.outstanding[replica]], self.place[replica]
        last = found.pop()
        if last != replica:
            found[where] = last
            self.place[last] = where

    def finish(self, replica: int) -> None:
        """One request less; a replica out of use is only counted."""
        had = self.outstanding[replica]
        self.outstanding[replica] = had - 1
        where = self.place[replica]
        if where < 0:
            return
        found, below = self.lists[had], self.lists[had - 1]
        last = found.pop()
        if last != replica:
            found[where] = last
            self.place[last] = where
        self.place[replica] = len(below)
        below.append(replica)
        if had <= self.lowest:
            self.lowest = had - 1

    def start(self, draw: float) -> int:
        """One request more for the replica with the fewest, `draw` of [0, 1) among equals."""
        lists, place = self.lists, self.place
        while not lists[self.lowest]:
            self.lowest += 1
        found = lists[self.lowest]
        where = int(draw * len(found))
        last = replica = found.pop()
        if where < len(found):
            replica, found[where] = found[where], last
            place[last] = where
        has = self.outstanding[replica] = self.lowest + 1
        if has == len(lists):
            lists.append([])
        place[replica] = len(lists[has])
        lists[has].append(replica)
        return replica


def _least(
    arrivals: Sequence[float],
    service: Sequence[float],
    steps: Steps,
    slots: int,
    source: random.Random,
) -> list[float]:
    most = max(n for _, n in steps)
    ranks = _Ranks(most)
    ranks.resize(steps[0][1])
    clocks = [[0.0] * slots for _ in range(most)]
    leaving: list[tuple[float, int]] = []
    following, upcoming = 1, _when(steps, 1)
    draw, finish, begin = source.random, ranks.finish, ranks.start
    responses = []
    for at, seconds in zip(arrivals, service, strict=True):
        while leaving and leaving[0][0] <= at:
            finish(heappop(leaving)[1])
        while at >= upcoming:
            ranks.resize(steps[following][1])
            following += 1
            upcoming = _when(steps, following)
        replica = begin(draw())
        clock = clocks[replica]
        start = clock[0] if clock[0] > at else at
        heapreplace(clock, start + seconds)
        heappush(leaving, (start + seconds, replica))
        responses.append(start + seconds - at)
    return responses


def _when(steps: Steps, index: int) -> float:
    return steps[index][0] if index < len(steps) else math.inf


def percentile(ordered: Sequence[float], q: float) -> float:
    """The smallest value that a share `q` of all does not exceed."""
    return ordered[max(0, math.ceil(q * len(ordered) - 1e-9) - 1)]


def poisson(rate: float, count: int, seed: int) -> list[float]:
    """Arrival times of a Poisson process."""
    source = random.Random(f"arrivals {seed}")
    at, found = 0.0, []
    for _ in range(count):
        at += source.expovariate(rate)
        found.append(at)
    return found


def erlang_c(servers: int, offered: float) -> float:
    """Probability that a request waits in M/M/c."""
    blocked = 1.0
    for index in range(1, servers + 1):
        blocked = offered * blocked / (index + offered * blocked)
    load = offered / servers
    return blocked / (1.0 - load * (1.0 - blocked))


def speed(requests: int) -> None:
    rows = []
    for routing in ROUTINGS:
        for replicas, slots in ((16, 1), (100, 4)):
            arrivals = poisson(0.8 * replicas * slots, requests, 1)
            service = Service(kind="gamma", mean_s=1.0, scv=0.05).draw(requests, 1)
            started = time.perf_counter()
            replay(arrivals, service, replicas, slots, routing=routing)
            seconds = time.perf_counter() - started
            rows.append([f"{routing} {replicas} x {slots}", f"{requests / seconds / 1e6:.2f} M/s"])
    table(["speed of the replay, samples drawn before", "requests"], rows)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--requests", type=int, default=400_000)
    parser.add_argument("--seeds", type=int, default=6)
    given = parser.parse_args()
    speed(given.requests // 2)
    if not given.check:
        return 0
    from replay_proof import prove  # noqa: PLC0415 - imports this module

    return int(not prove(requests=given.requests, seeds=given.seeds))


if __name__ == "__main__":
    sys.exit(main())
