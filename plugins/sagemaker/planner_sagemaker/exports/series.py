"""What of an endpoint's CloudWatch metrics Prometheus can alert on, by the names that YACE gives.

YACE is the exporter prometheus-community/yet-another-cloudwatch-exporter; how it makes a name of a
namespace, a metric and a statistic, and a label of a dimension: its pkg/promutil/migrate.go and
prometheus.go. Every value is that of the last period, in CloudWatch's unit.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping

from planner.alerts import Alert, Measure
from planner.model.export import Asked
from planner.model.workload import MeasuredAt
from planner_sagemaker.resources.measures import filled, fitted
from planner_sagemaker.resources.names import VARIANT, readable
from planner_sagemaker.vitals import variant_of

_CALLS, _HOSTS = "aws_sagemaker", "aws_sagemaker_endpoints"
_BIG = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class SageMakerSeries:
    """Expressions over the metrics of the variant."""

    def expression(self, asked: Asked, alert: Alert, /) -> str | None:
        """The measure in the last minute; for idleness the busiest minute of the period."""
        made = _EXPRESSIONS.get(alert.measure)
        return None if made is None else made(asked, alert)

    def fitted(self, asked: Asked, alert: Alert, /) -> Alert:
        """As for alarms of CloudWatch."""
        return fitted(alert, filled(asked.decision, asked.workload))

    def hints(self, asked: Asked, /) -> tuple[str, ...]:
        """How the exporter has to be set up, and what is added up."""
        name = asked.state.endpoint
        said = [
            f"{name}: metrics are called as YACE (prometheus-community/"
            "yet-another-cloudwatch-exporter) calls them by default: jobs of AWS/SageMaker and "
            "/aws/sagemaker/Endpoints with period: 60, length: 300 and nilToZero: true, for a "
            "minute without a request has no count of its own",
        ]
        latency = asked.workload.slo.latency
        if latency and asked.workload.slo.measured_at is not MeasuredAt.MODEL:
            said.append(
                f"{name}: percentiles of ModelLatency and OverheadLatency are added, which is no "
                "less than the percentile of the sum"
            )
        return tuple(said)


def _series(asked: Asked, metric: str, statistic: str, space: str = _CALLS) -> str:
    labels = {
        "dimension_EndpointName": readable(asked.state.endpoint),
        "dimension_VariantName": VARIANT,
        "region": asked.state.region,
    }
    chosen = ",".join(f"{label}={json.dumps(text)}" for label, text in labels.items())
    return f"{space}_{_snake(metric)}_{_snake(statistic)}{{{chosen}}}"


def _snake(name: str) -> str:
    """`invocation5_xxerrors` for Invocation5XXErrors: `_` where a capital follows none."""
    return _BIG.sub("_", name).lower().replace(".", "_")


_Count = tuple[str, str]
"""A metric and its statistic."""

_REQUESTS: _Count = ("Invocations", "Sum")


def _over(asked: Asked, alert: Alert, count: _Count) -> str:
    """Counts of the period; of several minutes as often as they are scraped, all alike."""
    series = _series(asked, *count)
    if alert.period_s == 60.0:
        return f"sum({series})"
    return f"sum(sum_over_time({series}[{alert.period_s:.0f}s]))"


def _ratio(part: _Count, whole: _Count = _REQUESTS) -> Callable[[Asked, Alert], str]:
    """A share; NaN, which is beyond no limit, where there are no requests."""
    return lambda asked, alert: f"{_over(asked, alert, part)} / {_over(asked, alert, whole)}"


def _latency(asked: Asked, alert: Alert) -> str:
    """Microseconds; the overhead is part of what an endpoint takes, and measured apart."""
    statistic = {None: "Average", 1.0: "Maximum"}.get(alert.quantile)
    if statistic is None:
        statistic = f"p{round((alert.quantile or 0.0) * 100.0, 9):.12g}"
    model = f"max({_series(asked, 'ModelLatency', statistic)})"
    if asked.workload.slo.measured_at is MeasuredAt.MODEL:
        return f"{model} / 1e6"
    return f"({model} + max({_series(asked, 'OverheadLatency', statistic)})) / 1e6"


def _cpu(asked: Asked, _: Alert) -> str | None:
    """CloudWatch counts 100 % for each processor of an instance; serverless has no such metric."""
    if asked.decision.hosting == "serverless":
        return None
    shown = {"VariantName": VARIANT, "InstanceType": asked.decision.instance_type}
    used = _series(asked, "CPUUtilization", "Average", _HOSTS)
    return f"max({used}) / {variant_of(shown).vcpus * 100.0:.12g}"


def _memory(asked: Asked, _: Alert) -> str:
    return f"max({_series(asked, 'MemoryUtilization', 'Average', _HOSTS)}) / 100"


def _fullness(asked: Asked, alert: Alert) -> str:
    """What the alarm of CloudWatch looks at, for the same reasons."""
    if asked.decision.hosting == "serverless":
        used = _series(asked, "ServerlessConcurrentExecutionsUtilization", "Average")
        return f"max({used})"
    calls = _series(asked, "InvocationsPerInstance", "Sum")
    took = _series(asked, "ModelLatency", "Average")
    slots = max(1, asked.decision.concurrency.per_replica)
    return f"max({calls}) * max({took}) / {alert.period_s * 1e6:.0f} / {slots}"


def _rate(asked: Asked, _: Alert) -> str:
    return f"sum({_series(asked, *_REQUESTS)}) / 60"


def _busiest(asked: Asked, alert: Alert) -> str:
    return f"sum(max_over_time({_series(asked, *_REQUESTS)}[{alert.period_s:.0f}s]))"


_EXPRESSIONS: Mapping[Measure, Callable[[Asked, Alert], str | None]] = {
    Measure.ERRORS: _ratio(("Invocation5XXErrors", "Sum")),
    Measure.REFUSED: _ratio(("Invocation4XXErrors", "Sum")),
    Measure.LATENCY: _latency,
    Measure.CPU: _cpu,
    Measure.MEMORY: _memory,
    Measure.FULLNESS: _fullness,
    Measure.HITS: _ratio(("ModelCacheHit", "Sum"), ("ModelCacheHit", "SampleCount")),
    Measure.COLD_STARTS: _ratio(("ModelSetupTime", "SampleCount")),
    Measure.RATE: _rate,
    Measure.IDLE: _busiest,
}
