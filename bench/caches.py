"""Hit rates of models in memory: the planner's curve against a plain LRU replay.

Requests are drawn independently, models leave in the order in which they were last used until the
new one fits.
"""

from __future__ import annotations

import csv
import random
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from measure import ROOT

from planner.capacity.model_cache import CacheCurve, CachedModel

MERCHANTS = ROOT / "examples" / "merchant-fleet" / "models.csv"
ROOM = (0.05, 0.1, 0.2, 0.4, 0.6, 0.8)
"""Capacity over the size of all models."""


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """Models by request rate and size."""

    name: str
    rates: Sequence[float]
    sizes: Sequence[float]


@dataclass(frozen=True, kw_only=True)
class Hit:
    """Hit rate of a fleet in a cache."""

    fleet: str
    models: int
    room: float
    replayed: float
    predicted: float

    @property
    def error(self) -> float:
        return self.predicted - self.replayed


def fleets() -> list[Fleet]:
    """Zipf popularities with equal and unequal sizes, and the merchants of the examples."""
    rng = random.Random(7)
    made: list[Fleet] = []
    for count in (20, 100, 300, 2000):
        unequal = [rng.lognormvariate(0.0, 0.8) for _ in range(count)]
        for exponent in (0.7, 1.1):
            rates = [(rank + 1) ** -exponent for rank in range(count)]
            made.append(Fleet(name=f"zipf {exponent}, equal", rates=rates, sizes=[1.0] * count))
            made.append(Fleet(name=f"zipf {exponent}, unequal", rates=rates, sizes=unequal))
    with MERCHANTS.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    rates = [float(row["req_per_day"]) for row in rows]
    sizes = [float(row["bytes"]) for row in rows]
    made.append(Fleet(name="merchant-fleet", rates=rates, sizes=sizes))
    made.append(Fleet(name="merchant-fleet, equal", rates=rates, sizes=[1.0] * len(rates)))
    return made


def replay(fleet: Fleet, capacity: float, requests: int, seed: int = 1) -> float:
    """Share of the requests of the second half that find their model."""
    rng = random.Random(seed)
    kept: OrderedDict[int, float] = OrderedDict()
    used, hits = 0.0, 0
    names = rng.choices(range(len(fleet.rates)), fleet.rates, k=requests)
    for turn, name in enumerate(names):
        if name in kept:
            kept.move_to_end(name)
            hits += turn >= requests // 2
            continue
        size = fleet.sizes[name]
        if size > capacity:
            continue
        used += size
        while used > capacity:
            used -= kept.popitem(last=False)[1]
        kept[name] = size
    return hits / (requests - requests // 2)


def hits(requests: int = 200_000) -> list[Hit]:
    """Every fleet at every capacity."""
    return [hit for fleet in fleets() for hit in _hits(fleet, requests)]


def _hits(fleet: Fleet, requests: int) -> list[Hit]:
    total = sum(fleet.sizes)
    curve = CacheCurve(
        [
            CachedModel(rate=rate, size_bytes=size, load_s=1.0)
            for rate, size in zip(fleet.rates, fleet.sizes, strict=True)
        ]
    )
    return [
        Hit(
            fleet=fleet.name,
            models=len(fleet.rates),
            room=room,
            replayed=replay(fleet, room * total, requests),
            predicted=1.0 - curve.at(room * total).miss_fraction,
        )
        for room in ROOM
    ]
