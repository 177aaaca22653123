"""What becomes of an endpoint as time goes by.

A document's `_steps` are what will happen to it and when. While one thing turns into another,
`_next` holds the members it will have, and `_back` those it returns to.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from planner_sagemaker.sandbox.cloud import Cloud
from planner_sagemaker.sandbox.deployments import alarms
from planner_sagemaker.sandbox.fleets import taken
from planner_sagemaker.sandbox.store import Document, Key

KIND = "endpoint"
ALARM = "alarm"
"""Kind of the alarms that watch a deployment; one in state ALARM rolls it back."""

Step = dict[str, Any]


def save(cloud: Cloud, key: Key, endpoint: Document) -> None:
    """Write an endpoint, when time changes it next, and what it takes of the account's quotas."""
    steps = endpoint.get("_steps") or []
    cloud.store.put(key, endpoint, due=steps[0]["at"] if steps else None)
    cloud.store.ledger.charge(key.region, key.name, taken(endpoint))


def change(cloud: Cloud, key: Key, endpoint: Document, at: float) -> None:
    """Carry out every step whose time has come."""
    steps: list[Step] = endpoint["_steps"]
    while steps and steps[0]["at"] <= at:
        step = steps.pop(0)
        if step["do"] == "vanish":
            cloud.store.remove(key)
            cloud.store.ledger.charge(key.region, key.name, {})
            return
        if step["do"] == "serve" and _alarming(cloud, key.region, endpoint):
            step = {**step, "do": "restore"}
        _STEPS[step["do"]](endpoint, step)
        endpoint["LastModifiedTime"] = step["at"]
    save(cloud, key, endpoint)


def alarmed(cloud: Cloud, region: str, alarm: str, at: float) -> None:
    """Roll back the updates that watch an alarm which has just gone off."""
    for key, endpoint in cloud.store.starting(region, KIND, "", status="Updating"):
        if alarm in _watched(endpoint):
            endpoint["_steps"] = [{"at": at + cloud.pace.rollback_s, "do": "restore"}]
            save(cloud, key, endpoint)


def _watched(endpoint: Document) -> list[str]:
    return alarms((endpoint.get("_next") or {}).get("LastDeploymentConfig") or {})


def _alarming(cloud: Cloud, region: str, endpoint: Document) -> bool:
    found = (
        cloud.store.get(Key(region=region, kind=ALARM, name=name)) for name in _watched(endpoint)
    )
    return any(alarm is not None and alarm.get("StateValue") == "ALARM" for alarm in found)


def _serve(endpoint: Document, step: Step) -> None:
    del step
    endpoint.pop("FailureReason", None)
    endpoint.update(endpoint.get("_next", {}))
    _settled(endpoint, "InService")


def _restore(endpoint: Document, step: Step) -> None:
    """A rollback ends in service, with the old config, and often without a reason."""
    endpoint.pop("FailureReason", None)
    endpoint.update(endpoint.get("_back", {}))
    if step.get("reason"):
        endpoint["FailureReason"] = step["reason"]
    _settled(endpoint, "InService")


def _fail(endpoint: Document, step: Step) -> None:
    endpoint["FailureReason"] = step["reason"]
    _settled(endpoint, step.get("status", "Failed"))


def _mark(endpoint: Document, step: Step) -> None:
    endpoint["EndpointStatus"] = step["status"]


def _settled(endpoint: Document, status: str) -> None:
    endpoint["EndpointStatus"] = status
    for member in ("_next", "_back", "_extra", "PendingDeploymentSummary"):
        endpoint.pop(member, None)


_STEPS: dict[str, Callable[[Document, Step], None]] = {
    "serve": _serve,
    "restore": _restore,
    "fail": _fail,
    "mark": _mark,
}
