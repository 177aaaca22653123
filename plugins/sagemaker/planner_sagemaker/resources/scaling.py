"""Application Auto Scaling: the target, its tracking policy and its scheduled bounds."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

from planner.model.candidate import Autoscaling, Decision, Range
from planner.model.resource import Resource
from planner_sagemaker.resources.cron import aws_schedules
from planner_sagemaker.resources.names import VARIANT, readable

_COUNT = "sagemaker:variant:DesiredInstanceCount"
_PROVISIONED = "sagemaker:variant:DesiredProvisionedConcurrency"
_PROVISIONED_METRIC = "SageMakerVariantProvisionedConcurrencyUtilization"
"""The only predefined metric that provisioned concurrency accepts (aws-cdk#29065)."""


def scaling(decision: Decision, endpoint: Resource) -> Iterator[Resource]:
    """Nothing for fixed capacity; otherwise target, policy and scheduled actions."""
    tracking = decision.autoscaling
    serverless = decision.hosting == "serverless"
    bounds = decision.units if serverless else decision.replicas
    if tracking is None or bounds is None:
        return
    owner = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": f"endpoint/{endpoint.name}/variant/{VARIANT}",
        "ScalableDimension": _PROVISIONED if serverless else _COUNT,
    }
    target = _target(endpoint, owner, bounds)
    yield target
    yield _policy(endpoint, owner, tracking, target.address)
    for action in _scheduled(endpoint, owner, tracking):
        yield Resource(
            address=f"scheduled-action/{action['ScheduledActionName']}",
            kind="scheduled-action",
            name=action["ScheduledActionName"],
            body=action,
            after=(target.address,),
        )


def _target(endpoint: Resource, owner: dict[str, str], bounds: Range) -> Resource:
    return Resource(
        address=f"scalable-target/{endpoint.name}",
        kind="scalable-target",
        name=endpoint.name,
        body={**owner, "MinCapacity": max(1, bounds.min), "MaxCapacity": max(1, bounds.max)},
        after=(endpoint.address,),
    )


def _policy(
    endpoint: Resource, owner: dict[str, str], tracking: Autoscaling, target: str
) -> Resource:
    name = f"{endpoint.name}-target-tracking"
    provisioned = owner["ScalableDimension"] == _PROVISIONED
    return Resource(
        address=f"scaling-policy/{name}",
        kind="scaling-policy",
        name=name,
        body={
            "PolicyName": name,
            **owner,
            "PolicyType": "TargetTrackingScaling",
            "TargetTrackingScalingPolicyConfiguration": {
                "TargetValue": tracking.target,
                "PredefinedMetricSpecification": {
                    "PredefinedMetricType": _PROVISIONED_METRIC if provisioned else tracking.metric
                },
                "ScaleOutCooldown": round(tracking.cooldown_up_s),
                "ScaleInCooldown": round(tracking.cooldown_down_s),
            },
        },
        after=(target,),
    )


def _scheduled(
    endpoint: Resource, owner: dict[str, str], tracking: Autoscaling
) -> Iterator[dict[str, Any]]:
    taken: set[str] = set()
    for action in tracking.scheduled:
        for schedule in aws_schedules(action.cron):
            yield {
                **owner,
                "ScheduledActionName": _free(f"{endpoint.name}-{readable(action.name)}", taken),
                "Schedule": schedule,
                "Timezone": tracking.timezone,
                "ScalableTargetAction": {
                    "MinCapacity": max(1, action.min),
                    "MaxCapacity": max(1, action.max),
                },
            }


def _free(name: str, taken: set[str]) -> str:
    """The name, numbered from the second use on: a put under a used name would replace it."""
    numbered = (name if number == 1 else f"{name}-{number}" for number in count(1))
    free = next(one for one in numbered if one not in taken)
    taken.add(free)
    return free
