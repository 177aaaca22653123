"""The endpoint that a request is about."""

from __future__ import annotations

from planner.provider.sandbox.store import Document
from planner_databricks.sandbox.errors import conflict, not_found
from planner_databricks.sandbox.transitions import KIND
from planner_databricks.sandbox.views import updating
from planner_databricks.sandbox.workspace import Call


def existing(call: Call) -> Document:
    """The endpoint that the path names; raises RESOURCE_DOES_NOT_EXIST."""
    name = call.path["name"]
    endpoint = call.found(KIND, name)
    if endpoint is None:
        raise not_found(f"Endpoint with name '{name}' does not exist.")
    return endpoint


def idle(call: Call) -> Document:
    """The endpoint that the path names; raises RESOURCE_CONFLICT while it is being updated."""
    endpoint = existing(call)
    if updating(endpoint):
        raise conflict(f"Endpoint {endpoint['name']} is currently updating.")
    return endpoint
