"""What becomes of an endpoint as time goes by.

An endpoint's `_steps` are what will happen to it and when. `pending` is the config that it is
being updated to, `config` the one that serves. They are two until the new one serves: an update
that fails leaves the old one alone, and what was tried stays in sight as the pending one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from planner.provider.sandbox.store import Document, Key
from planner_databricks.sandbox.workspace import Workspace, key

KIND = "endpoint"
IN_PROGRESS = "IN_PROGRESS"
NOT_UPDATING = "NOT_UPDATING"
UPDATE_FAILED = "UPDATE_FAILED"
UPDATE_CANCELED = "UPDATE_CANCELED"

Step = dict[str, Any]


def save(workspace: Workspace, endpoint: Document) -> None:
    """Write an endpoint, when time changes it next, and what it takes of the quotas."""
    steps = endpoint["_steps"]
    place = key(KIND, endpoint["name"])
    workspace.store.put(place, endpoint, due=steps[0]["at"] if steps else None)


def change(workspace: Workspace, place: Key, endpoint: Document) -> None:
    """Carry out every step whose time has come."""
    del place
    now = workspace.clock.now()
    steps: list[Step] = endpoint["_steps"]
    while steps and steps[0]["at"] <= now:
        step = steps.pop(0)
        _STEPS[step["do"]](endpoint, step)
    save(workspace, endpoint)


def tell(endpoint: Document, at_s: float, text: str) -> None:
    """Write into the endpoint's log of events."""
    endpoint["events"].append({"at": at_s, "text": text})


def mark(config: Document, deployment: str, message: str) -> None:
    """Say of every served entity of a config how its deployment is."""
    for entity in config["entities"]:
        entity["_state"] = {"deployment": deployment, "deployment_state_message": message}


def _built(endpoint: Document, step: Step) -> None:
    tell(endpoint, step["at"], "Container image creation finished successfully.")
    mark(endpoint["pending"], "DEPLOYMENT_CREATING", "Creating resources for served entity.")


def _served(endpoint: Document, step: Step) -> None:
    pending = endpoint["pending"]
    mark(pending, "DEPLOYMENT_READY", "")
    tell(endpoint, step["at"], f"Endpoint update to config version {pending['version']} finished.")
    endpoint.update(config=pending, pending=None, update=NOT_UPDATING)


def _failed(endpoint: Document, step: Step) -> None:
    mark(endpoint["pending"], step["deployment"], step["reason"])
    tell(endpoint, step["at"], f"Update failed: {step['reason']}")
    endpoint["update"] = step["update"]


_STEPS: dict[str, Callable[[Document, Step], None]] = {
    "built": _built,
    "serve": _served,
    "fail": _failed,
}
