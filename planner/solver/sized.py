"""A sized configuration: one offering with its counts, its queue and what it costs to hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.capacity.autoscaling import Bounds
from planner.capacity.cold_start import Idle
from planner.capacity.latency import Pool
from planner.capacity.model_cache import CacheState
from planner.capacity.queue import NEVER_COLD, Cold
from planner.model.candidate import Range, Rejection
from planner.model.catalog import Kind, Measure, Offering
from planner.model.value import value
from planner.model.workload import LatencyTarget, Model
from planner.solver.ask import Ask
from planner.solver.constraints import over_limit
from planner.solver.hardware import Slots

if TYPE_CHECKING:
    from planner.capacity.simulator.experiment import Estimate


@value
class Proof:
    """The simulation that confirms a size, and what fails with one less."""

    estimate: Estimate
    seed: int
    fewer: str


@value
class Sized:
    """One cloud endpoint, sized.

    `groups` counts replicas, or steps of units; (0, 0) on demand. `average` is their mean over
    time. `servers` gives the slots in use per bin of the pool's load. `concurrency` is the most
    requests in service at once. `served_share` is the part of all requests that comes here.
    `proof` is None for what rests on the closed form.
    """

    offering: Offering
    models: tuple[Model, ...]
    served_share: float
    slots: Slots
    pool: Pool
    targets: tuple[LatencyTarget, ...]
    groups: Range
    average: float
    servers: tuple[int, ...]
    concurrency: int
    cold: Cold = NEVER_COLD
    bounds: Bounds | None = None
    prewarm: int = 0
    prewarm_busy: float = 0.0
    idle: Idle | None = None
    cache: CacheState | None = None
    proof: Proof | None = None

    def predicted(self, target: LatencyTarget) -> float:
        """The latency, in seconds, to hold against one target: simulated where it is proven."""
        if self.proof is not None and target in self.targets:
            return self.proof.estimate.at[self.targets.index(target)]
        return self.pool.predicted(target, self.servers, self.cold)

    def met(self, target: LatencyTarget) -> bool:
        """True when one target holds, with confidence where it is proven."""
        if self.proof is not None and target in self.targets:
            return self.proof.estimate.late[self.targets.index(target)].met
        return self.pool.met(target, self.servers, self.cold)

    @property
    def held_s(self) -> float:
        """Mean seconds that a request keeps its slot, loading included."""
        return self.pool.held_s

    @property
    def units(self) -> Range | None:
        """Provisioned concurrency, for offerings counted in units."""
        if self.offering.kind is not Kind.UNITS:
            return None
        return Range(
            min=self.groups.min * self.offering.step, max=self.groups.max * self.offering.step
        )

    @property
    def replicas(self) -> Range | None:
        """Instances, for offerings counted in replicas."""
        if self.offering.kind in (Kind.REPLICAS, Kind.SHARED_REPLICAS):
            return self.groups
        return None


def check_sized(ask: Ask, sized: Sized) -> Rejection | None:
    """The limits and constraints that need the size to be known."""
    most = ask.workload.constraints.replicas_max
    counted = sized.offering.kind is not Kind.ON_DEMAND
    if counted and most is not None and sized.groups.max > most:
        return Rejection(
            code="replicas-max",
            measured=f"{sized.groups.max} needed",
            allowed=str(most),
            path="spec.constraints.replicas.max",
            shortfall=sized.groups.max / max(most, 1),
        )
    for limit in sized.offering.limits:
        if limit.advisory:
            continue
        measured = sized_measure(sized, limit.measure)
        if measured is not None and measured > limit.value:
            return over_limit(limit, measured, "spec.traffic")
    return None


def sized_measure(sized: Sized, measure: Measure) -> float | None:
    """Value of a measure that needs the size; None for the others."""
    match measure:
        case Measure.REPLICAS:
            return float(sized.replicas.max) if sized.replicas else None
        case Measure.CONCURRENCY:
            return float(sized.concurrency)
        case Measure.PROVISIONED_CONCURRENCY:
            return float(sized.units.max if sized.units else sized.prewarm)
        case Measure.MODELS:
            return float(len(sized.models))
        case Measure.ENDPOINTS:
            return 1.0
        case Measure.RATE_PER_S:
            return sized.pool.load.peak
        case _:
            return None
