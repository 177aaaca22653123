"""Kubernetes objects for the AWS controllers (ACK) of SageMaker, scaling and CloudWatch."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from planner.model.export import Asked, ExportedFile
from planner.model.resource import DesiredState, Resource
from planner_sagemaker.exports.limits import about, autoscaled, notes
from planner_sagemaker.resources.names import digest

KINDS = {
    "model": ("sagemaker", "Model"),
    "endpoint-config": ("sagemaker", "EndpointConfig"),
    "alarm": ("cloudwatch", "MetricAlarm"),
    "endpoint": ("sagemaker", "Endpoint"),
    "scalable-target": ("applicationautoscaling", "ScalableTarget"),
    "scaling-policy": ("applicationautoscaling", "ScalingPolicy"),
}
_UNKNOWN = {"WarmUpConfiguration"}
_IMMUTABLE = ("model", "endpoint-config")
_INITIALISM = re.compile(r"(Arn|Id|Uri|Url)(?=s?(?:[A-Z]|$))")
_RENAMED = {"Type": "type_", "Id": "id"}
"""The controllers' generator keeps clear of a word of Go; a name alone begins small."""


def manifests(asked: Sequence[Asked]) -> tuple[ExportedFile, ...]:
    """One stream with every object of every endpoint, each after those it needs."""
    states = [one.state for one in asked]
    taken: set[tuple[str, str]] = set()
    documents = tuple(
        _manifest(resource, state, taken)
        for state in states
        for resource in state.resources
        if resource.kind in KINDS
    )
    said = tuple(_notes(states))
    return (ExportedFile(name="sagemaker.ack.yaml", syntax="yaml", content=documents, notes=said),)


def _notes(states: Sequence[DesiredState]) -> Iterator[str]:
    yield from about(
        states,
        lambda state: any(one.kind == "scheduled-action" for one in state.resources),
        "no controller has scheduled actions; those that raise and lower the bounds at known times "
        "are left out, and `planner apply` sets them",
    )
    yield from about(
        states,
        lambda state: any(one.kind == "dashboard" for one in state.resources),
        "no controller has dashboards; it is left out, and `planner apply` puts it",
    )
    yield from about(
        states,
        lambda state: any("WarmUpConfiguration" in one.body for one in state.resources),
        "the controller has no warm-up of alarms: until the first call the one on idleness is on",
    )
    yield from about(
        states,
        autoscaled,
        "the controller has no field for retained counts, so that an update starts the variant "
        "with its initial count; `planner apply` keeps what autoscaling has set",
    )
    yield from notes(states, "the controller")


def _manifest(
    resource: Resource, state: DesiredState, taken: set[tuple[str, str]]
) -> dict[str, Any]:
    group, kind = KINDS[resource.kind]
    annotations = {"services.k8s.aws/region": state.region}
    if resource.kind in _IMMUTABLE:
        # Another content is another object; the one before is in use until the endpoint moved on.
        annotations["argocd.argoproj.io/sync-options"] = "PruneLast=true"
    spec = _spec({key: item for key, item in resource.body.items() if key not in _UNKNOWN})
    if resource.kind == "alarm":
        spec = {"name": spec.pop("alarmName"), **spec}
    return {
        "apiVersion": f"{group}.services.k8s.aws/v1alpha1",
        "kind": kind,
        "metadata": {"name": _name(resource, taken), "annotations": annotations},
        "spec": spec,
    }


def _name(resource: Resource, taken: set[tuple[str, str]]) -> str:
    """Kubernetes knows small letters alone; names that only differ so are told apart."""
    name = resource.name.lower()
    if (resource.kind, name) in taken:
        name = f"{name[:54]}-{digest({'Name': resource.name})[:8]}"
    taken.add((resource.kind, name))
    return name


def _spec(value: Any) -> Any:
    if isinstance(value, list):
        return [_spec(item) for item in value]
    if isinstance(value, dict):
        return {
            _field(name): item if name == "Environment" else _spec(item)
            for name, item in value.items()
        }
    return value


def _field(name: str) -> str:
    """A member in the controllers' spelling: `ModelDataUrl` is `modelDataURL`."""
    spelled = _INITIALISM.sub(lambda found: found[0].upper(), name)
    return _RENAMED.get(name, spelled[:1].lower() + spelled[1:])
