"""Response times from simulated delays: weighted cells of delay, convolved with service times."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import itemgetter

from planner.capacity.service_time import ServiceTime
from planner.capacity.simulator.tally import Tally

CELLS = 80
"""A group of like delays stands for one in so many at most."""
TAIL = 8
PER_RUN = (16, 14, 10)
"""Groups that one run gives, of its delays up to p90, up to p99 and beyond."""

Cell = tuple[float, float, ServiceTime]
"""(weight, delay in seconds, service time)."""


class Response:
    """Distribution of overhead + delay + service over weighted requests."""

    __slots__ = ("_alike", "_overhead_s", "cells", "total")

    def __init__(self, cells: Iterable[Cell], *, overhead_s: float) -> None:
        self.cells = _grouped(sorted(cells, key=_order))
        self._overhead_s = overhead_s
        self.total = sum(cell[0] for cell in self.cells)
        self._alike = [
            (service, [(weight, delay) for weight, delay, _ in group])
            for service, group in groupby(self.cells, key=itemgetter(2))
        ]

    def exceeds(self, seconds: float) -> float:
        """Share of the requests slower than `seconds`."""
        room = seconds - self._overhead_s
        log, erfc = math.log, math.erfc
        late = 0.0
        for service, alike in self._alike:
            if service.sigma == 0.0:
                late += sum(weight for weight, delay in alike if delay + service.mean_s > room)
                continue
            mu, scale = service.mu, 1.0 / (service.sigma * math.sqrt(2.0))
            for weight, delay in alike:
                left = room - delay
                late += weight * 0.5 * erfc((log(left) - mu) * scale) if left > 0.0 else weight
        return min(1.0, late / self.total) if self.total else 0.0

    def quantile(self, q: float, *, near_s: float = 0.0) -> float:
        """Response that a share `q` does not exceed, seconds, to 0.1 %; 0 without requests.

        `near_s` is a guess, for speed alone.
        """
        if not self.cells:
            return 0.0
        allowed = max(1.0 - q, 1e-9)
        low = self._overhead_s
        high: float = low + max(
            service.quantile(q) + max(delay for _, delay in alike) for service, alike in self._alike
        )
        for guess in (near_s * 0.98, near_s * 1.02):
            if low < guess < high:
                low, high = (guess, high) if self.exceeds(guess) > allowed else (low, guess)
        while high - low > 1e-3 * high:
            middle = (low + high) / 2.0
            if self.exceeds(middle) > allowed:
                low = middle
            else:
                high = middle
        return high

    def mean(self) -> float:
        """Mean response in seconds."""
        if not self.cells:
            return 0.0
        total = sum(weight * (delay + service.mean_s) for weight, delay, service in self.cells)
        return self._overhead_s + total / self.total


def cells_of(weight: float, tally: Tally, services: Sequence[ServiceTime]) -> list[Cell]:
    """One simulated run as cells; each of its requests stands for `weight`.

    `services` by concurrency on the replica, the last for the requests that waited.
    """
    cells: list[Cell] = [
        (weight * count, 0.0, services[min(met, len(services) - 1)])
        for met, count in enumerate(tally.at_once or [tally.served - len(tally.delays)])
        if count
    ]
    last = services[-1]
    delays = sorted(tally.delays)
    for low, high in _cuts(len(delays)):
        part = delays[low:high]
        cells.append((weight * len(part), sum(part) / len(part), last))
    return cells


def _cuts(count: int) -> Iterable[tuple[int, int]]:
    """Slices of rising delays, narrower in the upper tenth and again in the upper hundredth."""
    start = 0
    for end, parts in zip((count - count // 10, count - count // 100, count), PER_RUN, strict=True):
        width = max(1, math.ceil((end - start) / parts))
        for low in range(start, end, width):
            yield low, min(low + width, end)
        start = end


def _order(cell: Cell) -> tuple[float, float, float]:
    return (cell[2].mean_s, cell[2].sigma, cell[1])


def _grouped(cells: Sequence[Cell]) -> list[Cell]:
    """Those that did not wait as one cell of each service time, the others merged."""
    result: list[Cell] = []
    for service, group in groupby(cells, key=itemgetter(2)):
        alike = list(group)
        free = sum(weight for weight, delay, _ in alike if delay <= 0.0)
        if free > 0.0:
            result.append((free, 0.0, service))
        delayed = [(weight, delay) for weight, delay, _ in alike if delay > 0.0]
        result += [(weight, delay, service) for weight, delay in merged(delayed, CELLS)]
    return result


def merged(cells: Sequence[tuple[float, float]], count: int) -> list[tuple[float, float]]:
    """(weight, delay) by rising delay with neighbours as one.

    Each stands for at most one in `count` of all, and one in TAIL of those from it on: percentiles
    far out need narrow groups there.
    """
    left = sum(weight for weight, _ in cells)
    most, least = left / count, left * 1e-5
    result: list[tuple[float, float]] = []
    weight = delayed = 0.0
    for w, delay in cells:
        if weight > 0.0 and weight + w > max(min(most, left / TAIL), least):
            result.append((weight, delayed / weight))
            left -= weight
            weight = delayed = 0.0
        weight += w
        delayed += w * delay
    if weight > 0.0:
        result.append((weight, delayed / weight))
    return result
