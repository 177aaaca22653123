"""Settings, workloads and decisions for tests of the SageMaker plugin."""

from __future__ import annotations

from typing import Any

from planner_sagemaker.provider import provider
from planner_sagemaker.settings import SageMakerSettings

from planner.model.candidate import Concurrency, Decision, Range
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
from tests.support import decisions

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/fraud:1"
ROLE = "arn:aws:iam::123456789012:role/SageMakerExecution"
VPC = {"subnets": ["subnet-0a1b"], "security_groups": ["sg-0a1b"]}


def settings(**changed: Any) -> SageMakerSettings:
    """A block as a spec would give it; None removes a key."""
    block = {"region": "us-east-1", "role_arn": ROLE, "image": IMAGE, **changed}
    return SageMakerSettings.model_validate({k: v for k, v in block.items() if v is not None})


def model(name: str = "fraud", **changed: Any) -> Model:
    values: dict[str, Any] = {
        "name": name,
        "weight": 1.0,
        "size_bytes": 120 * 2**20,
        "memory_bytes": 400 * 2**20,
        "load_s": 3.0,
        "artifact": f"s3://models/risk/{name}/model.tar.gz",
        "framework": "xgboost",
        **changed,
    }
    return Model(**values)


def workload(*models: Model, **changed: Any) -> Workload:
    values: dict[str, Any] = {
        "name": "fraud-scorer",
        "models": models or (model(),),
        "traffic": Traffic(pattern=Steady(rate=100.0)),
        "slo": Slo(latency=(), cold_start=ColdStart(allowed=False)),
        "payload": Payload(request_bytes=4096, response_bytes=256, max_request_bytes=4096),
        "constraints": Constraints(),
        "objective": Objective(),
        "rollout": Rollout(),
        "pin": Pin(),
        "providers": (ProviderChoice(name="sagemaker", settings=None),),
        "labels": (("team", "risk"),),
        **changed,
    }
    return Workload(**values)


def decision(**changed: Any) -> Decision:
    """Two to six instances of one model, without autoscaling."""
    values: dict[str, Any] = {
        "provider": "sagemaker",
        "region": "us-east-1",
        "hosting": "dedicated",
        "instance_type": "ml.c7i.large",
        "replicas": Range(min=2, max=6),
        "autoscaling": None,
        "options": (),
        **changed,
    }
    return decisions.decision(**values)


def serverless(**changed: Any) -> Decision:
    values: dict[str, Any] = {
        "hosting": "serverless",
        "instance_type": "serverless-4096",
        "replicas": None,
        "concurrency": Concurrency(per_replica=1, max=20),
        "routing": "platform",
        "options": (("memory_mb", "4096"),),
        **changed,
    }
    return decision(**values)


def render(chosen: Decision, asked: Workload | None = None, **block: Any) -> DesiredState:
    return provider.render(chosen, asked or workload(), settings(**block))


def bodies(state: DesiredState) -> dict[str, dict[str, Any]]:
    """The body of each kind; of several, the last."""
    return {resource.kind: resource.body for resource in state.resources}
