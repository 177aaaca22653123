"""What the workspace shows of an endpoint, which is not what it was given.

Names are filled in, some fields are never shown again, and lists of named things come in an order
of the workspace's own (facts gathered from databricks/cli, bundle/direct/dresources, and from
answers quoted in public).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

from planner.provider.sandbox.store import Document
from planner_databricks.sandbox.tokens import details
from planner_databricks.sandbox.transitions import IN_PROGRESS
from planner_databricks.sandbox.workspace import USER, WORKSPACE_ID, Call, milliseconds

_HIDDEN = {"burst_scaling_enabled", "provisioned_model_units"}
_PLAINTEXT = "_plaintext"


def shuffled(named: Iterable[Mapping[str, Any]], field: str) -> list[Mapping[str, Any]]:
    """An order that has nothing to do with the one given; clients compare by name."""
    return sorted(named, key=lambda one: sha256(str(one[field]).encode()).digest())


def detailed(call: Call, endpoint: Document) -> dict[str, Any]:
    """The answer to GET, and to every request that creates or updates."""
    shown = {
        **_common(endpoint),
        "config": _config(endpoint["config"]) if endpoint["config"] else None,
        "pending_config": _pending(endpoint),
        "email_notifications": endpoint["notifications"],
        # Only what applies is shown, under a name of its own: budget_policy_id never is.
        "effective_budget_policy_id": endpoint["policy"],
        "resource_credential_strategy": "EMBEDDED_CREDENTIALS",
        **_addresses(call, endpoint),
    }
    return {name: one for name, one in shown.items() if one is not None}


def listed(endpoint: Document) -> dict[str, Any]:
    """A row of the list: a config only in outline, and nothing of what is pending."""
    config = endpoint["config"] or endpoint["pending"]
    outline = [_outline(entity) for entity in _entities(config)] if config else []
    shown = {
        **_common(endpoint),
        "config": {"served_entities": outline, "served_models": [*map(_as_model, outline)]}
        if outline
        else {},
    }
    return {name: one for name, one in shown.items() if one is not None}


def tags(endpoint: Document) -> list[Mapping[str, Any]]:
    """Tags, which are a set."""
    pairs = ({"key": name, "value": text} for name, text in endpoint["tags"].items())
    return shuffled(pairs, "key")


def ready(endpoint: Document) -> bool:
    """Whether the endpoint can be queried."""
    return endpoint["config"] is not None and not endpoint["suspended"]


def _common(endpoint: Document) -> dict[str, Any]:
    return {
        "name": endpoint["name"],
        "creator": USER,
        "creation_timestamp": milliseconds(endpoint["created"]),
        "last_updated_timestamp": milliseconds(endpoint["modified"]),
        "state": {
            "ready": "READY" if ready(endpoint) else "NOT_READY",
            "config_update": endpoint["update"],
            "suspend": "SUSPENDED" if endpoint["suspended"] else "NOT_SUSPENDED",
        },
        "tags": tags(endpoint) or None,
        "ai_gateway": endpoint["ai_gateway"],
        "telemetry_config": _telemetry(endpoint["telemetry"]),
        "id": endpoint["id"],
        "route_optimized": endpoint["route_optimized"],
        "permission_level": "CAN_MANAGE",
        "creator_display_name": "Sandbox",
        "creator_kind": "User",
        "description": endpoint["description"],
    }


def _pending(endpoint: Document) -> dict[str, Any] | None:
    """What is being tried, or was tried last and failed: its entities say why."""
    if endpoint["pending"] is None:
        return None
    return {
        **_config(endpoint["pending"]),
        "start_time": milliseconds(endpoint["pending"]["started"]),
    }


def _config(config: Document) -> dict[str, Any]:
    entities = [_entity(entity) for entity in _entities(config)]
    return {
        "served_entities": entities,
        # The older name of the same list is still there (answers quoted in public).
        "served_models": [_as_model(entity) for entity in entities],
        "traffic_config": {
            "routes": [
                {
                    # Both names, whichever was given.
                    "served_model_name": route["name"],
                    "traffic_percentage": route["percentage"],
                    "served_entity_name": route["name"],
                }
                for route in shuffled(config["routes"], "name")
            ]
        },
        "config_version": config["version"],
    }


def _entities(config: Document) -> list[Mapping[str, Any]]:
    return shuffled(config["entities"], "name")


def _outline(entity: Mapping[str, Any]) -> dict[str, Any]:
    fields = ("name", "entity_name", "entity_version", "external_model")
    shown = {name: entity[name] for name in fields if name in entity}
    return {**shown, "type": _type(entity)}


def _entity(entity: Mapping[str, Any]) -> dict[str, Any]:
    shown = {
        name: _without_plaintext(one) if name == "external_model" else one
        for name, one in entity.items()
        if name not in _HIDDEN and not name.startswith("_")
    }
    return {
        **shown,
        "state": entity["_state"],
        "creator": entity["_creator"],
        "creation_timestamp": milliseconds(entity["_created"]),
        "type": _type(entity),
    }


def _without_plaintext(external: Mapping[str, Any]) -> dict[str, Any]:
    """Secrets in plain text are taken and never shown."""
    return {
        name: _without_plaintext(one) if isinstance(one, dict) else one
        for name, one in external.items()
        if not name.endswith(_PLAINTEXT)
    }


def _type(entity: Mapping[str, Any]) -> str:
    if "external_model" in entity:
        return "EXTERNAL_MODEL"
    if "entity_version" not in entity:
        return "FEATURE_SPEC"
    return "UC_MODEL" if "." in entity["entity_name"] else "WORKSPACE_MODEL"


def _as_model(entity: Mapping[str, Any]) -> dict[str, Any]:
    renamed = {"entity_name": "model_name", "entity_version": "model_version"}
    return {renamed.get(name, name): one for name, one in entity.items()}


def _telemetry(config: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The tables to make a profile of are taken and never shown; the profile is."""
    if config is None:
        return None
    return {name: one for name, one in config.items() if name != "table_names"}


def _addresses(call: Call, endpoint: Document) -> dict[str, Any]:
    if not endpoint["route_optimized"] or endpoint["config"] is None:
        return {}
    # https://<id>.serving.cloud.databricks.com/<workspace-id>/...; here on the sandbox's own host.
    url = f"{call.url}/{WORKSPACE_ID}/serving-endpoints/{endpoint['name']}/invocations"
    query = {"endpoint_url": url, "authorization_details": details(endpoint)}
    return {"endpoint_url": url, "data_plane_info": {"query_info": query}}


def updating(endpoint: Document) -> bool:
    """Whether an update is in progress: then no second one is taken."""
    return bool(endpoint["update"] == IN_PROGRESS)
