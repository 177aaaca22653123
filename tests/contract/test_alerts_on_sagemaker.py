"""Alarms and dashboards over HTTP: applied, seen changed, put right, taken away, and telling."""

from __future__ import annotations

import json
from collections.abc import Iterator
from threading import Event as Flag
from typing import Any

import pytest
from planner_sagemaker.gateway import Connection, SageMakerGateway
from planner_sagemaker.live import SageMakerLive
from planner_sagemaker.sandbox.cloud import Pace
from planner_sagemaker.sandbox.serve import running

import planner
from planner.engine import Applied, Job, Link, Manner, Outcome, Standing, applied
from planner.errors import AuthError, LaterError, ProviderError
from planner.model.change import Action, Change, ChangeSet
from planner.model.live import Operation
from planner.model.resource import DesiredState
from planner.provider.lifecycle import read_lifecycle
from tests.support.code import ROOT
from tests.support.sandbox import Sandbox

OWNER = "fraud-scorer"
PACE = Pace(create_s=0, update_s=0, rollback_s=0, delete_s=0, waits=0)
TOPIC = "arn:aws:sns:us-east-1:123456789012:on-call"
OTHER = "arn:aws:sns:us-east-1:123456789012:backup"
BOARD = "fraud-scorer-us-east-1"


def desired(*sets: str) -> DesiredState:
    sets = ("rollout.alarms=[]", "rollout.strategy=all-at-once", *sets)
    specs = planner.load([str(ROOT / "examples" / "fraud-scorer")], sets=sets)
    return planner.plan(specs, verify=False).desired[0]


PLAIN = desired()
ALERTED = desired(f"providers.sagemaker.alerts.topics=[{TOPIC}]")
QUIET = desired("providers.sagemaker.alerts={}")
STRICTER = desired(f"providers.sagemaker.alerts.topics=[{TOPIC}]", "slo.latency.p99=80ms")
FEWER = desired("providers.sagemaker.alerts={dashboard: false, skip: [idle, rate]}")


class Cloud:
    """A sandbox in memory whose time stands still, and the engine on it."""

    def __init__(self, url: str) -> None:
        self.sandbox = Sandbox(url=url)
        self.watch = self.sandbox.client("cloudwatch")
        self.link = Link(
            provider="sagemaker",
            gateway=SageMakerGateway("us-east-1", url),
            lifecycle=read_lifecycle("planner_sagemaker"),
            rules=SageMakerLive(),
        )

    def changes(self, state: DesiredState) -> ChangeSet:
        return self.link.needed(state, OWNER).changes

    def acting(self, state: DesiredState) -> dict[str, Change]:
        return {one.address: one for one in self.changes(state).acting}

    def apply(self, state: DesiredState) -> Applied:
        def need() -> Standing:
            return self.link.needed(state, OWNER)

        job = Job(
            endpoint=state.endpoint, owner=OWNER, planned=need().changes, link=self.link, need=need
        )
        done = applied(job, Manner(tell=lambda event: None, halt=Flag(), timeout_s=30.0))
        assert done.outcome in {Outcome.APPLIED, Outcome.UNCHANGED}, done
        return done

    def asked(self) -> list[str]:
        return [call["operation"] for call in self.sandbox.get("calls")]

    def alarms(self) -> dict[str, dict[str, Any]]:
        found = self.watch.describe_alarms(AlarmNamePrefix="fraud-scorer-")["MetricAlarms"]
        return {one["AlarmName"].removeprefix("fraud-scorer-"): one for one in found}

    def board(self) -> dict[str, Any] | None:
        found = self.watch.list_dashboards()["DashboardEntries"]
        if not found:
            return None
        (one,) = found
        shown = self.watch.get_dashboard(DashboardName=one["DashboardName"])
        body: dict[str, Any] = json.loads(shown["DashboardBody"])
        return body

    def put(self, alarm: dict[str, Any], **changed: Any) -> None:
        """Change an alarm by hand."""
        shape = self.watch.meta.service_model.operation_model("PutMetricAlarm").input_shape
        known = {key: item for key, item in alarm.items() if key in shape.members}
        self.watch.put_metric_alarm(**{**known, **changed})


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    with running(":memory:", pace=PACE, frozen=True) as url:
        made = Cloud(url)
        yield made
        assert made.sandbox.faulty == []


def creation(kind: str) -> Operation:
    """The creation of the first object of a kind."""
    wanted = next(one for one in ALERTED.resources if one.kind == kind)
    return Operation(
        action=Action.CREATE,
        address=wanted.address,
        kind=wanted.kind,
        name=wanted.name,
        body=wanted.body,
    )


def test_what_was_applied_is_no_change_and_all_of_it_lives(cloud: Cloud) -> None:
    cloud.apply(ALERTED)
    assert cloud.changes(ALERTED).action is Action.NONE
    assert cloud.apply(ALERTED).outcome is Outcome.UNCHANGED
    live = cloud.link.gateway.read(ALERTED)
    for one in ALERTED.resources:
        if one.kind in {"alarm", "dashboard"}:
            found = live.find(one.address)
            assert found is not None
            assert found.owned_by(OWNER)
            assert {**found.body, **one.body} == found.body
    told = [one for one in cloud.alarms().values() if one["AlarmActions"] != [TOPIC]]
    assert told == []
    rollback = cloud.sandbox.shown("fraud-scorer")
    watching = ALERTED.resources[-1]
    assert watching.kind == "dashboard"
    assert {one["AlarmName"] for one in _rollback(ALERTED)} == {
        "fraud-scorer-5xx",
        "fraud-scorer-latency-p99",
    }
    assert rollback["EndpointStatus"] == "InService"


def _rollback(state: DesiredState) -> list[dict[str, str]]:
    (endpoint,) = [one for one in state.resources if one.kind == "endpoint"]
    found: list[dict[str, str]] = endpoint.body["DeploymentConfig"]["AutoRollbackConfiguration"][
        "Alarms"
    ]
    return found


def test_endpoints_without_the_block_ask_nothing_more(cloud: Cloud) -> None:
    cloud.apply(PLAIN)
    cloud.changes(PLAIN)
    assert not any("Dashboard" in one for one in cloud.asked())
    assert set(cloud.alarms()) == {"5xx", "latency-p99"}
    assert cloud.board() is None


def test_another_objective_moves_thresholds_and_lines_in_place(cloud: Cloud) -> None:
    cloud.apply(ALERTED)
    changed = cloud.acting(STRICTER)
    assert changed[f"dashboard/{BOARD}"].action is Action.UPDATE
    alarm = changed["alarm/fraud-scorer-latency-p99"]
    assert alarm.action is Action.UPDATE
    assert "Threshold" in {one.path for one in alarm.fields if one.action is Action.UPDATE}
    cloud.apply(STRICTER)
    assert cloud.alarms()["latency-p99"]["Threshold"] == 75_000.0
    assert 75_000.0 in _lines(cloud.board(), "Latency of the model in microseconds")
    assert cloud.changes(STRICTER).action is Action.NONE


def _lines(board: dict[str, Any] | None, title: str) -> list[float]:
    assert board is not None
    (graph,) = [one for one in board["widgets"] if one["properties"].get("title") == title]
    return [one["value"] for one in graph["properties"]["annotations"]["horizontal"]]


def test_what_is_changed_by_hand_is_named_and_put_right(cloud: Cloud) -> None:
    cloud.apply(ALERTED)
    cloud.put(cloud.alarms()["cpu"], Threshold=999.0)
    metrics = cloud.alarms()["fullness"]["Metrics"]
    metrics[-1]["Expression"] = "calls * 2"
    cloud.put(cloud.alarms()["fullness"], Metrics=metrics)
    board = cloud.board()
    assert board is not None
    board["widgets"][2]["properties"]["title"] = "mine"
    cloud.watch.put_dashboard(DashboardName=BOARD, DashboardBody=json.dumps(board, indent=1))
    moved = {
        address: [one.path for one in change.fields if one.action is Action.UPDATE]
        for address, change in cloud.acting(ALERTED).items()
    }
    assert moved == {
        "alarm/fraud-scorer-cpu": ["Threshold"],
        "alarm/fraud-scorer-fullness": ["Metrics[2].Expression"],
        f"dashboard/{BOARD}": ["DashboardBody.widgets[2].properties.title"],
    }
    cloud.apply(ALERTED)
    assert cloud.changes(ALERTED).action is Action.NONE
    assert cloud.board() != board


def test_a_dashboard_saved_in_another_form_is_the_same(cloud: Cloud) -> None:
    cloud.apply(QUIET)
    body = json.dumps(cloud.board(), indent=4, sort_keys=True)
    cloud.watch.put_dashboard(DashboardName=BOARD, DashboardBody=body)
    assert cloud.changes(QUIET).action is Action.NONE


def test_whom_alarms_tell_is_the_specs_where_it_says_so(cloud: Cloud) -> None:
    cloud.apply(ALERTED)
    cloud.put(cloud.alarms()["cpu"], AlarmActions=[TOPIC, OTHER])
    (change,) = cloud.changes(ALERTED).acting
    assert change.reason == "the spec says whom it tells"
    cloud.apply(ALERTED)
    assert cloud.alarms()["cpu"]["AlarmActions"] == [TOPIC]
    cloud.apply(QUIET)
    assert {one for alarm in cloud.alarms().values() for one in alarm["AlarmActions"]} == set()
    assert cloud.changes(QUIET).action is Action.NONE
    cloud.put(cloud.alarms()["cpu"], AlarmActions=[OTHER])
    assert cloud.changes(QUIET).action is Action.NONE
    cloud.apply(ALERTED)
    cloud.apply(PLAIN)
    assert [one["AlarmActions"] for one in cloud.alarms().values()] == [[], []]


def test_what_the_block_leaves_out_goes(cloud: Cloud) -> None:
    cloud.apply(ALERTED)
    cloud.apply(FEWER)
    assert not {"idle", "rate"} & set(cloud.alarms())
    assert cloud.board() is None
    cloud.apply(ALERTED)
    gone = cloud.acting(PLAIN)
    assert gone[f"dashboard/{BOARD}"].action is Action.DELETE
    cloud.apply(PLAIN)
    assert set(cloud.alarms()) == {"5xx", "latency-p99"}
    assert cloud.board() is None
    assert cloud.changes(PLAIN).action is Action.NONE


def test_a_dashboard_of_others_is_never_touched(cloud: Cloud) -> None:
    body = json.dumps({"widgets": []})
    cloud.watch.put_dashboard(DashboardName=BOARD, DashboardBody=body)
    with pytest.raises(ProviderError, match=f"dashboard/{BOARD} is owned by nobody"):
        cloud.changes(ALERTED)
    with pytest.raises(ProviderError, match="owned by nobody: it is not touched") as refused:
        cloud.link.gateway.write(creation("dashboard"))
    assert refused.value.code == "foreign-dashboard"
    assert cloud.board() == {"widgets": []}
    cloud.apply(PLAIN)
    assert cloud.board() == {"widgets": []}


def test_a_creation_made_again_is_a_success(cloud: Cloud) -> None:
    cloud.sandbox.fault("lost-answer", "PutDashboard", rule={"times": 1})
    cloud.apply(QUIET)
    assert cloud.changes(QUIET).action is Action.NONE


def test_an_account_that_puts_too_many_alarms_waits(cloud: Cloud) -> None:
    connection = Connection("us-east-1", cloud.sandbox.url)
    connection._clients["cloudwatch"] = cloud.watch  # asks once, where botocore would try again
    gateway = SageMakerGateway("us-east-1", connection=connection)
    cloud.sandbox.fault("throttle", "Put*", rule={"times": 2})
    for kind in ("alarm", "dashboard"):
        with pytest.raises(LaterError, match="Rate exceeded") as later:
            gateway.write(creation(kind))
        assert later.value.after_s is not None
    gateway.write(creation("dashboard"))


def test_who_may_not_read_dashboards_is_told_where_one_is_wanted(cloud: Cloud) -> None:
    cloud.apply(ALERTED)
    cloud.sandbox.post("account", {"denied": ["cloudwatch:GetDashboard"]})
    with pytest.raises(AuthError, match="GetDashboard"):
        cloud.changes(ALERTED)
    assert f"dashboard/{BOARD}" not in cloud.acting(PLAIN)


def destroyed(cloud: Cloud, state: DesiredState) -> tuple[str, ...]:
    def need() -> Standing:
        return cloud.link.removal(state, OWNER)

    job = Job(
        endpoint=state.endpoint, owner=OWNER, planned=need().changes, link=cloud.link, need=need
    )
    ended = applied(job, Manner(tell=lambda event: None, halt=Flag(), timeout_s=30.0))
    assert ended.outcome is Outcome.APPLIED
    return ended.done


@pytest.mark.parametrize("asked", [ALERTED, PLAIN], ids=["spec", "without the block"])
def test_nothing_is_left_of_what_is_destroyed(cloud: Cloud, asked: DesiredState) -> None:
    """Also where the spec has no block any more: the endpoint's tag tells of the dashboard."""
    cloud.apply(ALERTED)
    cloud.watch.put_dashboard(DashboardName="theirs", DashboardBody=json.dumps({"widgets": []}))
    done = destroyed(cloud, asked)
    assert done[0] == f"delete dashboard/{BOARD}"
    assert cloud.alarms() == {}
    (left,) = cloud.watch.list_dashboards()["DashboardEntries"]
    assert left["DashboardName"] == "theirs"


def test_what_changes_hands_has_the_new_owners_tags(cloud: Cloud) -> None:
    cloud.apply(QUIET)
    live = cloud.link.gateway.read(QUIET)
    changed = cloud.link.gateway.claim(live, owner="risk")
    assert {f"dashboard/{BOARD}", "alarm/fraud-scorer-idle"} <= set(changed)
    after = cloud.link.gateway.read(QUIET)
    assert all(one.owned_by("risk") for one in after.objects if one.kind in {"alarm", "dashboard"})
    assert cloud.link.gateway.claim(after, owner="risk") == ()


def test_a_rollback_keeps_what_watches(cloud: Cloud) -> None:
    cloud.apply(ALERTED)
    image = "providers.sagemaker.image=123456789012.dkr.ecr.us-east-1.amazonaws.com/fraud:2"
    cloud.apply(desired(f"providers.sagemaker.alerts.topics=[{TOPIC}]", image))
    before = (cloud.alarms().keys(), cloud.board())
    live = cloud.link.gateway.read(ALERTED)
    back = cloud.link.gateway.previous(live, owner=OWNER)
    assert back is not None
    acting = cloud.acting(back)
    assert {address.partition("/")[0] for address in acting} == {"endpoint"}
    cloud.apply(back)
    assert (cloud.alarms().keys(), cloud.board()) == before
