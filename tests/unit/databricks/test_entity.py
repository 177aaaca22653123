"""Which registered model version is served, and what a user writes when it is not said."""

from __future__ import annotations

from typing import Any

import pytest

from planner.errors import ProviderError
from tests.support.databricks_values import body, decision, entity, model, workload

LOOKUP = {
    "$from": {
        "method": "GET",
        "path": "/api/2.1/unity-catalog/models/main.legal.tagger/aliases/champion",
        "field": "version",
    }
}


@pytest.mark.parametrize(
    ("artifact", "block", "name", "version"),
    [
        ("uc:main.legal.tagger/3", {}, "main.legal.tagger", "3"),
        ("models:/main.legal.tagger/3", {}, "main.legal.tagger", "3"),
        ("uc:main.legal.tagger@champion", {}, "main.legal.tagger", LOOKUP),
        ("uc:main.legal.tagger/3", {"entity_version": "4"}, "main.legal.tagger", "4"),
        ("uc:main.legal.tagger@champion", {"entity_version": "4"}, "main.legal.tagger", "4"),
        ("uc:main.legal.tagger/3", {"entity": "main.legal.tagger"}, "main.legal.tagger", "3"),
        ("", {"entity": "main.a.b", "entity_version": "1"}, "main.a.b", "1"),
        ("s3://bucket/model", {"entity": "main.a.b", "entity_version": "1"}, "main.a.b", "1"),
        (
            "uc:main.legal.tagger/3",
            {"entity": "main.a.b", "entity_version": "1"},
            "main.a.b",
            "1",
        ),
    ],
)
def test_the_block_wins_over_the_artifact(
    artifact: str, block: dict[str, Any], name: str, version: object
) -> None:
    served = entity(asked=workload(model(artifact=artifact)), **block)
    assert (served["entity_name"], served["entity_version"]) == (name, version)


@pytest.mark.parametrize(
    ("artifact", "block", "code", "hint"),
    [
        ("", {}, "entity-missing", "entity: catalog.schema.model"),
        ("s3://bucket/model", {}, "entity-missing", "entity: catalog.schema.model"),
        ("uc:tagger/3", {}, "entity-missing", "entity: catalog.schema.model"),
        ("uc:main.legal.tagger", {}, "entity-version-missing", 'entity_version: "1"'),
        ("", {"entity": "main.a.b"}, "entity-version-missing", 'entity_version: "1"'),
        (
            "uc:main.legal.tagger/3",
            {"entity": "main.a.b"},
            "entity-version-missing",
            'entity_version: "1"',
        ),
    ],
)
def test_one_model_without_a_version_is_refused_with_what_to_write(
    artifact: str, block: dict[str, Any], code: str, hint: str
) -> None:
    with pytest.raises(ProviderError) as caught:
        entity(asked=workload(model(artifact=artifact)), **block)
    assert (caught.value.code, caught.value.hint) == (code, hint)


def test_several_models_name_their_own() -> None:
    models = (model("a", weight=0.5, artifact="uc:main.shop.a/1"), model("b", weight=0.5))
    made = decision(models=("a", "b"))
    served = body(made, workload(*models))["config"]["served_entities"]
    assert [one["entity_name"] for one in served] == ["main.shop.a", "main.search.ranker"]


@pytest.mark.parametrize(
    ("artifact", "block", "code", "hint"),
    [
        ("", {}, "entity-missing", "artifact: uc:catalog.schema.model/1"),
        ("uc:main.shop.b", {}, "entity-version-missing", "artifact: uc:main.shop.b/1"),
        (
            "uc:main.shop.b/2",
            {"entity": "main.shop.a"},
            "entity-ambiguous",
            "artifact: uc:main.shop.a/1",
        ),
        (
            "uc:main.shop.b/2",
            {"entity_version": "2"},
            "entity-ambiguous",
            "artifact: uc:catalog.schema.model/1",
        ),
    ],
)
def test_the_block_cannot_name_one_entity_for_several_models(
    artifact: str, block: dict[str, Any], code: str, hint: str
) -> None:
    models = (model("a", weight=0.5), model("b", weight=0.5, artifact=artifact))
    with pytest.raises(ProviderError) as caught:
        body(decision(models=("a", "b")), workload(*models), **block)
    assert (caught.value.code, caught.value.hint) == (code, hint)
