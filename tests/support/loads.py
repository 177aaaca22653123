"""Loads from one line, for tests of the capacity model."""

from __future__ import annotations

from planner.capacity.latency import Pool
from planner.capacity.load import Load, build_load
from planner.capacity.service_time import fit
from planner.model.traffic import Pattern, Stage, Stages, Steady, Trace, Traffic
from planner.model.workload import LatencyTarget


def load_of(pattern: Pattern, *, service_s: float = 0.01) -> Load:
    return build_load(Traffic(pattern=pattern), service_s=service_s)


def steps(*pairs: tuple[float, float]) -> Load:
    """A cycle of (seconds, rate) by jumps."""
    stages = [
        stage
        for seconds, rate in pairs
        for stage in (Stage(target=rate, duration_s=0.0), Stage(target=rate, duration_s=seconds))
    ]
    return load_of(Stages(start=pairs[0][1], stages=tuple(stages)))


def recorded(*counts: float, bucket_s: float = 60.0, size_for: float = 1.0) -> Load:
    return load_of(Trace(file="t.csv", counts=counts, bucket_s=bucket_s, size_for=size_for))


def pool_at(rate: float, mean_s: float, p99_s: float | None = None, **more: float) -> Pool:
    load = load_of(Steady(rate=rate), service_s=mean_s)
    return Pool(load, fit(mean_s, p99_s), overhead_s=more.get("overhead_s", 0.0))


def target(label: str, seconds: float) -> LatencyTarget:
    quantiles = {"mean": None, "max": 1.0, "p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}
    return LatencyTarget(label=label, quantile=quantiles[label], seconds=seconds)
