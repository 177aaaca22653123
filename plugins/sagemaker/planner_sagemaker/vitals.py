"""An endpoint's metrics in CloudWatch, read in the planner's own terms.

Names, units and dimensions: docs.aws.amazon.com sagemaker/latest/dg monitoring-cloudwatch,
multi-model-endpoint-cloudwatch-metrics and serverless-endpoints-monitoring.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from planner.model.live import LiveState
from planner.model.value import value
from planner.model.vitals import Period, Spread, Vitals, Window
from planner_sagemaker.alignment import config_of
from planner_sagemaker.reading import Ask
from planner_sagemaker.resources.names import VARIANT
from planner_sagemaker.tables import instances

CLOUDWATCH = "cloudwatch"
_CALLS, _HOSTS = "AWS/SageMaker", "/aws/sagemaker/Endpoints"
_MINUTE_S, _HOUR_S, _MICRO = 60.0, 3600.0, 1e6
_MOST_QUERIES = 500
"""Of one GetMetricData (API reference)."""

_MOST_PERIODS = 360
_WIDTHS_S = (60.0, 300.0, 900.0, 3600.0)
_KEPT_S = 14 * 24 * _HOUR_S
"""How far back the last request is looked for; one-minute data is kept for 15 days."""

_KNOTS = {
    "Minimum": 0.0,
    **{f"p{percent}": percent / 100 for percent in (10, 25, 50, 75, 90, 95, 99)},
    "Maximum": 1.0,
}
_SPREAD = ("SampleCount", "Average", *_KNOTS)
_BRIEF = ("SampleCount", "Average", "p99", "Maximum")
_WHOLE = {"model", "overhead"}
"""What is looked at from end to end; of the rest the mean and the tail are enough."""

_TIMES = {
    "model": "ModelLatency",
    "overhead": "OverheadLatency",
    "setup": "ModelSetupTime",
    "waiting": "ModelLoadingWaitTime",
    "downloading": "ModelDownloadingTime",
    "loading": "ModelLoadingTime",
}
"""Durations, all in microseconds, by what they are called here."""

_COUNTS = {
    "requests": (_CALLS, "Invocations", "Sum"),
    "per_instance": (_CALLS, "InvocationsPerInstance", "Sum"),
    "errors_4xx": (_CALLS, "Invocation4XXErrors", "Sum"),
    "errors_5xx": (_CALLS, "Invocation5XXErrors", "Sum"),
    "model": (_CALLS, "ModelLatency", "p99"),
    "overhead": (_CALLS, "OverheadLatency", "p99"),
    "cold_starts": (_CALLS, "ModelSetupTime", "SampleCount"),
    "on_demand": (_CALLS, "ServerlessConcurrentExecutionsUtilization", "Maximum"),
    "spilled": (_CALLS, "ServerlessProvisionedConcurrencySpilloverInvocations", "Sum"),
    "hits": (_CALLS, "ModelCacheHit", "Average"),
    "unloads": (_CALLS, "ModelUnloadingTime", "SampleCount"),
    "resident": (_HOSTS, "LoadedModelCount", "Average"),
    "cpu": (_HOSTS, "CPUUtilization", "Average"),
    "memory": (_HOSTS, "MemoryUtilization", "Average"),
    "gpu": (_HOSTS, "GPUUtilization", "Average"),
}
"""Numbers of each period: namespace, metric and statistic."""

Points = dict[float, float]
"""Values by the start of their period."""


@value
class Variant:
    """A production variant; its processors and accelerators are those of one instance."""

    name: str
    vcpus: float = 1.0
    accelerators: float = 1.0


def variants_of(live: LiveState) -> tuple[Variant, ...]:
    """What an endpoint's metrics are filed under, beside its name."""
    config = config_of(live)
    shown: Sequence[Mapping[str, Any]] = config.body["ProductionVariants"] if config else ()
    return tuple(variant_of(one) for one in shown) or (Variant(name=VARIANT),)


def variant_of(shown: Mapping[str, Any]) -> Variant:
    """A variant as a config has it."""
    wanted = str(shown.get("InstanceType", ""))
    row = next((one for one in instances() if one.name == wanted), None)
    if row is None:
        return Variant(name=str(shown["VariantName"]))
    return Variant(
        name=str(shown["VariantName"]),
        vcpus=row.hardware.vcpus or 1.0,
        accelerators=float(row.hardware.accelerators or 1),
    )


def vitals(ask: Ask, live: LiveState, window: Window) -> Vitals:
    """Everything that CloudWatch has of an endpoint in a window, and when it was last asked."""
    until_s = math.floor(window.until_s / _MINUTE_S) * _MINUTE_S
    width_s = next((w for w in _WIDTHS_S if window.seconds / w <= _MOST_PERIODS), _WIDTHS_S[-1])
    endpoint = next((one.name for one in live.objects if one.kind == "endpoint"), live.endpoint)
    shown = ask("sagemaker", "DescribeEndpoint", {"EndpointName": endpoint})
    created_s = math.ceil(shown["CreationTime"].timestamp() / width_s) * width_s
    since_s = math.floor(min(window.since_s, until_s - width_s) / width_s) * width_s
    since_s = min(max(since_s, created_s), until_s - width_s)
    asking = _Asking(ask, endpoint, variants_of(live))
    span = (since_s, until_s, width_s)
    counts = asking.values({(name,): query for name, query in _COUNTS.items()}, span)
    spreads = asking.values(
        {
            (name, statistic): (_CALLS, metric, statistic)
            for name, metric in _TIMES.items()
            for statistic in (_SPREAD if name in _WHOLE else _BRIEF)
        },
        span,
    )
    asked = [at for of in counts.values() for at, many in of.get(("requests",), {}).items() if many]
    last_s = max(asked) + width_s if asked else asking.last_request(until_s)
    alive = any(points for of in counts.values() for points in of.values())
    times = {name: _spread(name, spreads.values()) for name in _TIMES}
    known = alive or last_s is not None
    return Vitals(
        endpoint=live.endpoint,
        since_s=since_s,
        until_s=until_s,
        period_s=width_s,
        periods=tuple(_periods(counts, span)) if known else (),
        model=times["model"],
        overhead=times["overhead"],
        setup=times["setup"],
        waiting=times["waiting"],
        downloading=times["downloading"],
        loading=times["loading"],
        last_request_s=last_s,
        updated_s=shown["LastModifiedTime"].timestamp(),
    )


class _Asking:
    def __init__(self, ask: Ask, endpoint: str, variants: Sequence[Variant]) -> None:
        self._ask = ask
        self._endpoint = endpoint
        self._variants = variants

    def values(
        self,
        wanted: Mapping[tuple[str, ...], tuple[str, str, str]],
        span: tuple[float, float, float],
    ) -> dict[Variant, dict[tuple[str, ...], Points]]:
        """Values of (namespace, metric, statistic) for each variant, by the keys of `wanted`.

        `span` is start, end and period. What has no data has no points.
        """
        asked = [(variant, key, one) for variant in self._variants for key, one in wanted.items()]
        found: dict[Variant, dict[tuple[str, ...], Points]] = {v: {} for v in self._variants}
        for first in range(0, len(asked), _MOST_QUERIES):
            part = asked[first : first + _MOST_QUERIES]
            queries = [
                self._query(f"q{index}", variant, one, span[2])
                for index, (variant, _, one) in enumerate(part)
            ]
            for index, points in self._points(queries, span):
                variant, key, _ = part[index]
                found[variant].setdefault(key, {}).update(points)
        return found

    def _points(
        self, queries: Sequence[Mapping[str, Any]], span: tuple[float, float, float]
    ) -> Iterator[tuple[int, Points]]:
        answer = self._ask(
            CLOUDWATCH,
            "GetMetricData",
            {
                "MetricDataQueries": queries,
                "StartTime": datetime.fromtimestamp(span[0], UTC),
                "EndTime": datetime.fromtimestamp(span[1], UTC),
                "ScanBy": "TimestampAscending",
            },
        )
        # What does not fit a page goes on under the same id on the next.
        for one in answer.get("MetricDataResults", ()):
            stamps = (at.timestamp() for at in one["Timestamps"])
            yield int(one["Id"][1:]), dict(zip(stamps, one["Values"], strict=True))

    def _query(
        self, name: str, variant: Variant, asked: tuple[str, str, str], period_s: float
    ) -> dict[str, Any]:
        namespace, metric, statistic = asked
        # An endpoint's name alone matches nothing: these metrics have both dimensions.
        dimensions = [
            {"Name": "EndpointName", "Value": self._endpoint},
            {"Name": "VariantName", "Value": variant.name},
        ]
        named = {"Namespace": namespace, "MetricName": metric, "Dimensions": dimensions}
        return {
            "Id": name,
            "MetricStat": {"Metric": named, "Period": int(period_s), "Stat": statistic},
        }

    def last_request(self, until_s: float) -> float | None:
        """The end of the last hour that had a request, None where none is known."""
        span = (until_s - _KEPT_S, until_s, _HOUR_S)
        found = self.values({("requests",): _COUNTS["requests"]}, span)
        hours = [
            at for of in found.values() for at, many in of.get(("requests",), {}).items() if many
        ]
        return min(max(hours) + _HOUR_S, until_s) if hours else None


Counts = Mapping[Variant, Mapping[tuple[str, ...], Points]]


def _periods(counts: Counts, span: tuple[float, float, float]) -> Iterator[Period]:
    since_s, until_s, width_s = span
    for index in range(round((until_s - since_s) / width_s)):
        yield _period(counts, since_s + index * width_s)


def _period(counts: Counts, at_s: float) -> Period:
    def of(name: str, variant: Variant) -> float | None:
        return counts[variant].get((name,), {}).get(at_s)

    def total(name: str) -> float | None:
        # Where requests are counted, what is missing beside them did not happen.
        every = [of(name, variant) for variant in counts]
        known = any(counts[variant].get((name,)) for variant in counts)
        return sum(one or 0.0 for one in every) if known else None

    def most(name: str, factor: float = 1.0) -> float | None:
        every = [one for variant in counts if (one := of(name, variant)) is not None]
        return max(every) * factor if every else None

    # Utilisation is 0..100 % times the processors or accelerators of the instance.
    cores = {"cpu": {v: v.vcpus for v in counts}, "gpu": {v: v.accelerators for v in counts}}
    used = {
        name: max(
            (one / 100.0 / per[v] for v in counts if (one := of(name, v)) is not None),
            default=None,
        )
        for name, per in cores.items()
    }
    model, overhead = most("model", 1e-6), most("overhead", 1e-6)
    return Period(
        start_s=at_s,
        requests=total("requests") or 0.0,
        errors_4xx=total("errors_4xx"),
        errors_5xx=total("errors_5xx"),
        replicas=_replicas(counts, at_s),
        saturation=most("on_demand"),
        cpu=used["cpu"],
        memory=most("memory", 0.01),
        gpu=used["gpu"],
        latency_p99_s=None if model is None else model + (overhead or 0.0),
        cold_starts=total("cold_starts"),
        spilled=total("spilled"),
        hits=most("hits"),
        unloads=total("unloads"),
        resident=most("resident"),
    )


def _replicas(counts: Counts, at_s: float) -> float | None:
    """Instances that shared the requests: there is no metric of their number itself."""
    found = 0.0
    for of in counts.values():
        asked, each = (of.get((name,), {}).get(at_s) for name in ("requests", "per_instance"))
        found += asked / each if asked and each else 0.0
    return found or None


def _spread(name: str, found: Iterable[Mapping[tuple[str, ...], Points]]) -> Spread | None:
    """One distribution out of those of all variants and periods.

    A percentile over the whole window could be asked for as one period, but where that begins is
    for CloudWatch to say. Between the percentiles of a period it is taken as even.
    """
    pieces = [
        _Piece(
            count=count,
            mean=of.get((name, "Average"), {}).get(at, 0.0),
            knots=tuple(
                (points[at], share)
                for statistic, share in _KNOTS.items()
                if at in (points := of.get((name, statistic), {}))
            ),
        )
        for of in found
        for at, count in of.get((name, "SampleCount"), {}).items()
        if count > 0
    ]
    total = sum(one.count for one in pieces)
    if total <= 0.0:
        return None

    def at(quantile: float) -> float | None:
        if not all(one.knots for one in pieces):
            return None
        return _pooled(pieces, quantile * total) / _MICRO

    return Spread(
        count=total,
        mean_s=sum(one.mean * one.count for one in pieces) / total / _MICRO,
        p50_s=at(0.50) if name in _WHOLE else None,
        p90_s=at(0.90) if name in _WHOLE else None,
        p95_s=at(0.95) if name in _WHOLE else None,
        p99_s=at(0.99),
    )


@value
class _Piece:
    """Durations of one period in microseconds: (value, share that is no longer), rising."""

    count: float
    mean: float
    knots: tuple[tuple[float, float], ...]

    def upto(self, amount: float) -> float:
        """How many of them are no longer than this."""
        before, passed = self.knots[0][0], 0.0
        for end, share in self.knots:
            if amount < end:
                inside = (amount - before) / (end - before) if end > before else 0.0
                return self.count * (passed + (share - passed) * max(0.0, inside))
            before, passed = end, share
        return self.count


def _pooled(pieces: Sequence[_Piece], wanted: float) -> float:
    """The least duration that so many of all do not exceed, to 0.1 %."""
    low, high = 0.0, max(one.knots[-1][0] for one in pieces)
    while high - low > 1e-3 * high:
        middle = (low + high) / 2.0
        if sum(one.upto(middle) for one in pieces) >= wanted * (1.0 - 1e-12):
            high = middle
        else:
            low = middle
    return high
