"""Requests of an endpoint, as CloudWatch counts them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from planner.errors import ProviderError
from planner.model.recall import Recall, Recalled
from planner_sagemaker.reading import Ask, RefusedError

_DAY_S = 86_400.0
_KEPT = ((15 * _DAY_S, 60), (63 * _DAY_S, 300), (455 * _DAY_S, 3600))
"""Ages up to which CloudWatch keeps a period, and the period (CloudWatch concepts, retention)."""

SOURCE = "CloudWatch"


def invocations(ask: Ask, recall: Recall) -> Recalled:
    """`Invocations` of every variant, summed; refused and failed requests are among them."""
    variants = _variants(ask, recall.endpoint)
    period_s = next(
        (width for age, width in _KEPT if recall.until_s - recall.since_s <= age), _KEPT[-1][1]
    )
    since_s = math.floor(recall.since_s / period_s) * period_s
    found: dict[float, float] = {}
    answer = ask(
        "cloudwatch",
        "GetMetricData",
        {
            "MetricDataQueries": [
                _query(f"v{index}", recall.endpoint, variant, period_s)
                for index, variant in enumerate(variants)
            ],
            "StartTime": datetime.fromtimestamp(since_s, UTC),
            "EndTime": datetime.fromtimestamp(recall.until_s, UTC),
            "ScanBy": "TimestampAscending",
        },
    )
    for at, number in _points(answer):
        found[at] = found.get(at, 0.0) + number
    if not any(found.values()):
        raise ProviderError(
            "trace-empty",
            f"CloudWatch has no invocations of {recall.endpoint} in this time",
            hint="planner trace import NAME --since 60d",
        )
    return Recalled(source=SOURCE, period_s=float(period_s), counts=tuple(sorted(found.items())))


def _variants(ask: Ask, endpoint: str) -> list[str]:
    try:
        shown = ask("sagemaker", "DescribeEndpoint", {"EndpointName": endpoint})
    except RefusedError as error:
        if error.missing:
            raise ProviderError(
                "unknown-endpoint",
                f"there is no endpoint {endpoint}",
                hint="aws sagemaker list-endpoints",
            ) from error
        raise
    return [str(one["VariantName"]) for one in shown.get("ProductionVariants") or ()]


def _query(name: str, endpoint: str, variant: str, period_s: int) -> Mapping[str, Any]:
    # An endpoint's name alone matches nothing: the metric has both dimensions.
    dimensions = [
        {"Name": "EndpointName", "Value": endpoint},
        {"Name": "VariantName", "Value": variant},
    ]
    metric = {"Namespace": "AWS/SageMaker", "MetricName": "Invocations", "Dimensions": dimensions}
    return {"Id": name, "MetricStat": {"Metric": metric, "Period": period_s, "Stat": "Sum"}}


def _points(answer: Mapping[str, Any]) -> Iterator[tuple[float, float]]:
    for one in answer.get("MetricDataResults", ()):
        for at, number in zip(one["Timestamps"], one["Values"], strict=True):
            yield at.timestamp(), number
