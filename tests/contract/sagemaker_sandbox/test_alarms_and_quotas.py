"""CloudWatch alarms and Service Quotas."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest

from tests.support.sandbox import Sandbox, refusal

ALARM = {
    "AlarmName": "a",
    "Namespace": "AWS/SageMaker",
    "MetricName": "Invocation5XXErrors",
    "Dimensions": [{"Name": "EndpointName", "Value": "e"}],
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 1.0,
    "ComparisonOperator": "GreaterThanOrEqualToThreshold",
}
TYPE = "ml.m5.large for endpoint usage"


@pytest.fixture
def watch(sandbox: Sandbox) -> Any:
    return sandbox.client("cloudwatch")


@pytest.fixture
def limits(sandbox: Sandbox) -> Any:
    return sandbox.client("service-quotas")


def names(watch: Any, **asked: Any) -> list[str]:
    pages = watch.get_paginator("describe_alarms").paginate(**asked)
    return [alarm["AlarmName"] for page in pages for alarm in page["MetricAlarms"]]


def test_an_alarm_is_replaced_but_for_its_state(sandbox: Sandbox, watch: Any) -> None:
    watch.put_metric_alarm(**ALARM, AlarmDescription="first")
    [made] = watch.describe_alarms()["MetricAlarms"]
    assert (made["StateValue"], made["ActionsEnabled"]) == ("INSUFFICIENT_DATA", True)
    assert made["AlarmArn"] == "arn:aws:cloudwatch:us-east-1:123456789012:alarm:a"
    assert {key: made[key] for key in ALARM} == ALARM
    sandbox.advance(60)
    watch.set_alarm_state(AlarmName="a", StateValue="OK", StateReason="by hand")
    watch.put_metric_alarm(**{**ALARM, "Threshold": 2.0})
    [shown] = watch.describe_alarms()["MetricAlarms"]
    assert (shown["StateValue"], shown["Threshold"]) == ("OK", 2.0)
    assert "AlarmDescription" not in shown
    assert shown["StateTransitionedTimestamp"] > made["StateTransitionedTimestamp"]


@pytest.mark.parametrize(
    "changed",
    [
        {"MetricName": None},
        {"Namespace": None},
        {"Threshold": None},
        {"EvaluationPeriods": None},
        {"ExtendedStatistic": "p99"},
        {"Period": 45},
        {"DatapointsToAlarm": 2},
        {"TreatMissingData": "ignored"},
    ],
)
def test_an_alarm_that_makes_no_sense_is_refused(watch: Any, changed: dict[str, Any]) -> None:
    asked = {key: item for key, item in {**ALARM, **changed}.items() if item is not None}
    assert refusal(watch.put_metric_alarm, **asked)[0] == "ValidationError"
    assert names(watch) == []


def test_alarms_are_listed_in_pages_by_name_and_state(watch: Any) -> None:
    every = [f"n{number}" for number in range(5)]
    for name in every:
        watch.put_metric_alarm(
            **{**ALARM, "AlarmName": name}, AlarmActions=["arn:aws:sns:us-east-1:y:z"]
        )
    watch.put_metric_alarm(**ALARM)
    watch.set_alarm_state(AlarmName="n3", StateValue="ALARM", StateReason="")
    assert names(watch, PaginationConfig={"PageSize": 2}) == ["a", *every]
    assert names(watch, AlarmNamePrefix="n", PaginationConfig={"PageSize": 2}) == every
    assert names(watch, AlarmNames=["n4", "a", "no"]) == ["a", "n4"]
    assert names(watch, StateValue="ALARM") == ["n3"]
    assert names(watch, ActionPrefix="arn:aws:sns:") == every
    assert names(watch, AlarmTypes=["CompositeAlarm"]) == []
    both = {"AlarmNames": ["a"], "AlarmNamePrefix": "n"}
    assert refusal(watch.describe_alarms, **both)[0] == "InvalidParameterCombination"
    assert refusal(watch.describe_alarms, NextToken="x")[0] == "InvalidNextToken"


def test_a_wrong_name_keeps_no_other_from_being_deleted(watch: Any) -> None:
    watch.put_metric_alarm(**ALARM)
    assert refusal(watch.delete_alarms, AlarmNames=["no", "a"])[0] == "ResourceNotFound"
    assert names(watch) == []
    missing = {"AlarmName": "a", "StateValue": "OK", "StateReason": ""}
    assert refusal(watch.set_alarm_state, **missing)[0] == "ResourceNotFound"


def test_tags_of_an_alarm(watch: Any) -> None:
    watch.put_metric_alarm(**ALARM, Tags=[{"Key": "a", "Value": "1"}])
    watch.put_metric_alarm(**ALARM, Tags=[{"Key": "never", "Value": "1"}])
    arn = {"ResourceARN": "arn:aws:cloudwatch:us-east-1:123456789012:alarm:a"}
    watch.tag_resource(**arn, Tags=[{"Key": "b", "Value": "2"}])
    watch.untag_resource(**arn, TagKeys=["a"])
    assert watch.list_tags_for_resource(**arn)["Tags"] == [{"Key": "b", "Value": "2"}]
    other = {"ResourceARN": arn["ResourceARN"].replace("us-east-1", "eu-west-1")}
    assert refusal(watch.list_tags_for_resource, **other)[0] == "ResourceNotFoundException"


@pytest.mark.parametrize(("state", "config"), [("ALARM", "c1"), ("OK", "c2")])
def test_an_alarm_rolls_back_the_update_that_watches_it(
    sandbox: Sandbox, watch: Any, state: str, config: str
) -> None:
    watch.put_metric_alarm(**ALARM)
    sandbox.endpoint()
    sandbox.config("c2")
    shift = {"TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0}}
    sandbox.sagemaker.update_endpoint(
        EndpointName="e",
        EndpointConfigName="c2",
        DeploymentConfig={
            "BlueGreenUpdatePolicy": shift,
            "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "a"}]},
        },
    )
    watch.set_alarm_state(AlarmName="a", StateValue=state, StateReason="by hand")
    sandbox.advance(60)
    shown = sandbox.shown()
    assert (shown["EndpointStatus"], shown["EndpointConfigName"]) == ("InService", config)


def test_quotas_are_those_that_endpoints_are_held_against(sandbox: Sandbox, limits: Any) -> None:
    sandbox.post("quotas", {"quotas": {TYPE: 3}, "region": "us-east-1"})
    pages = list(limits.get_paginator("list_service_quotas").paginate(ServiceCode="sagemaker"))
    found = {one["QuotaName"]: one for page in pages for one in page["Quotas"]}
    assert len(pages) > 1
    assert sum(len(page["Quotas"]) for page in pages) == len(found)
    assert len({one["QuotaCode"] for one in found.values()}) == len(found)
    assert found[TYPE]["Value"] == 3
    assert found["Maximum number of serverless endpoints"]["Value"] == 50
    code = found[TYPE]["QuotaCode"]
    one = limits.get_service_quota(ServiceCode="sagemaker", QuotaCode=code)["Quota"]
    assert one == found[TYPE]
    filtered = limits.list_service_quotas(ServiceCode="sagemaker", QuotaCode=code)["Quotas"]
    assert filtered == [one]
    there = sandbox.client("service-quotas", "eu-west-1")
    other = there.get_service_quota(ServiceCode="sagemaker", QuotaCode=code)["Quota"]
    assert other["Value"] > 3
    total = limits.get_service_quota(ServiceCode="sagemaker", QuotaCode="L-7A3DF611")["Quota"]
    assert total["QuotaName"] == "Number of instances across active endpoints"


def test_quotas_that_are_not_there_are_refused(limits: Any) -> None:
    missing = "NoSuchResourceException"
    asked = {"ServiceCode": "sagemaker", "QuotaCode": "L-00000000"}
    assert refusal(limits.get_service_quota, **asked)[0] == missing
    assert refusal(limits.list_service_quotas, ServiceCode="ec2")[0] == missing
    listed = {"ServiceCode": "sagemaker", "NextToken": "x"}
    assert refusal(limits.list_service_quotas, **listed)[0] == "InvalidPaginationTokenException"


def test_a_client_that_speaks_query_sees_the_same_alarm(sandbox: Sandbox, watch: Any) -> None:
    def ask(action: str, **fields: str) -> str:
        body = urlencode({"Action": action, "Version": "2010-08-01", **fields}).encode()
        scope = "Credential=k/20260101/us-east-1/monitoring/aws4_request"
        headers = {"Authorization": f"AWS4-HMAC-SHA256 {scope}"}
        with urlopen(Request(f"{sandbox.url}/", data=body, headers=headers)) as answer:
            return str(answer.read().decode())

    simple = {key: str(item) for key, item in ALARM.items() if key != "Dimensions"}
    dimension = {"Dimensions.member.1.Name": "EndpointName", "Dimensions.member.1.Value": "e"}
    ask("PutMetricAlarm", **simple, **dimension)
    [made] = watch.describe_alarms()["MetricAlarms"]
    assert {key: made[key] for key in ALARM} == ALARM
    shown = ask("DescribeAlarms", **{"AlarmNames.member.1": "a"})
    assert "<AlarmName>a</AlarmName>" in shown
    assert "<Threshold>1.0</Threshold>" in shown
