"""Stations that start capacity when a request finds none: one per request, or all at once."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from heapq import heappop, heappush, heapreplace

from planner.capacity.simulator.draws import Draw
from planner.capacity.simulator.tally import Tally


class OnDemand:
    """One request per instance, the most recently used first; a new instance where none is free.

    `limit` bounds the requests in the station, those that wait for a start included; the next one
    is refused. An instance leaves `idle_s` after its last request, but `warm` of them stay.
    `busy_s` of a tally counts the start of an instance as busy, because it holds concurrency.
    """

    __slots__ = ("_busy", "_cold_s", "_draw", "_free", "_idle_s", "_limit", "_lived_s", "_warm")

    def __init__(
        self, draw: Draw, *, limit: int, warm: int = 0, idle_s: float, cold_s: float
    ) -> None:
        self._draw = draw
        self._limit = limit
        self._warm = min(warm, limit)
        self._idle_s = idle_s
        self._cold_s = cold_s
        # Ends of requests in service; infinity stands at the end, so that the heap is never empty.
        self._busy = [math.inf]
        # Moments since when the free instances are free: rising, because ends come in order.
        self._free = deque([-math.inf] * self._warm)
        # Sum of all departures less all starts, of warm instances at 0.
        self._lived_s = 0.0

    def serve(self, times_s: Sequence[float]) -> Tally:
        """Take these arrivals, rising and not before those of the last call."""
        tally = Tally()
        busy, free, idle_s, cold_s = self._busy, self._free, self._idle_s, self._cold_s
        limit, kept = self._limit, self._warm + 1
        cold, refused, busy_s, lived_s = 0, 0, 0.0, self._lived_s
        for now, service_s in zip(times_s, self._draw(len(times_s)), strict=True):
            while busy[0] <= now:
                free.append(heappop(busy))
            while free and free[0] < now - idle_s and len(free) + len(busy) > kept:
                lived_s += free.popleft() + idle_s
            if free:
                free.pop()
                heappush(busy, now + service_s)
            elif len(busy) <= limit:
                cold += 1
                lived_s -= now
                heappush(busy, now + cold_s + service_s)
            else:
                refused += 1
                continue
            busy_s += service_s
        self._lived_s = lived_s
        tally.cold, tally.refused, tally.served = cold, refused, len(times_s) - refused
        tally.busy_s = busy_s + cold * cold_s
        if cold_s > 0.0:
            tally.delays = [cold_s] * cold
        return tally

    def preload(self, instances: int) -> None:
        """Before the first arrival: have so many up, of which those not `warm` leave when idle."""
        self._free = deque([0.0] * max(self._warm, min(instances, self._limit)))

    def resize(self, now_s: float, replicas: int) -> None:
        """Change how many instances stay: new ones are free at once, others leave when idle."""
        self._settle(now_s)
        self._warm = min(replicas, self._limit)
        missing = self._warm - self._up
        for _ in range(missing):
            self._free.append(now_s)
            self._lived_s -= now_s
        while self._up > self._warm and self._free and self._free[0] < now_s - self._idle_s:
            self._free.popleft()
            self._lived_s += now_s

    def up_s(self, now_s: float) -> float:
        """Seconds of instances up until `now_s`, not before the last arrival, starts included.

        Only the difference of two moments means something: its mean is the instances up.
        """
        self._settle(now_s)
        return self._lived_s + self._up * now_s

    @property
    def _up(self) -> int:
        return len(self._free) + len(self._busy) - 1

    def _settle(self, now_s: float) -> None:
        """Bring ends and departures up to a moment."""
        busy, free = self._busy, self._free
        while busy[0] <= now_s:
            free.append(heappop(busy))
        while free and free[0] < now_s - self._idle_s and self._up > self._warm:
            self._lived_s += free.popleft() + self._idle_s


class Sleeping:
    """`servers` in one line that all go after `idle_s` without a request and start on the next.

    Every request that comes during the `cold_s` of a start waits for it. At most `queue_limit`
    per server wait, during a start as well; the next one is refused, and still keeps the endpoint
    awake.
    """

    __slots__ = (
        "_awake_since",
        "_awake_until",
        "_cold_s",
        "_draw",
        "_free",
        "_idle_s",
        "_on_s",
        "_queue_limit",
        "_servers",
        "_up_from",
        "_waiting",
        "starts",
    )

    def __init__(
        self,
        draw: Draw,
        *,
        servers: int,
        idle_s: float,
        cold_s: float,
        queue_limit: int | None = None,
    ) -> None:
        self._draw = draw
        self._servers = servers
        self._idle_s = idle_s
        self._cold_s = cold_s
        self._queue_limit = math.inf if queue_limit is None else queue_limit
        self._free: list[float] = [-math.inf] * servers
        self._waiting: deque[float] = deque()
        self._up_from = -math.inf
        self._awake_since = self._awake_until = -math.inf
        self._on_s = 0.0
        self.starts = 0
        """Times that the endpoint was started."""

    def serve(self, times_s: Sequence[float]) -> Tally:
        """Take these arrivals, rising and not before those of the last call."""
        tally = Tally()
        delays, waiting, idle_s = tally.delays, self._waiting, self._idle_s
        limit = self._queue_limit * self._servers
        free, until, up_from = self._free, self._awake_until, self._up_from
        cold, refused, busy_s = 0, 0, 0.0
        for now, service_s in zip(times_s, self._draw(len(times_s)), strict=True):
            if now > until:
                self._start(now, until)
                up_from, until = self._up_from, self._up_from + idle_s
            elif now + idle_s > until:
                until = now + idle_s
            start = free[0]
            if start > now:
                while waiting and waiting[0] <= now:
                    waiting.popleft()
                if len(waiting) >= limit:
                    refused += 1
                    continue
                waiting.append(start)
                delays.append(start - now)
                cold += now < up_from
            else:
                start = now
            end = start + service_s
            heapreplace(free, end)
            busy_s += service_s
            until = end if end > until else until
        self._awake_until = until
        tally.cold, tally.refused, tally.served = cold, refused, len(times_s) - refused
        tally.busy_s = busy_s
        return tally

    def resize(self, now_s: float, replicas: int) -> None:
        """Change the number of servers; of a smaller number, those free first go first.

        Requests that already wait keep the start they would have had.
        """
        for _ in range(replicas - self._servers):
            heappush(self._free, max(now_s, self._up_from))
        for _ in range(self._servers - replicas):
            heappop(self._free)
        self._servers = replicas

    def on_s(self, now_s: float) -> float:
        """Seconds up until `now_s`, not before the last arrival, starts included."""
        if not self.starts:
            return 0.0
        return self._on_s + min(now_s, self._awake_until) - self._awake_since

    def _start(self, now_s: float, until_s: float) -> None:
        if self.starts:
            self._on_s += until_s - self._awake_since
        self.starts += 1
        self._awake_since = now_s
        self._up_from = now_s + self._cold_s
        self._free[:] = [self._up_from] * self._servers
