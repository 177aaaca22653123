"""From a sized endpoint to what is simulated: its load, its servers and how they are reached."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from random import Random

from planner.capacity.load import Load, left_out
from planner.capacity.model_cache import CachedModel
from planner.capacity.service_time import ServiceTime
from planner.capacity.simulator.experiment import Scene
from planner.capacity.simulator.policy import Range as Within
from planner.capacity.simulator.policy import replicas_over
from planner.capacity.simulator.scenes import (
    Demand,
    Fleet,
    FromZero,
    Queue,
    cached_scene,
    on_demand_scene,
    queue_scene,
    sleeping_scene,
)
from planner.capacity.simulator.steps import Step, cut
from planner.model.catalog import Kind, Scaling
from planner.model.effort import Effort
from planner.model.traffic import Trace
from planner.model.value import value
from planner.model.workload import ServicePoint
from planner.solver.ask import Ask
from planner.solver.hardware import service_time
from planner.solver.shared import cache_bytes
from planner.solver.sized import Sized

PASSES = 32
"""Passes that a budget is enough for: five decide most questions."""


FLEET_PASSES = 16
"""The same for a fleet, whose memories take long to fill before each pass."""
MOST_PERIODS = 12_000
COARSE_S = 60.0


@value
class Staged:
    """A scene with the capacity over its cycle; `left_out` where some of it is not sized for."""

    scene: Scene
    steps: tuple[Step, ...]
    left_out: bool = False


def stage(ask: Ask, sized: Sized, effort: Effort) -> Staged:
    """What to simulate of this endpoint to know its percentiles."""
    steps = capacity_over(sized, effort)
    out = left_out(sized.pool.load)
    passes = PASSES if sized.cache is None else FLEET_PASSES
    kept = _without(steps, out)
    demand = _demand(ask, sized, tuple(step for _, step in kept), effort, passes)
    demand = replace(demand, starts_s=tuple(start_s for start_s, _ in kept))
    return Staged(scene=_scene(ask, sized, demand), steps=steps, left_out=bool(out))


def stage_over(
    ask: Ask, sized: Sized, effort: Effort, *, width_s: float, passes: int, fresh: bool
) -> Staged:
    """What to simulate to see the cycle in windows of `width_s`, all of it as far as effort goes.

    `fresh` starts as an update leaves it.
    """
    steps = tuple(cut(capacity_over(sized, effort), width_s))
    demand = replace(_demand(ask, sized, steps, effort, passes), in_order=True, fresh=fresh)
    out = bool(left_out(sized.pool.load))
    return Staged(scene=_scene(ask, sized, demand), steps=steps, left_out=out)


def _demand(ask: Ask, sized: Sized, steps: tuple[Step, ...], effort: Effort, passes: int) -> Demand:
    return Demand(
        steps=steps,
        overhead_s=sized.pool.overhead_s,
        budget=max(1000, effort.requests // passes),
        replayable=effort.requests // 2,
        arrival_scv=sized.pool.load.arrival_scv,
        stamps_s=_stamps(ask, sized, effort),
        counted=sized.pool.load.recorded,
    )


def capacity_over(sized: Sized, effort: Effort) -> tuple[Step, ...]:
    """Groups that are up at each moment of the cycle: fixed, or what the policy does."""
    scaling, bounds, load = sized.offering.autoscaling, sized.bounds, sized.pool.load
    if scaling is None or bounds is None or bounds.minimum == bounds.maximum:
        count = sized.prewarm if sized.offering.kind is Kind.ON_DEMAND else sized.groups.max
        return tuple(Step(s.seconds, s.rate, count) for s in load.segments)
    if len(load.segments) == 1:
        # A load that never moves leaves the policy nothing to do but to follow its own noise.
        least = max(bounds.minimum, math.ceil(load.peak / bounds.target - 1e-9))
        count = min(bounds.maximum, least)
        return (Step(load.segments[0].seconds, load.segments[0].rate, count),)
    within = Within(
        minimum=bounds.minimum,
        maximum=bounds.maximum,
        target=bounds.target,
        spike_minimum=bounds.spike_minimum,
    )
    return replicas_over(load, _coarse(scaling, load), within, rng=Random(f"{effort.seed}/policy"))


def _coarse(scaling: Scaling, load: Load) -> Scaling:
    """The same lags in periods of up to a minute, where a cycle has very many of them."""
    periods = load.cycle_s / scaling.period_s
    if periods <= MOST_PERIODS or scaling.period_s >= COARSE_S:
        return scaling
    factor = min(COARSE_S / scaling.period_s, periods / MOST_PERIODS)
    period_s = scaling.period_s * factor
    up = max(1, round(scaling.breaches_up / factor))
    return replace(
        scaling,
        period_s=period_s,
        breaches_up=up,
        breaches_down=max(1, round(scaling.breaches_down / factor)),
        start_s=max(0.0, scaling.lag_up_s - up * period_s),
    )


def _scene(ask: Ask, sized: Sized, demand: Demand) -> Scene:
    offering, slots = sized.offering, sized.slots
    if offering.kind is Kind.ON_DEMAND:
        assert offering.cold is not None
        zero = FromZero(
            service=slots.service, idle_s=offering.cold.idle_s, cold_s=sized.cold.delay_s
        )
        return on_demand_scene(demand, zero, limit=sized.concurrency, warm=sized.prewarm)
    if sized.idle is not None:
        assert offering.cold is not None
        zero = FromZero(
            service=slots.service, idle_s=offering.cold.idle_s, cold_s=sized.cold.delay_s
        )
        return sleeping_scene(demand, zero, slots=slots.count, queue_limit=offering.queue_limit)
    if sized.cache is not None:
        return cached_scene(demand, _fleet(ask, sized))
    queue = Queue(
        services=services(sized),
        slots=slots.count,
        routing=ask.workload.pin.routing or offering.routing[0],
        queue_limit=offering.queue_limit,
    )
    return queue_scene(demand, queue)


def _fleet(ask: Ask, sized: Sized) -> Fleet:
    rate = ask.load(0.0).mean
    return Fleet(
        service=sized.slots.service,
        slots=sized.slots.count,
        memory_bytes=float(cache_bytes(sized.offering) or 10**15),
        models=tuple(
            CachedModel(
                rate=max(rate * m.weight, 1e-12), size_bytes=m.memory_bytes, load_s=m.load_s
            )
            for m in sized.models
        ),
    )


def services(sized: Sized) -> tuple[ServiceTime, ...]:
    """Service times of a replica by the requests in service, from one to all its slots."""
    model, full = sized.models[0], sized.slots
    measured = [c for c in model.curves if c.instance_type == sized.offering.instance_type]
    replicas = sized.offering.kind is Kind.REPLICAS
    if not replicas or not measured or len(measured[0].points) < 2 or full.count < 2:
        return (full.service,)
    points = measured[0].points
    lighter = [service_time(model, _between(points, n)) for n in range(1, full.count)]
    return (*lighter, full.service)


def _between(points: Sequence[ServicePoint], concurrency: int) -> ServicePoint:
    """A straight line between two measured points; the first one below it."""
    for low, high in pairwise(points):
        if low.concurrency <= concurrency <= high.concurrency:
            part = (concurrency - low.concurrency) / (high.concurrency - low.concurrency)
            p99 = None
            if low.p99_s is not None and high.p99_s is not None:
                p99 = low.p99_s + part * (high.p99_s - low.p99_s)
            return ServicePoint(
                concurrency=concurrency,
                mean_s=low.mean_s + part * (high.mean_s - low.mean_s),
                p99_s=p99,
            )
    return points[0] if concurrency < points[0].concurrency else points[-1]


def _stamps(ask: Ask, sized: Sized, effort: Effort) -> tuple[float, ...] | None:
    """Recorded arrivals, thinned or thickened to this endpoint's share; None for what is too long.

    Of a share below one each request comes by lot; above one some come twice, the copy at a
    moment nearby.
    """
    pattern = ask.workload.traffic.pattern
    if not isinstance(pattern, Trace) or not pattern.stamps_s:
        return None
    factor = pattern.scale * sized.served_share
    if len(pattern.stamps_s) * factor > effort.requests / 2.0:
        return None
    if factor == 1.0:
        return pattern.stamps_s
    return tuple(sorted(_copies(pattern.stamps_s, factor, Random(f"{effort.seed}/share"))))


def _copies(stamps_s: Sequence[float], factor: float, rng: Random) -> Iterator[float]:
    whole, rest = divmod(factor, 1.0)
    gap_s = stamps_s[-1] / len(stamps_s)
    for stamp in stamps_s:
        copies = int(whole) + (rng.random() < rest)
        if copies:
            yield stamp
        for _ in range(copies - 1):
            yield min(max(stamp + gap_s * (2.0 * rng.random() - 1.0), 0.0), stamps_s[-1])


def _without(steps: Sequence[Step], out: Sequence[tuple[float, float]]) -> list[tuple[float, Step]]:
    """Steps with their starts, less the moments that nobody sizes for."""
    found: list[tuple[float, Step]] = []
    at, index = 0.0, 0
    for step in steps:
        end = at + step.seconds
        while at < end - 1e-9:
            while index < len(out) and out[index][1] <= at + 1e-9:
                index += 1
            low, high = out[index] if index < len(out) else (end, end)
            upto = min(low if low > at else high, end)
            if low > at:
                found.append((at, Step(upto - at, step.rate, step.replicas)))
            at = upto
    return found
