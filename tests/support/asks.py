"""Workloads, catalogs and answers for tests of the solver."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from planner.model.candidate import Infeasible, Outcome, Solved
from planner.model.catalog import (
    Catalog,
    Cold,
    Hardware,
    Kind,
    Meter,
    Offering,
    Prewarm,
    Price,
    Scaling,
)
from planner.model.traffic import Pattern, Steady, Traffic
from planner.model.workload import (
    ColdStart,
    Compute,
    Constraints,
    LatencyTarget,
    Model,
    Objective,
    Payload,
    Pin,
    ProviderChoice,
    Rollout,
    ServiceCurve,
    ServicePoint,
    Slo,
    Workload,
)
from planner.provider import registry

MIB = 2**20
FORBID = ColdStart(allowed=False)
ALLOW = ColdStart(allowed=True)
BLOCKS: dict[str, dict[str, Any]] = {
    "sagemaker": {
        "region": "us-east-1",
        "role_arn": "arn:aws:iam::123456789012:role/SageMakerExecution",
    },
    "databricks": {"cloud": "aws", "region": "us-east-1"},
}


@cache
def market(name: str, *more: tuple[str, Any]) -> tuple[ProviderChoice, Catalog]:
    """A provider's block and what it offers; `more` are further keys of the block."""
    provider = registry.get(name)
    settings = provider.settings_model().model_validate({**BLOCKS[name], **dict(more)})
    features = tuple(
        replace(f, path=f"spec.providers.{name}.{f.path}") for f in provider.features(settings)
    )
    return (
        ProviderChoice(name=name, settings=settings, features=features),
        provider.catalog(settings),
    )


def catalogs(*names: str) -> dict[str, Catalog]:
    return {name: market(name)[1] for name in names}


def curve(mean_s: float, p99_s: float | None = None, on: str = "ml.c7i.large") -> ServiceCurve:
    points = (ServicePoint(concurrency=1, mean_s=mean_s, p99_s=p99_s),)
    return ServiceCurve(instance_type=on, points=points, source="spec.models[0].service_time")


def measured(on: str, *points: tuple[int, float]) -> ServiceCurve:
    """(concurrency, mean seconds) on one type; the p99 is 1.5 times the mean."""
    return ServiceCurve(
        instance_type=on,
        points=tuple(ServicePoint(concurrency=n, mean_s=s, p99_s=1.5 * s) for n, s in points),
        source="profile",
    )


def model(name: str = "fraud", **changed: Any) -> Model:
    values: dict[str, Any] = {
        "name": name,
        "weight": 1.0,
        "size_bytes": 120 * MIB,
        "memory_bytes": 400 * MIB,
        "load_s": 2.0,
        "compute": Compute.CPU,
        "curves": (curve(0.006),),
        **changed,
    }
    return Model(**values)


def latency(**targets: float) -> tuple[LatencyTarget, ...]:
    """latency(p99=0.05, mean=0.01)."""
    quantiles = {"mean": None, "max": 1.0}
    return tuple(
        LatencyTarget(
            label=label,
            quantile=quantiles[label] if label in quantiles else float(f"{label[1:]}e-2"),
            seconds=seconds,
        )
        for label, seconds in targets.items()
    )


def workload(
    pattern: Pattern | float = 100.0,
    *models: Model,
    goals: tuple[LatencyTarget, ...] = latency(p99=0.1),
    cold: ColdStart = FORBID,
    **changed: Any,
) -> Workload:
    """One model at a steady 100/s with p99 100 ms on SageMaker; a number is a steady rate."""
    traffic = Steady(rate=pattern) if isinstance(pattern, float | int) else pattern
    values: dict[str, Any] = {
        "name": "w",
        "models": models or (model(),),
        "traffic": Traffic(pattern=traffic),
        "slo": Slo(latency=goals, cold_start=cold),
        "payload": Payload(request_bytes=4096, response_bytes=256, max_request_bytes=4096),
        "constraints": Constraints(),
        "objective": Objective(),
        "rollout": Rollout(),
        "pin": Pin(),
        "providers": (market("sagemaker")[0],),
        **changed,
    }
    return Workload(**values)


def cost_of(outcome: Outcome) -> float:
    """Monthly cost; infinite where nothing meets the spec."""
    return outcome.monthly_usd if isinstance(outcome, Solved) else float("inf")


def solved(outcome: Outcome) -> Solved:
    assert isinstance(outcome, Solved), outcome
    return outcome


def infeasible(outcome: Outcome) -> Infeasible:
    assert isinstance(outcome, Infeasible), outcome
    return outcome


def rejections(outcome: Outcome, hosting: str, instance_type: str | None = None) -> set[str]:
    """Codes of what fell in one mode; of one type, or of all."""
    found: set[str] = set()
    tried = outcome.alternatives if isinstance(outcome, Solved) else outcome.misses
    for one in tried:
        if (
            one.rejection
            and one.hosting == hosting
            and one.instance_type == (instance_type or one.instance_type)
        ):
            found.add(one.rejection.code)
    for group in outcome.excluded:
        if group.hosting == hosting and (
            instance_type is None or instance_type in group.instance_types
        ):
            found.add(group.rejection.code)
    return found


# A made-up cloud, small enough to search by hand.

SCALING = Scaling(
    metric="invocations",
    period_s=60.0,
    breaches_up=3,
    breaches_down=10,
    start_s=120.0,
    cooldown_up_s=60.0,
    cooldown_down_s=120.0,
    scheduled=True,
    source="made up",
)


def price(usd: float) -> Price:
    return Price(usd=usd, source="made up", as_of="2026-11-01")


def machine(name: str, vcpus: float, usd: float, *, scaled: bool = False) -> Offering:
    return Offering(
        provider="acme",
        region="moon-1",
        hosting="single-model" if scaled else "dedicated",
        instance_type=name,
        kind=Kind.REPLICAS,
        hardware=Hardware(vcpus=vcpus, memory_bytes=int(vcpus * 4096 * MIB)),
        price=price(usd),
        overhead_s=0.005,
        routing=("least-outstanding", "random"),
        autoscaling=SCALING if scaled else None,
    )


def units(usd: float, *, step: int = 4, scaled: bool = False) -> Offering:
    return replace(
        machine("UNIT", 4, usd, scaled=scaled),
        kind=Kind.UNITS,
        step=step,
        routing=("platform",),
        overhead_s=0.01,
    )


def on_demand(busy_usd: float, held_usd: float, *, warm_busy_usd: float = 0.0) -> Offering:
    return replace(
        machine("function", 1, busy_usd),
        hosting="serverless",
        kind=Kind.ON_DEMAND,
        routing=("platform",),
        max_concurrency=40,
        cold=Cold(idle_s=600.0, start_s=3.0, source="made up"),
        prewarm=Prewarm(held=price(held_usd), busy=price(warm_busy_usd), max_units=40),
    )


def acme(*offerings: Offering) -> dict[str, Catalog]:
    return {
        "acme": Catalog(
            provider="acme",
            region="moon-1",
            offerings=offerings,
            meters=(Meter(name="data-in-gb", price=price(0.02), per="GB"),),
            limits=(),
            version="1",
            as_of="2026-11-01",
        )
    }


def on_acme(asked: Workload) -> Workload:
    return replace(asked, providers=(ProviderChoice(name="acme", settings=None),))


def with_catalogs(asked: Workload, *names: str) -> tuple[Workload, Mapping[str, Catalog]]:
    """The workload on these providers, with their catalogs."""
    choices = tuple(market(name)[0] for name in names)
    return replace(asked, providers=choices), catalogs(*names)
