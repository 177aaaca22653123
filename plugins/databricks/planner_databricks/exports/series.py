"""What of the metrics that a workspace exports Prometheus can alert on.

The export is scraped once a minute, and what it has is of the last minute: counts and the buckets
of histograms are gauges in spite of their names (docs.databricks.com,
metrics-export-serving-endpoint), so that no rate is taken of them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace

from planner.alerts import Alert, Measure
from planner.model.export import Asked
from planner.model.workload import MeasuredAt
from planner_databricks.tables import CLOUDS, types_of

ALL, REFUSED, FAILED = "request_count_total", "request_4xx_count_total", "request_5xx_count_total"
UNITS = "provisioned_concurrent_requests_total"


class DatabricksSeries:
    """Expressions over the metrics of the export API."""

    def expression(self, asked: Asked, alert: Alert, /) -> str | None:
        """The measure in the last minute; for idleness the busiest minute of the period."""
        made = _EXPRESSIONS.get(alert.measure)
        return None if made is None else made(asked, alert)

    def fitted(self, asked: Asked, alert: Alert, /) -> Alert:
        """Memory that a model fills on purpose may be a tenth fuller."""
        if alert.measure is not Measure.MEMORY:
            return alert
        rows = (row for cloud in CLOUDS for row in types_of(cloud))
        kind = asked.decision.instance_type
        there = next((row.memory_bytes for row in rows if row.name == kind and row.memory_bytes), 0)
        held = max(
            one.memory_bytes for one in asked.workload.models if one.name in asked.decision.models
        )
        full = 1.1 * held / there if there else 0.0
        return replace(alert, limit=max(alert.limit, round(full, 4)))

    def hints(self, asked: Asked, /) -> tuple[str, ...]:
        """What the scrape job has to set, and how coarse the buckets are."""
        name = asked.state.endpoint
        return (
            f"{name}: scrape /api/2.0/serving-endpoints/{name}/metrics of the workspace once a "
            f"minute; the label endpoint_name is the one your scrape job sets",
            f"{name}: which bounds the buckets of request_latency_ms have is not documented; a "
            "percentile is a straight line through its bucket",
            f"{name}: requests in service are the time of all requests of a minute over that "
            "minute, with the wait in the queue",
        )


def _of(asked: Asked, metric: str, span: str = "") -> str:
    return f"{metric}{{endpoint_name={json.dumps(asked.state.endpoint)}}}{span}"


def _sum(asked: Asked, metric: str) -> str:
    return f"sum({_of(asked, metric)})"


def _share(metric: str) -> Callable[[Asked, Alert], str]:
    """Of all requests; NaN, which is beyond no limit, where there are none."""
    return lambda asked, _: f"{_sum(asked, metric)} / {_sum(asked, ALL)}"


def _percent(metric: str) -> Callable[[Asked, Alert], str]:
    return lambda asked, _: f"max({_of(asked, metric)}) / 100"


def _latency(asked: Asked, alert: Alert) -> str:
    at_model = asked.workload.slo.measured_at is MeasuredAt.MODEL
    metric = "model_prediction_latency_ms" if at_model else "request_latency_ms"
    if alert.quantile is None:
        return f"{_sum(asked, f'{metric}_sum')} / {_sum(asked, f'{metric}_count')} / 1000"
    buckets = f"sum by (le) ({_of(asked, f'{metric}_bucket')})"
    return f"histogram_quantile({alert.quantile:.12g}, {buckets}) / 1000"


def _fullness(asked: Asked, _: Alert) -> str:
    """Little's law: the seconds that requests took in a minute are those in the system at once."""
    inside = f"{_sum(asked, 'request_latency_ms_sum')} / 60000"
    return f"{inside} / {_sum(asked, UNITS)}"


def _rate(asked: Asked, _: Alert) -> str:
    return f"{_sum(asked, ALL)} / 60"


def _busiest(asked: Asked, alert: Alert) -> str:
    return f"sum(max_over_time({_of(asked, ALL, f'[{alert.period_s:.0f}s]')}))"


_EXPRESSIONS: Mapping[Measure, Callable[[Asked, Alert], str]] = {
    Measure.ERRORS: _share(FAILED),
    Measure.REFUSED: _share(REFUSED),
    Measure.LATENCY: _latency,
    Measure.CPU: _percent("cpu_usage_percentage"),
    Measure.MEMORY: _percent("mem_usage_percentage"),
    Measure.FULLNESS: _fullness,
    Measure.RATE: _rate,
    Measure.IDLE: _busiest,
}
