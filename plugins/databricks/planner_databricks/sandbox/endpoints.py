"""Serving endpoints: create, get, list, update of the config, delete."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from planner.provider.sandbox.store import Document
from planner_databricks.sandbox import bodies
from planner_databricks.sandbox.attachments import (
    check_gateway,
    check_mails,
    check_tags,
    with_profile,
)
from planner_databricks.sandbox.configs import config_of, external
from planner_databricks.sandbox.entities import NAME
from planner_databricks.sandbox.errors import already_exists, invalid
from planner_databricks.sandbox.finding import existing, idle
from planner_databricks.sandbox.operation import ENDPOINT, ENDPOINTS, Operation
from planner_databricks.sandbox.quotas import charge, count_write
from planner_databricks.sandbox.transitions import (
    IN_PROGRESS,
    KIND,
    NOT_UPDATING,
    UPDATE_CANCELED,
    UPDATE_FAILED,
    mark,
    save,
    tell,
)
from planner_databricks.sandbox.views import detailed, listed
from planner_databricks.sandbox.workspace import REGION, Call, Mishap, key

RESERVED = "databricks-"
_BUILT = 0.6
"""Which part of an update is over when the container image is built."""

_REASON = (
    # Quoted in public samples of pending configs.
    "Served model creation aborted because the endpoint update timed out. Please see service logs "
    "for more information."
)


def create(call: Call) -> Mapping[str, Any]:
    """Answer at once; the endpoint is ready later."""
    count_write(call)
    body = bodies.CREATE(call.body, "")
    name = body["name"]
    if not NAME.fullmatch(name) or name.startswith(RESERVED):
        raise invalid(
            f"Endpoint name {name} is invalid: it can consist of alphanumeric characters, dashes "
            f"and underscores, 63 at most, and cannot start with {RESERVED}."
        )
    endpoint = _new(call, body)
    config = config_of(call, body["config"], 1) if "config" in body else None
    if call.found(KIND, name) is not None:
        raise already_exists(f"Endpoint with name '{name}' already exists.")
    if config is not None:
        begin(call, endpoint, config, call.workspace.pace.create_s)
    charge(call, endpoint)
    save(call.workspace, endpoint)
    return detailed(call, endpoint)


def _new(call: Call, body: Mapping[str, Any]) -> Document:
    """An endpoint without a config."""
    telemetry = body.get("telemetry_config")
    return {
        "name": body["name"],
        "id": sha256(f"{body['name']} {call.now}".encode()).hexdigest()[:32],
        "created": call.now,
        "modified": call.now,
        # Never null: databricks/cli takes a description that was not given for "".
        "description": body.get("description", ""),
        "route_optimized": body.get("route_optimized", False),
        "policy": body.get("budget_policy_id"),
        "tags": check_tags(body.get("tags", [])),
        "ai_gateway": check_gateway(body.get("ai_gateway", {})),
        "notifications": check_mails(body.get("email_notifications", {})),
        "telemetry": None if telemetry is None else with_profile(body["name"], telemetry),
        "config": None,
        "pending": None,
        "update": NOT_UPDATING,
        "suspended": False,
        "version": 0,
        "events": [],
        "permissions": [],
        "_steps": [],
    }


def get(call: Call) -> Mapping[str, Any]:
    """Everything about one endpoint."""
    return detailed(call, existing(call))


def every(call: Call) -> Mapping[str, Any]:
    """All endpoints at once: there are no pages."""
    found = call.workspace.store.every(REGION, KIND)
    return {"endpoints": [listed(endpoint) for endpoint in found]}


def update(call: Call) -> Mapping[str, Any]:
    """Take a whole config in place of the one that serves, which serves until the new one does."""
    count_write(call)
    given = bodies.CONFIG(call.body, "")
    endpoint = idle(call)
    config = config_of(call, given, endpoint["version"] + 1)
    if endpoint["config"] and external(endpoint["config"]) != external(config):
        raise invalid("An endpoint cannot be switched between external and other models")
    begin(call, endpoint, config, call.workspace.pace.update_s)
    endpoint["modified"] = call.now
    charge(call, endpoint)
    save(call.workspace, endpoint)
    return detailed(call, endpoint)


def delete(call: Call) -> Mapping[str, Any]:
    """Gone at once, even while it is being updated; its name is free again."""
    endpoint = existing(call)
    call.workspace.store.remove(key(KIND, endpoint["name"]))
    call.workspace.store.ledger.charge(REGION, endpoint["name"], {})
    return {}


def begin(call: Call, endpoint: Document, config: Document, lasts_s: float) -> None:
    """Start on a config; what a fault rule says becomes of it."""
    mark(config, "DEPLOYMENT_CREATING", "Creating container image.")
    for entity in config["entities"]:
        entity["_created"] = call.now
    endpoint.update(pending=config, update=IN_PROGRESS, version=config["version"])
    steps: list[dict[str, Any]] = [{"at": call.now + lasts_s * _BUILT, "do": "built"}]
    end = {"at": call.now + lasts_s}
    if call.befallen(Mishap.UPDATE_FAILED) or call.befallen(Mishap.UPDATE_CANCELED):
        canceled = call.befallen(Mishap.UPDATE_CANCELED)
        reason = (call.fault and call.fault.message) or _REASON
        deployment = "DEPLOYMENT_ABORTED" if canceled or reason == _REASON else "DEPLOYMENT_FAILED"
        ended = UPDATE_CANCELED if canceled else UPDATE_FAILED
        steps.append(
            {**end, "do": "fail", "update": ended, "deployment": deployment, "reason": reason}
        )
    elif not call.befallen(Mishap.STUCK):
        steps.append({**end, "do": "serve"})
    endpoint["_steps"] = steps
    tell(endpoint, call.now, f"Endpoint update to config version {config['version']} started.")


OPERATIONS = (
    Operation(name="CreateEndpoint", method="POST", path=ENDPOINTS, handler=create, mutating=True),
    Operation(name="ListEndpoints", method="GET", path=ENDPOINTS, handler=every),
    Operation(name="GetEndpoint", method="GET", path=ENDPOINT, handler=get),
    Operation(
        name="UpdateConfig",
        method="PUT",
        path=f"{ENDPOINT}/config",
        handler=update,
        mutating=True,
    ),
    Operation(
        name="DeleteEndpoint",
        method="DELETE",
        path=ENDPOINT,
        handler=delete,
        mutating=True,
    ),
)
