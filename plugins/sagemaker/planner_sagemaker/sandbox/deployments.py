"""DeploymentConfig: how an update shifts traffic, what it forbids, how long it waits."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

_PERCENT = {"canary": (0, 50), "linear": (10, 50), "rolling": (5, 50)}
_SIZES = {"CANARY": "CanarySize", "LINEAR": "LinearStepSize"}


def problems(deployment: Mapping[str, Any], instances: int) -> Iterator[str]:
    """What is wrong with a deployment onto so many instances; 0 instances are serverless.

    The wording is ours; the rules are those of the service model's documentation.
    """
    blue, rolling = deployment.get("BlueGreenUpdatePolicy"), deployment.get("RollingUpdatePolicy")
    if bool(blue) and bool(rolling):
        yield "Only one of BlueGreenUpdatePolicy and RollingUpdatePolicy may be provided."
    if blue:
        yield from _blue_green(blue, instances)
    if rolling:
        yield from _rolling(rolling, instances)
    longest = (blue or rolling or {}).get("MaximumExecutionTimeoutInSeconds")
    if longest is not None and longest <= waits_s(deployment, instances):
        yield "MaximumExecutionTimeoutInSeconds must be greater than the sum of all waits."


def _blue_green(policy: Mapping[str, Any], instances: int) -> Iterator[str]:
    routing = policy["TrafficRoutingConfiguration"]
    kind = routing["Type"]
    if instances == 0 and kind != "ALL_AT_ONCE":
        yield "Serverless endpoints support ALL_AT_ONCE traffic routing only."
        return
    for other, member in _SIZES.items():
        if (member in routing) != (kind == other):
            verb = "must" if kind == other else "must not"
            yield f"{member} {verb} be provided for traffic routing of type {kind}."
        elif member in routing:
            yield from _size(routing[member], other.lower(), instances)


def _rolling(policy: Mapping[str, Any], instances: int) -> Iterator[str]:
    if instances == 0:
        yield "Rolling updates are not supported for serverless endpoints."
        return
    for member in ("MaximumBatchSize", "RollbackMaximumBatchSize"):
        if member in policy:
            yield from _size(policy[member], "rolling", instances, member)


def _size(size: Mapping[str, Any], kind: str, instances: int, member: str = "") -> Iterator[str]:
    least, most = _PERCENT[kind]
    if member == "RollbackMaximumBatchSize":
        most = 100  # "the maximum value is 100% of the total instance count"
    percent = size["Value"]
    if size["Type"] == "INSTANCE_COUNT":
        percent = 100 * size["Value"] / instances
    if not least <= percent <= most:
        yield f"The {kind} size must be between {least}% and {most}% of {instances} instances."


def waits_s(deployment: Mapping[str, Any], instances: int) -> float:
    """Seconds a deployment waits by its own wish."""
    rolling = deployment.get("RollingUpdatePolicy")
    if rolling:
        batch = _instances(rolling["MaximumBatchSize"], instances)
        return float(math.ceil(instances / batch) * rolling["WaitIntervalInSeconds"])
    blue = deployment.get("BlueGreenUpdatePolicy")
    if not blue:
        return 0.0
    routing = blue["TrafficRoutingConfiguration"]
    steps = 1
    if "LinearStepSize" in routing:
        steps = math.ceil(instances / _instances(routing["LinearStepSize"], instances))
    waits = steps * routing.get("WaitIntervalInSeconds", 0)
    return float(waits + blue.get("TerminationWaitInSeconds", 0))


def extra_instances(deployment: Mapping[str, Any], instances: int) -> int:
    """How many instances an update needs beside those that serve: a whole fleet, or a batch."""
    rolling = deployment.get("RollingUpdatePolicy")
    return _instances(rolling["MaximumBatchSize"], instances) if rolling else instances


def alarms(deployment: Mapping[str, Any]) -> list[str]:
    """Names of the alarms that roll an update back."""
    watched = deployment.get("AutoRollbackConfiguration") or {}
    return [alarm["AlarmName"] for alarm in watched.get("Alarms") or () if "AlarmName" in alarm]


def _instances(size: Mapping[str, Any], instances: int) -> int:
    value = int(size["Value"])
    return value if size["Type"] == "INSTANCE_COUNT" else max(1, value * instances // 100)
