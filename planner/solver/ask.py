"""One question to the solver: a workload, its catalogs, and what is computed once for all of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from planner.capacity.latency import Pool, SplitPool
from planner.capacity.load import Load, build_load
from planner.capacity.service_time import ServiceTime
from planner.model.catalog import Catalog, Hardware, Limit, Measure, Offering
from planner.model.value import record
from planner.model.workload import Compute, Feature, LatencyTarget, MeasuredAt, Model, Workload

CLIENT_NETWORK_NOTE = "the network between client and endpoint is not part of the prediction"


Sizes = dict[tuple[object, ...], Any]


@record
class Ask:
    """A workload against catalogs; memoised loads, pools and hardware look-ups.

    Where answers are `simulated` afterwards, a pinned count is left to the simulation to judge.

    The memo fields cache pure functions of the others: two equal asks answer alike.
    """

    workload: Workload
    catalogs: Mapping[str, Catalog]
    simulated: bool = False
    _loads: dict[float, Load] = field(default_factory=dict, compare=False)
    _pools: dict[tuple[ServiceTime, float, float, int], Pool] = field(
        default_factory=dict, compare=False
    )
    memo: Sizes = field(default_factory=dict, compare=False)

    @property
    def model(self) -> Model:
        """The only model, or the one that is asked for most."""
        return max(self.workload.models, key=lambda m: m.weight)

    def load(self, service_s: float, share: float = 1.0) -> Load:
        """The load of `share` of the requests, windowed for this service time."""
        # Windows narrower than the traffic's own resolution give the same load: one per width.
        width = max(1.0, 10.0 * service_s)
        found = self._loads.get(width)
        if found is None:
            found = self._loads[width] = build_load(self.workload.traffic, service_s=service_s)
        return found.scaled(share)

    def pool(
        self, service: ServiceTime, overhead_s: float, share: float = 1.0, *, slots: int = 0
    ) -> Pool:
        """Servers under `share` of the load, latency measured where the spec asks.

        Pooled, or with `slots` > 0 split into replicas of so many that are chosen at random.
        """
        overhead = 0.0 if self.workload.slo.measured_at is MeasuredAt.MODEL else overhead_s
        key = (service, overhead, share, slots)
        found = self._pools.get(key)
        if found is None:
            load = self.load(service.mean_s, share)
            if slots:
                found = SplitPool(load, service, overhead_s=overhead, slots=slots)
            else:
                found = Pool(load, service, overhead_s=overhead)
            self._pools[key] = found
        return found

    def targets(self, offering: Offering, model: Model) -> tuple[LatencyTarget, ...]:
        """The spec's targets, a model's own, and the platform's time limit per request."""
        own = model.latency or self.workload.slo.latency
        hard = time_limit(offering)
        if hard is None or any(covers(t, hard) for t in own):
            return own
        return (*own, hard)

    def hardware_of(self, instance_type: str) -> Hardware | None:
        """Hardware of a type by name in any of the catalogs."""
        key = ("hardware", instance_type)
        if key not in self.memo:
            self.memo[key] = next(
                (
                    o.hardware
                    for c in self.catalogs.values()
                    for o in c.offerings
                    if o.instance_type == instance_type
                ),
                None,
            )
        found: Hardware | None = self.memo[key]
        return found

    def measured_types(self) -> frozenset[str]:
        """Types that a model was measured on: whoever measures an old one means to use it."""
        key = ("measured",)
        if key not in self.memo:
            curves = (curve for model in self.workload.models for curve in model.curves)
            self.memo[key] = frozenset(curve.instance_type for curve in curves)
        found: frozenset[str] = self.memo[key]
        return found

    def first_with(self, compute: Compute) -> int | None:
        """Index of the first model that asks for this hardware; None if none does."""
        key = ("compute", compute)
        if key not in self.memo:
            models = self.workload.models
            self.memo[key] = next((i for i, m in enumerate(models) if m.compute is compute), None)
        found: int | None = self.memo[key]
        return found

    def features(self, provider: str) -> tuple[Feature, ...]:
        """What the spec asks for that an offering of this provider may exclude."""
        own = tuple(
            f
            for choice in self.workload.providers
            if choice.name == provider
            for f in choice.features
        )
        return (*self.workload.features, *own)


def time_limit(offering: Offering) -> LatencyTarget | None:
    """The platform's time limit per request, as a target for all but one request in a hundred."""
    limit = limit_of(offering, Measure.REQUEST_SECONDS)
    if limit is None:
        return None
    return LatencyTarget(label="p99", quantile=0.99, seconds=limit.value)


def covers(target: LatencyTarget, hard: LatencyTarget) -> bool:
    """True when meeting `target` implies meeting `hard`."""
    if target.quantile is None or hard.quantile is None:
        return False
    return target.quantile >= hard.quantile and target.seconds <= hard.seconds


def limit_of(offering: Offering, measure: Measure) -> Limit | None:
    """The tightest rejecting limit of an offering on one measure."""
    found = [x for x in offering.limits if x.measure is measure and not x.advisory]
    return min(found, key=lambda x: x.value) if found else None
