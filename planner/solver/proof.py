"""Sizes held against the simulation: raised until they meet every objective, lowered while they do.

Every kind of capacity has one count that buys latency: replicas or units, the minimum of an
autoscaled range, warm instances on demand. A proven size meets its objectives with confidence, and
one less does not, or is ruled out by the spec.
"""

from __future__ import annotations

import math
from dataclasses import replace

from planner.capacity.autoscaling import Bounds
from planner.capacity.latency import stable_count
from planner.capacity.queue import Cold
from planner.capacity.simulator.experiment import Estimate, Experiment
from planner.capacity.simulator.steps import Step, average_replicas
from planner.model.candidate import Range, Rejection
from planner.model.catalog import Kind
from planner.model.simulation import Effort
from planner.model.units import format_duration, format_fraction
from planner.model.value import value
from planner.solver.ask import Ask
from planner.solver.cost import month_of
from planner.solver.objectives import check_cold
from planner.solver.on_demand import NEVER, THROTTLED, warm_range, with_warm
from planner.solver.scenes import Staged, services, stage
from planner.solver.shared import at_count, cache_bytes
from planner.solver.sized import Proof, Sized, check_sized
from planner.solver.sizing import autoscaled_cap, floor_groups

HIGHEST = 2.0
"""How far beyond the closed form's count the search goes before it gives up, and 16 more."""


ROOM = 1.25
"""Factor by which a concurrency limit is raised at a time."""


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


def prove(ask: Ask, sized: Sized, effort: Effort) -> Sized | Rejection:
    """The least size around this one that the simulation confirms, or why none does."""
    found = ask.memo.get(_key(sized, effort))
    if found is None:
        found = (sized, _Ladder(ask, sized, effort).climb())
        ask.memo[_key(sized, effort)] = found
    answer: Sized | Rejection = found[1]
    return answer


def is_proven(ask: Ask, sized: Sized, effort: Effort) -> bool:
    """True where `prove` has its answer already: a size that differs in price and name only."""
    return _key(sized, effort) in ask.memo


def _key(sized: Sized, effort: Effort) -> tuple[object, ...]:
    """By identity: the memo keeps the size alive, so that no other one gets its number."""
    return ("proof", id(sized), effort)


class _Ladder:
    """Sizes of one offering by their count, tried from the closed form's on."""

    def __init__(self, ask: Ask, sized: Sized, effort: Effort) -> None:
        self._ask = ask
        self._start = sized
        self._effort = effort
        self._trials: dict[int, Trial] = {}
        self._floor = lowest(ask, sized)

    def climb(self) -> Sized | Rejection:
        """Down while the objectives hold, up until they do."""
        count = height(self._start)
        trial = self._enough_room(self._at(count))
        if pinned(self._ask):
            return self._proven(trial) if trial.miss is None else _pin_fails(self._ask, trial)
        if trial.miss is None:
            return self._proven(self._lowered(count))
        most = _highest(self._ask, self._start)
        step = 1
        while trial.miss is not None:
            if count >= most or _hopeless(trial):
                return trial.miss
            count, step = min(count + step, most), step * 2
            refused = check_sized(self._ask, rung(self._start, count))
            if refused is not None:
                return refused
            trial = self._at(count)
        return self._proven(self._lowered(count))

    def _enough_room(self, trial: Trial) -> Trial:
        """On demand, as much concurrency as keeps refusals in bounds: it is not paid for."""
        most = self._start.offering.max_concurrency or 1000
        while (
            self._start.offering.kind is Kind.ON_DEMAND
            and not trial.estimate.refused.met
            and self._start.concurrency < most
        ):
            limit = min(most, math.ceil(self._start.concurrency * ROOM))
            wider = replace(self._start, concurrency=limit)
            if check_sized(self._ask, wider) is not None:
                break
            self._start, self._trials = with_warm(wider, wider.models[0], wider.prewarm), {}
            trial = self._at(height(self._start))
        return trial

    def _lowered(self, count: int) -> Trial:
        """The least count that holds; steps of one, then twice as far, then halves."""
        held, step = count, 1
        low = self._floor.count
        while held > low:
            tried = max(low, held - step)
            if self._at(tried).miss is not None:
                low = tried + 1
                break
            if not self._saves(tried, held):
                return self._at(held)
            held, step = tried, step * 2
        while low < held:
            middle = (low + held) // 2
            if self._at(middle).miss is None:
                held = middle
            else:
                low = middle + 1
        return self._at(held)

    def _saves(self, fewer: int, count: int) -> bool:
        """True where the lower count is cheaper: a policy may hold the same replicas either way.

        Of equal cost the higher minimum depends less on the policy being in time. What is kept
        warm may cost less than the busy seconds it serves.
        """
        low, high = self._at(fewer).sized, self._at(count).sized
        if low.offering.kind is Kind.ON_DEMAND:
            return month_of(low) < month_of(high)
        return low.bounds is None or low.average < high.average * (1.0 - 1e-6)

    def _at(self, count: int) -> Trial:
        found = self._trials.get(count)
        if found is None:
            found = self._trials[count] = trial_of(
                self._ask, rung(self._start, count), self._effort, precise=False
            )
        return found

    def _proven(self, trial: Trial) -> Sized:
        count = height(trial.sized)
        estimate = trial.experiment.run(self._effort.requests)
        trial = _judged(self._ask, trial.sized, trial.staged, trial.experiment, estimate)
        below = self._trials.get(count - 1)
        if below is not None and below.miss is not None:
            fewer = f"{_name(trial.sized, count - 1)}: {below.miss.measured}, "
            fewer += f"{below.miss.allowed} allowed"
        else:
            fewer = self._floor.reason if count == self._floor.count else ""
        return replace(
            trial.sized,
            proof=Proof(estimate=trial.estimate, seed=self._effort.seed, fewer=fewer),
        )


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
    return _judged(ask, sized, staged, experiment, experiment.run(effort.requests, precise=precise))


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


def _judged(
    ask: Ask, sized: Sized, staged: Staged, experiment: Experiment, estimate: Estimate
) -> Trial:
    priced = _with_course(sized, staged, estimate)
    return Trial(
        sized=priced,
        estimate=estimate,
        miss=_miss(ask, priced, staged, estimate),
        staged=staged,
        experiment=experiment,
    )


def _highest(ask: Ask, sized: Sized) -> int:
    """Where the search upwards ends."""
    if sized.offering.kind is Kind.ON_DEMAND:
        return max(warm_range(ask, sized)[1], sized.prewarm)
    return math.ceil(height(sized) * HIGHEST) + 16


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


def _hopeless(trial: Trial) -> bool:
    """True where more of the same cannot help: the objective is missed without any waiting."""
    return trial.estimate.decided and trial.estimate.waited < 1e-6


def pinned(ask: Ask) -> bool:
    """True where a person has fixed the count."""
    pin = ask.workload.pin
    return pin.replicas is not None or pin.concurrency is not None


def _pin_fails(ask: Ask, trial: Trial) -> Rejection:
    assert trial.miss is not None
    what = "replicas" if ask.workload.pin.replicas is not None else "concurrency"
    return replace(trial.miss, code="pin-too-small", path=f"spec.pin.{what}")


def height(sized: Sized) -> int:
    """The count that buys latency: minimum or fixed groups, or warm instances."""
    if sized.offering.kind is Kind.ON_DEMAND:
        return sized.prewarm
    if sized.bounds is not None and sized.idle is None:
        return sized.bounds.minimum
    return sized.groups.max


def rung(sized: Sized, count: int) -> Sized:
    """The same endpoint with this count."""
    if count == height(sized):
        return sized
    if sized.offering.kind is Kind.ON_DEMAND:
        return with_warm(sized, sized.models[0], count)
    bounds = sized.bounds
    if bounds is None:
        most, changed = count, None
    else:
        rise = count - height(sized)
        most = max(bounds.maximum + max(rise, 0), count) if sized.idle is None else count
        changed = replace(bounds, minimum=min(bounds.minimum, count), maximum=most)
        if sized.idle is None:
            changed = replace(changed, minimum=count)
    if sized.cache is not None:
        return at_count(sized, count, changed)
    return _counted(sized, count, most, changed)


def _counted(sized: Sized, count: int, most: int, bounds: Bounds | None) -> Sized:
    slots = sized.slots.count
    least = 0 if sized.idle is not None else count
    fixed = bounds is None or bounds.minimum == bounds.maximum
    return replace(
        sized,
        groups=Range(min=least, max=most),
        average=float(count) if fixed else sized.average,
        servers=tuple(max(n, count * slots) for n in sized.servers)
        if not fixed
        else sized.pool.constant(most * slots),
        concurrency=most * slots,
        bounds=bounds,
    )


@value
class Floor:
    """The least count that the spec allows, and what forbids one less."""

    count: int
    reason: str


def lowest(ask: Ask, sized: Sized) -> Floor:
    """The least count the spec allows: constraints on replicas and on utilisation."""
    if sized.offering.kind is Kind.ON_DEMAND:
        least = warm_range(ask, sized)[0] if ask.workload.slo.cold_start.allowed else sized.prewarm
        return Floor(count=min(least, sized.prewarm), reason="")
    least = floor_groups(ask, sized.offering)
    if sized.bounds is not None and sized.idle is None:
        return Floor(count=least, reason=_asked(sized, least))
    asked = ask.workload.constraints.utilization
    if asked >= 1.0:
        return Floor(count=least, reason=_asked(sized, least))
    busy = sized.pool.load.peak * sized.held_s
    count = math.ceil(stable_count(busy, asked) / sized.slots.count)
    if count <= least:
        return Floor(count=least, reason=_asked(sized, least))
    part = busy / ((count - 1) * sized.slots.count)
    return Floor(
        count=count,
        reason=f"{_name(sized, count - 1)}: {format_fraction(part)} busy at the peak, "
        f"{format_fraction(asked)} allowed",
    )


def _asked(sized: Sized, least: int) -> str:
    if least <= 1:
        return ""
    return f"{_name(sized, least - 1)}: the spec asks for {least}"


def _name(sized: Sized, count: int) -> str:
    """A count in words."""
    if sized.offering.kind is Kind.ON_DEMAND:
        return f"{count} warm"
    step = sized.offering.step if sized.offering.kind is Kind.UNITS else 1
    noun = "units" if sized.offering.kind is Kind.UNITS else "replicas"
    if count * step == 1:
        noun = noun[:-1]
    prefix = "minimum of " if sized.bounds is not None and sized.idle is None else ""
    return f"{prefix}{count * step} {noun}"
