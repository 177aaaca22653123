"""Everything that one endpoint is judged by."""

from __future__ import annotations

import math
from collections.abc import Callable

from planner.alerts import thresholds
from planner.doctor.forecast import Forecast
from planner.model.candidate import Decision
from planner.model.simulation import Conditions, Simulation
from planner.model.value import value
from planner.model.vitals import Period, Spread, Vitals
from planner.model.workload import LatencyTarget, MeasuredAt, Model, Workload

_CERTAIN = 4.0
"""Standard deviations of a count that chance alone does not reach."""


@value
class Case:
    """An endpoint as it runs, what the spec asks of it, and what was predicted of both.

    `simulation` is of what runs, under the spec's traffic, `forecast` of it what belongs to the
    window. `saving` tells what planning for another multiple of the traffic saves in a month, None
    where nothing is found.
    """

    workload: Workload
    simulation: Simulation
    vitals: Vitals
    forecast: Forecast
    saving: Callable[[float], float | None]

    @property
    def decision(self) -> Decision:
        """The configuration that runs."""
        return self.simulation.decision

    @property
    def conditions(self) -> Conditions:
        """What the prediction rests on."""
        assert self.simulation.conditions is not None
        return self.simulation.conditions

    @property
    def shared(self) -> bool:
        """Whether models share a memory."""
        return self.conditions.resident is not None

    @property
    def models(self) -> tuple[Model, ...]:
        """The models that this endpoint serves."""
        return tuple(one for one in self.workload.models if one.name in self.decision.models)

    @property
    def targets(self) -> tuple[LatencyTarget, ...]:
        """Objectives that metrics can answer: of percentiles and of the mean."""
        models = self.models
        wanted = (models[0].latency if len(models) == 1 else ()) or self.workload.slo.latency
        return tuple(one for one in wanted if one.quantile is None or one.quantile < 1.0)

    def latency(self, target: LatencyTarget) -> float | None:
        """What was measured where the objective is; None where it was not.

        Model and overhead are measured apart, and their percentiles added: no less than that of
        the sum.
        """
        return self._taken(Spread.at, target)

    def _taken(
        self, percentile: Callable[[Spread, float | None], float | None], target: LatencyTarget
    ) -> float | None:
        vitals, q = self.vitals, target.quantile
        if vitals.total is not None:
            return percentile(vitals.total, q)
        model = percentile(vitals.model, q) if vitals.model else None
        if model is None or self.workload.slo.measured_at is MeasuredAt.MODEL:
            return model
        return model + ((percentile(vitals.overhead, q) if vitals.overhead else None) or 0.0)

    @property
    def late(self) -> LatencyTarget | None:
        """The objective that is missed by most, None where all that is measured may be met.

        Fewer late requests than chance may bring are none.
        """
        missed = [
            (seen / one.seconds, one)
            for one in self.targets
            if (seen := self._taken(Spread.least, one)) is not None
            and seen > one.seconds
            and self.telling(one.quantile)
        ]
        return max(missed, key=lambda pair: pair[0])[1] if missed else None

    def telling(self, quantile: float | None) -> bool:
        """Whether a percentile rests on enough requests beyond it to be more than their luck."""
        beyond = 1.0 if quantile is None else 1.0 - quantile
        return self.vitals.requests * beyond >= _FEWEST_BEYOND

    def late_periods(self, target: LatencyTarget) -> list[Period]:
        """Periods whose slowest requests miss an objective."""
        return [
            one
            for one in self.vitals.periods
            if one.latency_p99_s is not None and one.latency_p99_s > target.seconds
        ]

    def lateness(self, target: LatencyTarget) -> float:
        """Share of the requests that came in late periods."""
        late = sum(one.requests for one in self.late_periods(target))
        return late / self.vitals.requests if self.vitals.requests else 0.0

    def heavier(self, target: LatencyTarget) -> bool:
        """Whether a request takes more than planned, though no more of them come.

        Where few are late the median is of the others. Else it has the queue in it, and what a
        request takes of the processors tells; capacity that comes and goes has times of its own.
        """
        limit, late = self.limit("slower"), self.lateness(target)
        if self.vitals.rate_per_s > self.forecast.rate.high * limit:
            return False
        if late <= FEW_LATE:
            return self.slower >= limit
        return self.work >= limit and (late > 0.5 or self.decision.autoscaling is None)

    @property
    def work(self) -> float:
        """Times the planned that a request takes of the processors; 1 where nobody knows."""
        planned = self.conditions.service_s * self.conditions.cpu * self.vitals.requests
        spent = [
            one.cpu * one.replicas * self.vitals.period_s
            for one in self.vitals.periods
            if one.cpu is not None and one.replicas is not None
        ]
        known = len(spent) == len(self.vitals.periods) and planned > 0.0
        return sum(spent) / planned if known else 1.0

    @property
    def slower(self) -> float:
        """Times that the median takes as long as predicted; 1 where that is not known for sure."""
        predicted, conditions, vitals = self.forecast.p50_s, self.conditions, self.vitals
        if predicted is None or not self.telling(0.5):
            return 1.0
        outside_s = conditions.overhead_s - conditions.answered_s
        if vitals.total is not None:
            seen, predicted = vitals.total.least(0.5), predicted + outside_s
        else:
            seen = vitals.model.least(0.5) if vitals.model else None
            predicted -= conditions.answered_s
        return seen / predicted if seen is not None and predicted > 0.0 else 1.0

    def crowded(self, period: Period) -> bool:
        """Whether so many came in a period that they found no free slot, or no free processor."""
        if period.saturation is not None:
            return period.saturation >= self.limit("concurrency-full")
        if period.cpu is not None and period.cpu > self.room("cpu", self.forecast.cpu):
            return True
        if period.replicas is None:
            return False
        slots = period.replicas * self.conditions.slots
        rate = period.requests / self.vitals.period_s
        full = max(self.limit("concurrency-full"), min(1.0, self.forecast.busy * 1.1))
        return rate * self.conditions.service_s >= full * slots

    def room(self, name: str, planned: float) -> float:
        """Up to where a utilisation is as it should be: the table's, or more where so planned."""
        asked = self.workload.constraints.utilization if name in {"cpu", "gpu"} else 0.0
        return max(self.limit("cpu" if name == "gpu" else name), asked + 0.05, planned * 1.1)

    def limit(self, name: str) -> float:
        """A threshold of the table."""
        return thresholds()[name].value


FEW_LATE = 0.1
"""Of the requests, that can be slow without moving the median by more than varies anyway."""

_FEWEST_BEYOND = 20.0
"""Requests beyond a percentile from which it says something."""


def chance(count: float, scv: float = 1.0) -> float:
    """How far from an expected count chance alone may lead."""
    return _CERTAIN * math.sqrt(max(1.0, count * max(1.0, scv)))
