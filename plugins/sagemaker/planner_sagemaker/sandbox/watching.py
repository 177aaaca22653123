"""Alarms look at their metrics as time goes by.

An alarm without data in sight sleeps, in the state that the absence of data gave it; data that is
put wakes it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from planner_sagemaker.sandbox import verdict
from planner_sagemaker.sandbox.alarm_queries import Query, query_of
from planner_sagemaker.sandbox.cloud import Cloud
from planner_sagemaker.sandbox.samples import Metric
from planner_sagemaker.sandbox.store import Document, Key
from planner_sagemaker.sandbox.transitions import ALARM, alarmed

_WATCH = "alarm-watch"
"""Documents that say which alarms look at a metric; what they say is checked, for alarms go."""

_HOUR_S, _DAY_S = 3600, 86_400


def begin(cloud: Cloud, region: str, alarm: Document) -> None:
    """Write an alarm that was made or changed, and look at its metrics soon."""
    query = query_of(region, alarm)
    if query is None:
        _write(cloud, region, alarm, None)
        return
    for metric in {one.metric for one in query.parts}:
        name = f"{metric.key}|{alarm['AlarmName']}"
        cloud.store.put(Key(region=region, kind=_WATCH, name=name), {})
    _write(cloud, region, alarm, _next(query, alarm, cloud.clock.now()))


def hold(cloud: Cloud, region: str, alarm: Document) -> None:
    """Write an alarm whose state was set by hand; it lasts until it is looked at again."""
    query, now = query_of(region, alarm), cloud.clock.now()
    _write(cloud, region, alarm, None if query is None else now + _interval(query, alarm))
    if alarm["StateValue"] == verdict.ALARM:
        alarmed(cloud, region, alarm["AlarmName"], now)


def wake(cloud: Cloud, metric: Metric) -> None:
    """Let the alarms on a metric look at it, now that something was put."""
    for key, _ in cloud.store.starting(metric.region, _WATCH, f"{metric.key}|"):
        name = key.name.removeprefix(f"{metric.key}|")
        alarm = cloud.store.get(Key(region=metric.region, kind=ALARM, name=name))
        query = query_of(metric.region, alarm) if alarm is not None else None
        if alarm is None or query is None or all(one.metric != metric for one in query.parts):
            cloud.store.remove(key)
        elif not alarm.get("_steps"):
            _write(cloud, metric.region, alarm, _next(query, alarm, cloud.clock.now()))


def look(cloud: Cloud, key: Key, alarm: Document, at: float) -> None:
    """Evaluate an alarm whose moment has come; it sleeps where no data is in sight."""
    query = query_of(key.region, alarm)
    if query is None:
        _write(cloud, key.region, alarm, None)
        return
    interval, samples = _interval(query, alarm), cloud.store.samples
    count = int(alarm["EvaluationPeriods"]) + verdict.MORE_PERIODS
    end = at // interval * interval
    start = end - count * query.period
    points = query.points(samples, start, count)
    if _warming(alarm, points, at):
        _write(cloud, key.region, alarm, end + interval)
        return
    state = verdict.state(alarm, points)
    turned = state != alarm["StateValue"]
    if turned:
        alarm.update(
            StateValue=state,
            StateReason=_reason(alarm, points, state),
            StateReasonData=_data(query, alarm, points, at),
            StateUpdatedTimestamp=at,
            StateTransitionedTimestamp=at,
        )
    more = any(samples.any_since(one.metric, start) for one in query.parts)
    _write(cloud, key.region, alarm, end + interval if more else None)
    if turned and state == verdict.ALARM:
        alarmed(cloud, key.region, key.name, at)


def _write(cloud: Cloud, region: str, alarm: Document, due: float | None) -> None:
    """With the moment at which it is looked at next, if there is one."""
    kept = {**alarm, "_steps": [] if due is None else [{"at": due, "do": "look"}]}
    cloud.store.put(Key(region=region, kind=ALARM, name=alarm["AlarmName"]), kept, due=due)


def _warming(alarm: Mapping[str, Any], points: Sequence[float | None], at: float) -> bool:
    """Whether a new alarm does not judge yet (PutMetricAlarm, WarmUpConfiguration)."""
    given = alarm.get("WarmUpConfiguration")
    if given is None or at >= alarm["_warm_at"]:
        return False
    whole = sum(one is not None for one in points) >= int(alarm["EvaluationPeriods"])
    return bool(given.get("OnlyStartEvaluatingAfterWarmUpPeriodEnds")) or not whole


def _interval(query: Query, alarm: Mapping[str, Any]) -> int:
    """How often CloudWatch looks (user guide, "Alarm evaluation"): by the minute as a rule."""
    period = query.period
    if period * int(alarm["EvaluationPeriods"]) > _DAY_S:
        return 3600
    if period >= _HOUR_S:
        return 600  # at hours it would look by the minute, too: a stand-in need not
    return 10 if period < 60 else 60


def _next(query: Query, alarm: Mapping[str, Any], now: float) -> float:
    interval = _interval(query, alarm)
    return now // interval * interval + interval


def _reason(alarm: Mapping[str, Any], points: list[float | None], state: str) -> str:
    real = [one for one in points if one is not None]
    if state == verdict.INSUFFICIENT or not real:
        return f"Insufficient Data: {len(points)} datapoints were unknown."
    breaching = [one for one in real if verdict.breaching(alarm, one)]
    shown, verb = (breaching, "crossed") if state == verdict.ALARM else (real, "did not all cross")
    listed = ", ".join(str(one) for one in shown)
    return f"Threshold Crossed: datapoints [{listed}] {verb} the threshold ({alarm['Threshold']})."


def _data(query: Query, alarm: Mapping[str, Any], points: list[float | None], at: float) -> str:
    when = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    return json.dumps(
        {
            "version": "1.0",
            "queryDate": when.replace("+00:00", "+0000"),
            # Of an expression it has none.
            **({"statistic": query.parts[0].stat} if len(query.parts) == 1 else {}),
            "period": query.period,
            "recentDatapoints": [one for one in points if one is not None],
            "threshold": alarm["Threshold"],
        }
    )
