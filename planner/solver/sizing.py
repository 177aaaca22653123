"""Fewest replicas or units for one model on one offering: fixed, autoscaled, or from zero."""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import replace

from planner.capacity.autoscaling import Bounds, Demand, demands, track
from planner.capacity.cold_start import Idle, whole_endpoint
from planner.capacity.latency import VALID_UTILIZATION, Pool, stable_count
from planner.capacity.queue import NEVER_COLD, Cold
from planner.model.candidate import Range, Rejection
from planner.model.catalog import Kind, Offering, Scaling
from planner.model.workload import LatencyTarget, Model
from planner.solver.ask import Ask
from planner.solver.hardware import Slots, slot_options
from planner.solver.objectives import check_cold, miss
from planner.solver.pinning import held, per_second, pinned_scaling, range_too_small
from planner.solver.sized import Sized, check_sized


def size_single(
    ask: Ask, offering: Offering, model: Model, share: float = 1.0
) -> Sized | Rejection:
    """The cheapest sizing of one model on one offering counted in replicas or units.

    Over all concurrencies of a replica; the price per group is the same, so fewest groups win.
    """
    options = _pinned_options(ask, offering, slot_options(model, offering, ask.hardware_of))
    if isinstance(options, Rejection):
        return options
    best: Sized | None = None
    missed: Rejection | None = None
    for option in options:
        found = _size(ask, offering, model, share, option)
        if isinstance(found, Rejection):
            if missed is None or found.shortfall < missed.shortfall:
                missed = found
        elif best is None or (found.average, found.groups.max) < (best.average, best.groups.max):
            best = found
    answer = best or missed
    assert answer is not None
    return answer


def alike_key(ask: Ask, offering: Offering, model: Model) -> tuple[object, ...] | Rejection:
    """Offerings with equal keys are sized alike: only the price per group differs.

    Parts that a catalog shares between offerings are compared by identity; it outlives the ask.
    """
    shape = _shape(ask, offering, model)
    if isinstance(shape, Rejection):
        return shape
    return (
        shape,
        offering.kind,
        offering.step,
        offering.overhead_s,
        id(offering.autoscaling),
        id(offering.cold),
        id(offering.limits),
        id(offering.prewarm),
        offering.max_concurrency,
        offering.routing,
    )


def _shape(ask: Ask, offering: Offering, model: Model) -> tuple[object, ...] | Rejection:
    """Counts and service times of a replica; unmeasured types of equal hardware share them."""
    hardware = offering.hardware
    measured = offering.instance_type if offering.instance_type in ask.measured_types() else ""
    key = (
        "shape",
        measured,
        hardware.vcpus,
        hardware.memory_bytes,
        hardware.arch,
        hardware.accelerator,
        hardware.accelerators,
        hardware.accelerator_memory_bytes,
        offering.kind,
        offering.step,
    )
    found: tuple[object, ...] | Rejection | None = ask.memo.get(key)
    if found is None:
        options = slot_options(model, offering, ask.hardware_of)
        if not isinstance(options, Rejection):
            found = tuple((o.count, o.service.mean_s, o.service.sigma) for o in options)
        else:
            found = options
        ask.memo[key] = found
    return found


def _pinned_options(
    ask: Ask, offering: Offering, options: tuple[Slots, ...] | Rejection
) -> tuple[Slots, ...] | Rejection:
    """Only the pinned concurrency per replica, where one is pinned and possible."""
    pinned = ask.workload.pin.concurrency
    if isinstance(options, Rejection) or pinned is None or offering.kind is Kind.UNITS:
        return options
    exact = tuple(o for o in options if o.count == pinned)
    lowered = tuple(
        replace(o, count=pinned, bound="pin.concurrency") for o in options if o.count > pinned
    )
    return (
        exact
        or lowered
        or Rejection(
            code="pinned",
            measured=f"concurrency {pinned}",
            allowed=f"at most what {offering.instance_type} serves at a time",
            path="spec.pin.concurrency",
        )
    )


def _size(
    ask: Ask, offering: Offering, model: Model, share: float, option: Slots
) -> Sized | Rejection:
    routing = ask.workload.pin.routing or offering.routing[0]
    split = option.count if routing == "random" else 0
    pool = ask.pool(option.service, offering.overhead_s, share, slots=split)
    targets = ask.targets(offering, model)
    cold, idle = NEVER_COLD, None
    if offering.cold is not None:
        delay = offering.cold.start_s + model.load_s
        idle = _idle(ask, pool, offering, delay)
        cold = Cold(fraction=idle.cold_fraction, delay_s=delay)
        refused = check_cold(ask, cold)
        if refused is not None:
            return refused
    missed = miss(offering, pool, targets, cold)
    if missed is not None:
        return missed
    if offering.autoscaling is None:
        sized = _fixed(ask, offering, option, pool, targets)
    else:
        scaled = _autoscaled(ask, offering, option, pool, targets)
        if isinstance(scaled, Rejection):
            return scaled
        sized = scaled
    sized = replace(sized, models=(model,), served_share=share, cold=cold, idle=idle)
    sized = _apply_pins(ask, sized)
    return check_sized(ask, sized) or _check_pinned(ask, sized) or sized


def _idle(ask: Ask, pool: Pool, offering: Offering, delay_s: float) -> Idle:
    assert offering.cold is not None
    key = ("idle", id(pool), offering.cold.idle_s, delay_s)
    found = ask.memo.get(key)
    if found is None:
        found = whole_endpoint(pool.load, idle_s=offering.cold.idle_s, cold_s=delay_s)
        ask.memo[key] = found
    assert isinstance(found, Idle)
    return found


def floor_groups(ask: Ask, offering: Offering) -> int:
    """Least replicas the spec wants; units know no zones and no replicas."""
    if offering.kind is Kind.UNITS:
        return 1
    constraints = ask.workload.constraints
    return max(1, constraints.replicas_min, constraints.zones)


def _fixed(
    ask: Ask,
    offering: Offering,
    option: Slots,
    pool: Pool,
    targets: tuple[LatencyTarget, ...],
) -> Sized:
    utilization = ask.workload.constraints.utilization
    key = ("fixed", id(pool), targets)
    servers = ask.memo.get(key)
    if servers is None:
        peak = pool.load.peak * option.service.mean_s
        servers = pool.smallest(targets, floor=stable_count(peak, utilization))
        assert servers is not None
        ask.memo[key] = servers
    groups = max(math.ceil(servers / option.count), floor_groups(ask, offering))
    return Sized(
        offering=offering,
        models=(),
        served_share=1.0,
        slots=option,
        pool=pool,
        targets=targets,
        groups=Range(min=groups, max=groups),
        average=float(groups),
        servers=pool.constant(groups * option.count),
        concurrency=groups * option.count,
    )


def _autoscaled(
    ask: Ask,
    offering: Offering,
    option: Slots,
    pool: Pool,
    targets: tuple[LatencyTarget, ...],
) -> Sized | Rejection:
    scaling = offering.autoscaling
    assert scaling is not None
    per_bin = _slots_per_bin(ask, pool, targets, autoscaled_cap(ask, scaling))
    floor = floor_groups(ask, offering)
    key = ("bounds", id(pool), targets, option.count, floor, scaling)
    bounds = ask.memo.get(key)
    if bounds is None:
        groups = [math.ceil(n / option.count) for n in per_bin]
        bounds = _track(ask, pool, groups, offering, floor=floor, slots=option.count)
        ask.memo[key] = bounds
    if isinstance(bounds, Rejection):
        return bounds
    assert isinstance(bounds, Bounds)
    zero = offering.cold is not None
    tuned = scaling.tunable and pinned_scaling(ask, offering) is None
    return Sized(
        offering=offering,
        models=(),
        served_share=1.0,
        slots=option,
        pool=pool,
        targets=targets,
        groups=Range(min=0 if zero else bounds.minimum, max=bounds.maximum),
        average=bounds.average,
        servers=tuple(
            _settled(bounds, math.ceil(n / option.count), b.rate, tuned=tuned) * option.count
            for n, b in zip(per_bin, pool.bins, strict=True)
        ),
        concurrency=bounds.maximum * option.count,
        bounds=bounds,
    )


def _settled(bounds: Bounds, needed: int, rate: float, *, tuned: bool) -> int:
    """Replicas at a rate that lasts: what is needed, or what a target gives that is not ours."""
    count = max(bounds.minimum, needed)
    if not tuned and bounds.target > 0.0:
        count = max(count, math.ceil(rate / bounds.target - 1e-9))
    return min(count, bounds.maximum)


def autoscaled_cap(ask: Ask, scaling: Scaling) -> float:
    """Utilisation that may be reached while capacity follows: the spec's, or the model's validity.

    A platform that picks its target aims at the spec's utilisation, and passes it on the way up.
    """
    asked = ask.workload.constraints.utilization
    return asked if scaling.tunable else max(asked, VALID_UTILIZATION)


def _slots_per_bin(
    ask: Ask, pool: Pool, targets: tuple[LatencyTarget, ...], utilization: float
) -> tuple[int, ...]:
    key = ("per-bin", id(pool), targets, utilization)
    found = ask.memo.get(key)
    if found is None:
        found = pool.smallest_per_bin(targets, utilization=utilization)
        ask.memo[key] = found
    assert isinstance(found, tuple)
    return found


def _track(
    ask: Ask, pool: Pool, groups: list[int], offering: Offering, *, floor: int, slots: int
) -> Bounds | Rejection:
    scaling = offering.autoscaling
    assert scaling is not None
    rates = [b.rate for b in pool.bins]

    def needed(rate: float) -> int:
        return groups[min(bisect_left(rates, rate - 1e-9), len(groups) - 1)]

    moments = moments_of(ask, pool, scaling)
    aimed_at = slots * ask.workload.constraints.utilization / pool.service.mean_s
    pinned = pinned_scaling(ask, offering)
    if pinned is not None:
        target = per_second(pinned.target) if scaling.tunable else aimed_at
        bounds, enough = held(moments, needed, pinned, target=target)
        if enough or ask.simulated:
            return bounds
        return range_too_small(max(needed(m.rate) for m in moments), pinned, offering)
    return track(
        moments,
        needed,
        floor=floor,
        scheduled=scaling.scheduled,
        around_s=scaling.lag_up_s + scaling.lag_down_s,
        given_target=None if scaling.tunable else aimed_at,
    )


def moments_of(ask: Ask, pool: Pool, scaling: Scaling) -> tuple[Demand, ...]:
    """What a policy with this lag has seen at each moment of the cycle."""
    key = ("moments", id(pool.load), scaling.lag_up_s, scaling.lag_down_s, scaling.scheduled)
    found = ask.memo.get(key)
    if found is None:
        found = demands(
            pool.load,
            lag_up_s=scaling.lag_up_s,
            lag_down_s=scaling.lag_down_s,
            scheduled=scaling.scheduled,
        )
        ask.memo[key] = found
    assert isinstance(found, tuple)
    return found


def _apply_pins(ask: Ask, sized: Sized) -> Sized:
    """A pinned count replaces the sized one where it is enough, or where a simulation will tell."""
    pinned = _pinned_groups(ask, sized.offering)
    if pinned is None or pinned < _least_pinned(ask, sized):
        return sized
    count = sized.slots.count
    return replace(
        sized,
        groups=Range(min=pinned, max=pinned),
        average=float(pinned),
        servers=sized.pool.constant(pinned * count),
        concurrency=pinned * count,
        bounds=None,
    )


def _least_pinned(ask: Ask, sized: Sized) -> int:
    """The fewest groups that a pin may name: what the formula needs, or what the spec allows."""
    return constrained_groups(ask, sized) if ask.simulated else sized.groups.max


def constrained_groups(ask: Ask, sized: Sized) -> int:
    """Fewest groups within the spec's constraints on replicas and utilisation, whatever the wait.

    Utilisation of 100 % leaves everything to the latency objectives.
    """
    least = floor_groups(ask, sized.offering)
    asked = ask.workload.constraints.utilization
    if asked >= 1.0:
        return least
    busy = sized.pool.load.peak * sized.held_s
    return max(least, math.ceil(stable_count(busy, asked) / sized.slots.count))


def _pinned_groups(ask: Ask, offering: Offering) -> int | None:
    pin = ask.workload.pin
    if offering.kind is Kind.UNITS:
        return None if pin.concurrency is None else math.ceil(pin.concurrency / offering.step)
    return pin.replicas


def _check_pinned(ask: Ask, sized: Sized) -> Rejection | None:
    pinned = _pinned_groups(ask, sized.offering)
    if pinned is None or pinned >= _least_pinned(ask, sized):
        return None
    units = sized.offering.kind is Kind.UNITS
    what = "concurrency" if units else "replicas"
    needed = sized.groups.max * (sized.offering.step if units else 1)
    return Rejection(
        code="pin-too-small",
        measured=f"{needed} {what} needed",
        allowed=f"{ask.workload.pin.concurrency if units else pinned} pinned",
        path=f"spec.pin.{what}",
        shortfall=sized.groups.max / max(pinned, 1),
    )
