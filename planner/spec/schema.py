"""The JSON Schema of an endpoint's spec, for editors and other programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from planner.spec.sections import EndpointDocument

SCHEMA_ID = "urn:planner:schema:endpoint:v1alpha1"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def endpoint_schema(provider_models: Mapping[str, type[BaseModel]]) -> dict[str, Any]:
    """Return the schema of `kind: Endpoint` with one property per provider block."""
    ordered = sorted(provider_models.items())
    models: list[type[BaseModel]] = [EndpointDocument, *(model for _, model in ordered)]
    references, whole = models_json_schema([(model, "validation") for model in models])
    definitions: dict[str, Any] = whole.get("$defs", {})
    blocks = {name: references[model, "validation"] for name, model in ordered}
    definitions["SpecKeys"]["properties"]["providers"] = {
        "type": "object",
        "description": "One block per candidate provider; two blocks mean: compare, and choose.",
        "minProperties": 1,
        "additionalProperties": False,
        "properties": blocks,
    }
    definitions["SpecKeys"]["oneOf"] = [{"required": ["models"]}, {"required": ["models_from"]}]
    root = definitions.pop("EndpointDocument")
    return {
        "$schema": _DIALECT,
        "$id": SCHEMA_ID,
        **root,
        "$defs": {name: definitions[name] for name in sorted(definitions)},
    }
