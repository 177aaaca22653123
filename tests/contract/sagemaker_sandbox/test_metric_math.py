"""Alarms on expressions, alarms that warm up, and what CloudWatch refuses of both."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.sandbox import Sandbox, refusal

TIMES = {"EvaluationPeriods": 1, "ComparisonOperator": "GreaterThanThreshold", "Threshold": 0.5}
SIMPLE = {
    **TIMES,
    "AlarmName": "a",
    "Namespace": "Mine",
    "MetricName": "calls",
    "Period": 60,
    "Statistic": "Sum",
}


@pytest.fixture
def watch(sandbox: Sandbox) -> Any:
    return sandbox.client("cloudwatch")


def part(name: str, stat: str = "Sum", period: int = 60) -> dict[str, Any]:
    metric = {"Namespace": "Mine", "MetricName": name}
    return {
        "Id": name,
        "MetricStat": {"Metric": metric, "Period": period, "Stat": stat},
        "ReturnData": False,
    }


def share(expression: str = "bad / calls", *parts: dict[str, Any]) -> dict[str, Any]:
    value = {"Id": "value", "Expression": expression, "ReturnData": True}
    return {"AlarmName": "a", **TIMES, "Metrics": [*(parts or (part("bad"), part("calls"))), value]}


def put(watch: Any, **counts: float) -> None:
    data = [{"MetricName": name, "Value": count} for name, count in counts.items()]
    watch.put_metric_data(Namespace="Mine", MetricData=data)


def state(watch: Any) -> str:
    (alarm,) = watch.describe_alarms(AlarmNames=["a"])["MetricAlarms"]
    return str(alarm["StateValue"])


def test_an_alarm_on_an_expression_goes_off_and_is_over(sandbox: Sandbox, watch: Any) -> None:
    watch.put_metric_alarm(**share())
    for bad, calls, after in ((9.0, 10.0, "ALARM"), (1.0, 10.0, "OK"), (8.0, 10.0, "ALARM")):
        put(watch, bad=bad, calls=calls)
        sandbox.advance(60)
        assert state(watch) == after


def test_a_period_without_one_of_the_metrics_has_no_value(sandbox: Sandbox, watch: Any) -> None:
    watch.put_metric_alarm(**share(), TreatMissingData="notBreaching")
    put(watch, bad=9.0)
    sandbox.advance(60)
    assert state(watch) == "OK"
    put(watch, bad=9.0, calls=0.0)
    sandbox.advance(60)
    assert state(watch) == "OK"


def test_an_expression_of_another_kind_is_kept_and_not_evaluated(
    sandbox: Sandbox, watch: Any
) -> None:
    for expression in ("FILL(bad, 0)", "bad / nobody", "SELECT AVG(x) FROM y"):
        watch.put_metric_alarm(**share(expression))
        put(watch, bad=9.0, calls=10.0)
        sandbox.advance(60)
        assert state(watch) == "INSUFFICIENT_DATA"


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        ({**share(), "Period": 60}, "Period must not be provided"),
        (share("calls", {**part("calls"), "ReturnData": True}), "Exactly one element"),
        (share("calls", part("calls"), part("calls")), "unique"),
        (share("calls", {**part("calls"), "Expression": "1"}), "MetricStat and Expression"),
        ({**SIMPLE, "EvaluationPeriods": 1441}, "across more than 86400 s"),
        ({**SIMPLE, "Period": 3600, "EvaluationPeriods": 169}, "across more than 604800 s"),
        ({**share("calls", part("calls", period=300)), "EvaluationPeriods": 289}, "86400"),
        (
            {**SIMPLE, "AlarmActions": ["arn:aws:sns:eu-west-1:123456789012:on-call"]},
            "Invalid region eu-west-1 specified. Only us-east-1 is supported.",
        ),
    ],
)
def test_what_makes_no_alarm_is_refused(watch: Any, asked: dict[str, Any], text: str) -> None:
    code, message = refusal(watch.put_metric_alarm, **asked)
    assert code == "ValidationError"
    assert text in message


@pytest.mark.parametrize("patient", [True, False])
def test_a_new_alarm_warms_up(sandbox: Sandbox, watch: Any, *, patient: bool) -> None:
    warm = {
        "WarmUpPeriodDurationInMinutes": 10,
        "OnlyStartEvaluatingAfterWarmUpPeriodEnds": patient,
    }
    watch.put_metric_alarm(**SIMPLE, TreatMissingData="breaching", WarmUpConfiguration=warm)
    sandbox.advance(300)
    assert state(watch) == "INSUFFICIENT_DATA"
    put(watch, calls=9.0)
    sandbox.advance(60)
    assert state(watch) == ("INSUFFICIENT_DATA" if patient else "ALARM")
    sandbox.advance(300)
    assert state(watch) == "ALARM"
    put(watch, calls=0.0)
    sandbox.advance(60)
    assert state(watch) == "OK"
    watch.put_metric_alarm(**SIMPLE, TreatMissingData="breaching", WarmUpConfiguration=warm)
    sandbox.advance(600)
    assert state(watch) == "ALARM"
