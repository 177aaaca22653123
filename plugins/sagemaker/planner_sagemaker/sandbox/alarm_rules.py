"""What CloudWatch refuses of an alarm beside what its service model says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_MISSING_DATA = {"breaching", "notBreaching", "ignore", "missing"}
_SOURCES = ("MetricName", "Metrics", "EvaluationCriteria")
_ACTIONS = ("OKActions", "AlarmActions", "InsufficientDataActions")
_SIMPLE = ("Namespace", "Dimensions", "Period", "Unit", "Statistic", "ExtendedStatistic")
_HOUR_S, _DAY_S = 3600, 86_400


def problems(asked: Mapping[str, Any], region: str) -> Iterator[str]:
    """What the service model cannot say, for a region; the wording is ours but where it says so."""
    if sum(member in asked for member in _SOURCES) != 1:
        yield f"Exactly one of {', '.join(_SOURCES)} must be provided."
    if "EvaluationCriteria" not in asked:
        yield from _evaluation_problems(asked)
    if "MetricName" in asked:
        yield from _metric_problems(asked)
    if "Metrics" in asked:
        yield from _query_problems(asked)
    yield from _range_problems(asked)
    told = (str(one) for member in _ACTIONS for one in asked.get(member) or ())
    for place in {one.split(":")[3] for one in told if one.startswith("arn:") and ":sns:" in one}:
        if place != region:
            # cds-snc/notification-terraform#128 quotes it.
            yield f"Invalid region {place} specified. Only {region} is supported."


def _evaluation_problems(asked: Mapping[str, Any]) -> Iterator[str]:
    for member in ("EvaluationPeriods", "ComparisonOperator"):
        if member not in asked:
            yield f"{member} must be provided."
    if ("Threshold" in asked) == ("ThresholdMetricId" in asked):
        yield "Exactly one of Threshold and ThresholdMetricId must be provided."
    if asked.get("DatapointsToAlarm", 1) > asked.get("EvaluationPeriods", 1):
        yield "DatapointsToAlarm must not be greater than EvaluationPeriods."
    if asked.get("TreatMissingData", "missing") not in _MISSING_DATA:
        yield f"TreatMissingData must be one of {', '.join(sorted(_MISSING_DATA))}."


def _metric_problems(asked: Mapping[str, Any]) -> Iterator[str]:
    for member in ("Namespace", "Period"):
        if member not in asked:
            yield f"{member} must be provided with MetricName."
    if ("Statistic" in asked) == ("ExtendedStatistic" in asked):
        yield "Exactly one of Statistic and ExtendedStatistic must be provided with MetricName."
    period = asked.get("Period", 60)
    if period not in {10, 20, 30} and period % 60:
        yield "Period must be 10, 20, 30 or a multiple of 60."


def _query_problems(asked: Mapping[str, Any]) -> Iterator[str]:
    """Documentation of the member Metrics, and of MetricDataQuery."""
    for member in _SIMPLE:
        if asked.get(member):
            yield f"{member} must not be provided with Metrics."
    queries = asked["Metrics"]
    if sum(one.get("ReturnData", True) for one in queries) != 1:
        yield "Exactly one element of the metrics list should return data."
    if len({one["Id"] for one in queries}) < len(queries):
        yield "The ids of queries must be unique."
    for one in queries:
        if ("MetricStat" in one) == ("Expression" in one):
            yield f"Exactly one of MetricStat and Expression must be provided for {one['Id']}."


def _range_problems(asked: Mapping[str, Any]) -> Iterator[str]:
    """Documentation of the member Period: a week at most, a day for periods below an hour."""
    stats = [one["MetricStat"] for one in asked.get("Metrics") or () if "MetricStat" in one]
    periods = {one.get("Period", 60) for one in (stats or [asked])}
    for period in periods:
        most = 7 * _DAY_S if period >= _HOUR_S else _DAY_S
        if period * asked.get("EvaluationPeriods", 1) > most:
            yield f"Metrics cannot be checked across more than {most} s by periods of {period} s."
