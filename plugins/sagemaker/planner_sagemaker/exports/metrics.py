"""Where CloudWatch counts the requests of an endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from planner.model.export import Asked
from planner.model.workload import MeasuredAt
from planner_sagemaker.resources.names import VARIANT, readable

NAMESPACE = "AWS/SageMaker"


class SageMakerMetrics:
    """Metrics of the variant, a value a minute."""

    def requests(self, asked: Asked, /) -> Mapping[str, Any]:
        """Invocations."""
        return _query(asked, "Invocations", "Sum")

    def failed(self, asked: Asked, /) -> Mapping[str, Any]:
        """Answers of 500 and above."""
        return _query(asked, "Invocation5XXErrors", "Sum")

    def within(self, asked: Asked, seconds: float, /) -> Mapping[str, Any] | None:
        """Requests up to a latency, by trimmed count; None where overhead alone takes longer.

        ModelLatency is in microseconds and leaves out what SageMaker itself adds.
        """
        microseconds = round((seconds - _overhead_s(asked)) * 1e6)
        if microseconds <= 0:
            return None
        # docs.aws.amazon.com AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
        return _query(asked, "ModelLatency", f"TC(:{microseconds})")

    def hints(self, asked: Asked, /) -> tuple[str, ...]:
        """What ModelLatency does not see."""
        name, overhead_s = asked.state.endpoint, _overhead_s(asked)
        said = []
        if overhead_s:
            said.append(
                f"{name}: ModelLatency leaves out what SageMaker adds; {overhead_s * 1e3:g} ms are "
                "taken off the bounds for it"
            )
        if asked.decision.hosting == "serverless":
            said.append(
                f"{name}: a cold start is part of OverheadLatency, and ModelLatency does not see it"
            )
        return tuple(said)


def _overhead_s(asked: Asked) -> float:
    if asked.workload.slo.measured_at is MeasuredAt.MODEL:
        return 0.0
    settings = next(one.settings for one in asked.workload.providers if one.name == "sagemaker")
    return float(settings.catalog_options().overhead)


def _query(asked: Asked, metric: str, statistic: str) -> dict[str, Any]:
    return {
        "type": "CloudWatch",
        "spec": {
            "region": asked.state.region,
            "namespace": NAMESPACE,
            "metricName": metric,
            "stat": statistic,
            "dimensions": {
                "EndpointName": readable(asked.state.endpoint),
                "VariantName": VARIANT,
            },
        },
    }
