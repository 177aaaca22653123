"""Terraform in its JSON syntax, for the provider hashicorp/aws."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from planner.model.export import Asked, ExportedFile
from planner.model.resource import DesiredState, Resource
from planner_sagemaker.exports.limits import about, autoscaled, notes
from planner_sagemaker.resources.dashboard import put_dashboard

VERSION = ">= 5.100"
"""The earliest that took all we write; earlier ones were not tried."""

TYPES = {
    "model": "aws_sagemaker_model",
    "endpoint-config": "aws_sagemaker_endpoint_configuration",
    "alarm": "aws_cloudwatch_metric_alarm",
    "endpoint": "aws_sagemaker_endpoint",
    "scalable-target": "aws_appautoscaling_target",
    "scaling-policy": "aws_appautoscaling_policy",
    "scheduled-action": "aws_appautoscaling_scheduled_action",
    "dashboard": "aws_cloudwatch_dashboard",
}
_SELF_NAMED = ("alarm", "scalable-target", "dashboard")
"""Kinds whose names stand in members of their own."""

_NAMES = {
    "ModelName",
    "EndpointConfigName",
    "EndpointName",
    "PolicyName",
    "ScheduledActionName",
}
_IMMUTABLE = ("model", "endpoint-config")
_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def configuration(asked: Sequence[Asked]) -> tuple[ExportedFile, ...]:
    """One file with everything; each region has a provider configuration of its own."""
    states = [one.state for one in asked]
    resources: dict[str, dict[str, Any]] = {}
    keys: dict[str, dict[str, str]] = {}
    for state in states:
        for one in state.resources:
            written = {"provider": f"aws.{_alias(state.region)}", **_resource(one, state)}
            resources.setdefault(TYPES[one.kind], {})[_label(one, state)] = written
            keys.update(_key_of(one, state))
    said = _notes(states)
    content = {
        "//": list(said),
        "terraform": {
            "required_providers": {"aws": {"source": "hashicorp/aws", "version": VERSION}}
        },
        "provider": {
            "aws": [
                {"alias": _alias(region), "region": region}
                for region in sorted({state.region for state in states})
            ]
        },
        **({"data": {"aws_kms_key": keys}} if keys else {}),
        "resource": resources,
    }
    file = ExportedFile(
        name="sagemaker.tf.json", syntax="json", content=content, notes=said, annotated=True
    )
    return (file,)


def _notes(states: Sequence[DesiredState]) -> tuple[str, ...]:
    # github.com/hashicorp/terraform-provider-aws/issues/48990
    reset = about(
        states,
        autoscaled,
        "the AWS provider has no word for retained counts, so that an update starts the variant "
        "with its initial count; `planner apply` keeps what autoscaling has set",
    )
    alone = about(
        states,
        lambda state: any(one.kind == "dashboard" for one in state.resources),
        "the AWS provider has no tags of dashboards, so that `planner apply` takes it for somebody "
        "else's",
    )
    warm = about(
        states,
        lambda state: any("WarmUpConfiguration" in one.body for one in state.resources),
        "the AWS provider has no warm-up of alarms: until the first call the one on idleness is on",
    )
    return (*reset, *alone, *warm, *notes(states, "Terraform"))


def _resource(resource: Resource, state: DesiredState) -> dict[str, Any]:
    body = {name: item for name, item in resource.body.items() if name not in _NAMES}
    written: dict[str, Any] = {}
    if resource.kind not in _SELF_NAMED:
        written["name"] = resource.name
    written.update(_watching(body) if resource.kind in {"alarm", "dashboard"} else _snaked(body))
    match resource.kind:
        case "endpoint-config":
            for variant in written["production_variants"]:
                variant["model_name"] = _of(state, "model")
            _key(written, resource, state)
        case "endpoint":
            written["endpoint_config_name"] = _of(state, "endpoint-config")
            _rollback(written, state)
        case "scalable-target":
            written["resource_id"] = _within(written["resource_id"], state)
        case "scaling-policy" | "scheduled-action":
            target = f"{TYPES['scalable-target']}.{_label_of(state.endpoint)}"
            written["resource_id"] = f"${{{target}.resource_id}}"
    if resource.kind in _IMMUTABLE:
        # The one before is in use until the endpoint has moved on
        # (github.com/hashicorp/terraform-provider-aws/issues/40048).
        written["lifecycle"] = {"create_before_destroy": True}
    return written


def _watching(body: dict[str, Any]) -> dict[str, Any]:
    """An alarm or a dashboard, without what the provider has no word for."""
    if "DashboardBody" in body:
        shown = put_dashboard(body)
        return {_snake(name): _literal(shown[name]) for name in ("DashboardName", "DashboardBody")}
    known = {name: body[name] for name in body if name not in {"WarmUpConfiguration", "Metrics"}}
    written: dict[str, Any] = _snaked(known)
    if "Metrics" in body:
        written["metric_query"] = [_query(one) for one in body["Metrics"]]
    return written


def _query(query: dict[str, Any]) -> dict[str, Any]:
    """A part of an expression; the metric has its period and statistic beside its name."""
    if "MetricStat" not in query:
        written: dict[str, Any] = _snaked(query)
        return written
    stat = query["MetricStat"]
    rest = {name: item for name, item in stat.items() if name != "Metric"}
    metric = _snaked({**stat["Metric"], **rest})
    others = {name: item for name, item in query.items() if name != "MetricStat"}
    return {**_snaked(others), "metric": metric}


def _rollback(written: dict[str, Any], state: DesiredState) -> None:
    """Alarms of this configuration by reference, so that they exist before."""
    own = {one.name: one for one in state.resources if one.kind == "alarm"}
    rollback = written.get("deployment_config", {}).get("auto_rollback_configuration", {})
    for alarm in rollback.get("alarms", ()):
        found = own.get(alarm["alarm_name"])
        if found is not None:
            label = _label(found, state)
            alarm["alarm_name"] = f"${{{TYPES['alarm']}.{label}.alarm_name}}"


def _key_of(resource: Resource, state: DesiredState) -> dict[str, dict[str, str]]:
    """The look-up of a key: the provider takes ARNs alone, SageMaker names and aliases too."""
    key = _key_id(resource)
    if not key or _is_arn(key):
        return {}
    found = {"provider": f"aws.{_alias(state.region)}", "key_id": _literal(key)}
    return {_label_of(state.endpoint): found}


def _key_id(resource: Resource) -> str:
    """The key of a config: its disks and its recordings have the same."""
    recordings = resource.body.get("DataCaptureConfig", {})
    return str(resource.body.get("KmsKeyId") or recordings.get("KmsKeyId", ""))


def _is_arn(key: str) -> bool:
    return key.startswith("arn:") and ":key/" in key


def _key(written: dict[str, Any], resource: Resource, state: DesiredState) -> None:
    key = _key_id(resource)
    looked_up = f"${{data.aws_kms_key.{_label_of(state.endpoint)}.arn}}"
    found = key if _is_arn(key) else looked_up
    if written.pop("kms_key_id", None):
        written["kms_key_arn"] = found
    if "KmsKeyId" in resource.body.get("DataCaptureConfig", {}):
        written["data_capture_config"]["kms_key_id"] = found


def _of(state: DesiredState, kind: str) -> str:
    return f"${{{TYPES[kind]}.{_label_of(state.endpoint)}.name}}"


def _within(resource_id: str, state: DesiredState) -> str:
    """`endpoint/<name>/variant/<variant>`, after the endpoint."""
    service, _, *rest = resource_id.split("/")
    return "/".join([service, _of(state, "endpoint"), *rest])


def _label(resource: Resource, state: DesiredState) -> str:
    """Names of immutable objects change with their content; labels must not."""
    return _label_of(state.endpoint if resource.kind in _IMMUTABLE else resource.name)


def _label_of(name: str) -> str:
    """A name as an identifier, which starts with no digit."""
    clean = re.sub(r"[^a-zA-Z0-9_-]", "_", name)
    return clean if clean[:1].isalpha() else f"_{clean}"


def _alias(region: str) -> str:
    return region.replace("-", "_")


def _snaked(value: Any) -> Any:
    """A body in the provider's names: tags, dimensions and variables are maps there."""
    if isinstance(value, list):
        return [_snaked(item) for item in value]
    if isinstance(value, dict):
        return {_snake(name): _member(name, item) for name, item in value.items()}
    return _literal(value) if isinstance(value, str) else value


def _member(name: str, item: Any) -> Any:
    match name:
        case "Tags":
            return {_literal(tag["Key"]): _literal(tag["Value"]) for tag in item}
        case "Dimensions":
            return {one["Name"]: one["Value"] for one in item}
        case "Environment":
            return {key: _literal(text) for key, text in item.items()}
    return _snaked(item)


def _snake(name: str) -> str:
    return _WORD.sub("_", name).lower()


def _literal(text: str) -> str:
    """Text in which Terraform finds no template."""
    return text.replace("${", "$${").replace("%{", "%%{")
