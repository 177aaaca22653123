"""An endpoint's metrics as the workspace exports them, in the planner's own terms.

The export (docs.databricks.com, metrics-export-serving-endpoint) is OpenMetrics text and shows the
last minute only. Its names end in `_total`, and all of them are gauges of that minute.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any

from planner.errors import ProviderError
from planner.model.value import value
from planner.model.vitals import Period, Spread, Vitals, Window
from planner_databricks.reading import MISSING, Answer, RefusedError, path_of

MINUTE_S = 60.0
_QUANTILES = {"p50_s": 0.50, "p90_s": 0.90, "p95_s": 0.95, "p99_s": 0.99}
_TIMES = {
    "total": "request_latency_ms",
    "model": "model_prediction_latency_ms",
    "queue": "model_queue_time_ms",
}
"""Histograms in milliseconds, by what they are called here."""

Histogram = dict[float, float]
"""Requests that took no longer, by the upper end in seconds."""


@value
class Look:
    """The export of one minute: sums and greatest values by name, histograms with their sums."""

    until_s: float
    sums: Mapping[str, float]
    greatest: Mapping[str, float]
    histograms: Mapping[str, Histogram]


def vitals(fetch: Callable[[], str], shown: Answer, endpoint: str, window: Window) -> Vitals:
    """What the last minute shows, or as many of the next ones as `window` asks for."""
    looks = [look(fetch(), window.until_s)]
    for index in range(1, window.looks):
        (window.pause or time.sleep)(MINUTE_S)
        looks.append(look(fetch(), window.until_s + index * MINUTE_S))
    minutes = "the last minute" if window.looks == 1 else f"{window.looks} minutes"
    known = [one for one in looks if one.sums]
    return Vitals(
        endpoint=endpoint,
        since_s=looks[0].until_s - MINUTE_S,
        until_s=looks[-1].until_s,
        period_s=MINUTE_S,
        periods=tuple(_period(one) for one in known),
        total=_spread("total", known),
        model=_spread("model", known),
        queue=_spread("queue", known),
        updated_s=_stamp(shown, "last_updated_timestamp"),
        notes=(f"Databricks exports the last minute only: {minutes} were looked at",)
        if window.looks > 1
        else ("Databricks exports the last minute only; --looks 10 looks for longer",),
    )


def look(text: str, until_s: float) -> Look:
    """One export, read by the client library of Prometheus."""
    sums: dict[str, float] = {}
    greatest: dict[str, float] = {}
    histograms: dict[str, Histogram] = {}
    for name, labels, amount in _samples(text):
        if name.endswith("_bucket"):
            ends = histograms.setdefault(name.removesuffix("_bucket"), {})
            end_s = float(labels["le"]) / 1000.0
            ends[end_s] = ends.get(end_s, 0.0) + amount
            continue
        sums[name] = sums.get(name, 0.0) + amount
        greatest[name] = max(greatest.get(name, amount), amount)
    return Look(until_s=until_s, sums=sums, greatest=greatest, histograms=histograms)


def _samples(text: str) -> Iterator[tuple[str, Mapping[str, str], float]]:
    try:
        from prometheus_client.parser import text_string_to_metric_families  # noqa: PLC0415
    except ImportError as error:
        raise ProviderError(
            "metrics-missing",
            f"reading metrics of Databricks needs {error.name}, which is not installed",
            hint="pip install 'endpoint-planner[databricks]'",
        ) from error
    try:
        for family in text_string_to_metric_families(text):
            for one in family.samples:
                yield one.name, one.labels, one.value
    except (ValueError, KeyError) as error:
        raise ProviderError("unreadable-metrics", f"metrics cannot be read: {error}") from error


def _period(one: Look) -> Period:
    def percent(name: str) -> float | None:
        return one.greatest[name] / 100.0 if name in one.greatest else None

    spread = _spread("total", [one])
    return Period(
        start_s=one.until_s - MINUTE_S,
        requests=one.sums.get("request_count_total", 0.0),
        errors_4xx=one.sums.get("request_4xx_count_total"),
        errors_5xx=one.sums.get("request_5xx_count_total"),
        replicas=one.sums.get("provisioned_concurrent_requests_total"),
        cpu=percent("cpu_usage_percentage"),
        memory=percent("mem_usage_percentage"),
        gpu=percent("gpu_usage_percentage"),
        latency_p99_s=spread.p99_s if spread else None,
    )


def _spread(name: str, looks: Iterable[Look]) -> Spread | None:
    """One distribution out of the histograms of all looks; None without a request."""
    metric, ends, total_s = _TIMES[name], dict[float, float](), 0.0
    for one in looks:
        for end_s, count in one.histograms.get(metric, {}).items():
            ends[end_s] = ends.get(end_s, 0.0) + count
        total_s += one.sums.get(f"{metric}_sum", 0.0) / 1000.0
    count = max(ends.values(), default=0.0)
    if count <= 0.0:
        return None
    return Spread(
        count=count,
        mean_s=total_s / count,
        buckets=tuple(sorted(ends)),
        **{field: _quantile(q, ends) for field, q in _QUANTILES.items()},
    )


def _quantile(q: float, ends: Histogram) -> float | None:
    """A straight line through the bucket, as Prometheus does; the last bucket has no end."""
    wanted = q * max(ends.values())
    for (low, before), (high, upto) in pairwise([(0.0, 0.0), *sorted(ends.items())]):
        if upto >= wanted and upto > before:
            if high == float("inf"):
                return low
            return low + (high - low) * (wanted - before) / (upto - before)
    return None


def _stamp(shown: Answer, member: str) -> float | None:
    found: Any = shown.get(member)
    return None if found is None else float(found) / 1000.0


def exported(text: Callable[[str], str], name: str) -> str:
    """An endpoint's export, read by `text` from its path; empty before it serves."""
    try:
        return text(path_of(name, "metrics"))
    except RefusedError as refusal:
        if refusal.cloud_code == MISSING:
            return ""
        raise
