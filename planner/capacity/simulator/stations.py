"""Replicas that are up all the time: one line for all, or requests routed to one at once.

Requests are served in order of arrival at the line, or at the replica they were sent to, so that
each one's start is known when it comes: one heap operation instead of two events.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Sequence
from heapq import heapify, heappop, heappush, heapreplace
from random import Random

from planner.capacity.simulator.draws import Draw, Levels
from planner.capacity.simulator.tally import Tally


class Pooled:
    """One line for all servers; the next free one takes the longest waiting request.

    Beyond `queue_limit` per server in the line, a request is refused (429).
    """

    def __init__(
        self, draw: Draw, *, replicas: int, slots: int = 1, queue_limit: int | None = None
    ) -> None:
        self._draw = draw
        self._slots = slots
        self._queue_limit = queue_limit
        self._free = [0.0] * (replicas * slots)
        self._waiting: deque[float] = deque()

    def resize(self, now_s: float, replicas: int) -> None:
        """Add servers that are free, or take away those that are free first."""
        servers = replicas * self._slots
        while len(self._free) > servers:
            heappop(self._free)
        missing = servers - len(self._free)
        if missing > 0:
            self._free += [now_s] * missing
            heapify(self._free)

    def serve(self, times_s: Sequence[float]) -> Tally:
        """Take these arrivals."""
        services = self._draw(len(times_s))
        if self._queue_limit is not None:
            return self._serve_limited(times_s, services, self._queue_limit * len(self._free))
        tally, free = Tally(), self._free
        delays, again = tally.delays, heapreplace
        for now, service in zip(times_s, services, strict=True):
            start = free[0]
            if start > now:
                delays.append(start - now)
                again(free, start + service)
            else:
                again(free, now + service)
        tally.served = len(services)
        tally.busy_s = sum(services)
        return tally

    def _serve_limited(
        self, times_s: Sequence[float], services: Sequence[float], most: int
    ) -> Tally:
        tally, free, waiting = Tally(), self._free, self._waiting
        delays = tally.delays
        for now, service in zip(times_s, services, strict=True):
            start = free[0]
            if start > now:
                while waiting and waiting[0] <= now:
                    waiting.popleft()
                if len(waiting) >= most:
                    tally.refused += 1
                    continue
                waiting.append(start)
                delays.append(start - now)
            else:
                start = now
            heapreplace(free, start + service)
            tally.busy_s += service
        tally.served = len(services) - tally.refused
        return tally


class LeastOutstanding:
    """Each request goes at once to the replica with the fewest outstanding, ties by lot.

    It waits there in order of arrival, also when another replica is free sooner: with one slot a
    replica that is a longer wait than in one line for all.
    """

    def __init__(self, levels: Levels, rng: Random, *, replicas: int, slots: int) -> None:
        self._service = levels
        self._random = rng.random
        self._slots = slots
        self._outstanding: list[int] = []
        self._free: list[list[float]] = []
        # Replicas by requests outstanding. A replica that left a level stays listed there until it
        # is drawn: cheaper than finding it.
        self._levels: list[list[int]] = [[]]
        self._ends: list[tuple[float, int]] = [(math.inf, -1)]
        self._up: set[int] = set()
        self.resize(0.0, replicas)

    def resize(self, now_s: float, replicas: int) -> None:
        """Add idle replicas, or let those with the fewest outstanding finish and go."""
        outstanding = self._outstanding
        if len(self._up) > replicas:
            ordered = sorted(self._up, key=lambda r: (outstanding[r], -r))
            gone = set(ordered[: len(self._up) - replicas])
            self._up -= gone
            self._ends = [end for end in self._ends if end[1] not in gone]
            heapify(self._ends)
            for replica in gone:
                outstanding[replica] = -1
        for _ in range(replicas - len(self._up)):
            self._up.add(len(outstanding))
            self._levels[0].append(len(outstanding))
            outstanding.append(0)
            self._free.append([now_s] * self._slots)

    def serve(self, times_s: Sequence[float]) -> Tally:
        """Take these arrivals."""
        tally, at_once, slots = Tally(), [0] * self._slots, self._slots
        rows, picks = self._service.drawn(len(times_s), slots)
        outstanding, levels, ends, free = self._outstanding, self._levels, self._ends, self._free
        random, delays, low, busy = self._random, tally.delays, 0, 0.0
        for now, pick in zip(times_s, picks, strict=True):
            while ends[0][0] <= now:
                replica = heappop(ends)[1]
                left = outstanding[replica] = outstanding[replica] - 1
                levels[left].append(replica)
                if left < low:
                    low = left
            low, replica = _fewest(levels, outstanding, low, random)
            outstanding[replica] = low + 1
            if low + 1 == len(levels):
                levels.append([])
            levels[low + 1].append(replica)
            if low < slots:
                service = rows[low][pick]
                at_once[low] += 1
                start = now
            else:
                service = rows[-1][pick]
                start = free[replica][0]
                delays.append(start - now)
            heapreplace(free[replica], start + service)
            heappush(ends, (start + service, replica))
            busy += service
        tally.served, tally.busy_s, tally.at_once = len(times_s), busy, at_once
        return tally


def _fewest(
    levels: list[list[int]], outstanding: list[int], low: int, random: Callable[[], float]
) -> tuple[int, int]:
    """The lowest level that holds a replica, and one of it by lot, no longer listed there."""
    while True:
        level = levels[low]
        if not level:
            low += 1
            continue
        at = int(random() * len(level))
        replica = level[at]
        level[at] = level[-1]
        level.pop()
        if outstanding[replica] == low:
            return low, replica


class Sampled:
    """Each request goes at once to the better of `choices` replicas drawn by lot.

    One choice is random routing: every replica has its own line and its share of the requests.
    """

    def __init__(
        self, levels: Levels, rng: Random, *, replicas: int, slots: int, choices: int
    ) -> None:
        self._service = levels
        self._random = rng.random
        self._slots = slots
        self._choices = choices
        self._free: list[list[float]] = []
        self._ends: list[list[float]] = []
        self.resize(0.0, replicas)

    def resize(self, now_s: float, replicas: int) -> None:
        """Add idle replicas, or let the last ones finish and go."""
        del self._free[replicas:], self._ends[replicas:]
        while len(self._free) < replicas:
            self._free.append([now_s] * self._slots)
            self._ends.append([])

    def _outstanding(self, replica: int, now: float) -> int:
        ends = self._ends[replica]
        while ends and ends[0] <= now:
            heappop(ends)
        return len(ends)

    def serve(self, times_s: Sequence[float]) -> Tally:
        """Take these arrivals."""
        tally, at_once, slots = Tally(), [0] * self._slots, self._slots
        rows, picks = self._service.drawn(len(times_s), slots)
        delays, frees, ends, busy = tally.delays, self._free, self._ends, 0.0
        random, many, outstanding = self._random, len(frees), self._outstanding
        others = range(1, self._choices)
        for now, pick in zip(times_s, picks, strict=True):
            replica = int(random() * many)
            before = outstanding(replica, now)
            for _ in others:
                other = int(random() * many)
                fewer = outstanding(other, now)
                if fewer < before:
                    replica, before = other, fewer
            if before < slots:
                service, start = rows[before][pick], now
                at_once[before] += 1
            else:
                service, start = rows[-1][pick], frees[replica][0]
                delays.append(start - now)
            heapreplace(frees[replica], start + service)
            heappush(ends[replica], start + service)
            busy += service
        tally.served, tally.busy_s, tally.at_once = len(times_s), busy, at_once
        return tally
