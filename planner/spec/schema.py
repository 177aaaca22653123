"""The JSON Schemas of specs and of files beside them, for editors and other programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from planner.spec.quantities import UNIT
from planner.spec.sections import EndpointDocument

SCHEMA_ID = "urn:planner:schema:endpoint:v1alpha1"
PROFILE_SCHEMA_ID = "urn:planner:schema:profile:v1alpha1"
POLICY_SCHEMA_ID = "urn:planner:schema:policy:v1alpha1"
LOCK_SCHEMA_ID = "urn:planner:schema:lock:v1alpha1"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TIMES = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))


def endpoint_schema(provider_models: Mapping[str, type[BaseModel]]) -> dict[str, Any]:
    """Return the schema of `kind: Endpoint` with one property per provider block."""
    ordered = sorted(provider_models.items())
    models: list[type[BaseModel]] = [EndpointDocument, *(model for _, model in ordered)]
    references, whole = models_json_schema([(model, "validation") for model in models])
    definitions: dict[str, Any] = whole["$defs"]
    keys = definitions["SpecKeys"]
    keys["properties"]["providers"] = {
        "type": "object",
        "description": "One block per candidate provider; two blocks mean: compare, and choose.",
        "minProperties": 1,
        "additionalProperties": False,
        "properties": {name: references[model, "validation"] for name, model in ordered},
    }
    keys["oneOf"] = [{"required": ["models"]}, {"required": ["models_from"]}]
    for definition in definitions.values():
        _tidy(definition)
    root = definitions.pop("EndpointDocument")
    return {
        "$schema": _DIALECT,
        "$id": SCHEMA_ID,
        "title": "Endpoint",
        **root,
        "$defs": {name: definitions[name] for name in sorted(definitions)},
    }


def profile_schema() -> dict[str, Any]:
    """Return the schema of `kind: Profile`."""
    from planner.spec.profile_blocks import ProfileDocument  # noqa: PLC0415  few ask for it

    return _published(ProfileDocument, PROFILE_SCHEMA_ID)


def policy_schema() -> dict[str, Any]:
    """Return the schema of `kind: Policy`; that names of rules differ is beyond it."""
    from planner.spec.policy_file import BOUNDS, PolicyDocument  # noqa: PLC0415  few ask for it

    whole = _published(PolicyDocument, POLICY_SCHEMA_ID)
    given = {"not": {"type": "null"}}
    whole["$defs"]["RuleBlock"]["anyOf"] = [
        {"required": [name], "properties": {name: given}} for name in BOUNDS
    ]
    return whole


def lock_schema() -> dict[str, Any]:
    """Return the schema of `kind: Lock`."""
    from planner.spec.lock_file import LockDocument  # noqa: PLC0415  few ask for it

    return _published(LockDocument, LOCK_SCHEMA_ID)


def _published(model: type[BaseModel], identity: str) -> dict[str, Any]:
    """The schema of one kind of file, under the kind's name."""
    whole = model.model_json_schema()
    definitions: dict[str, Any] = whole.pop("$defs")
    for definition in definitions.values():
        _tidy(definition)
    _tidy(whole)
    return {
        "$schema": _DIALECT,
        "$id": identity,
        "title": model.__name__.removesuffix("Document"),
        **whole,
        "$defs": {name: definitions[name] for name in sorted(definitions)},
    }


def _tidy(value: Any) -> None:
    """Drop titles that repeat the key, close maps, and write defaults as a person would."""
    for item in value if isinstance(value, list) else ():
        _tidy(item)
    if not isinstance(value, dict):
        return
    if isinstance(value.get("title"), str):
        del value["title"]
    unit = value.pop(UNIT, None)
    if "patternProperties" in value:
        value["additionalProperties"] = False
    if "default" in value:
        value["default"] = _default(value["default"], unit)
        if value["default"] is None:
            del value["default"]
    for item in value.values():
        _tidy(item)


def _default(number: Any, unit: str | None) -> Any:
    """Write a default with its unit where a bare number would not be valid."""
    if not isinstance(number, int | float):
        return number
    if unit == "money":
        return f"{number:g} USD"
    if unit == "duration":
        for name, seconds in _TIMES:
            if number and number % seconds == 0:
                return f"{number / seconds:g}{name}"
        return f"{number * 1000:g}ms" if number else "0s"
    return number
