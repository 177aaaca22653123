"""PutMetricData, GetMetricData, GetMetricStatistics, ListMetrics.

Nothing is measured here: a metric has what was put into it. Metrics of AWS itself may be put as
well, for this is how load and latency come into a sandbox.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from planner_sagemaker.sandbox import statistics, watching
from planner_sagemaker.sandbox.cloud import Call, Handler
from planner_sagemaker.sandbox.errors import CloudError
from planner_sagemaker.sandbox.paging import Paging, after, page_of, token
from planner_sagemaker.sandbox.samples import Metric, Sample

_DAY_S = 86_400
_OLDEST_S, _NEWEST_S = 14 * _DAY_S, 2 * 3600
_MOST_DATA, _MOST_VALUES = 1000, 150
_MOST_POINTS = 1440
"""Of GetMetricStatistics; GetMetricData returns at most `_PER_PAGE` at once."""

_PER_PAGE = 100_800
_MOST_QUERIES = 500
_LARGEST = 2.0**360
_HIGH_RESOLUTION = {1, 5, 10, 20, 30}
_FORMS = ("Value", "Values", "StatisticValues")
_LISTED = Paging(
    name=lambda row: str(row["_key"]), refusal="InvalidParameterValue", size=500, most=500
)
_POINTS = Paging(name=str, refusal="InvalidNextToken", size=_PER_PAGE, most=_PER_PAGE)


def put_metric_data(call: Call) -> Mapping[str, Any]:
    """Keep data, and wake the alarms that look at it."""
    asked = call.parameters
    data = list(asked.get("MetricData") or ())
    for entity in asked.get("EntityMetricData") or ():
        data.extend(entity.get("MetricData") or ())
    if not 0 < len(data) <= _MOST_DATA:
        raise _wrong(f"MetricData must have between 1 and {_MOST_DATA} members.")
    for one in data:
        for problem in _problems(call, one):
            raise _wrong(problem)
    for one in data:
        metric = metric_of(call.region, {"Namespace": asked["Namespace"], **one})
        call.cloud.store.samples.add(metric, list(_samples(call, one)))
        watching.wake(call.cloud, metric)
    return {}


def _problems(call: Call, one: Mapping[str, Any]) -> Iterator[str]:
    """The rules are those of the documentation of MetricDatum; the wording is ours."""
    if sum(form in one for form in _FORMS) != 1:
        yield f"Exactly one of {', '.join(_FORMS)} must be provided for {one['MetricName']}."
    values, counts = one.get("Values", []), one.get("Counts")
    if counts is not None and len(counts) != len(values):
        yield "Counts must have as many members as Values."
    if "Values" in one and not 0 < len(values) <= _MOST_VALUES:
        yield f"Values must have between 1 and {_MOST_VALUES} members."
    numbers = [*values, *(counts or ()), *one.get("StatisticValues", {}).values()]
    for number in (*numbers, one.get("Value", 0.0)):
        if not math.isfinite(number) or abs(number) > _LARGEST:
            yield f"The value {number} for {one['MetricName']} is not supported."
    if not -_OLDEST_S <= one.get("Timestamp", call.now) - call.now <= _NEWEST_S:
        yield "Timestamp must be within the last two weeks and the next two hours."


def _samples(call: Call, one: Mapping[str, Any]) -> Iterator[Sample]:
    at, unit = math.floor(one.get("Timestamp", call.now)), one.get("Unit", "None")
    sums = one.get("StatisticValues")
    if sums is not None:
        yield Sample(
            at=at,
            unit=unit,
            count=sums["SampleCount"],
            total=sums["Sum"],
            low=sums["Minimum"],
            high=sums["Maximum"],
        )
        return
    values = one.get("Values", [one.get("Value")])
    for given, count in zip(values, one.get("Counts", [1.0] * len(values)), strict=True):
        yield Sample(at=at, unit=unit, count=count, total=given * count, low=given, high=given)


def metric_of(region: str, asked: Mapping[str, Any]) -> Metric:
    """The metric that Namespace, MetricName and Dimensions name."""
    dimensions = ((one["Name"], one["Value"]) for one in asked.get("Dimensions") or ())
    return Metric(
        region=region,
        namespace=str(asked.get("Namespace", "")),
        name=str(asked.get("MetricName", "")),
        dimensions=tuple(sorted(dimensions)),
    )


def list_metrics(call: Call) -> Mapping[str, Any]:
    """One page of the metrics that had data in the last two weeks."""
    asked = call.parameters
    active = "RecentlyActive" in asked
    since = call.now - (3 * 3600 if active else _OLDEST_S)
    found = call.cloud.store.samples.metrics(
        call.region, asked.get("Namespace", ""), asked.get("MetricName", ""), since
    )
    filters = asked.get("Dimensions") or ()
    rows = [
        {
            "_key": metric.key,
            "Namespace": metric.namespace,
            "MetricName": metric.name,
            "Dimensions": [{"Name": name, "Value": text} for name, text in metric.dimensions],
        }
        for metric in found
        if all(_has(metric, one) for one in filters)
    ]
    shown, more = page_of(call, rows, _LISTED)
    return {"Metrics": shown, "NextToken": more}


def _has(metric: Metric, wanted: Mapping[str, str]) -> bool:
    own = dict(metric.dimensions).get(wanted["Name"])
    return own is not None and wanted.get("Value", own) == own


def get_metric_statistics(call: Call) -> Mapping[str, Any]:
    """Statistics by period, and by unit where none is asked for."""
    asked = call.parameters
    plain, extended = asked.get("Statistics") or [], asked.get("ExtendedStatistics") or []
    if bool(plain) == bool(extended):
        raise CloudError(
            "InvalidParameterCombination",
            "Exactly one of Statistics and ExtendedStatistics must be provided.",
        )
    _check_range(asked, "InvalidParameterValue")
    _check_statistics([*plain, *extended], "InvalidParameterValue")
    period, start, end = asked["Period"], _aligned(asked), asked["EndTime"]
    wanted = math.ceil((end - start) / period)
    if wanted > _MOST_POINTS:
        # aws/aws-cli#1529 and many others quote it.
        raise CloudError(
            "InvalidParameterCombination",
            f"You have requested up to {wanted:,} datapoints, which exceeds the limit of "
            f"{_MOST_POINTS:,}. You may reduce the datapoints requested by increasing Period, or "
            "decreasing the time range.",
        )
    metric = metric_of(call.region, asked)
    samples = call.cloud.store.samples.between(metric, start, end, asked.get("Unit", ""))
    rows = [
        _point(start + number * period, unit, group, asked)
        for unit in sorted({one.unit for one in samples})
        for number, group in statistics.periods(
            [one for one in samples if one.unit == unit], start, period
        ).items()
    ]
    # "not returned in chronological order": the documentation of the operation.
    rows.sort(key=lambda row: (row["Timestamp"] // period * 2_654_435_761 % 2**32, row["Unit"]))
    return {"Label": asked["MetricName"], "Datapoints": rows}


def _point(at: float, unit: str, group: Sequence[Sample], asked: Mapping[str, Any]) -> Any:
    extended = {
        name: found
        for name in asked.get("ExtendedStatistics") or ()
        if (found := statistics.statistic(name, group)) is not None
    }
    plain = {name: statistics.statistic(name, group) for name in asked.get("Statistics") or ()}
    more = {"ExtendedStatistics": extended} if extended else {}
    return {"Timestamp": at, "Unit": unit, **plain, **more}


def get_metric_data(call: Call) -> Mapping[str, Any]:
    """One page of the values of metrics; a query may be continued on the next."""
    asked = call.parameters
    queries = asked["MetricDataQueries"]
    _check_range(asked, "ValidationError")
    _check_queries(queries)
    first = int(after(call, _POINTS) or 0)
    last = first + min(asked.get("MaxDatapoints", _PER_PAGE), _PER_PAGE)
    results, passed = [], 0
    for query in queries:
        if query.get("ReturnData", True):
            own = _values(call, query["MetricStat"])
            results.append(_result(query, own, (first - passed, last - passed)))
            passed += len(own)
    return {
        "MetricDataResults": results,
        "NextToken": token(call, _POINTS, str(last)) if last < passed else None,
        "Messages": [],
    }


def _result(
    query: Mapping[str, Any], points: Sequence[tuple[float, float]], shown: tuple[int, int]
) -> dict[str, Any]:
    """The points of one query that a page shows; the page may end before it, or begin after."""
    first, last = (max(one, 0) for one in shown)
    own = points[first:last]
    return {
        "Id": query["Id"],
        "Label": query.get("Label") or query["MetricStat"]["Metric"]["MetricName"],
        "Timestamps": [at for at, _ in own],
        "Values": [found for _, found in own],
        "StatusCode": "PartialData" if last < len(points) else "Complete",
    }


def _values(call: Call, asked: Mapping[str, Any]) -> list[tuple[float, float]]:
    """The latest first, unless it is asked for otherwise."""
    span = {**call.parameters, "Period": asked["Period"]}
    start = _aligned(span)
    metric = metric_of(call.region, asked["Metric"])
    samples = call.cloud.store.samples
    groups = statistics.periods(
        samples.between(metric, start, span["EndTime"], asked.get("Unit", "")),
        start,
        asked["Period"],
    )
    values = [
        (start + number * asked["Period"], found)
        for number, group in sorted(groups.items())
        if (found := statistics.statistic(asked["Stat"], group)) is not None
    ]
    ascending = call.parameters.get("ScanBy") == "TimestampAscending"
    return values if ascending else values[::-1]


def _check_queries(queries: Sequence[Mapping[str, Any]]) -> None:
    if len(queries) > _MOST_QUERIES:
        raise CloudError("ValidationError", f"At most {_MOST_QUERIES} queries are allowed.")
    for query in queries:
        if "MetricStat" not in query:
            raise CloudError("NotImplemented", "the sandbox has no metric math", status=501)
        stat = query["MetricStat"]
        _check_period(stat["Period"], "ValidationError")
        _check_statistics([stat["Stat"]], "ValidationError")
    names = [query["Id"] for query in queries]
    if len(set(names)) < len(names):
        raise CloudError("ValidationError", "The ids of queries must be unique.")


def _check_range(asked: Mapping[str, Any], code: str) -> None:
    if asked["StartTime"] >= asked["EndTime"]:
        raise CloudError(code, "The parameter StartTime must be less than the parameter EndTime.")
    if "Period" in asked:
        _check_period(asked["Period"], code)


def _check_period(period: int, code: str) -> None:
    if period not in _HIGH_RESOLUTION and period % 60:
        raise CloudError(code, "Period must be 1, 5, 10, 20, 30 or a multiple of 60.")


def _check_statistics(names: Sequence[str], code: str) -> None:
    for name in names:
        if not statistics.is_known(name):
            raise CloudError(code, f"The value {name} for a statistic is not supported.")


def _aligned(asked: Mapping[str, Any]) -> float:
    """Where the first period begins: on a multiple of it."""
    return float(asked["StartTime"] // asked["Period"] * asked["Period"])


def _wrong(text: str) -> CloudError:
    return CloudError("InvalidParameterValue", text)


HANDLERS: Mapping[str, Handler] = {
    "PutMetricData": put_metric_data,
    "GetMetricData": get_metric_data,
    "GetMetricStatistics": get_metric_statistics,
    "ListMetrics": list_metrics,
}
