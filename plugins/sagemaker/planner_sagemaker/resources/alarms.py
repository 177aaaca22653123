"""The alarms that roll an update back: server errors, and the latency objective."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from planner.model.candidate import Decision
from planner.model.resource import Resource
from planner.model.workload import LatencyTarget, MeasuredAt, Workload
from planner_sagemaker.resources.names import VARIANT, readable
from planner_sagemaker.resources.rollout import unguarded
from planner_sagemaker.resources.tags import tagged
from planner_sagemaker.settings import SageMakerSettings

DEFAULT_FAILED = 0.01
"""Share of failed requests that rolls back where the spec has no availability."""

_TIMING = {
    # SageMaker publishes a value a minute. Two bad ones of three leave a single burst alone and
    # are found in three minutes, well within the default interval of a rollout.
    "Period": 60,
    "EvaluationPeriods": 3,
    "DatapointsToAlarm": 2,
    "ComparisonOperator": "GreaterThanThreshold",
    # Nobody calls: no reason to stop an update.
    "TreatMissingData": "notBreaching",
}


def alarms(
    decision: Decision, workload: Workload, settings: SageMakerSettings, tags: dict[str, str]
) -> Iterator[Resource]:
    """Nothing where an update is not rolled back by alarms.

    They watch the variant, and so the old fleet as well as the new one: an endpoint that fails
    already is not updated (docs.aws.amazon.com sagemaker/latest/dg
    deployment-guardrails-configuration). None of their numbers rests on the rollout.
    """
    if not workload.rollout.rollback or unguarded(decision, settings):
        return
    endpoint = readable(decision.endpoint)
    yield _alarm(endpoint, "5xx", _errors(workload), tags)
    target = _tail(workload.slo.latency)
    measured = {} if target is None else _latency(target, workload, settings)
    if target is not None and measured["Threshold"] > 0:
        yield _alarm(endpoint, f"latency-{target.label}", measured, tags)


def _alarm(endpoint: str, what: str, measured: dict[str, Any], tags: dict[str, str]) -> Resource:
    name = f"{endpoint}-{what}"
    body = {
        "AlarmName": name,
        "AlarmDescription": f"Rolls updates of endpoint {endpoint} back",
        "Namespace": "AWS/SageMaker",
        # By name, as they are read.
        "Dimensions": [
            {"Name": "EndpointName", "Value": endpoint},
            {"Name": "VariantName", "Value": VARIANT},
        ],
        **_TIMING,
        **measured,
    }
    return Resource(address=f"alarm/{name}", kind="alarm", name=name, body=tagged(body, tags))


def _errors(workload: Workload) -> dict[str, Any]:
    """Failed requests: each counts 1 or 0, so that the average is their share."""
    availability = workload.slo.availability
    allowed = DEFAULT_FAILED if availability is None else round(1.0 - availability, 9)
    return {"MetricName": "Invocation5XXErrors", "Statistic": "Average", "Threshold": allowed}


def _latency(
    target: LatencyTarget, workload: Workload, settings: SageMakerSettings
) -> dict[str, Any]:
    """ModelLatency is in microseconds and leaves out what SageMaker itself adds."""
    inside = workload.slo.measured_at is MeasuredAt.MODEL
    overhead_s = 0.0 if inside else settings.catalog_options().overhead
    statistic = {
        None: {"Statistic": "Average"},
        1.0: {"Statistic": "Maximum"},
    }.get(target.quantile, {"ExtendedStatistic": target.label})
    threshold = float(round((target.seconds - overhead_s) * 1e6))
    return {"MetricName": "ModelLatency", **statistic, "Threshold": threshold}


def _tail(targets: tuple[LatencyTarget, ...]) -> LatencyTarget | None:
    """The highest percentile, else the mean, else the maximum, which one request decides."""

    def rank(target: LatencyTarget) -> float:
        return {None: 0.0, 1.0: -1.0}.get(target.quantile, target.quantile or 0.0)

    return max(targets, key=rank, default=None)
