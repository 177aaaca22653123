from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from planner_sagemaker.exports.api import api_calls
from planner_sagemaker.exports.cloudformation import MAX_RESOURCES
from planner_sagemaker.provider import provider

from planner.model.export import Asked, ExportedFile
from tests.support.cloudformation import bodies
from tests.support.exported_states import SCALED, SPECIAL, WARM, named, one, shown
from tests.support.sagemaker_values import decision, model


def templates(*endpoints: Asked) -> tuple[ExportedFile, ...]:
    return tuple(provider.exporting().files()["cloudformation"](endpoints))


def by_name(body: dict[str, Any]) -> str:
    """Order of bodies whose members stand in any order."""
    return json.dumps(body, sort_keys=True)


def sent(endpoint: Asked) -> list[dict[str, Any]]:
    return [call.parameters for call in api_calls(endpoint.state)]


@pytest.mark.parametrize("kind", sorted(SPECIAL.keys() - {"warm"}))
def test_a_template_asks_for_what_the_planner_would_send(kind: str) -> None:
    endpoint = shown(kind, "fraud-scorer")
    (file,) = templates(endpoint)
    found = bodies(file.content)
    assert sorted(found, key=by_name) == sorted(sent(endpoint), key=by_name)


def test_logical_ids_outlast_another_model() -> None:
    def ids(endpoint: Asked) -> Iterator[str]:
        (file,) = templates(endpoint)
        return iter(file.content["Resources"])

    before, after = one(SCALED), one(replace(SCALED, instance_type="ml.m7i.large"))
    assert before.state.resources[1].name != after.state.resources[1].name
    assert list(ids(before)) == list(ids(after))
    assert next(ids(before)) == "FraudScorerModel"


def test_names_that_differ_by_a_hyphen_keep_apart() -> None:
    (file,) = templates(named("ab-c"), named("abC"), named("ab-C"))
    assert len(file.content["Resources"]) == 3 * len(named("ab-c").state.resources)
    assert bodies(file.content) == [*sent(named("ab-c")), *sent(named("abC")), *sent(named("ab-C"))]


def test_counts_of_an_autoscaler_are_retained() -> None:
    (scaled,), (fixed,) = templates(one(SCALED)), templates(one(decision()))
    kept = scaled.content["Resources"]["FraudScorerEndpoint"]["Properties"]
    assert kept["RetainAllVariantProperties"] is True
    fixed_one = fixed.content["Resources"]["FraudScorerEndpoint"]["Properties"]
    assert "RetainAllVariantProperties" not in fixed_one
    assert any("scalable target" in note for note in scaled.notes)
    assert not any("scalable target" in note for note in fixed.notes)


def test_provisioned_concurrency_is_not_scaled_and_the_template_says_so() -> None:
    (file,) = templates(one(WARM))
    types = {resource["Type"] for resource in file.content["Resources"].values()}
    assert not any("ApplicationAutoScaling" in name for name in types)
    (note,) = [note for note in file.notes if "provisioned concurrency" in note]
    assert note.startswith("fraud-scorer: ")
    assert note in file.content["Metadata"]["Planner"]["Notes"]


def test_regions_and_too_many_resources_make_several_templates() -> None:
    each = len(named("e-0").state.resources)
    fits = MAX_RESOURCES // each
    many = [named(f"e-{number}") for number in range(fits + 1)]
    elsewhere = named("far", region="eu-west-1")
    files = templates(*many, elsewhere)
    assert [file.name for file in files] == [
        "eu-west-1.cloudformation.yaml",
        "us-east-1.cloudformation.yaml",
        "us-east-1-2.cloudformation.yaml",
    ]
    assert [len(file.content["Resources"]) for file in files] == [each, fits * each, each]


def test_a_value_that_cloudformation_would_resolve_is_said() -> None:
    models = (model("fraud", environment=(("KEY", "{{resolve:ssm:key}}"),)),)
    (file,) = templates(shown("fixed", "fraud-scorer", models=models))
    assert any(note.startswith("fraud-scorer: CloudFormation puts a value") for note in file.notes)
    assert not any("{{resolve" in note for note in templates(named("b"))[0].notes)
