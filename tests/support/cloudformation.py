"""CloudFormation templates read back: what each resource asks of the cloud."""

from __future__ import annotations

from typing import Any

UPDATE_ONLY = {"RetainAllVariantProperties", "ExcludeRetainedVariantProperties"}
"""Members of an endpoint that CreateEndpoint does not take."""


def bodies(template: dict[str, Any]) -> list[dict[str, Any]]:
    """Request bodies in the order of the template, scheduled actions after their target."""
    resources = template["Resources"]
    found: list[dict[str, Any]] = []
    for resource in resources.values():
        body = _resolved(resource["Properties"], resources)
        actions = body.pop("ScheduledActions", [])
        target = body.pop("ScalingTargetId", None)
        owner = {
            name: body[name]
            for name in ("ServiceNamespace", "ResourceId", "ScalableDimension")
            if name in body
        }
        found.append({**{k: v for k, v in body.items() if k not in UPDATE_ONLY}, **(target or {})})
        found += [{**owner, **action} for action in actions]
    return found


def _resolved(value: Any, resources: dict[str, Any]) -> Any:
    match value:
        case {"Fn::GetAtt": [name, attribute]}:
            return resources[name]["Properties"][attribute]
        case {"Ref": name}:
            return _reference(resources[name])
        case dict():
            return {key: _resolved(item, resources) for key, item in value.items()}
        case list():
            return [_resolved(item, resources) for item in value]
    return value


def _reference(resource: dict[str, Any]) -> Any:
    """What Ref gives: an alarm's name; of a scalable target what a policy names it by."""
    properties = resource["Properties"]
    if resource["Type"] == "AWS::CloudWatch::Alarm":
        return properties["AlarmName"]
    assert resource["Type"] == "AWS::ApplicationAutoScaling::ScalableTarget", resource["Type"]
    return {key: properties[key] for key in ("ServiceNamespace", "ResourceId", "ScalableDimension")}
