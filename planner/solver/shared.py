"""Many models on shared replicas: a cache in memory, loads on a miss, one queue for all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from planner.capacity.autoscaling import Bounds, demands, track
from planner.capacity.latency import Pool, smallest_count, stable_count
from planner.capacity.model_cache import CacheCurve, CachedModel, CacheState, grouped
from planner.capacity.queue import NEVER_COLD, Cold
from planner.capacity.service_time import ServiceTime
from planner.model.candidate import Range, Rejection
from planner.model.catalog import Offering
from planner.model.units import format_size
from planner.model.workload import Assumption, LatencyTarget, Model, PinnedScaling
from planner.solver.ask import Ask
from planner.solver.hardware import Slots, asks_of, slot_options
from planner.solver.objectives import check_cold, miss
from planner.solver.sized import Sized, check_sized
from planner.solver.sizing import floor_groups

CACHE_SHARE = 0.8
"""Part of a replica's memory that holds models; the rest is for the container and for unloading.

The vendor's guide asks for slack without a number: an assumption.
"""

GROUPS = 160
CACHE_NOTE = Assumption(
    subject="memory that caches models",
    value=f"{CACHE_SHARE:.0%} of a replica",
    reason="the rest is left to the container and to models on their way out",
    source="planner.solver.shared",
)

PLACEMENT_NOTE = Assumption(
    subject="models on replicas",
    value="each stays where it is, until the line there outlasts a load",
    reason="the platform places models by its own rules; the closed form takes all replicas for "
    "one cache and one line, the simulation gives each its own",
    source="planner.solver.shared",
)


class Fleet:
    """A set of models that share an endpoint, with what does not depend on the offering."""

    def __init__(self, ask: Ask, models: Sequence[Model]) -> None:
        self.ask = ask
        self.models = tuple(models)
        self.share = sum(m.weight for m in models)
        self.largest = max(models, key=lambda m: m.memory_bytes)
        rate = ask.load(0.0).mean
        self.curve = CacheCurve(
            grouped(
                [
                    CachedModel(
                        rate=max(rate * m.weight, 1e-12), size_bytes=m.memory_bytes, load_s=m.load_s
                    )
                    for m in models
                ],
                GROUPS,
            )
        )
        self._kinds = _kinds(self.models)
        self._slots: dict[tuple[object, ...], Slots | Rejection] = {}

    def slots(self, offering: Offering) -> Slots | Rejection:
        """Requests in service on one replica, with the mixture of the models' service times."""
        key = (offering.instance_type, offering.hardware)
        found = self._slots.get(key)
        if found is None:
            found = self._slots[key] = self._mixture(offering)
        return found

    def _mixture(self, offering: Offering) -> Slots | Rejection:
        memory = cache_bytes(offering)
        if memory is not None and memory < self.largest.memory_bytes:
            return Rejection(
                code="memory",
                measured=f"{format_size(self.largest.memory_bytes)} for the largest model",
                allowed=f"{format_size(memory)} for models",
                path="spec.models.memory",
                shortfall=self.largest.memory_bytes / max(memory, 1),
            )
        parts: list[tuple[float, Slots]] = []
        for model, weight in self._kinds:
            # Memory holds the cache here, so it does not bound the concurrency.
            found = slot_options(replace(model, memory_bytes=1), offering, self.ask.hardware_of)
            if isinstance(found, Rejection):
                return found
            parts.append((weight, found[-1]))
        return _mixed(parts)


def _kinds(models: Sequence[Model]) -> tuple[tuple[Model, float], ...]:
    """One model for each way to ask for hardware, with the weight of all that ask so."""
    kinds: dict[tuple[object, ...], tuple[Model, float]] = {}
    for m in models:
        key = asks_of(m)
        first, weight = kinds.get(key, (m, 0.0))
        kinds[key] = (first, weight + m.weight)
    return tuple(kinds.values())


def _mixed(parts: Sequence[tuple[float, Slots]]) -> Slots:
    first = parts[0][1]
    if len(parts) == 1:
        return first
    total = sum(weight for weight, _ in parts)
    mean = sum(w * s.service.mean_s for w, s in parts) / total
    second = sum(w * (s.service.scv + 1.0) * s.service.mean_s**2 for w, s in parts) / total
    sigma = math.sqrt(math.log(max(second / (mean * mean), 1.0)))
    count = min(s.count for _, s in parts)
    return replace(first, count=count, service=ServiceTime(mean, sigma))


def cache_bytes(offering: Offering) -> int | None:
    """Memory of one replica that holds models."""
    hardware = offering.hardware
    memory = hardware.memory_bytes
    if hardware.accelerators and hardware.accelerator_memory_bytes is not None:
        memory = hardware.accelerator_memory_bytes * hardware.accelerators
    return None if memory is None else int(memory * CACHE_SHARE)


def size_shared(fleet: Fleet, offering: Offering) -> Sized | Rejection:
    """Fewest replicas, the same number all the time, whose cache and queue meet the objectives."""
    ask = fleet.ask
    slots = fleet.slots(offering)
    if isinstance(slots, Rejection):
        return slots
    slots = replace(slots, assumptions=(*slots.assumptions, CACHE_NOTE, PLACEMENT_NOTE))
    routing = ask.workload.pin.routing or offering.routing[0]
    split = slots.count if routing == "random" else 0
    pool = ask.pool(slots.service, offering.overhead_s, fleet.share, slots=split)
    targets = ask.targets(offering, replace(fleet.largest, latency=()))
    missed = miss(offering, pool, targets, NEVER_COLD)
    if missed is not None:
        return missed
    memory = _memory(offering)

    def good(count: int) -> bool:
        cold = _cold(fleet.curve.at(count * memory))
        return (
            _cache_is_enough(ask, pool, targets, cold)
            and count * slots.count >= _busy_slots(ask, pool, cold)
            and pool.loading(cold).meets(targets, pool.constant(count * slots.count), cold)
        )

    count = smallest_count(good, floor_groups(ask, offering))
    pinned, scaled = ask.workload.pin.replicas, ask.workload.pin.scaling
    most = pinned if scaled is None else scaled.maximum
    if most is not None and most < count:
        return _pin_too_small(count, most)
    needed, count = count, pinned or count
    state = fleet.curve.at(count * memory)
    sized = Sized(
        offering=offering,
        models=fleet.models,
        served_share=fleet.share,
        slots=slots,
        pool=pool.loading(_cold(state)),
        targets=targets,
        groups=Range(min=count, max=count),
        average=float(count),
        servers=pool.constant(count * slots.count),
        concurrency=count * slots.count,
        cold=_cold(state),
        cache=state,
    )
    if scaled is not None:
        sized = _scaled(sized, scaled, needed)
    return check_sized(ask, sized) or sized


def _scaled(sized: Sized, pinned: PinnedScaling, needed: int) -> Sized:
    """The range that a person set; the average is that of the peak until a simulation knows."""
    average = float(min(pinned.maximum, max(pinned.minimum, needed)))
    target = pinned.target / 60.0 if pinned.target else sized.pool.load.peak / needed
    bounds = Bounds(minimum=pinned.minimum, maximum=pinned.maximum, target=target, average=average)
    return replace(at_count(sized, pinned.minimum, bounds), average=average)


def _memory(offering: Offering) -> int:
    """Cache of one replica; an offering that states no memory holds everything."""
    return cache_bytes(offering) or 10**15


def _cache_is_enough(ask: Ask, pool: Pool, targets: tuple[LatencyTarget, ...], cold: Cold) -> bool:
    """True when this share of misses leaves the objectives within reach."""
    return check_cold(ask, cold) is None and pool.attainable(targets, cold)


def _busy_slots(ask: Ask, pool: Pool, cold: Cold) -> int:
    """Slots below the utilisation cap; one that loads a model serves nobody meanwhile."""
    busy_s = pool.service.mean_s + cold.fraction * cold.delay_s
    return stable_count(pool.load.peak * busy_s, ask.workload.constraints.utilization)


def _pin_too_small(needed: int, pinned: int) -> Rejection:
    return Rejection(
        code="pin-too-small",
        measured=f"{needed} replicas needed",
        allowed=f"{pinned} pinned",
        path="spec.pin.replicas",
        shortfall=needed / max(pinned, 1),
    )


def _cold(state: CacheState) -> Cold:
    return Cold(fraction=state.miss_fraction, delay_s=state.load_s)


def at_count(sized: Sized, count: int, bounds: Bounds | None) -> Sized:
    """The same shared endpoint with this many replicas, or this minimum of an autoscaled range."""
    models = [
        CachedModel(rate=m.weight, size_bytes=m.memory_bytes, load_s=m.load_s) for m in sized.models
    ]
    state = CacheCurve(grouped(models, GROUPS)).at(count * _memory(sized.offering))
    most = count if bounds is None else bounds.maximum
    slots = sized.slots.count
    return replace(
        sized,
        groups=Range(min=count, max=most),
        average=float(count) if most == count else sized.average,
        servers=tuple(min(most, max(count, n // slots)) * slots for n in sized.servers),
        concurrency=most * slots,
        cold=_cold(state),
        cache=state,
        bounds=bounds,
    )


def least_replicas(fleet: Fleet, sized: Sized) -> int:
    """Fewest replicas whose cache alone meets the objectives: a lower bound for autoscaling."""
    memory = _memory(sized.offering)

    def good(count: int) -> bool:
        cold = _cold(fleet.curve.at(count * memory))
        return _cache_is_enough(fleet.ask, sized.pool, sized.targets, cold)

    return smallest_count(good, floor_groups(fleet.ask, sized.offering))


def autoscale_shared(fleet: Fleet, sized: Sized) -> Sized | None:
    """The same endpoint autoscaled above the replicas that its cache needs; None if no cheaper."""
    scaling, ask = sized.offering.autoscaling, fleet.ask
    least = least_replicas(fleet, sized)
    if scaling is None or least >= sized.groups.min or _counted(ask):
        return None
    memory = _memory(sized.offering)
    best: Sized | None = None
    for floor in range(least, sized.groups.min):
        if floor >= (best or sized).average:
            break
        state = fleet.curve.at(floor * memory)
        found = _tracked(ask, sized, floor, state)
        if found is not None and found.average < (best or sized).average - 1e-9:
            best = found
    return best


def _counted(ask: Ask) -> bool:
    """True where a person has fixed the replicas, or their range."""
    return ask.workload.pin.replicas is not None or ask.workload.pin.scaling is not None


def _tracked(ask: Ask, sized: Sized, floor: int, state: CacheState) -> Sized | None:
    scaling, cold = sized.offering.autoscaling, _cold(state)
    assert scaling is not None
    pool = sized.pool.loading(cold)
    per_bin = _per_bin(ask, pool, sized, cold)
    if per_bin is None:
        return None
    k = sized.slots.count
    groups = [math.ceil(n / k) for n in per_bin]
    by_rate = dict(zip((b.rate for b in pool.bins), groups, strict=True))
    rates = sorted(by_rate)

    def needed(rate: float) -> int:
        return next((by_rate[r] for r in rates if r >= rate - 1e-9), groups[-1])

    moments = demands(pool.load, lag_up_s=scaling.lag_up_s, lag_down_s=scaling.lag_down_s)
    bounds = track(
        moments,
        needed,
        floor=floor,
        scheduled=scaling.scheduled,
        around_s=scaling.lag_up_s + scaling.lag_down_s,
    )
    found = replace(
        sized,
        pool=pool,
        groups=Range(min=bounds.minimum, max=bounds.maximum),
        average=bounds.average,
        servers=tuple(max(math.ceil(n / k), bounds.minimum) * k for n in per_bin),
        concurrency=bounds.maximum * k,
        cold=cold,
        cache=state,
        bounds=bounds,
    )
    return None if check_sized(ask, found) is not None else found


def _per_bin(ask: Ask, pool: Pool, sized: Sized, cold: Cold) -> tuple[int, ...] | None:
    utilization = ask.workload.constraints.utilization
    return pool.smallest_per_bin(sized.targets, utilization=utilization, cold=cold)
