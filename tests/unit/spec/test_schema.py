"""The published schema is the one of the models."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from planner_databricks.provider import provider as databricks
from planner_sagemaker.provider import provider as sagemaker

from planner.spec import endpoint_schema
from planner.spec.construct import Constructor
from planner.spec.document import compose
from planner.spec.overlay import child, text_of
from planner.spec.report import Report
from planner.spec.sections import Sections, SpecKeys

ROOT = Path(__file__).parents[3]
SCHEMA = endpoint_schema(
    {provider.name: provider.settings_model() for provider in (sagemaker, databricks)}
)


def test_the_file_equals_the_models() -> None:
    file = ROOT / "schemas" / "endpoint.v1alpha1.json"
    assert json.loads(file.read_text()) == SCHEMA, "run: planner schema endpoint > schemas/..."


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$id"].startswith("urn:planner:schema:endpoint:v1alpha1")


def with_defaults(schema: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(schema, dict):
        if "default" in schema:
            yield path, schema
        for key, value in schema.items():
            yield from with_defaults(value, f"{path}/{key}")
    elif isinstance(schema, list):
        for index, value in enumerate(schema):
            yield from with_defaults(value, f"{path}/{index}")


@pytest.mark.parametrize(("path", "field"), list(with_defaults(SCHEMA)))
def test_every_default_may_be_written(path: str, field: dict[str, Any]) -> None:
    whole = Draft202012Validator({"$defs": SCHEMA["$defs"], **field})
    assert whole.is_valid(field["default"]), f"{path}: {field['default']!r}"


def test_every_section_of_the_schema_is_read() -> None:
    assert set(SpecKeys.model_fields) < set(Sections.__dataclass_fields__)


def endpoints() -> Iterator[Any]:
    for file in sorted((ROOT / "examples").glob("*/*planner.yaml")):
        report = Report()
        for node in compose(file.name, file.read_bytes(), report):
            if text_of(child(node, "kind")) == "Endpoint":
                yield pytest.param(Constructor(report, {}).data(node), id=file.parent.name)


@pytest.mark.parametrize("document", list(endpoints()))
def test_our_examples_are_valid(document: Any) -> None:
    errors = [error.message for error in Draft202012Validator(SCHEMA).iter_errors(document)]
    assert errors == []


def test_what_is_wrong_is_refused() -> None:
    document = {
        "apiVersion": "planner/v1alpha1",
        "kind": "Endpoint",
        "metadata": {"name": "a"},
        "spec": {
            "models": [{"name": "m", "size": "1Mi", "service_time": 5}],
            "traffic": {"type": "steady", "rate": "5/m"},
            "slo": {"latency": {"p999": "1s"}},
            "providers": {"mainframe": {}},
        },
    }
    found = Draft202012Validator(SCHEMA).iter_errors(document)
    places = {tuple(error.absolute_path)[:2] for error in found}
    assert places == {
        ("spec", "models"),
        ("spec", "traffic"),
        ("spec", "slo"),
        ("spec", "providers"),
    }
