"""OpenSLO's own JSON Schemas take every document, where somebody keeps them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from jsonschema import Draft7Validator
from referencing import Registry
from referencing.jsonschema import DRAFT7

from tests.support.exports import everywhere

PLACE = "PLANNER_TEST_OPENSLO_SCHEMAS"
"""Names a directory with schemas/v1 as it was in OpenSLO/OpenSLO until September 2024."""


def test_openslo_schemas_take_every_document() -> None:
    """The project gave them up for a library in Go, and we found no package with them."""
    place = os.environ.get(PLACE)
    if place is None:
        pytest.skip(f"{PLACE} names no schemas")
    schemas = [json.loads(path.read_bytes()) for path in sorted(Path(place).rglob("*.json"))]
    known = [(one["$id"], DRAFT7.create_resource(one)) for one in schemas]
    (whole,) = [one for one in schemas if one["title"] == "OpenSLO"]
    judge = Draft7Validator(whole, registry=Registry().with_resources(known))
    documents = [one for file in everywhere("openslo").values() for one in file.content]
    assert [one["metadata"]["name"] for one in documents if not judge.is_valid(one)] == []
    assert not judge.is_valid({**documents[0], "spec": {"description": "x" * 1051}})
