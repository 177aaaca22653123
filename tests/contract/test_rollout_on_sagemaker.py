"""Rollouts and their alarms over HTTP: what is watched rolls back, what is others' stays theirs."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event as Flag
from typing import Any

import pytest
from planner_sagemaker.gateway import SageMakerGateway
from planner_sagemaker.live import SageMakerLive
from planner_sagemaker.sandbox.cloud import Pace
from planner_sagemaker.sandbox.serve import running

import planner
from planner.engine import Applied, Job, Link, Manner, Outcome, Standing, applied
from planner.errors import ProviderError
from planner.model.change import Action, ChangeSet
from planner.model.live import Operation
from planner.model.resource import DesiredState, Resource
from planner.provider.lifecycle import read_lifecycle
from tests.support.code import ROOT
from tests.support.sandbox import Sandbox

OWNER = "fraud-scorer"
PACE = Pace(create_s=0.1, update_s=0.1, rollback_s=0.1, delete_s=0.1, waits=0.0)
MINE = {
    "Namespace": "mine",
    "MetricName": "chargebacks",
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 5.0,
    "ComparisonOperator": "GreaterThanThreshold",
}


def desired(*sets: str) -> DesiredState:
    sets = ("rollout.alarms=[fraud-p99]", *sets)
    specs = planner.load([str(ROOT / "examples" / "fraud-scorer")], sets=sets)
    return planner.plan(specs, verify=False).desired[0]


BEFORE = desired()
AFTER = desired("models[0].artifact=s3://risk-models/fraud/next/model.tar.gz")


class Cloud:
    """A sandbox in memory, and the engine on it."""

    def __init__(self, url: str) -> None:
        self.sandbox = Sandbox(url=url)
        self.alarms = self.sandbox.client("cloudwatch")
        self.link = Link(
            provider="sagemaker",
            gateway=SageMakerGateway("us-east-1", url),
            lifecycle=read_lifecycle("planner_sagemaker"),
            rules=SageMakerLive(),
        )

    def changes(self, state: DesiredState, owner: str = OWNER) -> ChangeSet:
        return self.link.needed(state, owner).changes

    def apply(self, state: DesiredState) -> Applied:
        def need() -> Standing:
            return self.link.needed(state, OWNER)

        job = Job(
            endpoint=state.endpoint, owner=OWNER, planned=need().changes, link=self.link, need=need
        )
        return applied(job, Manner(tell=lambda event: None, halt=Flag(), timeout_s=30.0))

    def written(self) -> list[str]:
        return [call["operation"] for call in self.sandbox.get("calls?mutating=true")]

    def alarm(self, name: str) -> dict[str, Any]:
        found: list[dict[str, Any]] = self.alarms.describe_alarms(AlarmNames=[name])["MetricAlarms"]
        return found[0] if found else {}

    def put(self, alarm: dict[str, Any], **changed: Any) -> None:
        """Change an alarm by hand."""
        shape = self.alarms.meta.service_model.operation_model("PutMetricAlarm").input_shape
        known = {key: item for key, item in alarm.items() if key in shape.members}
        self.alarms.put_metric_alarm(**{**known, **changed})


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    with running(":memory:", pace=PACE) as url:
        yield Cloud(url)


def of(state: DesiredState, name: str) -> Resource:
    return next(one for one in state.resources if one.name == name)


def config(state: DesiredState) -> str:
    return str(of(state, "fraud-scorer").body["EndpointConfigName"])


def test_alarms_come_before_the_endpoint_and_live_as_desired(cloud: Cloud) -> None:
    assert cloud.apply(BEFORE).outcome is Outcome.APPLIED
    written = cloud.written()
    assert written == [
        *("CreateModel", "CreateEndpointConfig", "PutMetricAlarm", "PutMetricAlarm"),
        "CreateEndpoint",
    ]
    assert cloud.changes(BEFORE).action is Action.NONE
    assert cloud.apply(BEFORE).outcome is Outcome.UNCHANGED
    assert cloud.written() == written
    live = cloud.link.gateway.read(BEFORE)
    for name in ("fraud-scorer-5xx", "fraud-scorer-latency-p99"):
        alarm = live.find(f"alarm/{name}")
        assert alarm is not None
        assert alarm.owned_by(OWNER)
        assert {**alarm.body, **of(BEFORE, name).body} == alarm.body


def test_the_update_is_rolled_out_as_the_spec_says(cloud: Cloud) -> None:
    cloud.apply(BEFORE)
    assert cloud.apply(AFTER).outcome is Outcome.APPLIED
    shown = cloud.sandbox.shown("fraud-scorer")
    assert shown["EndpointConfigName"] == config(AFTER)
    assert shown["LastDeploymentConfig"] == of(AFTER, "fraud-scorer").body["DeploymentConfig"]
    policy = shown["LastDeploymentConfig"]["BlueGreenUpdatePolicy"]
    assert policy["TrafficRoutingConfiguration"]["Type"] == "CANARY"


@pytest.mark.parametrize("name", ["fraud-scorer-5xx", "fraud-scorer-latency-p99", "fraud-p99"])
def test_an_alarm_rolls_the_update_back(cloud: Cloud, name: str) -> None:
    cloud.alarms.put_metric_alarm(AlarmName="fraud-p99", **MINE)
    cloud.apply(BEFORE)
    cloud.alarms.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="a test")
    ended = cloud.apply(AFTER)
    assert ended.outcome is Outcome.ROLLED_BACK
    assert config(BEFORE) in ended.detail
    assert config(AFTER) in ended.detail
    assert cloud.sandbox.shown("fraud-scorer")["EndpointConfigName"] == config(BEFORE)


def test_without_rollback_no_alarm_is_in_the_way(cloud: Cloud) -> None:
    bold = ("rollout.alarms=[]", "rollout.rollback=false", "rollout.interval=0s")
    assert cloud.apply(desired(*bold)).outcome is Outcome.APPLIED
    assert "PutMetricAlarm" not in cloud.written()
    moved = desired(*bold, "models[0].artifact=s3://risk-models/fraud/next/model.tar.gz")
    assert cloud.apply(moved).outcome is Outcome.APPLIED
    shown = cloud.sandbox.shown("fraud-scorer")["LastDeploymentConfig"]
    assert "AutoRollbackConfiguration" not in shown


def test_another_rollout_alone_writes_nothing(cloud: Cloud) -> None:
    cloud.apply(BEFORE)
    written = cloud.written()
    for changed in (
        ("rollout.strategy=linear", "rollout.step=25%"),
        ("rollout.strategy=rolling",),
        ("rollout.strategy=all-at-once", "rollout.bake=5m"),
        ("rollout.interval=1m",),
        ("rollout.alarms=[other]",),
    ):
        state = desired(*changed)
        assert state.resources != BEFORE.resources
        assert cloud.changes(state).action is Action.NONE
        assert cloud.apply(state).outcome is Outcome.UNCHANGED
    assert cloud.written() == written


def test_another_threshold_is_put_in_place_and_keeps_what_others_attached(cloud: Cloud) -> None:
    cloud.apply(BEFORE)
    name, topic = "fraud-scorer-latency-p99", "arn:aws:sns:us-east-1:123456789012:pager"
    cloud.put(cloud.alarm(name), AlarmActions=[topic], ActionsEnabled=False)
    cloud.alarms.tag_resource(
        ResourceARN=cloud.alarm(name)["AlarmArn"], Tags=[{"Key": "audited-by", "Value": "42"}]
    )
    assert cloud.changes(BEFORE).action is Action.NONE
    state = desired("slo.latency.p99=80ms")
    before = len(cloud.written())
    changes = cloud.changes(state)
    change = next(one for one in changes.changes if one.address == f"alarm/{name}")
    assert (change.action, change.risk.value) == (Action.UPDATE, "in-place")
    assert cloud.apply(state).outcome is Outcome.APPLIED
    calls = cloud.written()[before:]
    assert calls.count("PutMetricAlarm") == 1
    assert "DeleteAlarms" not in calls
    shown = cloud.alarm(name)
    assert shown["Threshold"] == 75_000.0
    assert (shown["AlarmActions"], shown["ActionsEnabled"]) == ([topic], False)
    tags = cloud.alarms.list_tags_for_resource(ResourceARN=shown["AlarmArn"])["Tags"]
    assert {"Key": "audited-by", "Value": "42"} in tags
    assert cloud.changes(state).action is Action.NONE


def test_an_alarm_changed_by_hand_is_put_right(cloud: Cloud) -> None:
    cloud.apply(BEFORE)
    cloud.put(cloud.alarm("fraud-scorer-5xx"), Threshold=0.9, EvaluationPeriods=9)
    change = next(c for c in cloud.changes(BEFORE).acting)
    assert change.address == "alarm/fraud-scorer-5xx"
    assert {field.path for field in change.fields if field.action is Action.UPDATE} == {
        "EvaluationPeriods",
        "Threshold",
    }
    assert cloud.apply(BEFORE).done == ("update alarm/fraud-scorer-5xx",)
    assert cloud.changes(BEFORE).action is Action.NONE


def test_an_alarm_that_the_spec_names_is_never_touched(cloud: Cloud) -> None:
    cloud.alarms.put_metric_alarm(AlarmName="fraud-p99", **MINE)
    before = cloud.alarm("fraud-p99")
    cloud.apply(BEFORE)
    cloud.apply(AFTER)
    _destroy(cloud, AFTER)
    assert cloud.alarm("fraud-p99") == before
    assert cloud.alarm("fraud-scorer-5xx") == {}


def test_a_foreign_alarm_of_our_name_is_refused(cloud: Cloud) -> None:
    cloud.alarms.put_metric_alarm(AlarmName="fraud-scorer-5xx", **MINE)
    with pytest.raises(ProviderError, match="alarm/fraud-scorer-5xx is owned by nobody"):
        cloud.changes(BEFORE)
    resource = of(BEFORE, "fraud-scorer-5xx")
    for action in (Action.CREATE, Action.UPDATE):
        with pytest.raises(ProviderError, match="it is not touched"):
            cloud.link.gateway.write(
                Operation(
                    address=resource.address,
                    kind="alarm",
                    name=resource.name,
                    action=action,
                    body=resource.body,
                )
            )
    assert cloud.alarm("fraud-scorer-5xx")["MetricName"] == "chargebacks"


def test_alarms_that_nobody_asks_for_any_more_go_last(cloud: Cloud) -> None:
    cloud.apply(BEFORE)
    bold = ("rollout.alarms=[]", "rollout.rollback=false", "rollout.interval=0s")
    state = desired(*bold, "models[0].artifact=s3://risk-models/fraud/next/model.tar.gz")
    ended = cloud.apply(state)
    assert ended.outcome is Outcome.APPLIED
    assert [text for text in ended.done if "alarm/" in text] == [
        "delete alarm/fraud-scorer-5xx",
        "delete alarm/fraud-scorer-latency-p99",
    ]
    first = ended.done.index("delete alarm/fraud-scorer-5xx")
    assert ended.done.index("update endpoint/fraud-scorer") < first
    assert cloud.changes(state).action is Action.NONE


def test_alarms_of_an_endpoint_with_a_longer_name_are_not_its_own(cloud: Cloud) -> None:
    cloud.apply(BEFORE)
    own = cloud.alarm("fraud-scorer-5xx")
    longer = [
        {"Name": "EndpointName", "Value": "fraud-scorer-latency"},
        {"Name": "VariantName", "Value": "AllTraffic"},
    ]
    tags = cloud.alarms.list_tags_for_resource(ResourceARN=own["AlarmArn"])["Tags"]
    cloud.put(own, AlarmName="fraud-scorer-latency-p50", Dimensions=longer, Tags=tags)
    assert cloud.changes(BEFORE).action is Action.NONE


def _destroy(cloud: Cloud, state: DesiredState) -> None:
    standing = cloud.link.removal(state, OWNER)
    job = Job(
        endpoint=state.endpoint,
        owner=OWNER,
        planned=standing.changes,
        link=cloud.link,
        need=lambda: cloud.link.removal(state, OWNER),
    )
    ended = applied(job, Manner(tell=lambda event: None, halt=Flag(), timeout_s=30.0))
    assert ended.outcome is Outcome.APPLIED
    kinds = [text.split()[1].partition("/")[0] for text in ended.done]
    assert kinds.index("endpoint") < kinds.index("alarm") < kinds.index("endpoint-config")
