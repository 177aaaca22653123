"""Hand-made decisions and workloads for the Databricks plugin, which needs no solver to render."""

from __future__ import annotations

from typing import Any

from planner_databricks.provider import provider
from planner_databricks.settings import Settings

from planner.model.candidate import Concurrency, Cost, Decision, Latency, Range
from planner.model.resource import DesiredState
from planner.model.traffic import Steady, Traffic
from planner.model.workload import (
    ColdStart,
    Constraints,
    Model,
    Objective,
    Payload,
    Pin,
    ProviderChoice,
    Rollout,
    Slo,
    Workload,
)


def settings(**block: Any) -> Settings:
    """The block as a spec would give it."""
    return provider.settings_model().model_validate(block)


def model(name: str = "ranker", **changed: Any) -> Model:
    fields: dict[str, Any] = {
        "weight": 1.0,
        "size_bytes": 10**8,
        "memory_bytes": 10**9,
        "load_s": 5.0,
        "artifact": "uc:main.search.ranker/3",
    }
    return Model(name=name, **(fields | changed))


def workload(*models: Model, **changed: Any) -> Workload:
    fields: dict[str, Any] = {
        "name": "shop",
        "models": models or (model(),),
        "traffic": Traffic(pattern=Steady(rate=10.0)),
        "slo": Slo(latency=(), cold_start=ColdStart(allowed=True)),
        "payload": Payload(request_bytes=4096, response_bytes=1024, max_request_bytes=8192),
        "constraints": Constraints(),
        "objective": Objective(),
        "rollout": Rollout(),
        "pin": Pin(),
        "providers": (ProviderChoice(name="databricks", settings=settings()),),
    }
    return Workload(**(fields | changed))


def decision(**changed: Any) -> Decision:
    fields: dict[str, Any] = {
        "endpoint": "shop",
        "provider": "databricks",
        "region": "us-east-1",
        "hosting": "single-model",
        "instance_type": "CPU",
        "models": ("ranker",),
        "replicas": None,
        "units": Range(min=4, max=16),
        "concurrency": Concurrency(per_replica=1, max=16),
        "autoscaling": None,
        "routing": "platform",
        "options": (("route_optimized", "false"), ("scale_to_zero", "false")),
        "cost": Cost(monthly_usd=204.4, per_million_usd=None, lines=()),
        "latency": Latency(p50_s=0.05, p90_s=0.06, p95_s=0.07, p99_s=0.09, mean_s=0.05),
        "cold_start_fraction": 0.0,
        "margins": (),
        "method": "closed-form",
        "assumptions": (),
    }
    return Decision(**(fields | changed))


def rendered(
    made: Decision | None = None, asked: Workload | None = None, **block: Any
) -> DesiredState:
    return provider.render(made or decision(), asked or workload(), settings(**block))


def body(
    made: Decision | None = None, asked: Workload | None = None, **block: Any
) -> dict[str, Any]:
    """The body of the one endpoint."""
    (resource,) = rendered(made, asked, **block).resources
    return resource.body


def entity(
    made: Decision | None = None, asked: Workload | None = None, **block: Any
) -> dict[str, Any]:
    """The only served entity of the one endpoint."""
    (served,) = body(made, asked, **block)["config"]["served_entities"]
    return served
