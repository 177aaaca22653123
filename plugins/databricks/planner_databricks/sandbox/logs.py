"""What an endpoint tells of its deployments: events, build logs, logs of the model server."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from planner.provider.sandbox.store import Document
from planner_databricks.sandbox.errors import not_found
from planner_databricks.sandbox.finding import existing
from planner_databricks.sandbox.operation import ENDPOINT, Operation
from planner_databricks.sandbox.workspace import Call, milliseconds


def events(call: Call) -> Mapping[str, Any]:
    """The newest first; databricks-sdk does not have it."""
    endpoint = existing(call)
    return {
        "events": [
            {
                "event_type": "ENDPOINT_UPDATE",
                "status": "FAILED" if event["text"].startswith("Update failed") else "INFO",
                "message": event["text"],
                "timestamp": milliseconds(event["at"]),
            }
            for event in reversed(endpoint["events"])
        ]
    }


def build(call: Call) -> Mapping[str, Any]:
    """The log of the container image."""
    return {"logs": _lines(_entity(call), "Container image")}


def serving(call: Call) -> Mapping[str, Any]:
    """The log of the model server, which has the reason of a failed update."""
    return {"logs": _lines(_entity(call), "")}


def _entity(call: Call) -> tuple[Document, Mapping[str, Any]]:
    """The served entity of the newest config that has it, or of the version that is asked for."""
    endpoint = existing(call)
    version = call.query.get("config_version")
    for config in (endpoint["pending"], endpoint["config"]):
        if config is None or version not in (None, str(config["version"])):
            continue
        for entity in config["entities"]:
            if entity["name"] == call.path["entity"]:
                return endpoint, entity
    raise not_found(f"Served entity {call.path['entity']} does not exist.")


def _lines(found: tuple[Document, Mapping[str, Any]], only: str) -> str:
    endpoint, entity = found
    told = [(event["at"], event["text"]) for event in endpoint["events"] if only in event["text"]]
    reason = entity["_state"]["deployment_state_message"]
    if reason and not only:
        told.append((entity["_created"], f"{entity['name']}: {reason}"))
    return "".join(
        f"[{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S +0000}] {text}\n" for at, text in told
    )


_SERVED = f"{ENDPOINT}/served-models/{{entity}}"
OPERATIONS = (
    Operation(name="ListEvents", method="GET", path=f"{ENDPOINT}/events", handler=events),
    Operation(name="GetBuildLogs", method="GET", path=f"{_SERVED}/build-logs", handler=build),
    Operation(name="GetLogs", method="GET", path=f"{_SERVED}/logs", handler=serving),
)
