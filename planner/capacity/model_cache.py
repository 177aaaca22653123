"""A cache of models in memory that evicts the least recently used: Che's approximation.

A model asked for at rate p stays resident with probability 1 - exp(-p T), where the characteristic
time T solves sum(size x (1 - exp(-p T))) = capacity (Che, Tung, Wang 2002; Fricker, Robert, Roberts
2012). Half the request-weighted mean size is taken off the capacity for space that fits nothing;
error then about 2 percentage points of hit rate, on the safe side where requests come in runs.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence

from planner.model.value import value

_GRID = 96


@value
class CachedModel:
    """`rate` requests per second for `count` models alike, each `size_bytes` resident."""

    rate: float
    size_bytes: float
    load_s: float
    count: int = 1


@value
class CacheState:
    """Share of requests that miss, the mean load time of a miss, and the models resident."""

    miss_fraction: float
    load_s: float
    resident: float


class CacheCurve:
    """Miss rate of a set of models over cache capacity, tabulated once for all capacities."""

    __slots__ = (
        "_loads",
        "_mean_size",
        "_misses",
        "_occupied",
        "_one_size",
        "_resident",
        "total_bytes",
    )

    def __init__(self, models: Sequence[CachedModel]) -> None:
        total_rate = sum(m.rate * m.count for m in models)
        self.total_bytes = sum(m.size_bytes * m.count for m in models)
        self._mean_size = sum(m.rate * m.count * m.size_bytes for m in models) / total_rate
        smallest, largest = min(m.size_bytes for m in models), max(m.size_bytes for m in models)
        self._one_size = largest - smallest <= 1e-9 * largest
        slow, fast = min(m.rate for m in models), max(m.rate for m in models)
        low, high = math.log(1e-4 / fast), math.log(40.0 / slow)
        self._occupied: list[float] = []
        self._misses: list[float] = []
        self._loads: list[float] = []
        self._resident: list[float] = []
        for i in range(_GRID + 1):
            t = math.exp(low + (high - low) * i / _GRID)
            occupied = missed = loading = resident = 0.0
            for m in models:
                absent = math.exp(-min(m.rate * t, 700.0))
                occupied += m.count * m.size_bytes * (1.0 - absent)
                resident += m.count * (1.0 - absent)
                missed += m.count * m.rate * absent
                loading += m.count * m.rate * absent * m.load_s
            self._occupied.append(occupied)
            self._misses.append(missed / total_rate)
            self._loads.append(loading / missed if missed > 0.0 else 0.0)
            self._resident.append(resident)

    def at(self, capacity_bytes: float) -> CacheState:
        """State of the cache at a capacity; no misses once every model fits."""
        if capacity_bytes >= self.total_bytes:
            return CacheState(miss_fraction=0.0, load_s=0.0, resident=self._resident[-1])
        usable = capacity_bytes - self._unused(capacity_bytes)
        if usable <= self._occupied[0]:
            return CacheState(miss_fraction=1.0, load_s=self._loads[0], resident=0.0)
        i = min(bisect_left(self._occupied, usable), _GRID)
        below, above = self._occupied[i - 1], self._occupied[i]
        part = (usable - below) / (above - below) if above > below else 1.0
        part = min(part, 1.0)

        def between(values: Sequence[float]) -> float:
            return values[i - 1] + (values[i] - values[i - 1]) * part

        return CacheState(
            miss_fraction=between(self._misses),
            load_s=between(self._loads),
            resident=between(self._resident),
        )

    def _unused(self, capacity_bytes: float) -> float:
        """Space that fits nothing: half a model, or what is left beside models of one size."""
        if self._one_size:
            return capacity_bytes % self._mean_size
        return self._mean_size / 2.0


def grouped(models: Sequence[CachedModel], groups: int) -> tuple[CachedModel, ...]:
    """At most `groups` groups of neighbours by request rate, means within each."""
    if len(models) <= groups:
        return tuple(models)
    ordered = sorted(models, key=lambda m: (-m.rate, m.size_bytes))
    result: list[CachedModel] = []
    # Hot models decide the hit rate: they stay alone, the tail is averaged.
    alone = groups // 2
    result.extend(ordered[:alone])
    tail = ordered[alone:]
    width = math.ceil(len(tail) / (groups - alone))
    for start in range(0, len(tail), width):
        part = tail[start : start + width]
        n = sum(m.count for m in part)
        rate = sum(m.rate * m.count for m in part)
        result.append(
            CachedModel(
                rate=rate / n,
                size_bytes=sum(m.size_bytes * m.count for m in part) / n,
                load_s=sum(m.load_s * m.rate * m.count for m in part) / rate if rate else 0.0,
                count=n,
            )
        )
    return tuple(result)
