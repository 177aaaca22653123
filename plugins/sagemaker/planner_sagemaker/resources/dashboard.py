"""PutDashboard: what a person looks at first, with the limits of the alarms as lines.

The form of the body: docs.aws.amazon.com AmazonCloudWatch/latest/APIReference
CloudWatch-Dashboard-Body-Structure.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from planner.alerts import Alert, Measure, alerts
from planner.model.candidate import Decision
from planner.model.resource import Resource
from planner.model.value import value
from planner.model.workload import Workload
from planner_sagemaker import tables
from planner_sagemaker.resources.measures import CALLS, HOSTS, fitted, measured, watched_of
from planner_sagemaker.resources.names import VARIANT, dashboard_name, readable
from planner_sagemaker.resources.tags import tagged
from planner_sagemaker.settings import SageMakerSettings

KIND = "dashboard"
_WIDTH, _HEIGHT = 12, 6
_COLUMNS = 24

Line = tuple[float, str]
"""A value and what it is."""


@value
class _Graph:
    """One graph: rows as a dashboard has them, and lines across it; `top` ends its scale."""

    title: str
    rows: tuple[list[Any], ...]
    lines: tuple[Line, ...] = ()
    stacked: bool = False
    top: float | None = None


def dashboard(
    decision: Decision,
    workload: Workload,
    settings: SageMakerSettings,
    *,
    alarms: Sequence[str],
    tags: dict[str, str],
) -> Resource:
    """The dashboard of one endpoint.

    Dashboards of an account are global, so that the region stands in the name (PutDashboard).
    """
    name = dashboard_name(decision.endpoint, settings.region)
    body = {
        "DashboardName": name,
        "DashboardBody": dashboard_body(decision, workload, settings, alarms),
    }
    return Resource(address=f"{KIND}/{name}", kind=KIND, name=name, body=tagged(body, tags))


def put_dashboard(body: dict[str, Any]) -> dict[str, Any]:
    """A body as PutDashboard takes it: what is shown is a text there."""
    text = json.dumps(body["DashboardBody"], separators=(",", ":"))
    return {**body, "DashboardBody": text}


def dashboard_body(
    decision: Decision, workload: Workload, settings: SageMakerSettings, alarms: Sequence[str]
) -> dict[str, Any]:
    """What a dashboard shows, as a JSON value; the states of `alarms` come first."""
    endpoint = readable(decision.endpoint)
    widgets: list[dict[str, Any]] = [
        _text(
            f"**{endpoint}** in {settings.region}, drawn by planner from the spec {workload.name}: "
            f"change it there, not here. What to do: `planner doctor {workload.name}`."
        )
    ]
    if alarms:
        widgets.append(_states(settings, alarms))
    y = sum(one["height"] for one in widgets)
    for number, one in enumerate(_graphs(endpoint, decision, workload, settings)):
        x, row = number * _WIDTH % _COLUMNS, number * _WIDTH // _COLUMNS
        at = _place(x, y + row * _HEIGHT, _WIDTH, _HEIGHT)
        widgets.append({"type": "metric", **at, "properties": _properties(one, settings.region)})
    return {"widgets": widgets}


def _place(x: int, y: int, width: int, height: int) -> dict[str, int]:
    return {"x": x, "y": y, "width": width, "height": height}


def _text(markdown: str) -> dict[str, Any]:
    return {
        "type": "text",
        **_place(0, 0, _COLUMNS, 2),
        "properties": {"markdown": markdown},
    }


def _states(settings: SageMakerSettings, alarms: Sequence[str]) -> dict[str, Any]:
    partition = settings.role_arn.split(":")[1]
    where = f"arn:{partition}:cloudwatch:{settings.region}:{settings.account}:alarm"
    return {
        "type": "alarm",
        **_place(0, 2, _COLUMNS, 3),
        "properties": {"title": "Alarms", "alarms": [f"{where}:{name}" for name in alarms]},
    }


def _properties(graph: _Graph, region: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "title": graph.title,
        "region": region,
        "view": "timeSeries",
        "stacked": graph.stacked,
        "period": 60,
        "stat": "Average",
        "metrics": list(graph.rows),
        "yAxis": {"left": {"min": 0, **({} if graph.top is None else {"max": graph.top})}},
    }
    if graph.lines:
        lines = [{"value": at, "label": label} for at, label in graph.lines]
        found["annotations"] = {"horizontal": lines}
    return found


class _Rows:
    """Rows of graphs of one endpoint."""

    def __init__(self, endpoint: str) -> None:
        self._dimensions = ("EndpointName", endpoint, "VariantName", VARIANT)

    def of(self, metric: str, *statistics: str, namespace: str = CALLS) -> Iterator[list[Any]]:
        """A metric, once for each statistic."""
        for one in statistics:
            label = metric if len(statistics) == 1 else f"{metric} {one}"
            yield [namespace, metric, *self._dimensions, {"stat": one, "label": label}]

    def part(self, name: str, metric: str, statistic: str) -> list[Any]:
        """A metric that is shown as part of an expression only."""
        shown = {"id": name, "stat": statistic, "visible": False}
        return [CALLS, metric, *self._dimensions, shown]


def _graphs(
    endpoint: str, decision: Decision, workload: Workload, settings: SageMakerSettings
) -> Iterator[_Graph]:
    rows = _Rows(endpoint)
    watched = watched_of(decision, workload, settings)
    limits: dict[Measure, list[Line]] = {}
    for one in alerts(workload, decision):
        alert = fitted(one, watched.filled)
        body = measured(alert, watched)
        if not isinstance(body, str):
            limits.setdefault(alert.measure, []).append((body["Threshold"], _label(alert)))

    def lines(*measures: Measure) -> tuple[Line, ...]:
        return tuple(line for measure in measures for line in limits.get(measure, ()))

    percentiles = dict.fromkeys(
        one.label for one in workload.slo.latency if one.quantile not in {None, 1.0}
    )
    shown = sorted({"p50", "p90", "p99", *percentiles}, key=lambda label: float(label[1:]))
    yield _Graph(
        title="Requests a minute",
        rows=tuple(rows.of("Invocations", "Sum")),
        lines=lines(Measure.RATE),
    )
    yield _Graph(
        title="Errors as a share of requests",
        rows=(
            *rows.of("Invocation4XXErrors", "Average"),
            *rows.of("Invocation5XXErrors", "Average"),
        ),
        lines=lines(Measure.ERRORS, Measure.REFUSED),
    )
    yield _Graph(
        title="Latency of the model in microseconds",
        rows=tuple(rows.of("ModelLatency", *shown)),
        lines=lines(Measure.LATENCY),
    )
    yield _Graph(
        title="Model and overhead in microseconds",
        rows=(*rows.of("ModelLatency", "Average"), *rows.of("OverheadLatency", "Average")),
        stacked=True,
    )
    memory = tuple(rows.of("MemoryUtilization", "Average", namespace=HOSTS))
    yield _Graph(title="Memory in percent", rows=memory, lines=lines(Measure.MEMORY), top=100)
    if decision.hosting == "serverless":
        yield from _serverless(rows, decision, lines(Measure.FULLNESS))
        return
    yield from _instances(rows, decision, lines)
    if len(decision.models) > 1 or decision.hosting == "multi-model":
        yield from _shared(rows, lines(Measure.HITS))


def _label(alert: Alert) -> str:
    return f"{alert.id.replace('-', ' ')}: {alert.shown}"


def _serverless(rows: _Rows, decision: Decision, full: tuple[Line, ...]) -> Iterator[_Graph]:
    yield _Graph(
        title="Cold starts",
        rows=tuple(rows.of("ModelSetupTime", "SampleCount")),
    )
    used = list(rows.of("ServerlessConcurrentExecutionsUtilization", "Average", "Maximum"))
    if int(decision.option("prewarm", "0")):
        used += rows.of("ServerlessProvisionedConcurrencyUtilization", "Average")
    yield _Graph(title="Concurrency in use", rows=tuple(used), lines=full)


def _instances(rows: _Rows, decision: Decision, lines: Any) -> Iterator[_Graph]:
    yield _Graph(
        title="Processors in percent, 100 for each",
        rows=tuple(rows.of("CPUUtilization", "Average", namespace=HOSTS)),
        lines=lines(Measure.CPU),
    )
    yield _Graph(
        title="Requests at an instance at once, and instances",
        rows=(
            rows.part("all", "Invocations", "Sum"),
            rows.part("each", "InvocationsPerInstance", "Sum"),
            rows.part("took", "ModelLatency", "Average"),
            [{"expression": "each * took / 60000000", "label": "requests at once"}],
            [{"expression": "all / each", "label": "instances"}],
        ),
        lines=lines(Measure.FULLNESS),
    )
    row = next((one for one in tables.instances() if one.name == decision.instance_type), None)
    if row is not None and row.hardware.accelerator:
        yield _Graph(
            title="Accelerators in percent, 100 for each",
            rows=(
                *rows.of("GPUUtilization", "Average", namespace=HOSTS),
                *rows.of("GPUMemoryUtilization", "Average", namespace=HOSTS),
            ),
        )


def _shared(rows: _Rows, least: tuple[Line, ...]) -> Iterator[_Graph]:
    yield _Graph(
        title="Models found in memory",
        rows=tuple(rows.of("ModelCacheHit", "Average")),
        lines=least,
        top=1,
    )
    yield _Graph(
        title="Models loaded and unloaded",
        rows=(
            *rows.of("LoadedModelCount", "Average", namespace=HOSTS),
            *rows.of("ModelUnloadingTime", "SampleCount"),
        ),
    )
    yield _Graph(
        title="Waiting for a model in microseconds",
        rows=(
            *rows.of("ModelLoadingWaitTime", "Average"),
            *rows.of("ModelDownloadingTime", "Average"),
            *rows.of("ModelLoadingTime", "Average"),
        ),
    )
