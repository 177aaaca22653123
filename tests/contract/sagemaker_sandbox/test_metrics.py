"""Metric data, its statistics, and alarms that look at it."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
from planner_sagemaker.sandbox import verdict
from planner_sagemaker.sandbox.serve import running

from tests.support.sandbox import Sandbox, refusal

SPACE = "AWS/SageMaker"
DIMENSIONS = [
    {"Name": "EndpointName", "Value": "e"},
    {"Name": "VariantName", "Value": "AllTraffic"},
]
MINUTE = timedelta(minutes=1)


@pytest.fixture
def watch(sandbox: Sandbox) -> Any:
    return sandbox.client("cloudwatch")


def now(sandbox: Sandbox) -> datetime:
    return datetime.fromtimestamp(sandbox.get("clock")["now"], UTC)


def start_of(sandbox: Sandbox) -> datetime:
    """The beginning of the next minute, which it is then."""
    sandbox.advance(60 - now(sandbox).timestamp() % 60)
    return now(sandbox)


def put(watch: Any, name: str = "ModelLatency", **datum: Any) -> None:
    one = {"MetricName": name, "Dimensions": DIMENSIONS, **datum}
    watch.put_metric_data(Namespace=SPACE, MetricData=[one])


def statistics(watch: Any, begin: datetime, end: datetime, **asked: Any) -> list[dict[str, Any]]:
    found = watch.get_metric_statistics(
        Namespace=SPACE,
        MetricName="ModelLatency",
        Dimensions=DIMENSIONS[::-1],
        StartTime=begin,
        EndTime=end,
        **{"Period": 60, **asked},
    )
    return sorted(found["Datapoints"], key=lambda one: one["Timestamp"])


def query(name: str = "m", stat: str = "Average", **more: Any) -> dict[str, Any]:
    metric = {"Namespace": SPACE, "MetricName": "ModelLatency", "Dimensions": DIMENSIONS}
    return {"Id": name, "MetricStat": {"Metric": metric, "Period": 60, "Stat": stat}, **more}


def test_statistics_are_those_of_what_was_put(sandbox: Sandbox, watch: Any) -> None:
    begin = start_of(sandbox)
    put(watch, Value=100.0, Unit="Microseconds")
    put(watch, Values=[200.0, 400.0], Counts=[3.0, 1.0], Unit="Microseconds")
    [one] = statistics(
        watch,
        begin,
        begin + MINUTE,
        Statistics=["SampleCount", "Sum", "Average", "Minimum", "Maximum"],
    )
    assert (one["SampleCount"], one["Sum"], one["Average"]) == (5, 1100, 220)
    assert (one["Minimum"], one["Maximum"], one["Unit"]) == (100, 400, "Microseconds")
    assert one["Timestamp"] == begin
    assert statistics(watch, begin, begin + MINUTE, Statistics=["Sum"], Unit="Seconds") == []
    other = begin + timedelta(hours=1)
    assert statistics(watch, other, other + MINUTE, Statistics=["Sum"]) == []


def test_percentiles_are_those_of_the_values(sandbox: Sandbox, watch: Any) -> None:
    begin = start_of(sandbox)
    values = [float(number) for number in range(1, 1001)]
    random.Random(7).shuffle(values)
    for first in range(0, 1000, 150):
        put(watch, Values=values[first : first + 150])
    [one] = statistics(
        watch, begin, begin + MINUTE, ExtendedStatistics=["p0.0", "p50", "p99", "p99.9", "p100"]
    )
    assert one["ExtendedStatistics"] == {
        "p0.0": 1, "p50": 500, "p99": 990, "p99.9": 999, "p100": 1000,
    }  # fmt: skip


def test_sums_have_no_percentiles(sandbox: Sandbox, watch: Any) -> None:
    begin = start_of(sandbox)
    sums = {"SampleCount": 10.0, "Sum": 55.0, "Minimum": 1.0, "Maximum": 10.0}
    put(watch, StatisticValues=sums)
    [one] = statistics(watch, begin, begin + MINUTE, ExtendedStatistics=["p99"])
    assert "ExtendedStatistics" not in one
    [one] = statistics(watch, begin, begin + MINUTE, Statistics=["Average", "Maximum"])
    assert (one["Average"], one["Maximum"]) == (5.5, 10)
    sandbox.advance(60)
    put(watch, StatisticValues={"SampleCount": 4.0, "Sum": 8.0, "Minimum": 2.0, "Maximum": 2.0})
    [one] = statistics(watch, begin + MINUTE, begin + 2 * MINUTE, ExtendedStatistics=["p99"])
    assert one["ExtendedStatistics"] == {"p99": 2}


def test_data_is_told_by_period_the_latest_first(sandbox: Sandbox, watch: Any) -> None:
    begin = start_of(sandbox)
    for minute in range(6):
        put(watch, Value=float(minute), Timestamp=begin + minute * MINUTE)
    span = {"StartTime": begin, "EndTime": begin + 6 * MINUTE}
    found = watch.get_metric_data(MetricDataQueries=[query()], **span)["MetricDataResults"]
    assert found[0]["Values"] == [5, 4, 3, 2, 1, 0]
    assert found[0]["Timestamps"][-1] == begin
    assert (found[0]["Label"], found[0]["StatusCode"]) == ("ModelLatency", "Complete")
    upwards = watch.get_metric_data(
        MetricDataQueries=[query("a", "p90"), query("b", "Maximum"), query("c", ReturnData=False)],
        ScanBy="TimestampAscending",
        **span,
    )["MetricDataResults"]
    assert [(one["Id"], one["Values"]) for one in upwards] == [
        ("a", [0, 1, 2, 3, 4, 5]),
        ("b", [0, 1, 2, 3, 4, 5]),
    ]
    longer = query()
    longer["MetricStat"]["Period"] = 300
    [one] = watch.get_metric_data(MetricDataQueries=[longer], **span)["MetricDataResults"]
    assert sum(one["Values"]) < 15
    assert all(moment.timestamp() % 300 == 0 for moment in one["Timestamps"])


def test_pages_continue_where_the_last_one_ended(sandbox: Sandbox, watch: Any) -> None:
    begin = start_of(sandbox)
    for minute in range(5):
        put(watch, Value=float(minute), Timestamp=begin + minute * MINUTE)
    asked = {
        "MetricDataQueries": [query("a"), query("b", "Sum")],
        "StartTime": begin,
        "EndTime": begin + 5 * MINUTE,
        "MaxDatapoints": 3,
    }
    pages = list(watch.get_paginator("get_metric_data").paginate(**asked))
    assert len(pages) == 4
    assert pages[0]["MetricDataResults"][0]["StatusCode"] == "PartialData"
    whole: dict[str, list[float]] = {}
    for page in pages:
        for one in page["MetricDataResults"]:
            whole.setdefault(one["Id"], []).extend(one["Values"])
    assert whole == {"a": [4, 3, 2, 1, 0], "b": [4, 3, 2, 1, 0]}
    assert refusal(watch.get_metric_data, **asked, NextToken="x")[0] == "InvalidNextToken"


def test_metrics_are_listed_by_space_name_and_dimension(sandbox: Sandbox, watch: Any) -> None:
    put(watch, "Invocations", Value=1.0)
    put(watch, "ModelLatency", Value=1.0)
    other = {"MetricName": "Invocations", "Value": 1.0}
    watch.put_metric_data(Namespace="Mine", MetricData=[other])

    def names(**asked: Any) -> list[tuple[str, str]]:
        pages = watch.get_paginator("list_metrics").paginate(**asked)
        rows = [one for page in pages for one in page["Metrics"]]
        return sorted((one["Namespace"], one["MetricName"]) for one in rows)

    ours = [(SPACE, "Invocations"), (SPACE, "ModelLatency")]
    assert names() == [*ours, ("Mine", "Invocations")]
    assert names(Namespace=SPACE) == ours
    assert names(MetricName="ModelLatency") == ours[1:]
    assert names(Dimensions=[{"Name": "EndpointName", "Value": "e"}]) == ours
    assert names(Dimensions=[{"Name": "EndpointName", "Value": "f"}]) == []
    assert names(Dimensions=[{"Name": "VariantName"}]) == ours
    there = sandbox.client("cloudwatch", "eu-west-1")
    assert there.list_metrics()["Metrics"] == []
    sandbox.advance(15 * 86_400)
    assert names() == []


def test_much_data_comes_compressed(sandbox: Sandbox, watch: Any) -> None:
    begin = start_of(sandbox)
    data = [
        {"MetricName": "ModelLatency", "Dimensions": DIMENSIONS, "Values": [float(n)] * 20}
        for n in range(200)
    ]
    watch.put_metric_data(Namespace=SPACE, MetricData=data)
    [one] = statistics(watch, begin, begin + MINUTE, Statistics=["SampleCount"])
    assert one["SampleCount"] == 4000


@pytest.mark.parametrize(
    "datum",
    [
        {},
        {"Value": 1.0, "Values": [1.0]},
        {"Values": [1.0], "Counts": [1.0, 2.0]},
        {"Values": [1.0] * 151},
        {"Value": 2.0**361},
        {"Value": 1.0, "Timestamp": 0},
        {"Value": 1.0, "Timestamp": 4_000_000_000},
    ],
)
def test_data_that_makes_no_sense_is_refused(watch: Any, datum: dict[str, Any]) -> None:
    one = {"MetricName": "m", **datum}
    code, _ = refusal(watch.put_metric_data, Namespace="Mine", MetricData=[one])
    assert code == "InvalidParameterValue"
    assert watch.list_metrics()["Metrics"] == []


def test_questions_that_make_no_sense_are_refused(sandbox: Sandbox, watch: Any) -> None:
    begin = now(sandbox)
    asked = {
        "Namespace": SPACE,
        "MetricName": "m",
        "StartTime": begin,
        "EndTime": begin + timedelta(days=2),
        "Period": 60,
        "Statistics": ["Sum"],
    }
    code, text = refusal(watch.get_metric_statistics, **asked)
    assert (code, "2,880 datapoints" in text) == ("InvalidParameterCombination", True)
    both = {**asked, "Period": 3600, "ExtendedStatistics": ["p9"]}
    assert refusal(watch.get_metric_statistics, **both)[0] == "InvalidParameterCombination"
    for wrong in ({"EndTime": begin}, {"Period": 45, "EndTime": begin + MINUTE}):
        code = refusal(watch.get_metric_statistics, **{**asked, **wrong})[0]
        assert code == "InvalidParameterValue"
    span = {"StartTime": begin, "EndTime": begin + MINUTE}
    for stat in ("tm90", "p101", "Mean"):
        code = refusal(watch.get_metric_data, MetricDataQueries=[query(stat=stat)], **span)[0]
        assert code == "ValidationError"
    twice = [query(), query()]
    assert refusal(watch.get_metric_data, MetricDataQueries=twice, **span)[0] == "ValidationError"
    sums = [{"Id": "s", "Expression": "m1 + m2"}]
    assert refusal(watch.get_metric_data, MetricDataQueries=sums, **span)[0] == "NotImplemented"


def test_a_client_that_speaks_query_puts_and_reads_the_same(sandbox: Sandbox, watch: Any) -> None:
    begin = start_of(sandbox)

    def ask(action: str, **fields: str) -> str:
        body = urlencode({"Action": action, "Version": "2010-08-01", **fields}).encode()
        scope = "Credential=k/20260101/us-east-1/monitoring/aws4_request"
        headers = {"Authorization": f"AWS4-HMAC-SHA256 {scope}"}
        with urlopen(Request(f"{sandbox.url}/", data=body, headers=headers)) as answer:
            return str(answer.read().decode())

    ask(
        "PutMetricData",
        Namespace="Mine",
        **{
            "MetricData.member.1.MetricName": "m",
            "MetricData.member.1.Values.member.1": "4",
            "MetricData.member.1.Values.member.2": "8",
            "MetricData.member.1.Counts.member.1": "1",
            "MetricData.member.1.Counts.member.2": "3",
        },
    )
    span = {"StartTime": begin, "EndTime": begin + MINUTE, "Period": 60}
    asked = {"Namespace": "Mine", "MetricName": "m", **span}
    [one] = watch.get_metric_statistics(**asked, Statistics=["Sum"])["Datapoints"]
    assert one["Sum"] == 28
    told = ask(
        "GetMetricStatistics",
        Namespace="Mine",
        MetricName="m",
        StartTime=begin.isoformat(),
        EndTime=(begin + MINUTE).isoformat(),
        Period="60",
        **{"ExtendedStatistics.member.1": "p50"},
    )
    assert "<entry><key>p50</key><value>8.0</value></entry>" in told


def test_data_outlives_a_restart(tmp_path: Path) -> None:
    file = str(tmp_path / "sandbox.sqlite3")
    with running(file, frozen=True) as url:
        sandbox = Sandbox(url=url)
        begin = start_of(sandbox)
        put(sandbox.client("cloudwatch"), Value=3.0)
    with running(file, frozen=True) as url:
        watch = Sandbox(url=url).client("cloudwatch")
        assert [one["Sum"] for one in statistics(watch, begin, begin + MINUTE, Statistics=["Sum"])]
        Sandbox(url=url).post("reset")
        assert watch.list_metrics()["Metrics"] == []


RETAIN = "RETAIN"
TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")
NONE, FINE, BAD = "INSUFFICIENT_DATA", "OK", "ALARM"


@pytest.mark.parametrize(
    ("least", "points", "expected"),
    [
        (3, "0 - X - X", (FINE, FINE, FINE, FINE)),
        (3, "0 - - - -", (FINE, FINE, FINE, FINE)),
        (3, "- - - - -", (NONE, RETAIN, BAD, FINE)),
        (3, "0 X X - X", (BAD, BAD, BAD, BAD)),
        (3, "- - X - -", (BAD, RETAIN, BAD, FINE)),
        (3, "- - - - X", (FINE, RETAIN, BAD, FINE)),
        (3, "- - - X -", (FINE, RETAIN, BAD, FINE)),
        (2, "0 - X - X", (BAD, BAD, BAD, BAD)),
        (2, "0 0 X 0 X", (BAD, BAD, BAD, BAD)),
        (2, "0 - X - -", (FINE, FINE, BAD, FINE)),
        (2, "- - - - 0", (FINE, FINE, BAD, FINE)),
        (2, "- - - X -", (BAD, RETAIN, BAD, FINE)),
    ],
)
def test_missing_data_is_treated_as_the_guide_says(
    least: int, points: str, expected: tuple[str, ...]
) -> None:
    """The tables of the CloudWatch user guide, and the two rows that its text adds."""
    values = [{"0": 0.0, "X": 2.0, "-": None}[one] for one in points.split()]
    for treatment, state in zip(TREATMENTS, expected, strict=True):
        alarm = {
            "EvaluationPeriods": 3,
            "DatapointsToAlarm": least,
            "ComparisonOperator": "GreaterThanThreshold",
            "Threshold": 1.0,
            "TreatMissingData": treatment,
            "StateValue": RETAIN,
        }
        assert verdict.state(alarm, values) == state, treatment


ALARM = {
    "AlarmName": "slow",
    "Namespace": SPACE,
    "MetricName": "ModelLatency",
    "Dimensions": DIMENSIONS,
    "ExtendedStatistic": "p99",
    "Period": 60,
    "EvaluationPeriods": 3,
    "DatapointsToAlarm": 2,
    "Threshold": 200.0,
    "ComparisonOperator": "GreaterThanThreshold",
    "TreatMissingData": "notBreaching",
}


def state(watch: Any, name: str = "slow") -> str:
    [one] = watch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return str(one["StateValue"])


def test_an_alarm_goes_off_by_data_and_comes_back(sandbox: Sandbox, watch: Any) -> None:
    start_of(sandbox)
    watch.put_metric_alarm(**ALARM)
    assert state(watch) == "INSUFFICIENT_DATA"
    seen = []
    for value in (100.0, 300.0, 300.0, 100.0, 100.0, 100.0):
        put(watch, Values=[1.0, value], Counts=[98.0, 2.0])
        sandbox.advance(60)
        seen.append(state(watch))
    assert seen == ["OK", "OK", "ALARM", "ALARM", "OK", "OK"]
    [shown] = watch.describe_alarms(AlarmNames=["slow"])["MetricAlarms"]
    assert "did not all cross the threshold (200.0)" in shown["StateReason"]


def test_a_state_set_by_hand_lasts_until_the_alarm_looks_again(
    sandbox: Sandbox, watch: Any
) -> None:
    start_of(sandbox)
    watch.put_metric_alarm(**ALARM)
    sandbox.advance(60)
    assert state(watch) == "OK"
    watch.set_alarm_state(AlarmName="slow", StateValue="ALARM", StateReason="by hand")
    sandbox.advance(59)
    assert state(watch) == "ALARM"
    sandbox.advance(1)
    assert state(watch) == "OK"


def test_an_alarm_without_data_knows_nothing(sandbox: Sandbox, watch: Any) -> None:
    start_of(sandbox)
    watch.put_metric_alarm(**{**ALARM, "TreatMissingData": "missing"})
    put(watch, Value=500.0)
    sandbox.advance(60)
    assert state(watch) == "OK"
    sandbox.advance(60)
    assert state(watch) == "ALARM"
    sandbox.advance(86_400)
    assert state(watch) == "INSUFFICIENT_DATA"
    put(watch, Values=[1.0])
    sandbox.advance(60)
    assert state(watch) == "OK"


def test_alarms_of_high_resolution_look_more_often(sandbox: Sandbox, watch: Any) -> None:
    start_of(sandbox)
    fast = {**ALARM, "Period": 10, "EvaluationPeriods": 1, "DatapointsToAlarm": 1}
    watch.put_metric_alarm(**fast)
    put(watch, Value=500.0)
    sandbox.advance(10)
    assert state(watch) == "ALARM"


def test_an_alarm_looks_at_its_own_metric_alone(sandbox: Sandbox, watch: Any) -> None:
    start_of(sandbox)
    quick = {**ALARM, "EvaluationPeriods": 1, "DatapointsToAlarm": 1}
    watch.put_metric_alarm(**quick)
    watch.put_metric_alarm(**{**quick, "AlarmName": "all", "Dimensions": DIMENSIONS[:1]})
    stat = query("m", "p99")["MetricStat"]
    rest = {key: one for key, one in quick.items() if key not in (*stat["Metric"], "Period")}
    del rest["ExtendedStatistic"]
    named = {"AlarmName": "query", "Metrics": [{"Id": "m", "MetricStat": stat}]}
    watch.put_metric_alarm(**{**rest, **named})
    put(watch, Value=500.0)
    sandbox.advance(60)
    assert [state(watch, name) for name in ("slow", "all", "query")] == ["ALARM", "OK", "ALARM"]
    watch.put_metric_alarm(**{**quick, "MetricName": "Invocations"})
    watch.delete_alarms(AlarmNames=["query"])
    put(watch, Value=500.0)
    sandbox.advance(600)
    assert state(watch) == "OK"


def guarded(sandbox: Sandbox) -> None:
    """An update under way for an hour, which an alarm watches."""
    sandbox.endpoint()
    sandbox.config("c2")
    shift = {"TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 3600}}
    sandbox.sagemaker.update_endpoint(
        EndpointName="e",
        EndpointConfigName="c2",
        DeploymentConfig={
            "BlueGreenUpdatePolicy": {**shift, "MaximumExecutionTimeoutInSeconds": 7200},
            "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "slow"}]},
        },
    )


@pytest.mark.parametrize(("value", "config"), [(500.0, "c1"), (100.0, "c2")])
def test_data_rolls_an_update_back(sandbox: Sandbox, watch: Any, value: float, config: str) -> None:
    sandbox.post("pace", {"waits": 1})
    try:
        watch.put_metric_alarm(**ALARM)
        guarded(sandbox)
        start_of(sandbox)
        for _ in range(3):
            put(watch, Value=value)
            sandbox.advance(60)
        put(watch, Value=100.0)
        sandbox.advance(600)
        shown = sandbox.shown()
        status = "InService" if config == "c1" else "Updating"
        assert (shown["EndpointStatus"], state(watch)) == (status, "OK")
        sandbox.advance(3600)
        shown = sandbox.shown()
        assert (shown["EndpointStatus"], shown["EndpointConfigName"]) == ("InService", config)
    finally:
        sandbox.post("pace", {"waits": 1 / 600})


def test_a_long_absence_passes_in_order(sandbox: Sandbox, watch: Any) -> None:
    """The alarm goes off before the update ends, though both are long past when one asks."""
    sandbox.post("pace", {"waits": 1})
    try:
        watch.put_metric_alarm(**ALARM)
        guarded(sandbox)
        begin = start_of(sandbox)
        put(watch, Value=500.0)
        put(watch, Value=500.0, Timestamp=begin + MINUTE)
        sandbox.advance(7 * 86_400)
        assert sandbox.shown()["EndpointConfigName"] == "c1"
        assert state(watch) == "OK"
    finally:
        sandbox.post("pace", {"waits": 1 / 600})
