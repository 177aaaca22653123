"""Scenes: a load on one kind of capacity, ready to be replicated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random

from planner.capacity.model_cache import CachedModel
from planner.capacity.service_time import ServiceTime
from planner.capacity.simulator.cache import Cached
from planner.capacity.simulator.draws import Levels, drawing
from planner.capacity.simulator.experiment import Scene
from planner.capacity.simulator.on_demand import OnDemand, Sleeping
from planner.capacity.simulator.stations import LeastOutstanding, Pooled, Sampled
from planner.capacity.simulator.steps import Capacity, Step
from planner.capacity.simulator.tally import Station
from planner.capacity.simulator.windows import (
    SPANS,
    Run,
    Windows,
    first,
    replay,
    sampled,
    spans,
    whole,
    windows,
)
from planner.model.value import value

CHOICES = {"random": 1, "two-choices": 2}
IN_ORDER_SPANS = 24
"""Of a cycle that is too long to be watched whole."""
FLEET_SPANS = 2
"""Of a fleet's cycle: to fill the memories of many models takes long."""


@value
class Demand:
    """Requests over a cycle: steps of rate and capacity, or recorded arrivals on these steps.

    Steps begin at `starts_s` where they do not follow on each other. `counted` steps hold the
    requests that came. `budget` is how many requests one pass may simulate, about; a recording of
    no more than `replayable` is replayed as it came. `in_order` looks at the whole cycle from its
    start on, and `fresh` begins with nothing loaded or warm.
    """

    steps: tuple[Step, ...]
    overhead_s: float
    budget: int
    replayable: int
    arrival_scv: float = 1.0
    stamps_s: tuple[float, ...] | None = None
    starts_s: tuple[float, ...] = ()
    counted: bool = False
    in_order: bool = False
    fresh: bool = False


@value
class Queue:
    """Replicas of `slots`; `services` by concurrency on a replica, the last one for full ones.

    `routing` is least-outstanding, two-choices or random; anything else is one line for all.
    `queue_limit` is how many may wait for each server there before the next gets a 429.
    """

    services: tuple[ServiceTime, ...]
    slots: int
    routing: str
    queue_limit: int | None = None


def queue_scene(demand: Demand, queue: Queue) -> Scene:
    """Replicas that are up all the time, in counts that may change by the steps."""
    capacity = Capacity(
        slots=queue.slots,
        service_s=queue.services[-1].mean_s,
        arrival_scv=demand.arrival_scv,
        service_scv=queue.services[-1].scv,
        queue_limit=queue.queue_limit,
    )
    one_line = queue.routing not in CHOICES and len(queue.services) == 1
    counted = demand.counted and sum(s.seconds * s.rate for s in demand.steps) <= demand.replayable
    if demand.stamps_s is not None:
        chosen = replay(demand.stamps_s, demand.steps, demand.starts_s)
    elif counted:
        chosen = whole(demand.steps)
    elif demand.in_order:
        chosen = sampled(demand.steps, capacity, budget=demand.budget)
    else:
        chosen = windows(demand.steps, capacity, budget=demand.budget, one_line=one_line)
    return _scene(
        replace(demand, counted=counted), (chosen,), _queue_station(queue), queue.services
    )


def _queue_station(queue: Queue) -> Callable[[Random, Run], Station]:
    def station(rng: Random, run: Run) -> Station:
        replicas, slots = run[0].replicas, queue.slots
        if queue.routing == "least-outstanding":
            levels = Levels(queue.services, rng)
            return LeastOutstanding(levels, rng, replicas=replicas, slots=slots)
        if queue.routing in CHOICES:
            levels, choices = Levels(queue.services, rng), CHOICES[queue.routing]
            return Sampled(levels, rng, replicas=replicas, slots=slots, choices=choices)
        draw = drawing(queue.services[-1], rng)
        return Pooled(draw, replicas=replicas, slots=slots, queue_limit=queue.queue_limit)

    return station


@value
class FromZero:
    """Capacity that leaves after `idle_s` without a request and takes `cold_s` to come back."""

    service: ServiceTime
    idle_s: float
    cold_s: float


def on_demand_scene(demand: Demand, zero: FromZero, *, limit: int, warm: int) -> Scene:
    """An instance per request, `warm` of which stay up, at most `limit` requests at a time.

    A warm-up is rarely as long as the idle time: what usually stays up is up when it begins.
    """

    def station(rng: Random, run: Run) -> Station:
        draw = drawing(zero.service, rng)
        found = OnDemand(draw, limit=limit, warm=warm, idle_s=zero.idle_s, cold_s=zero.cold_s)
        if run[0].weight == 0.0:
            found.preload(_kept_up(run[0].rate, zero))
        return found

    return _scene(demand, _spans(demand, zero.idle_s + zero.cold_s), station, (zero.service,))


def _kept_up(rate: float, zero: FromZero) -> int:
    """Instances that are asked for at least once in an idle time: those before them overflow."""
    offered, loss, count = rate * zero.service.mean_s, 1.0, 0
    while rate * loss * zero.idle_s >= 1.0:
        count += 1
        loss = offered * loss / (count + offered * loss)
    return count


def sleeping_scene(demand: Demand, zero: FromZero, *, slots: int, queue_limit: int | None) -> Scene:
    """An endpoint of `slots` a step in one line that goes to zero as a whole."""

    def station(rng: Random, run: Run) -> Station:
        return _Grouped(
            Sleeping(
                drawing(zero.service, rng),
                servers=run[0].replicas * slots,
                idle_s=zero.idle_s,
                cold_s=zero.cold_s,
                queue_limit=queue_limit,
            ),
            slots,
        )

    return _scene(demand, _spans(demand, zero.idle_s + zero.cold_s), station, (zero.service,))


class _Grouped:
    """A station counted in servers, resized in groups of them."""

    def __init__(self, station: Sleeping, slots: int) -> None:
        self._station = station
        self._slots = slots
        self.serve = station.serve

    def resize(self, now_s: float, replicas: int) -> None:
        self._station.resize(now_s, replicas * self._slots)


@value
class Fleet:
    """Models on replicas of `slots`, each with a cache of `memory_bytes`."""

    service: ServiceTime
    slots: int
    memory_bytes: float
    models: tuple[CachedModel, ...]


def cached_scene(demand: Demand, fleet: Fleet) -> Scene:
    """Replicas that load models on demand.

    A model is loaded by another replica too where its line would take longer than a load: how the
    platforms decide that is not published.
    """
    patience = int(fleet.slots * min(m.load_s for m in fleet.models) / fleet.service.mean_s)

    def station(rng: Random, run: Run) -> Station:
        found = Cached(
            drawing(fleet.service, rng),
            rng,
            replicas=run[0].replicas,
            slots=fleet.slots,
            memory_bytes=fleet.memory_bytes,
            models=fleet.models,
        )
        found.patience = patience
        if not demand.fresh:
            found.preload()
        return found

    rate = max(step.rate for step in demand.steps)
    lead_s = demand.budget / 4.0 / rate
    chosen = _spans(demand, lead_s, parts=FLEET_SPANS)
    return _scene(demand, chosen, station, (fleet.service,))


def _spans(demand: Demand, lead_s: float, *, parts: int = SPANS) -> tuple[Windows, ...]:
    if demand.stamps_s is not None:
        return (replay(demand.stamps_s, demand.steps, demand.starts_s),)
    if demand.fresh:
        return (first(demand.steps, budget=demand.budget),)
    if demand.in_order:
        parts = IN_ORDER_SPANS
    return spans(demand.steps, budget=demand.budget, lead_s=lead_s, parts=parts)


def _scene(
    demand: Demand,
    chosen: Sequence[Windows],
    station: Callable[[Random, Run], Station],
    services: tuple[ServiceTime, ...],
) -> Scene:
    return Scene(
        windows=tuple(chosen),
        station=station,
        services=services,
        overhead_s=demand.overhead_s,
        arrival_scv=demand.arrival_scv,
        counted=demand.counted,
    )
