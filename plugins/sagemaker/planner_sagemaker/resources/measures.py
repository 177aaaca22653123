"""What CloudWatch has of each measure of `planner.alerts`: metric, statistic, unit and threshold.

Names, units and dimensions: docs.aws.amazon.com sagemaker/latest/dg monitoring-cloudwatch,
multi-model-endpoint-cloudwatch-metrics and serverless-endpoints-monitoring.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from planner.alerts import Alert, Measure
from planner.model.candidate import Decision
from planner.model.value import value
from planner.model.workload import MeasuredAt, Workload
from planner_sagemaker import tables
from planner_sagemaker.resources.names import VARIANT, readable
from planner_sagemaker.settings import SageMakerSettings

CALLS, HOSTS = "AWS/SageMaker", "/aws/sagemaker/Endpoints"
_MICRO = 1e6
_HOUR_S = 3600


@value
class Watched:
    """What thresholds of one endpoint rest on; `vcpus` and `slots` are those of one instance.

    `filled` is the part of its memory that the models are planned to take.
    """

    endpoint: str
    overhead_s: float
    vcpus: float | None
    slots: int
    filled: float = 0.0
    serverless: bool = False

    @property
    def dimensions(self) -> list[dict[str, str]]:
        """Those that all of its metrics have, by name, as they are read."""
        return [
            {"Name": "EndpointName", "Value": self.endpoint},
            {"Name": "VariantName", "Value": VARIANT},
        ]


def watched_of(decision: Decision, workload: Workload, settings: SageMakerSettings) -> Watched:
    """What the alarms of a decision rest on."""
    inside = workload.slo.measured_at is MeasuredAt.MODEL
    row = _row(decision)
    return Watched(
        endpoint=readable(decision.endpoint),
        overhead_s=0.0 if inside else settings.catalog_options().overhead,
        vcpus=row.hardware.vcpus if row is not None else None,
        slots=max(1, decision.concurrency.per_replica),
        filled=filled(decision, workload),
        serverless=decision.hosting == "serverless",
    )


def filled(decision: Decision, workload: Workload) -> float:
    """The part of an instance's memory that the models are planned to take; 0 if not known."""
    row = _row(decision)
    memory = row.hardware.memory_bytes if row is not None else None
    held = sum(one.memory_bytes for one in workload.models if one.name in decision.models)
    return held / memory if memory else 0.0


def _row(decision: Decision) -> tables.InstanceRow | None:
    return next((one for one in tables.instances() if one.name == decision.instance_type), None)


def fitted(alert: Alert, part: float) -> Alert:
    """With the limit of this endpoint: memory that is filled on purpose may be a tenth fuller."""
    if alert.measure is not Measure.MEMORY:
        return alert
    return replace(alert, limit=max(alert.limit, round(1.1 * part, 4)))


def measured(alert: Alert, watched: Watched) -> Mapping[str, Any] | str:
    """The part of a PutMetricAlarm that measures; a text says why there is none."""
    return _MEASURES[alert.measure](alert, watched)


def _simple(
    alert: Alert, watched: Watched, metric: tuple[str, str, str], threshold: float
) -> dict[str, Any]:
    """An alarm on (namespace, metric, statistic)."""
    namespace, name, statistic = metric
    extended = "ExtendedStatistic" if statistic.startswith("p") else "Statistic"
    return {
        "Namespace": namespace,
        "Dimensions": watched.dimensions,
        "Period": int(alert.period_s),
        **_timing(alert),
        "MetricName": name,
        extended: statistic,
        "Threshold": threshold,
    }


def _timing(alert: Alert) -> dict[str, Any]:
    """When an alarm goes off."""
    return {
        "EvaluationPeriods": alert.periods,
        "DatapointsToAlarm": alert.bad,
        "ComparisonOperator": "LessThanThreshold" if alert.below else "GreaterThanThreshold",
        # Nobody calls: nothing to be told of, and no reason to stop an update.
        "TreatMissingData": "notBreaching",
    }


def _math(
    alert: Alert, watched: Watched, expression: str, parts: Mapping[str, tuple[str, str]]
) -> dict[str, Any]:
    """An alarm on an expression of metrics and statistics by id; all by id, as they are read."""
    queries: dict[str, dict[str, Any]] = {
        name: {
            "Id": name,
            "MetricStat": {
                "Metric": {
                    "Namespace": CALLS,
                    "MetricName": metric,
                    "Dimensions": watched.dimensions,
                },
                "Period": int(alert.period_s),
                "Stat": statistic,
            },
            "ReturnData": False,
        }
        for name, (metric, statistic) in parts.items()
    }
    queries["value"] = {
        "Id": "value",
        "Expression": expression,
        "Label": alert.id,
        "ReturnData": True,
    }
    return {**_timing(alert), "Metrics": [queries[name] for name in sorted(queries)]}


def _errors(alert: Alert, watched: Watched) -> Mapping[str, Any]:
    """Failed requests: each counts 1 or 0, so that the average is their share."""
    return _simple(alert, watched, (CALLS, "Invocation5XXErrors", "Average"), alert.limit)


def _refused(alert: Alert, watched: Watched) -> Mapping[str, Any]:
    return _simple(alert, watched, (CALLS, "Invocation4XXErrors", "Average"), alert.limit)


def _latency(alert: Alert, watched: Watched) -> Mapping[str, Any] | str:
    """ModelLatency is in microseconds and leaves out what SageMaker itself adds."""
    threshold = float(round((alert.limit - watched.overhead_s) * _MICRO))
    if threshold <= 0:
        added_ms = watched.overhead_s * 1e3
        return f"the objective is within the {added_ms:g} ms that SageMaker adds"
    statistics = {None: "Average", 1.0: "Maximum"}
    label = alert.id.removeprefix("latency-")
    statistic = statistics.get(alert.quantile, label)
    return _simple(alert, watched, (CALLS, "ModelLatency", statistic), threshold)


def _cpu(alert: Alert, watched: Watched) -> Mapping[str, Any] | str:
    """100 % for each processor of an instance; the mean of the instances."""
    if watched.serverless:
        return "SageMaker has no processors of serverless endpoints among its metrics"
    if not watched.vcpus:
        return "nobody says how many processors the instance type has"
    threshold = round(100.0 * watched.vcpus * alert.limit, 4)
    return _simple(alert, watched, (HOSTS, "CPUUtilization", "Average"), threshold)


def _memory(alert: Alert, watched: Watched) -> Mapping[str, Any] | str:
    if alert.limit >= 1.0:
        return "the plan fills it so far that what is too much cannot be told"
    metric = (HOSTS, "MemoryUtilization", "Average")
    return _simple(alert, watched, metric, round(100.0 * alert.limit, 4))


def _fullness(alert: Alert, watched: Watched) -> Mapping[str, Any]:
    """Requests at an instance by Little's law: the mean over a minute.

    ConcurrentRequestsPerModel has no mean: of few slots the most at once is all of them in any
    minute.
    """
    if watched.serverless:
        metric = (CALLS, "ServerlessConcurrentExecutionsUtilization", "Average")
        return _simple(alert, watched, metric, alert.limit)
    parts = {"calls": ("InvocationsPerInstance", "Sum"), "took": ("ModelLatency", "Average")}
    expression = f"calls * took / {int(alert.period_s * _MICRO)}"
    threshold = round(alert.limit * watched.slots, 4)
    return {**_math(alert, watched, expression, parts), "Threshold": threshold}


def _hits(alert: Alert, watched: Watched) -> Mapping[str, Any]:
    return _simple(alert, watched, (CALLS, "ModelCacheHit", "Average"), alert.limit)


def _cold_starts(alert: Alert, watched: Watched) -> Mapping[str, Any] | str:
    if not watched.serverless:
        return "only serverless endpoints have cold starts among their metrics"
    parts = {"calls": ("Invocations", "Sum"), "starts": ("ModelSetupTime", "SampleCount")}
    return {**_math(alert, watched, "starts / calls", parts), "Threshold": alert.limit}


def _rate(alert: Alert, watched: Watched) -> Mapping[str, Any]:
    most = round(alert.limit * alert.period_s, 4)
    return _simple(alert, watched, (CALLS, "Invocations", "Sum"), most)


def _idle(alert: Alert, watched: Watched) -> Mapping[str, Any]:
    """A day in hours: what is not called has no metric at all, and that is what is looked for.

    CloudWatch looks a few periods further back than it judges (user guide, "Configuring how
    CloudWatch alarms treat missing data"): of days these would be days. A new endpoint has the
    day to be called for the first time.
    """
    hours = max(1, round(alert.period_s / _HOUR_S))
    return {
        **_simple(alert, watched, (CALLS, "Invocations", "Sum"), alert.limit),
        "Period": _HOUR_S,
        "EvaluationPeriods": hours,
        "DatapointsToAlarm": hours,
        "TreatMissingData": "breaching",
        "WarmUpConfiguration": {
            "WarmUpPeriodDurationInMinutes": hours * 60,
            "OnlyStartEvaluatingAfterWarmUpPeriodEnds": True,
        },
    }


_MEASURES: Mapping[Measure, Callable[[Alert, Watched], Mapping[str, Any] | str]] = {
    Measure.ERRORS: _errors,
    Measure.REFUSED: _refused,
    Measure.LATENCY: _latency,
    Measure.CPU: _cpu,
    Measure.MEMORY: _memory,
    Measure.FULLNESS: _fullness,
    Measure.HITS: _hits,
    Measure.COLD_STARTS: _cold_starts,
    Measure.RATE: _rate,
    Measure.IDLE: _idle,
}
