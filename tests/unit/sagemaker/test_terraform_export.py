from __future__ import annotations

import re
from typing import Any

import pytest
from planner_sagemaker.exports.api import OPERATIONS, api_calls
from planner_sagemaker.provider import provider

from planner.model.export import Asked, ExportedFile
from tests.support.exported_states import SPECIAL, WARM, named, one, shown
from tests.support.field_tables import META, terraform
from tests.support.read_back import read_back

KINDS = {
    "aws_sagemaker_model": "model",
    "aws_sagemaker_endpoint_configuration": "endpoint-config",
    "aws_cloudwatch_metric_alarm": "alarm",
    "aws_sagemaker_endpoint": "endpoint",
    "aws_appautoscaling_target": "scalable-target",
    "aws_appautoscaling_policy": "scaling-policy",
    "aws_appautoscaling_scheduled_action": "scheduled-action",
    "aws_cloudwatch_dashboard": "dashboard",
}
NAMED = {
    "model": "model_name",
    "endpoint-config": "endpoint_config_name",
    "endpoint": "endpoint_name",
    "scaling-policy": "policy_name",
    "scheduled-action": "scheduled_action_name",
}
REFERENCE = re.compile(r"(?<!\$)\$\{([\w.-]+)\}")


def configuration(*endpoints: Asked) -> ExportedFile:
    (file,) = provider.exporting().files()["terraform"](endpoints)
    return file


def read(document: dict[str, Any], kind: str, label: str) -> dict[str, Any]:
    """The request that a resource stands for."""
    body = resolved(document["resource"][kind][label], document)
    body = {name: item for name, item in body.items() if name not in META}
    ours = KINDS[kind]
    if ours in NAMED:
        body[NAMED[ours]] = body.pop("name")
    if "tags" in body:
        body["tags"] = [{"Key": name, "Value": text} for name, text in body["tags"].items()]
    if "dimensions" in body:
        body["dimensions"] = [
            {"Name": name, "Value": text} for name, text in body["dimensions"].items()
        ]
    if "metric_query" in body:
        body["metrics"] = [queried(one) for one in body.pop("metric_query")]
    if "kms_key_arn" in body:
        body["kms_key_id"] = body.pop("kms_key_arn")
    return read_back(*OPERATIONS[ours], body)


def queried(query: dict[str, Any]) -> dict[str, Any]:
    if "metric" not in query:
        return query
    metric = dict(query.pop("metric"))
    stat = {name: metric.pop(name) for name in ("period", "stat")}
    metric["dimensions"] = [
        {"Name": name, "Value": text} for name, text in metric["dimensions"].items()
    ]
    return {**query, "metric_stat": {"metric": metric, **stat}}


def resolved(value: Any, document: dict[str, Any]) -> Any:
    if isinstance(value, dict):
        return {name: resolved(item, document) for name, item in value.items()}
    if isinstance(value, list):
        return [resolved(item, document) for item in value]
    if not isinstance(value, str):
        return value
    text = REFERENCE.sub(lambda found: looked_up(found[1], document), value)
    return text.replace("$${", "${").replace("%%{", "%{")


def looked_up(reference: str, document: dict[str, Any]) -> str:
    if reference.startswith("data."):
        _, kind, label, attribute = reference.split(".")
        assert attribute == "arn"
        key: str = document["data"][kind][label]["key_id"]
        return key
    kind, label, attribute = reference.split(".")
    found: str = resolved(document["resource"][kind][label][attribute], document)
    return found


def untold(operation: str, body: dict[str, Any]) -> dict[str, Any]:
    """Without what the provider has no word for."""
    unknown = {"PutMetricAlarm": "WarmUpConfiguration", "PutDashboard": "Tags"}.get(operation)
    return {name: item for name, item in body.items() if name != unknown}


@pytest.mark.parametrize("kind", sorted(SPECIAL))
def test_a_configuration_asks_for_what_the_planner_would_send(kind: str) -> None:
    endpoint = shown(kind, "fraud-scorer")
    document = configuration(endpoint).content
    found = [
        read(document, kind, label)
        for kind, resources in document["resource"].items()
        for label in resources
    ]
    sent = [(call.operation, call.parameters) for call in api_calls(endpoint.state)]
    assert found == [untold(*one) for one in sent]
    assert terraform(document, "terraform_aws") == []


def test_labels_outlast_another_content_and_start_with_no_digit() -> None:
    document = configuration(named("7up"), named("b", instance_type="ml.m7i.large")).content
    assert set(document["resource"]["aws_sagemaker_model"]) == {"_7up", "b"}
    assert set(document["resource"]["aws_sagemaker_endpoint_configuration"]) == {"_7up", "b"}


def test_the_config_before_goes_last() -> None:
    resources = configuration(named("a")).content["resource"]
    for kind in ("aws_sagemaker_model", "aws_sagemaker_endpoint_configuration"):
        assert resources[kind]["a"]["lifecycle"] == {"create_before_destroy": True}
    assert "lifecycle" not in resources["aws_sagemaker_endpoint"]["a"]


def test_each_region_has_a_provider() -> None:
    document = configuration(named("a"), named("b", region="eu-west-1")).content
    assert [one["alias"] for one in document["provider"]["aws"]] == ["eu_west_1", "us_east_1"]
    endpoints = document["resource"]["aws_sagemaker_endpoint"]
    assert endpoints["b"]["provider"] == "aws.eu_west_1"


def test_what_it_cannot_keep_is_said_in_the_file_too() -> None:
    file = configuration(shown("scaled", "a"), named("b"))
    (note,) = [note for note in file.notes if "retained counts" in note]
    assert note.startswith("a: ")
    assert file.content["//"] == list(file.notes)
    assert not any("retained counts" in note for note in configuration(one(WARM)).notes)


def test_what_the_provider_has_no_word_for_is_said() -> None:
    alerted, plain = configuration(shown("alerted", "a")), configuration(named("b"))
    assert any(note.startswith("a: the AWS provider has no tags of dash") for note in alerted.notes)
    assert any(note.startswith("a: the AWS provider has no warm-up") for note in alerted.notes)
    assert not any("dashboard" in note or "warm-up" in note for note in plain.notes)
