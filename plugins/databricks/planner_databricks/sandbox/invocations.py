"""Queries of an endpoint: whether it answers, and which served entity does.

The model is none: a prediction is the number of the row. Requests are spread exactly by the split,
not at random, and each is counted for the metrics of the last minute. The first of each entity is
answered as late as if it had to be loaded first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import JSONResponse, Response

from planner.provider.sandbox.answering import Delayed
from planner.provider.sandbox.store import Document
from planner_databricks.sandbox.errors import WorkspaceError, invalid, not_found
from planner_databricks.sandbox.finding import existing
from planner_databricks.sandbox.operation import Operation
from planner_databricks.sandbox.tokens import refuse_others
from planner_databricks.sandbox.transitions import save
from planner_databricks.sandbox.views import ready
from planner_databricks.sandbox.workspace import WORKSPACE_ID, Call

MINUTE_S = 60.0
_TABULAR = ("dataframe_records", "instances", "inputs")


def query(call: Call) -> Response:
    """Answer from the entity whose turn it is."""
    return _answered(call, None)


def query_entity(call: Call) -> Response:
    """Answer from one entity, whatever the split; databricks-sdk does not have it (#1043)."""
    return _answered(call, call.path["entity"])


def query_optimized(call: Call) -> Response:
    """The address of an endpoint with route optimization, which has no other."""
    endpoint = existing(call)
    if not endpoint["route_optimized"]:
        raise not_found(f"Endpoint {call.path['name']} is not route optimized.")
    refuse_others(call, endpoint)
    return _answered(call, None, optimized=True)


def _answered(call: Call, entity: str | None, *, optimized: bool = False) -> Response:
    endpoint = existing(call)
    if endpoint["route_optimized"] is not optimized:
        # Endpoints made after 2025-09-22 answer on their own address only (docs,
        # query-route-optimization); the text is ours.
        raise not_found("Route optimized endpoints are queried at their endpoint_url only.")
    if endpoint["suspended"]:
        raise WorkspaceError("BAD_REQUEST", f"Endpoint {endpoint['name']} is stopped.")
    if not ready(endpoint):
        raise WorkspaceError(
            "TEMPORARILY_UNAVAILABLE", f"Endpoint {endpoint['name']} is not ready.", status=503
        )
    rows = _rows(call.body)
    served = entity or _turn(endpoint)
    if served not in {one["name"] for one in endpoint["config"]["entities"]}:
        raise not_found(f"Served entity {served} does not exist.")
    asked = endpoint.setdefault("asked", [])
    asked[:] = [at for at in asked if at > call.now - MINUTE_S]
    asked.append(call.now)
    loads = _loads(endpoint, served)
    save(call.workspace, endpoint)
    answer = JSONResponse({"predictions": list(range(rows))}, headers={"served-model-name": served})
    return Delayed(answer, call.workspace.pace.load_s) if loads else answer


def _loads(endpoint: Document, served: str) -> bool:
    """Whether this is the first query of an entity since its config version serves."""
    version = endpoint["config"]["version"]
    loaded = endpoint.get("loaded")
    if loaded is None or loaded["version"] != version:
        loaded = endpoint["loaded"] = {"version": version, "entities": []}
    if served in loaded["entities"]:
        return False
    loaded["entities"].append(served)
    return True


def _turn(endpoint: Document) -> str:
    """The entity that is furthest behind its share."""
    counts = endpoint.setdefault("turns", {})
    version = str(endpoint["config"]["version"])
    if counts.get("version") != version:
        counts.clear()
        counts["version"] = version
    routes: Sequence[Mapping[str, Any]] = endpoint["config"]["routes"]
    total = 1 + sum(counts.get(route["name"], 0) for route in routes)
    name = max(
        routes,
        key=lambda one: total * one["percentage"] / 100 - counts.get(one["name"], 0),
    )["name"]
    counts[name] = counts.get(name, 0) + 1
    return str(name)


def _rows(body: Mapping[str, Any]) -> int:
    split = body.get("dataframe_split")
    if isinstance(split, dict) and isinstance(split.get("data"), list):
        return len(split["data"])
    for field in _TABULAR:
        if isinstance(body.get(field), list):
            return len(body[field])
    raise invalid("The request must hold dataframe_split, dataframe_records, instances or inputs")


_PATH = "/serving-endpoints/{name}"
OPERATIONS = (
    Operation(name="Query", method="POST", path=f"{_PATH}/invocations", handler=query),
    Operation(
        name="QueryEntity",
        method="POST",
        path=f"{_PATH}/served-models/{{entity}}/invocations",
        handler=query_entity,
    ),
    Operation(
        name="QueryOptimized",
        method="POST",
        path=f"/{WORKSPACE_ID}{_PATH}/invocations",
        handler=query_optimized,
    ),
)
