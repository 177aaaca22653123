"""The REST calls that make the desired state, in order."""

from __future__ import annotations

from typing import Any

from planner.model.resource import ApiCall, DesiredState

CREATIONS = {
    "endpoint": ("serving-endpoints.create", "/api/2.0/serving-endpoints"),
    "alert": ("alerts-v2.create-alert", "/api/2.0/alerts"),
}
"""What makes an object, and where; databricks-sdk has both."""


def api_calls(state: DesiredState) -> list[ApiCall]:
    """Look-ups of aliases first, then one POST for the endpoint and for each of its alerts.

    A value that a look-up yields stands in the POST as `{"$from": {"call": i, "field": f}}`: field
    `f` of the answer to the call at index `i` of this list, as text.
    """
    lookups: list[ApiCall] = []
    creations = [
        ApiCall(
            service="databricks",
            operation=CREATIONS[resource.kind][0],
            parameters=_with_lookups(resource.body, lookups),
            method="POST",
            path=CREATIONS[resource.kind][1],
        )
        for resource in state.resources
    ]
    return lookups + creations


def _with_lookups(value: Any, lookups: list[ApiCall]) -> Any:
    """`value` with every look-up replaced by a reference to its call, which is added once."""
    if isinstance(value, dict):
        source = value.get("$from")
        if isinstance(source, dict):
            return {"$from": {"call": _call(source, lookups), "field": source["field"]}}
        return {key: _with_lookups(item, lookups) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_lookups(item, lookups) for item in value]
    return value


def _call(source: dict[str, str], lookups: list[ApiCall]) -> int:
    call = ApiCall(
        service="databricks",
        operation="model-versions.get-by-alias",
        parameters={},
        method=source["method"],
        path=source["path"],
    )
    if call not in lookups:
        lookups.append(call)
    return lookups.index(call)
