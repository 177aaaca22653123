"""Stop and start, which databricks-sdk does not have (databricks/databricks-sdk-py#752)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from planner_databricks.sandbox.configs import external
from planner_databricks.sandbox.endpoints import begin
from planner_databricks.sandbox.errors import invalid
from planner_databricks.sandbox.finding import idle
from planner_databricks.sandbox.operation import ENDPOINT, Operation
from planner_databricks.sandbox.quotas import charge, count_write
from planner_databricks.sandbox.transitions import save, tell
from planner_databricks.sandbox.views import detailed
from planner_databricks.sandbox.workspace import Call


def stop(call: Call) -> Mapping[str, Any]:
    """Take the endpoint out of service; it keeps its config and costs nothing."""
    count_write(call)
    endpoint = idle(call)
    if endpoint["config"] is None or external(endpoint["config"]) or endpoint["suspended"]:
        raise invalid(f"Endpoint {endpoint['name']} cannot be stopped.")
    endpoint.update(suspended=True, modified=call.now)
    tell(endpoint, call.now, "Endpoint stopped.")
    charge(call, endpoint)
    save(call.workspace, endpoint)
    return detailed(call, endpoint)


def start(call: Call) -> Mapping[str, Any]:
    """Deploy the config once more, as a new version."""
    count_write(call)
    endpoint = idle(call)
    if not endpoint["suspended"]:
        raise invalid(f"Endpoint {endpoint['name']} is not stopped.")
    again = {**endpoint["config"], "version": endpoint["version"] + 1, "started": call.now}
    begin(call, endpoint, again, call.workspace.pace.update_s)
    endpoint.update(suspended=False, config=None, modified=call.now)
    charge(call, endpoint)
    save(call.workspace, endpoint)
    return detailed(call, endpoint)


OPERATIONS = (
    Operation(
        name="StopEndpoint",
        method="POST",
        path=f"{ENDPOINT}/config:stop",
        handler=stop,
        mutating=True,
    ),
    Operation(
        name="StartEndpoint",
        method="POST",
        path=f"{ENDPOINT}/config:start",
        handler=start,
        mutating=True,
    ),
)
