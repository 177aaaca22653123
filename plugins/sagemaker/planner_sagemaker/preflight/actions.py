"""Which actions on which resources the writes of changes are held against.

Resources as the Service Authorization Reference and refusals have them; in every region.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from planner.model.change import Action, Change
from planner.model.resource import Resource
from planner_sagemaker.preflight.caller import Caller
from planner_sagemaker.preflight.launches import Work

PASSING = "iam:PassRole"
_DEPLOYS = {"sagemaker:CreateEndpoint", "sagemaker:UpdateEndpoint"}
_DELETES: Mapping[str, tuple[str, ...]] = {
    "model": ("sagemaker:DeleteModel",),
    "endpoint-config": ("sagemaker:DeleteEndpointConfig",),
    "endpoint": ("sagemaker:DeleteEndpoint",),
    "alarm": ("cloudwatch:DeleteAlarms",),
    "scalable-target": ("application-autoscaling:DeregisterScalableTarget",),
    "scaling-policy": ("application-autoscaling:DeleteScalingPolicy",),
    "scheduled-action": ("application-autoscaling:DeleteScheduledAction",),
    "dashboard": ("cloudwatch:DeleteDashboards",),
}
_PUTS: Mapping[str, tuple[str, ...]] = {
    "model": ("sagemaker:CreateModel",),
    "endpoint-config": ("sagemaker:CreateEndpointConfig",),
    "endpoint": ("sagemaker:CreateEndpoint",),
    "alarm": ("cloudwatch:PutMetricAlarm",),
    "scalable-target": ("application-autoscaling:RegisterScalableTarget",),
    "scaling-policy": ("application-autoscaling:PutScalingPolicy",),
    "scheduled-action": ("application-autoscaling:PutScheduledAction",),
    "dashboard": ("cloudwatch:PutDashboard",),
}
_SWITCHES: Mapping[str, tuple[str, ...]] = {"endpoint": ("sagemaker:UpdateEndpoint",)}
_TAGS: Mapping[str, tuple[str, ...]] = {
    # Also needed by a creation with tags (CreateModel and its like, PutMetricAlarm: Tags).
    **dict.fromkeys(("model", "endpoint-config", "endpoint"), ("sagemaker:AddTags",)),
    **dict.fromkeys(("alarm", "dashboard"), ("cloudwatch:TagResource",)),
}
_TARGET = "arn:{partition}:application-autoscaling:{region}:{account}:scalable-target/*"
"""Targets have an id, which is not known before there is one."""

_ARNS = {
    "alarm": "arn:{partition}:cloudwatch:{region}:{account}:alarm:{name}",
    # Of no region: the Service Authorization Reference of CloudWatch.
    "dashboard": "arn:{partition}:cloudwatch::{account}:dashboard/{name}",
    **dict.fromkeys(("scalable-target", "scaling-policy", "scheduled-action"), _TARGET),
}
_SAGEMAKER = "arn:{partition}:sagemaker:{region}:{account}:{kind}/{name}"


def needed_actions(work: Work, caller: Caller, region: str) -> dict[str, list[str]]:
    """By action the ARNs that it is needed on, each once."""
    found: dict[str, dict[str, None]] = {}
    for desired, changes in work:
        resources = {one.address: one for one in desired.resources}
        for change in changes.acting:
            for action, arn in _pairs(change, resources, caller, region):
                found.setdefault(action, {})[arn] = None
    return {action: list(arns) for action, arns in found.items()}


def _pairs(
    change: Change, resources: Mapping[str, Resource], caller: Caller, region: str
) -> Iterator[tuple[str, str]]:
    kind, _, name = change.address.partition("/")
    resource = resources.get(change.address)
    for action in _actions(kind, change):
        yield action, arn_of(kind, name, caller, region)
        if action in _DEPLOYS and resource is not None:
            # On the config as well: documentation of CreateEndpoint; aws-cdk#11594 and
            # aws-controllers-k8s/community#1889 for UpdateEndpoint.
            config = resource.body["EndpointConfigName"]
            yield action, arn_of("endpoint-config", config, caller, region)
    role = resource.body.get("ExecutionRoleArn") if resource is not None else None
    if role and change.action in {Action.CREATE, Action.REPLACE}:
        yield PASSING, role


def _actions(kind: str, change: Change) -> Iterator[str]:
    if change.action in {Action.DELETE, Action.REPLACE}:
        yield from _DELETES.get(kind, ())
    if change.action in {Action.CREATE, Action.REPLACE}:
        yield from (*_PUTS.get(kind, ()), *_TAGS.get(kind, ()))
    if change.action is Action.UPDATE:
        yield from _updates(kind, change)


def _updates(kind: str, change: Change) -> Iterator[str]:
    """What tags need, what all else needs."""
    moved = [field.path for field in change.fields if field.action is not Action.NONE]
    if any(not path.startswith("Tags") for path in moved):
        yield from _SWITCHES.get(kind) or _PUTS.get(kind, ())
    if any(path.startswith("Tags") for path in moved):
        yield from _TAGS.get(kind, ())


def arn_of(kind: str, name: str, caller: Caller, region: str) -> str:
    """The ARN of an object, as permissions name it.

    SageMaker's ARNs have names in lower case (philschmid/cdk-samples#2).
    """
    pattern = _ARNS.get(kind, _SAGEMAKER)
    return pattern.format(
        partition=caller.partition,
        region=region,
        account=caller.account,
        kind=kind,
        name=name.lower() if pattern is _SAGEMAKER else name,
    )
