"""Sizes held against the simulation: raised until they meet every objective, lowered while they do.

Every kind of capacity has one count that buys latency: replicas or units, the minimum of an
autoscaled range, warm instances on demand. A proven size meets its objectives with confidence, and
one less does not, or is ruled out by the spec.
"""

from __future__ import annotations

import math
from dataclasses import replace

from planner.model.candidate import Rejection
from planner.model.catalog import Kind
from planner.model.effort import Effort
from planner.solver.ask import Ask
from planner.solver.cost import month_of
from planner.solver.on_demand import warm_range, with_warm
from planner.solver.rungs import height, lowest, named, rung
from planner.solver.sized import Proof, Sized, check_sized
from planner.solver.trial import Trial, judged, trial_of

HIGHEST = 2.0
"""How far beyond the closed form's count the search goes before it gives up, and 16 more."""


ROOM = 1.25
"""Factor by which a concurrency limit is raised at a time."""


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
            return self._proven(trial) if trial.miss is None else self._pin_fails(trial)
        if trial.miss is None:
            return self._proven(self._lowered(count))
        held = self._raised(trial)
        if isinstance(held, Rejection):
            return held
        return self._proven(self._lowered(height(held.sized)))

    def _raised(self, trial: Trial) -> Trial | Rejection:
        """Up until the objectives hold, in steps that double."""
        count = height(trial.sized)
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
        return trial

    def _pin_fails(self, trial: Trial) -> Rejection:
        """How many would be enough, in place of those that a person has fixed."""
        assert trial.miss is not None
        what = _pinned_count(self._ask)
        held = self._raised(trial)
        pinned_count = height(trial.sized)
        if isinstance(held, Rejection):
            return replace(trial.miss, code="pin-too-small", path=f"spec.pin.{what}")
        needed = height(self._lowered(height(held.sized)).sized)
        step = trial.sized.offering.step if trial.sized.offering.kind is Kind.UNITS else 1
        return Rejection(
            code="pin-too-small",
            measured=f"{needed * step} {what} needed",
            allowed=f"{pinned_count * step} pinned",
            path=f"spec.pin.{what}",
            shortfall=needed / max(pinned_count, 1),
        )

    def _enough_room(self, trial: Trial) -> Trial:
        """On demand, as much concurrency as keeps refusals in bounds: it is not paid for."""
        most = self._start.offering.max_concurrency or 1000
        while (
            self._start.offering.kind is Kind.ON_DEMAND
            and self._ask.workload.pin.concurrency is None
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
        trial = judged(
            self._ask, trial.sized, trial.staged, experiment=trial.experiment, estimate=estimate
        )
        below = self._trials.get(count - 1)
        if below is not None and below.miss is not None:
            fewer = f"{named(trial.sized, count - 1)}: {_why(below.miss)}"
        else:
            fewer = self._floor.reason if count == self._floor.count else ""
        return replace(
            trial.sized,
            proof=Proof(estimate=trial.estimate, seed=self._effort.seed, fewer=fewer),
        )


def _highest(ask: Ask, sized: Sized) -> int:
    """Where the search upwards ends."""
    if sized.offering.kind is Kind.ON_DEMAND:
        return max(warm_range(ask, sized)[1], sized.prewarm)
    return math.ceil(height(sized) * HIGHEST) + 16


def _hopeless(trial: Trial) -> bool:
    """True where more of the same cannot help: the objective is missed without any waiting."""
    return trial.estimate.decided and trial.estimate.waited < 1e-6


def pinned(ask: Ask) -> bool:
    """True where a person has fixed the count."""
    pin = ask.workload.pin
    return any(x is not None for x in (pin.replicas, pin.scaling, pin.concurrency, pin.prewarm))


def _pinned_count(ask: Ask) -> str:
    """Key of the pin that fixes the count."""
    pin = ask.workload.pin
    if pin.prewarm is not None:
        return "prewarm"
    counted = pin.scaling is not None and not pin.scaling.units
    return "replicas" if pin.replicas is not None or counted else "concurrency"


def _why(miss: Rejection) -> str:
    """A miss in words, for a reader who does not see its code."""
    cold = " start cold" if miss.code == "cold-start-fraction" else ""
    return f"{miss.measured}{cold}, {miss.allowed} allowed"
