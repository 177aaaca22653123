"""Alarms look at their metrics as time goes by.

An alarm without data in sight sleeps, in the state that the absence of data gave it; data that is
put wakes it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from planner_sagemaker.sandbox import statistics, verdict
from planner_sagemaker.sandbox.cloud import Cloud
from planner_sagemaker.sandbox.samples import Metric
from planner_sagemaker.sandbox.store import Document, Key
from planner_sagemaker.sandbox.transitions import ALARM, alarmed

_WATCH = "alarm-watch"
"""Documents that say which alarms look at a metric; what they say is checked, for alarms go."""

_DAY_S = 86_400


def begin(cloud: Cloud, region: str, alarm: Document) -> None:
    """Write an alarm that was made or changed, and look at its metric soon."""
    query = _query(region, alarm)
    if query is not None:
        name = f"{query[0].key}|{alarm['AlarmName']}"
        cloud.store.put(Key(region=region, kind=_WATCH, name=name), {})
        _write(cloud, region, alarm, _next(alarm, cloud.clock.now()))
        return
    _write(cloud, region, alarm, None)


def hold(cloud: Cloud, region: str, alarm: Document) -> None:
    """Write an alarm whose state was set by hand; it lasts until it is looked at again."""
    evaluated = _query(region, alarm) is not None
    _write(cloud, region, alarm, cloud.clock.now() + _interval(alarm) if evaluated else None)
    if alarm["StateValue"] == verdict.ALARM:
        alarmed(cloud, region, alarm["AlarmName"], cloud.clock.now())


def wake(cloud: Cloud, metric: Metric) -> None:
    """Let the alarms on a metric look at it, now that something was put."""
    for key, _ in cloud.store.starting(metric.region, _WATCH, f"{metric.key}|"):
        name = key.name.removeprefix(f"{metric.key}|")
        alarm = cloud.store.get(Key(region=metric.region, kind=ALARM, name=name))
        query = _query(metric.region, alarm) if alarm is not None else None
        if alarm is None or query is None or query[0] != metric:
            cloud.store.remove(key)
        elif not alarm.get("_steps"):
            _write(cloud, metric.region, alarm, _next(alarm, cloud.clock.now()))


def look(cloud: Cloud, key: Key, alarm: Document, at: float) -> None:
    """Evaluate an alarm whose moment has come; it sleeps where no data is in sight."""
    query = _query(key.region, alarm)
    if query is None:
        _write(cloud, key.region, alarm, None)
        return
    metric, asked = query
    interval, period = _interval(alarm), int(asked["Period"])
    count = int(alarm["EvaluationPeriods"]) + verdict.MORE_PERIODS
    end = at // interval * interval
    start = end - count * period
    found = cloud.store.samples.between(metric, start, end, asked.get("Unit", ""))
    groups = statistics.periods(found, start, period)
    points = [statistics.statistic(asked["Stat"], groups.get(one, ())) for one in range(count)]
    state = verdict.state(alarm, points)
    turned = state != alarm["StateValue"]
    if turned:
        alarm.update(
            StateValue=state,
            StateReason=_reason(alarm, points, state),
            StateReasonData=_data(asked, alarm, points, at),
            StateUpdatedTimestamp=at,
            StateTransitionedTimestamp=at,
        )
    more = cloud.store.samples.any_since(metric, start)
    _write(cloud, key.region, alarm, end + interval if more else None)
    if turned and state == verdict.ALARM:
        alarmed(cloud, key.region, key.name, at)


def _write(cloud: Cloud, region: str, alarm: Document, due: float | None) -> None:
    """With the moment at which it is looked at next, if there is one."""
    kept = {**alarm, "_steps": [] if due is None else [{"at": due, "do": "look"}]}
    cloud.store.put(Key(region=region, kind=ALARM, name=alarm["AlarmName"]), kept, due=due)


def _query(region: str, alarm: Mapping[str, Any]) -> tuple[Metric, Mapping[str, Any]] | None:
    """The one metric of an alarm with Period, Stat and Unit; None for metric math and the like."""
    if not verdict.is_evaluated(alarm):
        return None
    stats = [one.get("MetricStat") for one in alarm.get("Metrics") or ()]
    if stats and (len(stats) > 1 or stats[0] is None):
        return None
    asked = stats[0] if stats else {**alarm, "Metric": alarm}
    stat = asked.get("Stat") or alarm.get("Statistic") or alarm.get("ExtendedStatistic", "")
    if not statistics.is_known(stat):
        return None
    named = asked["Metric"]
    dimensions = ((one["Name"], one["Value"]) for one in named.get("Dimensions") or ())
    metric = Metric(
        region=region,
        namespace=named["Namespace"],
        name=named["MetricName"],
        dimensions=tuple(sorted(dimensions)),
    )
    return metric, {"Period": asked["Period"], "Stat": stat, "Unit": asked.get("Unit", "")}


def _period(alarm: Mapping[str, Any]) -> int:
    query = _query("", alarm)
    return int(query[1]["Period"]) if query is not None else 60


def _interval(alarm: Mapping[str, Any]) -> int:
    """How often CloudWatch looks (user guide, "Alarm evaluation"): by the minute as a rule."""
    period = _period(alarm)
    if period * int(alarm["EvaluationPeriods"]) > _DAY_S:
        return 3600
    return 10 if period < 60 else 60


def _next(alarm: Mapping[str, Any], now: float) -> float:
    interval = _interval(alarm)
    return now // interval * interval + interval


def _reason(alarm: Mapping[str, Any], points: list[float | None], state: str) -> str:
    real = [one for one in points if one is not None]
    if state == verdict.INSUFFICIENT or not real:
        return f"Insufficient Data: {len(points)} datapoints were unknown."
    breaching = [one for one in real if verdict.breaching(alarm, one)]
    shown, verb = (breaching, "crossed") if state == verdict.ALARM else (real, "did not all cross")
    listed = ", ".join(str(one) for one in shown)
    return f"Threshold Crossed: datapoints [{listed}] {verb} the threshold ({alarm['Threshold']})."


def _data(
    asked: Mapping[str, Any], alarm: Mapping[str, Any], points: list[float | None], at: float
) -> str:
    when = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    return json.dumps(
        {
            "version": "1.0",
            "queryDate": when.replace("+00:00", "+0000"),
            "statistic": asked["Stat"],
            "period": asked["Period"],
            "recentDatapoints": [one for one in points if one is not None],
            "threshold": alarm["Threshold"],
        }
    )
