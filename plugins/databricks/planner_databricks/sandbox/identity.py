"""Who asks, and where: what clients look up before anything else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from planner_databricks.sandbox.operation import Operation
from planner_databricks.sandbox.workspace import USER, WORKSPACE_ID, Call


def host(call: Call) -> Mapping[str, Any]:
    """The first thing that databricks-sdk asks; it gives no cloud where the sandbox has none."""
    told = {"oidc_endpoint": f"{call.url}/oidc", "workspace_id": WORKSPACE_ID}
    cloud = call.workspace.store.fact("cloud")
    return {**told, "cloud": cloud.upper()} if cloud else told


def me(call: Call) -> Mapping[str, Any]:
    """Everybody is the same user."""
    del call
    return {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "id": "1000000000000001",
        "userName": USER,
        "displayName": "Sandbox",
        "active": True,
        "emails": [{"type": "work", "value": USER, "primary": True}],
        "groups": [{"display": "users", "type": "direct", "value": "1"}],
    }


OPERATIONS = (
    Operation(
        name="GetHostMetadata",
        method="GET",
        path="/.well-known/databricks-config",
        handler=host,
        signed=False,
    ),
    Operation(name="GetMe", method="GET", path="/api/2.0/preview/scim/v2/Me", handler=me),
)
