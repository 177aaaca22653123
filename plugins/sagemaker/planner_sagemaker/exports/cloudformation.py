"""AWS CloudFormation: one template per region, with logical IDs that outlast a change."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from planner.model.export import Asked, ExportedFile
from planner.model.resource import DesiredState, Resource
from planner_sagemaker.exports.limits import KEPT, about, autoscaled, notes, warm_scaling, warmed
from planner_sagemaker.resources.dashboard import put_dashboard
from planner_sagemaker.resources.names import digest

MAX_RESOURCES = 500
"""Resources of one template (AWSCloudFormation/latest/UserGuide cloudformation-limits)."""

TYPES = {
    "model": ("AWS::SageMaker::Model", "Model"),
    "endpoint-config": ("AWS::SageMaker::EndpointConfig", "Config"),
    "alarm": ("AWS::CloudWatch::Alarm", "Alarm"),
    "endpoint": ("AWS::SageMaker::Endpoint", "Endpoint"),
    "scalable-target": ("AWS::ApplicationAutoScaling::ScalableTarget", "Target"),
    "scaling-policy": ("AWS::ApplicationAutoScaling::ScalingPolicy", "Policy"),
    "dashboard": ("AWS::CloudWatch::Dashboard", "Dashboard"),
}
_HASHED = ("model", "endpoint-config")
"""Kinds with a hash in their names, which a logical ID must not have: it would never be updated."""

_OF_TARGET = ("ServiceNamespace", "ResourceId", "ScalableDimension")


def templates(asked: Sequence[Asked]) -> tuple[ExportedFile, ...]:
    """One template per region, more where the endpoints of a region have too many resources."""
    by_region = sorted((one.state for one in asked), key=lambda state: state.region)
    return tuple(
        ExportedFile(
            name=f"{region}{'' if number == 1 else f'-{number}'}.cloudformation.yaml",
            syntax="yaml",
            content=_template(region, part),
            notes=_notes(part),
            annotated=True,
        )
        for region, states in groupby(by_region, key=lambda state: state.region)
        for number, part in enumerate(_parts(tuple(states)), start=1)
    )


def _parts(states: Sequence[DesiredState]) -> Iterator[tuple[DesiredState, ...]]:
    part: list[DesiredState] = []
    size = 0
    for state in states:
        if part and size + len(state.resources) > MAX_RESOURCES:
            yield tuple(part)
            part, size = [], 0
        part.append(state)
        size += len(state.resources)
    yield tuple(part)


def _template(region: str, states: Sequence[DesiredState]) -> dict[str, Any]:
    resources: dict[str, Any] = {}
    for state in states:
        resources.update(_resources(state, resources))
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"SageMaker endpoints in {region}",
        "Metadata": {
            "Planner": {
                "Region": region,
                "Endpoints": [state.endpoint for state in states],
                "Notes": list(_notes(states)),
            }
        },
        "Resources": resources,
    }


def _notes(states: Sequence[DesiredState]) -> tuple[str, ...]:
    # docs.aws.amazon.com sagemaker/latest/dg serverless-endpoints-autoscale
    unscaled = about(
        states,
        warmed,
        "CloudFormation does not scale provisioned concurrency, so the target, policy and schedule "
        "are left out; `planner apply` sets them",
    )
    kept = (
        "CloudFormation deletes the config before once an endpoint has moved on, so that "
        "`planner rollback` has none to go back to"
    )
    # docs.aws.amazon.com AWSCloudFormation/latest/UserGuide dynamic-references
    resolved = about(
        states,
        lambda state: any("{{resolve:" in str(one.body) for one in state.resources),
        "CloudFormation puts a value in place of {{resolve:...}}, which SageMaker takes as it is",
    )
    return (*unscaled, *resolved, *notes(states, "CloudFormation"), kept)


def _resources(state: DesiredState, taken: Mapping[str, Any]) -> dict[str, Any]:
    """Resources of one endpoint by logical ID; scheduled actions stand in their target."""
    held = [one for one in state.resources if not warm_scaling(one)]
    own = [one for one in held if one.kind in TYPES]
    ids = {one.address: _logical_id(state, one) for one in own}
    if taken.keys() & set(ids.values()):
        # `a-b` and `ab` differ in SageMaker and have one logical ID.
        ids = {
            address: f"{name}{digest({'EndpointName': state.endpoint})[:8]}"
            for address, name in ids.items()
        }
    found: dict[str, Any] = {}
    for one in own:
        properties = _properties(one, state, ids)
        found[ids[one.address]] = _resource(one, properties, ids)
    return found


def _resource(
    resource: Resource, properties: dict[str, Any], ids: Mapping[str, str]
) -> dict[str, Any]:
    written = {"Type": TYPES[resource.kind][0], "Properties": properties}
    named = set(_references(properties))
    others = [ids[one] for one in resource.after if ids[one] not in named]
    return {**written, "DependsOn": others} if others else written


def _properties(resource: Resource, state: DesiredState, ids: Mapping[str, str]) -> dict[str, Any]:
    """The body with references in place of names, and what only a template has."""
    body = resource.body
    match resource.kind:
        case "endpoint-config":
            variants = [_variant(one, ids) for one in body["ProductionVariants"]]
            return {**body, "ProductionVariants": variants}
        case "endpoint":
            return _endpoint(body, state, ids)
        case "scalable-target":
            actions = [_action(one.body) for one in state.resources if _is_action(one)]
            return {**body, "ScheduledActions": actions} if actions else body
        case "scaling-policy":
            kept = {name: item for name, item in body.items() if name not in _OF_TARGET}
            return {**kept, "ScalingTargetId": {"Ref": ids[resource.after[0]]}}
        case "dashboard":
            return put_dashboard(body)
    return body


def _variant(variant: dict[str, Any], ids: Mapping[str, str]) -> dict[str, Any]:
    return {**variant, "ModelName": _attribute(ids, "model", variant["ModelName"], "ModelName")}


def _endpoint(body: dict[str, Any], state: DesiredState, ids: Mapping[str, str]) -> dict[str, Any]:
    name = body["EndpointConfigName"]
    changed = {**body, "EndpointConfigName": _attribute(ids, "endpoint-config", name)}
    deployment = body.get("DeploymentConfig", {})
    rollback = deployment.get("AutoRollbackConfiguration")
    if rollback:
        alarms = [_alarm(alarm, ids) for alarm in rollback["Alarms"]]
        rollback = {**rollback, "Alarms": alarms}
        changed["DeploymentConfig"] = {**deployment, "AutoRollbackConfiguration": rollback}
    if autoscaled(state):
        # An update would set the autoscaler's counts back to the initial ones.
        changed["RetainAllVariantProperties"] = True
        changed["ExcludeRetainedVariantProperties"] = [
            {"VariantPropertyType": kept} for kept in KEPT
        ]
    return changed


def _alarm(alarm: dict[str, str], ids: Mapping[str, str]) -> dict[str, Any]:
    """An alarm of this template by reference; one that a person keeps elsewhere by its name."""
    own = ids.get(f"alarm/{alarm['AlarmName']}")
    return {"AlarmName": {"Ref": own}} if own else alarm


def _attribute(
    ids: Mapping[str, str], kind: str, name: str, attribute: str = "EndpointConfigName"
) -> dict[str, Any]:
    """The name of an object; Ref would give the ARN."""
    return {"Fn::GetAtt": [ids[f"{kind}/{name}"], attribute]}


def _is_action(resource: Resource) -> bool:
    return resource.kind == "scheduled-action"


def _action(body: dict[str, Any]) -> dict[str, Any]:
    return {name: item for name, item in body.items() if name not in _OF_TARGET}


def _logical_id(state: DesiredState, resource: Resource) -> str:
    name = state.endpoint if resource.kind in _HASHED else resource.name
    words = re.split(r"[^a-zA-Z0-9]+", name)
    return "".join(word[:1].upper() + word[1:] for word in words) + TYPES[resource.kind][1]


def _references(value: Any) -> Iterator[str]:
    """Logical IDs that stand anywhere in properties."""
    if isinstance(value, dict):
        for name, item in value.items():
            if name == "Ref":
                yield item
            elif name == "Fn::GetAtt":
                yield item[0]
            else:
                yield from _references(item)
    elif isinstance(value, list):
        for item in value:
            yield from _references(item)
