"""A config: served entities and the traffic between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from planner.provider.sandbox.store import Document
from planner_databricks.sandbox.entities import Entity, entity_of
from planner_databricks.sandbox.errors import invalid
from planner_databricks.sandbox.workspace import Call

MOST_ENTITIES = 15
"""Documented as ten; databricks/databricks-sdk-py#1496 says what the workspace takes."""


def config_of(call: Call, given: Mapping[str, Any], version: int) -> Document:
    """A config as it is kept, with what the workspace fills in; raises WorkspaceError."""
    if "auto_capture_config" in given:
        raise invalid(
            # Azure release notes: not on new nor on existing endpoints since 2026-02-20.
            "Legacy inference tables (auto_capture_config) can no longer be enabled. Use AI "
            "Gateway inference tables instead."
        )
    entities = [entity_of(call, entity) for entity in _given(given)]
    names = [entity["name"] for entity in entities]
    for name in names:
        if names.count(name) > 1:
            raise invalid(f"Served entity names must be unique: {name}")
    if len({"external_model" in entity for entity in entities}) > 1:
        raise invalid("External models cannot be served beside other entities")
    return {
        "version": version,
        "started": call.now,
        "entities": entities,
        "routes": _routes(given.get("traffic_config"), names),
    }


def external(config: Mapping[str, Any]) -> bool:
    """Whether a config serves external models."""
    return any("external_model" in entity for entity in config["entities"])


def _given(config: Mapping[str, Any]) -> list[Entity]:
    if "served_entities" in config and "served_models" in config:
        raise invalid("Only one of served_entities and served_models can be specified")
    found = [*config.get("served_entities", ()), *map(_renamed, config.get("served_models", ()))]
    if not found:
        raise invalid("served_entities must be specified")
    if len(found) > MOST_ENTITIES:
        # The text that databricks-agents looks for.
        raise invalid(f"served_models cannot contain more than {MOST_ENTITIES} elements")
    return found


def _renamed(model: Mapping[str, Any]) -> Entity:
    """A served model, the older name of the same thing, as a served entity."""
    entity = dict(model)
    entity["entity_name"] = entity.pop("model_name")
    entity["entity_version"] = entity.pop("model_version")
    return entity


def _routes(traffic: Mapping[str, Any] | None, names: Sequence[str]) -> list[dict[str, Any]]:
    if traffic is None or not traffic.get("routes"):
        if len(names) > 1:
            raise invalid("traffic_config must be specified for more than one served entity")
        return [{"name": names[0], "percentage": 100}]
    routes = [_route(route) for route in traffic["routes"]]
    targets = [route["name"] for route in routes]
    for target in targets:
        if target not in names:
            raise invalid(f"traffic_config names {target}, which is no served entity")
    if sorted(targets) != sorted(names):
        raise invalid("traffic_config must have one route for each served entity")
    total = sum(route["percentage"] for route in routes)
    if total != 100:
        raise invalid(f"The traffic percentages must sum to 100, not {total}")
    return routes


def _route(route: Mapping[str, Any]) -> dict[str, Any]:
    names = {
        route[field] for field in ("served_entity_name", "served_model_name") if field in route
    }
    if len(names) != 1:
        raise invalid("A route must name one served entity")
    percentage = route["traffic_percentage"]
    if not 0 <= percentage <= 100:
        raise invalid(f"traffic_percentage must be between 0 and 100, not {percentage}")
    return {"name": names.pop(), "percentage": percentage}
