"""One size in the simulation: what it says, and which objective does not hold."""

from __future__ import annotations

from dataclasses import replace

from planner.capacity.queue import Cold
from planner.capacity.simulator.experiment import Estimate, Experiment
from planner.capacity.simulator.steps import Step, average_replicas
from planner.model.candidate import Rejection
from planner.model.effort import Effort
from planner.model.units import format_duration, format_fraction
from planner.model.value import value
from planner.solver.ask import Ask
from planner.solver.objectives import check_cold
from planner.solver.on_demand import NEVER, THROTTLED
from planner.solver.scenes import Staged, services, stage
from planner.solver.shared import cache_bytes
from planner.solver.sized import Sized
from planner.solver.sizing import autoscaled_cap


@value
class Trial:
    """One size with what its simulation says; `miss` is why it fails, None where it holds.

    `staged` and `experiment` allow to go on with more passes.
    """

    sized: Sized
    estimate: Estimate
    miss: Rejection | None
    staged: Staged
    experiment: Experiment


def trial_of(ask: Ask, sized: Sized, effort: Effort, *, precise: bool = True) -> Trial:
    """Simulate one size, until it is decided or until its percentiles are known, too."""
    key = _scene_key(sized, effort)
    known: tuple[Staged, Experiment] | None = ask.memo.get(key)
    if known is None:
        staged = stage(ask, sized, effort)
        known = ask.memo[key] = (
            staged,
            Experiment(staged.scene, sized.targets, seed=effort.seed, refusable=refusable(ask)),
        )
    staged, experiment = known
    estimate = experiment.run(effort.requests, precise=precise)
    return judged(ask, sized, staged, experiment=experiment, estimate=estimate)


def _scene_key(sized: Sized, effort: Effort) -> tuple[object, ...]:
    """Sizes with equal keys are simulated alike: they differ in name, price and memory only."""
    offering = sized.offering
    return (
        "scene",
        effort,
        id(sized.pool),
        services(sized),
        sized.slots.count,
        sized.targets,
        (sized.groups, sized.bounds, sized.prewarm, sized.concurrency),
        (offering.kind, offering.routing, offering.queue_limit, offering.autoscaling),
        (offering.cold, sized.cold.delay_s, sized.idle is None),
        None if sized.cache is None else (sized.models, cache_bytes(offering)),
    )


def judged(
    ask: Ask, sized: Sized, staged: Staged, *, experiment: Experiment, estimate: Estimate
) -> Trial:
    """What passes so far say of this size."""
    priced = _with_course(sized, staged, estimate)
    return Trial(
        sized=priced,
        estimate=estimate,
        miss=_miss(ask, priced, staged, estimate),
        staged=staged,
        experiment=experiment,
    )


def refusable(ask: Ask) -> float:
    """Share of requests that may be answered 429."""
    errors = ask.workload.slo.errors
    return THROTTLED if errors is None else max(errors, NEVER)


def _with_course(sized: Sized, staged: Staged, estimate: Estimate) -> Sized:
    """The mean count that the simulated policy holds, and the cold starts that were met.

    Starts that come once in a long cycle may lie between what was simulated: there the formula
    knows more.
    """
    if estimate.cold.mean > sized.cold.fraction:
        sized = replace(sized, cold=replace(sized.cold, fraction=estimate.cold.mean))
    if sized.bounds is None or sized.bounds.minimum == sized.bounds.maximum:
        return sized
    average = average_replicas(staged.steps)
    return replace(sized, average=average, bounds=replace(sized.bounds, average=average))


def _miss(ask: Ask, sized: Sized, staged: Staged, estimate: Estimate) -> Rejection | None:
    """The first objective that does not hold with confidence."""
    busy = _overbusy(ask, sized, staged.steps)
    if busy is not None:
        return busy
    if sized.cold.fraction > 0.0:
        most = min(1.0, max(sized.cold.fraction, estimate.cold.mean + estimate.cold.half))
        refused = check_cold(ask, Cold(fraction=most, delay_s=sized.cold.delay_s))
        if refused is not None:
            return refused
    if estimate.met:
        return None
    for target, late, at in zip(sized.targets, estimate.late, estimate.at, strict=True):
        if not late.met:
            return Rejection(
                code="simulated-latency",
                measured=f"{target.label} {format_duration(at)} simulated",
                allowed=f"{target.label} {format_duration(target.seconds)}",
                path=f"spec.slo.latency.{target.label}",
                shortfall=max(at / target.seconds, 1.001),
            )
    return Rejection(
        code="simulated-refusals",
        measured=f"{format_fraction(estimate.refused.mean)} answered 429 in the simulation",
        allowed=format_fraction(estimate.refused.allowed),
        path="spec.slo.errors",
        shortfall=max(estimate.refused.mean / estimate.refused.allowed, 1.001),
    )


def _overbusy(ask: Ask, sized: Sized, steps: tuple[Step, ...]) -> Rejection | None:
    """An autoscaled range that lags so far behind that its replicas are busier than allowed."""
    scaling, bounds = sized.offering.autoscaling, sized.bounds
    asked = ask.workload.constraints.utilization
    if scaling is None or bounds is None or bounds.minimum == bounds.maximum or asked >= 1.0:
        return None
    allowed = autoscaled_cap(ask, scaling)
    slots, service_s = sized.slots.count, sized.slots.service.mean_s
    busiest = max(s.rate * service_s / max(s.replicas * slots, 1) for s in steps)
    # A policy that counts noisy requests may hold one replica less than its target says.
    if busiest <= max(allowed, 1.0 if sized.idle is not None else 0.0) * 1.02:
        return None
    return Rejection(
        code="utilization",
        measured=f"{format_fraction(busiest)} busy while capacity follows",
        allowed=format_fraction(allowed),
        path="spec.constraints.utilization",
        shortfall=busiest / allowed,
    )
