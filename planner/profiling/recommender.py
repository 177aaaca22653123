"""Inference Recommender: the answer of DescribeInferenceRecommendationsJob as JSON.

Shapes of botocore 1.44's service model. `MaxInvocations` are a minute and over all instances of the
endpoint, `ModelLatency` milliseconds at that rate, in the container. The answer does not say how
many users that took: what is in service is their product.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from planner.profiling.content import Content
from planner.profiling.observation import Given, Observation

_TOOL = "Inference Recommender"
_LIST = "InferenceRecommendations"


def is_job(content: Content) -> bool:
    """Tell the description of a job."""
    found = content.json
    return isinstance(found, dict) and isinstance(found.get(_LIST), list)


def job(content: Content, given: Given) -> tuple[Observation, ...]:
    """One observation a recommendation."""
    day = given.day(_day(content.json.get("CompletionTime") or content.json.get("CreationTime")))
    found = (_recommendation(one, given, day) for one in content.json[_LIST])
    return tuple(one for one in found if one is not None)


def _day(stamp: Any) -> str:
    """A time as the AWS CLI writes it (ISO 8601), or as the wire does (seconds)."""
    if isinstance(stamp, int | float):
        return datetime.fromtimestamp(stamp, UTC).date().isoformat()
    return str(stamp or "")[:10]


def _recommendation(one: Mapping[str, Any], given: Given, day: str) -> Observation | None:
    numbers = one.get("Metrics") or {}
    placed = one.get("EndpointConfiguration") or {}
    per_minute, latency_ms = numbers.get("MaxInvocations"), numbers.get("ModelLatency")
    if not per_minute or not latency_ms:
        return None
    serverless = placed.get("ServerlessConfig")
    stated = placed.get("InstanceType")
    if serverless:
        stated = f"serverless-{serverless['MemorySizeInMB']}"
    copies = placed.get("InitialInstanceCount") or 1
    return Observation(
        instance_type=given.instance(stated),
        loop="closed",
        throughput_per_s=per_minute / 60.0 / copies,
        mean_s=latency_ms / 1e3,
        labels=tuple(_environment(one)),
        at="model",
        tool=_TOOL,
        date=day,
    )


def _environment(one: Mapping[str, Any]) -> list[tuple[str, str]]:
    found = (one.get("ModelConfiguration") or {}).get("EnvironmentParameters") or []
    return [(str(each["Key"]), str(each["Value"])) for each in found]
