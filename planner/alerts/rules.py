"""The alerts of one endpoint: what is watched, from where on it alarms, and for how long."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Any

from planner.alerts.thresholds import thresholds
from planner.model.candidate import Decision
from planner.model.traffic import Diurnal, Intermittent, Pattern, Steady
from planner.model.units import format_duration, format_number
from planner.model.value import value
from planner.model.workload import LatencyTarget, Workload


class Measure(StrEnum):
    """What an alert is about, whatever the cloud calls it."""

    ERRORS = "errors"
    """Requests that the server failed, as a fraction of all."""
    REFUSED = "refused"
    """Requests answered 4xx, 429 among them, as a fraction of all."""
    LATENCY = "latency"
    """Seconds at a percentile, where the objective is measured."""
    CPU = "cpu"
    """Processors, as a fraction of all that the endpoint has."""
    MEMORY = "memory"
    """Memory, as a fraction."""
    FULLNESS = "fullness"
    """Requests in service over those that one replica, or unit, serves at once."""
    HITS = "hits"
    """Requests whose model was in memory, as a fraction."""
    COLD_STARTS = "cold-starts"
    """Requests that waited for a start, as a fraction."""
    RATE = "rate"
    """Requests per second."""
    IDLE = "idle"
    """Requests in the period."""


@value
class Alert:
    """One thing to be told of: `bad` of `periods` periods beyond the limit.

    `limit` in the unit of the measure; `below` alarms under it, where others alarm over it.
    `quantile` belongs to latencies: None is the mean, 1 the maximum. `threshold` and `row` are
    those of the table. `tail` marks the latency that tells most: of the highest percentile, else
    the mean, else the maximum, which one request decides.
    """

    id: str
    measure: Measure
    limit: float
    threshold: str
    row: str
    meaning: str
    period_s: float = 60.0
    periods: int = 5
    bad: int = 5
    below: bool = False
    quantile: float | None = None
    tail: bool = False

    @property
    def said(self) -> str:
        """What is wrong when it alarms, in words without a full stop."""
        way = "under" if self.below else "over"
        what = self.id.replace("-", " ")
        if self.measure is Measure.IDLE:
            return f"no request in {format_duration(self.period_s)}"
        if self.periods == 1:
            return f"{what} {way} {self.shown}"
        each = format_duration(self.period_s)
        periods = "minutes" if self.period_s == 60.0 else f"periods of {each}"
        return f"{what} {way} {self.shown} in {self.bad} of {self.periods} {periods}"

    @property
    def shown(self) -> str:
        """The limit with its unit."""
        if self.measure is Measure.LATENCY:
            return format_duration(self.limit)
        if self.measure is Measure.RATE:
            return f"{format_number(self.limit)}/s"
        return format_number(self.limit) if self.measure is Measure.IDLE else _share(self.limit)


def _share(fraction: float) -> str:
    """Digits as they are: an objective of 99.95 % leaves 0.05 %, which no rounding may change."""
    return f"{fraction * 100.0:.6g} %"


_SOON: dict[str, Any] = {"periods": 3, "bad": 2}
"""Two bad minutes of three leave a single burst alone, and are known in three."""

_LONGER_S = (300.0, 900.0, 3600.0)
_DEVIATIONS = 4.0
_DAY_S = 86_400.0


def alerts(workload: Workload, decision: Decision) -> tuple[Alert, ...]:
    """What to be told of an endpoint, the objectives first; equal input gives equal alerts.

    Limits of the spec go before those of the table, as in `planner doctor`.
    """
    return (
        *_objectives(workload),
        *_room(workload, decision),
        *_cold(workload, decision),
        *_traffic(workload, decision),
    )


def _objectives(workload: Workload) -> Iterator[Alert]:
    slo = workload.slo
    allowed = _limit("error-share") if slo.availability is None else 1.0 - slo.availability
    yield _alert("errors", Measure.ERRORS, "error-share", round(allowed, 9), **_SOON)
    refusable = _limit("error-share") if slo.errors is None else slo.errors
    yield _alert("refused", Measure.REFUSED, "error-share", refusable)
    tail = max(slo.latency, key=_told, default=None)
    for target in slo.latency:
        yield Alert(
            id=f"latency-{target.label}",
            measure=Measure.LATENCY,
            limit=target.seconds,
            threshold="slo.latency",
            row="D7",
            meaning="slower than this misses the objective of the spec",
            quantile=target.quantile,
            tail=target is tail,
            **_SOON,
        )


def _told(target: LatencyTarget) -> float:
    return {None: 0.0, 1.0: -1.0}.get(target.quantile, target.quantile or 0.0)


def _room(workload: Workload, decision: Decision) -> Iterator[Alert]:
    """Nothing where capacity comes with each request."""
    if decision.replicas is None and decision.units is None:
        return
    asked = round(workload.constraints.utilization + 0.05, 4)
    yield _alert("cpu", Measure.CPU, "cpu", min(0.99, max(_limit("cpu"), asked)))
    if len(decision.models) == 1:
        # Memory that models share is filled on purpose, and freed when it runs out.
        yield _alert("memory", Measure.MEMORY, "memory", _limit("memory"))
    full = min(0.99, max(_limit("concurrency-full"), asked))
    yield _alert("fullness", Measure.FULLNESS, "concurrency-full", full)


def _cold(workload: Workload, decision: Decision) -> Iterator[Alert]:
    predicted, pattern = decision.cold_start_fraction, workload.traffic.pattern
    if len(decision.models) > 1:
        spell, chance = _spell(pattern, predicted, _limit("hit-rate-below"))
        missed = predicted + max(_limit("hit-rate-below"), chance)
        least = round(max(0.0, 1.0 - missed), 4)
        if least > 0.0:
            yield _alert("hits", Measure.HITS, "hit-rate-below", least, below=True, **spell)
    elif predicted > 0.0:
        spell, chance = _spell(pattern, predicted, predicted)
        most = max(predicted * _limit("cold-share-over"), predicted + chance)
        limit = round(min(1.0, most), 4)
        yield _alert("cold-starts", Measure.COLD_STARTS, "cold-share-over", limit, **spell)


def _spell(pattern: Pattern, share: float, telling: float) -> tuple[dict[str, Any], float]:
    """Periods in which enough of the requests are `telling`, and how far chance leads in one.

    Where an hour has too few, chance is allowed for: a share that is expected of few requests is
    left by so many standard deviations now and then.
    """
    daily = _least_daily(pattern)
    if daily is None:
        return {"period_s": _LONGER_S[-1], **_SOON}, 0.0
    often = daily / _DAY_S
    if often * 60.0 * telling >= _SURE:
        return {}, 0.0
    long_s = next((one for one in _LONGER_S if often * one * telling >= _SURE), 0.0)
    if long_s:
        return {"period_s": long_s, **_SOON}, 0.0
    long_s = _LONGER_S[-1]
    expected = max(often * long_s, 1.0)
    return {"period_s": long_s, **_SOON}, _DEVIATIONS * max(1.0, share * expected) ** 0.5 / expected


def _traffic(workload: Workload, decision: Decision) -> Iterator[Alert]:
    if decision.peak_per_s <= 0.0:
        return
    most = float(f"{decision.peak_per_s * (1.0 + _limit('traffic-apart')):.4g}")
    yield _alert("rate", Measure.RATE, "traffic-apart", most, periods=15, bad=15)
    if _called_daily(workload.traffic.pattern):
        day = {"period_s": _limit("idle"), "periods": 1, "bad": 1}
        yield _alert("idle", Measure.IDLE, "idle", 1.0, below=True, **day)


def _called_daily(pattern: Pattern) -> bool:
    """Whether a day without a call is no chance; not known of records and of stages."""
    if isinstance(pattern, Intermittent):
        every_day = {day for window in pattern.windows for day in window.days} == set(range(7))
        return every_day and pattern.requests_per_day >= _SURE
    return (_least_daily(pattern) or 0.0) >= _SURE


def _least_daily(pattern: Pattern) -> float | None:
    """Requests of the quietest day that has some; not known of records and of stages."""
    if isinstance(pattern, Intermittent):
        return pattern.requests_per_day
    if isinstance(pattern, Diurnal):
        return min(1.0, pattern.weekend) * pattern.base * _DAY_S
    return pattern.rate * _DAY_S if isinstance(pattern, Steady) else None


_SURE = 20.0
"""Expected events of a period that tells: none come once in 500 million, half more twice of three
times once in 2,000."""


def _limit(name: str) -> float:
    return thresholds()[name].value


def _alert(name: str, measure: Measure, threshold: str, limit: float, **more: Any) -> Alert:
    row = thresholds()[threshold]
    return Alert(
        id=name,
        measure=measure,
        limit=limit,
        threshold=threshold,
        row=row.row,
        meaning=row.meaning,
        **more,
    )
