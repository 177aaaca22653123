"""RegisterScalableTarget, DescribeScalableTargets, DeregisterScalableTarget, and their tags."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from planner_sagemaker.sandbox import scaling, targets
from planner_sagemaker.sandbox.capacities import update_weights_and_capacities
from planner_sagemaker.sandbox.cloud import ACCOUNT, Call, Handler, partition
from planner_sagemaker.sandbox.errors import CloudError, invalid
from planner_sagemaker.sandbox.paging import Paging
from planner_sagemaker.sandbox.store import Document
from planner_sagemaker.sandbox.transitions import KIND

COMPONENT = "inference-component"
_BY_ARN = "scalable-target-arn"
"""Documents that say which target has an ARN; what they say is checked, for targets go."""
_SERVICE = "application-autoscaling"
_LINKED_ROLE = (
    "role/aws-service-role/sagemaker.application-autoscaling.amazonaws.com/"
    "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"
)
_RESOURCES = {
    scaling.INSTANCES: re.compile(r"endpoint/(?P<name>[^/|]+)/variant/(?P<variant>[^/|]+)"),
    scaling.PROVISIONED: re.compile(r"endpoint/(?P<name>[^/|]+)/variant/(?P<variant>[^/|]+)"),
    scaling.COPIES: re.compile(r"inference-component/(?P<name>[^/|]+)"),
}
_AWAKE = {
    "DynamicScalingInSuspended": False,
    "DynamicScalingOutSuspended": False,
    "ScheduledScalingSuspended": False,
}
_PAGING = Paging(name=scaling.place, refusal=scaling.INVALID_TOKEN, size=50, most=50)
_MOST_TAGS = 50


def register_scalable_target(call: Call) -> Mapping[str, Any]:
    """Make a target or change what is given of it; capacity outside of its range is moved in."""
    asked = call.parameters
    _check_resource(call)
    before = call.strong(targets.TARGET, scaling.place(asked))
    target = _changed(before, asked) if before else _created(call)
    _check_range(target)
    call.put(targets.TARGET, scaling.place(asked), target)
    call.put(_BY_ARN, target["ScalableTargetARN"], {"place": scaling.place(asked)})
    move_inside(call, target)
    return {"ScalableTargetARN": target["ScalableTargetARN"]}


def _check_resource(call: Call) -> None:
    """Refuse what does not exist or cannot be scaled.

    The text for an unknown kind is that of getmoto/moto#3304; the others are ours.
    """
    asked = call.parameters
    pattern = _RESOURCES.get(asked["ScalableDimension"])
    found = pattern.fullmatch(asked["ResourceId"]) if pattern else None
    if asked["ServiceNamespace"] != "sagemaker" or found is None:
        raise invalid("Unsupported service namespace, resource type or scalable dimension.")
    if asked["ScalableDimension"] == scaling.COPIES:
        if call.seen(COMPONENT, found["name"]) is None:
            raise invalid(f"No inference component found for resource ID: {asked['ResourceId']}")
        return
    endpoint = call.seen(KIND, found["name"]) or {}
    if endpoint.get("EndpointStatus") in {"Deleting", "Failed"}:
        endpoint = {}
    for variant in endpoint.get("ProductionVariants") or ():
        if variant["VariantName"] == found["variant"]:
            _check_dimension(asked["ScalableDimension"], variant, endpoint)
            return
    raise invalid(f"No production variant found for resource ID: {asked['ResourceId']}")


def _check_dimension(dimension: str, variant: Document, endpoint: Document) -> None:
    serverless = variant.get("CurrentServerlessConfig")
    if dimension == scaling.PROVISIONED and not (serverless or {}).get("ProvisionedConcurrency"):
        raise invalid(f"Variant {variant['VariantName']} has no provisioned concurrency to scale.")
    if dimension == scaling.PROVISIONED:
        return
    if serverless:
        raise invalid(f"Variant {variant['VariantName']} is serverless: it has no instances.")
    for config in endpoint["_ProductionVariants"]:
        burstable = str(config.get("InstanceType", "")).startswith("ml.t2.")
        if burstable and config["VariantName"] == variant["VariantName"]:
            # aws-controllers-k8s/community#1633
            raise invalid(f"Instance type {config['InstanceType']} does not support auto scaling.")


def _created(call: Call) -> Document:
    asked = call.parameters
    if "MinCapacity" not in asked or "MaxCapacity" not in asked:
        raise invalid("MinCapacity and MaxCapacity are required for a new scalable target.")
    own = scaling.new_id(call, targets.TARGET, scaling.place(asked))
    role = f"arn:{partition(call.region)}:iam::{ACCOUNT}:{_LINKED_ROLE}"
    return {
        **scaling.identity(call),
        "MinCapacity": asked["MinCapacity"],
        "MaxCapacity": asked["MaxCapacity"],
        "RoleARN": asked.get("RoleARN", role),
        "CreationTime": call.now,
        "SuspendedState": {**_AWAKE, **asked.get("SuspendedState", {})},
        "ScalableTargetARN": call.arn(targets.TARGET, own, _SERVICE),
        "_tags": _checked_tags(asked.get("Tags") or {}),
    }


def _changed(target: Document, asked: Mapping[str, Any]) -> Document:
    """Tags of a target that exists are changed by TagResource alone."""
    given = {key: asked[key] for key in ("MinCapacity", "MaxCapacity", "RoleARN") if key in asked}
    suspended = {**target["SuspendedState"], **asked.get("SuspendedState", {})}
    return {**target, **given, "SuspendedState": suspended}


def _check_range(target: Document) -> None:
    least, most = target["MinCapacity"], target["MaxCapacity"]
    if least < 0 or most < 0:
        raise invalid("Minimum and maximum capacity must not be negative.")
    if least > most:
        raise invalid("Maximum capacity cannot be less than minimum capacity.")


def move_inside(call: Call, target: Document) -> None:
    """Bring a variant into the range of its target.

    As documented: not where the resource is busy; where it cannot be, it is left.
    """
    found = _RESOURCES[scaling.INSTANCES].fullmatch(target["ResourceId"])
    endpoint = call.strong(KIND, found["name"]) if found else None
    if found is None or endpoint is None:
        return
    for variant in endpoint.get("ProductionVariants") or ():
        desired = _desired(variant, target["ScalableDimension"])
        inside = min(max(desired, target["MinCapacity"]), target["MaxCapacity"])
        if variant["VariantName"] != found["variant"] or inside == desired:
            continue
        wanted = {"VariantName": found["variant"], **_capacity(target, inside)}
        parameters = {"EndpointName": found["name"], "DesiredWeightsAndCapacities": [wanted]}
        with suppress(CloudError):
            update_weights_and_capacities(replace(call, parameters=parameters))


def _desired(variant: Document, dimension: str) -> int:
    if dimension == scaling.INSTANCES:
        return int(variant.get("DesiredInstanceCount", 0))
    return int((variant.get("CurrentServerlessConfig") or {}).get("ProvisionedConcurrency", 0))


def _capacity(target: Document, count: int) -> Document:
    if target["ScalableDimension"] == scaling.INSTANCES:
        return {"DesiredInstanceCount": count}
    return {"ServerlessUpdateConfig": {"ProvisionedConcurrency": count}}


def describe_scalable_targets(call: Call) -> Mapping[str, Any]:
    """One page of targets by resource."""
    rows, token = scaling.described(call, targets.TARGET, _PAGING)
    return {"ScalableTargets": rows, "NextToken": token}


def deregister_scalable_target(call: Call) -> Mapping[str, Any]:
    """Forget a target with its policies, their alarms and its scheduled actions."""
    target = scaling.registered(call, verb="found")
    place = scaling.place(target)
    call.remove(targets.TARGET, place)
    call.remove(_BY_ARN, target["ScalableTargetARN"])
    targets.forget(call, place + scaling.SEPARATOR)
    return {}


def tag_resource(call: Call) -> Mapping[str, Any]:
    """Overwrite tags of the same keys, add the others."""
    target = _tagged(call)
    tags = {**target["_tags"], **_checked_tags(call.parameters["Tags"])}
    if len(tags) > _MOST_TAGS:
        raise CloudError("TooManyTagsException", f"A resource has at most {_MOST_TAGS} tags.")
    call.put(targets.TARGET, scaling.place(target), {**target, "_tags": tags})
    return {}


def untag_resource(call: Call) -> Mapping[str, Any]:
    """Remove tags; keys that are not there are no error."""
    target, gone = _tagged(call), set(call.parameters["TagKeys"])
    left = {key: text for key, text in target["_tags"].items() if key not in gone}
    call.put(targets.TARGET, scaling.place(target), {**target, "_tags": left})
    return {}


def list_tags_for_resource(call: Call) -> Mapping[str, Any]:
    """All tags of a target."""
    return {"Tags": _tagged(call)["_tags"]}


def _checked_tags(tags: Mapping[str, str]) -> dict[str, str]:
    if any(key.lower().startswith("aws:") for key in tags):
        raise invalid("aws: prefixed tag key names are not allowed for external use.")
    return dict(tags)


def _tagged(call: Call) -> Document:
    arn = call.parameters["ResourceARN"]
    place = call.strong(_BY_ARN, arn)
    target = call.strong(targets.TARGET, place["place"]) if place else None
    if target is None or target["ScalableTargetARN"] != arn:
        raise CloudError("ResourceNotFoundException", f"No scalable target found with ARN: {arn}")
    return target


HANDLERS: Mapping[str, Handler] = {
    "RegisterScalableTarget": register_scalable_target,
    "DescribeScalableTargets": describe_scalable_targets,
    "DeregisterScalableTarget": deregister_scalable_target,
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
    "ListTagsForResource": list_tags_for_resource,
}
