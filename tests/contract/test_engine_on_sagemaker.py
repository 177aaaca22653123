"""The engine over HTTP on a cloud that fails: nothing is reported that did not happen."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.request import Request, urlopen

import boto3
import pytest
from planner_sagemaker.gateway import SageMakerGateway
from planner_sagemaker.provider import SageMaker
from planner_sagemaker.sandbox.cloud import Pace
from planner_sagemaker.sandbox.serve import running

import planner
from planner.engine import Applied, Event, Job, Link, Manner, Outcome, applied
from planner.errors import PlannerError
from planner.model.change import Action
from planner.model.live import Health
from planner.model.resource import DesiredState
from planner.provider.lifecycle import read_lifecycle
from tests.support.code import ROOT

OWNER = "fraud-scorer"
LIFECYCLE = read_lifecycle("planner_sagemaker")
RULES = SageMaker().live()
PACE = Pace(create_s=0.2, update_s=0.2, rollback_s=0.15, delete_s=0.1)


def desired(*sets: str, example: str = "fraud-scorer") -> DesiredState:
    specs = planner.load([str(ROOT / "examples" / example)], sets=sets)
    return planner.plan(specs, verify=False).desired[0]


BEFORE = desired()
SERVERLESS = (
    *("constraints.hosting=[serverless]", "slo.cold_start=allow"),
    *("rollout.strategy=all-at-once", "rollout.alarms=[]"),
)
AFTER = desired("traffic.rate=2400/s", "traffic.burst.rate=3600/s")


class Cloud:
    """A sandbox in memory, its gateway, and what the engine told."""

    def __init__(self, url: str) -> None:
        self.gateway = SageMakerGateway("us-east-1", url)
        self.events: list[Event] = []
        self._url = url

    def link(self) -> Link:
        # Anew for each run, as for each command: what a gateway has asked for once it keeps.
        gateway = RULES.gateway({"region": "us-east-1"}, self._url)
        return Link(provider="sagemaker", gateway=gateway, lifecycle=LIFECYCLE, rules=RULES)

    def job(self, state: DesiredState, *, owner: str = OWNER) -> Job:
        link = self.link()
        return Job(
            endpoint=state.endpoint,
            owner=owner,
            planned=link.needed(state, owner).changes,
            link=link,
            need=partial(link.needed, state, owner),
        )

    def run(self, job: Job) -> Applied:
        halt = threading.Event()
        return applied(job, Manner(tell=self.events.append, halt=halt, timeout_s=60.0))

    def apply(self, state: DesiredState, *, owner: str = OWNER) -> Applied:
        return self.run(self.job(state, owner=owner))

    def destroy(self, state: DesiredState, *, owner: str = OWNER) -> Applied:
        link = self.link()
        need = partial(link.removal, state, owner)
        return self.run(
            Job(
                endpoint=state.endpoint,
                owner=owner,
                planned=need().changes,
                link=link,
                need=need,
            )
        )

    def config(self) -> str:
        endpoint = self.gateway.read(BEFORE).find("endpoint/fraud-scorer")
        assert endpoint is not None
        return str(endpoint.body["EndpointConfigName"])

    def scale(self, instances: int) -> None:
        self._post("scale", {"endpoint": "shop-ranker", "instances": instances})

    def faults(self, *rules: dict[str, Any]) -> None:
        self._post("faults", list(rules))

    def client(self) -> Any:
        return boto3.client(
            "sagemaker",
            region_name="us-east-1",
            endpoint_url=self._url,
            aws_access_key_id="sandbox",
            aws_secret_access_key="sandbox",
        )

    def instances(self) -> int:
        shown = self.client().describe_endpoint(EndpointName="shop-ranker")
        return int(shown["ProductionVariants"][0]["CurrentInstanceCount"])

    def written(self) -> list[str]:
        with urlopen(f"{self._url}/_sandbox/calls?mutating=true") as answer:
            calls = json.load(answer)
        return [call["operation"] for call in calls]

    def _post(self, path: str, body: Any) -> None:
        data = json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        urlopen(Request(f"{self._url}/_sandbox/{path}", data=data, headers=headers)).close()


@contextmanager
def cloud() -> Iterator[Cloud]:
    with running(":memory:", pace=PACE) as url:
        yield Cloud(url)


def name_of(state: DesiredState, kind: str) -> str:
    return next(one.name for one in state.resources if one.kind == kind)


def test_a_second_apply_writes_nothing() -> None:
    with cloud() as here:
        first = here.apply(BEFORE)
        assert first.outcome is Outcome.APPLIED
        written = here.written()
        assert written == [
            *("CreateModel", "CreateEndpointConfig", "PutMetricAlarm", "PutMetricAlarm"),
            "CreateEndpoint",
        ]
        assert here.apply(BEFORE).outcome is Outcome.UNCHANGED
        assert here.written() == written


def test_what_is_written_is_what_was_planned() -> None:
    with cloud() as here:
        here.apply(BEFORE)
        before = len(here.written())
        job = here.job(AFTER)
        ended = here.run(job)
        acting = [c for c in job.planned.changes if c.action.value != "none"]
        assert ended.done == tuple(f"{c.action.value} {c.address}" for c in acting)
        calls = [c for c in here.written()[before:] if c != "AddTags"]
        assert calls == ["CreateEndpointConfig", "UpdateEndpoint"]
        assert here.config() == name_of(AFTER, "endpoint-config")


def test_a_rollback_by_the_cloud_is_a_failure_that_names_both_configs() -> None:
    with cloud() as here:
        here.apply(BEFORE)
        here.faults({"match": {"operation": "UpdateEndpoint"}, "effect": "rollback"})
        ended = here.apply(AFTER)
        assert ended.outcome is Outcome.ROLLED_BACK
        assert name_of(BEFORE, "endpoint-config") in ended.detail
        assert name_of(AFTER, "endpoint-config") in ended.detail
        assert here.config() == name_of(BEFORE, "endpoint-config")
        assert here.gateway.read(BEFORE).health is Health.READY


def test_what_failed_is_told_and_the_next_run_goes_on_from_there() -> None:
    with cloud() as here:
        here.faults(
            {"match": {"operation": "CreateEndpoint"}, "effect": "denied", "times": 1},
        )
        try:
            ended = here.apply(BEFORE)
        except PlannerError as error:
            pytest.fail(f"an error of the cloud is a result: {error}")
        assert ended.outcome is Outcome.FAILED
        assert [text.partition(" ")[2].partition("/")[0] for text in ended.left] == ["endpoint"]
        again = here.apply(BEFORE)
        assert again.outcome is Outcome.APPLIED
        assert again.done == ("create endpoint/fraud-scorer",)


def test_a_lost_answer_converges() -> None:
    with cloud() as here:
        here.faults(
            {"match": {"operation": "CreateEndpointConfig"}, "effect": "lost-answer", "times": 1}
        )
        outcomes = [here.apply(BEFORE).outcome for _ in range(2)]
        assert Outcome.APPLIED in outcomes
        assert here.apply(BEFORE).outcome is Outcome.UNCHANGED


def test_a_cloud_that_moved_since_the_plan_is_not_written_to() -> None:
    with cloud() as here:
        old = here.job(BEFORE)
        here.apply(BEFORE)
        written = here.written()
        link = here.link()
        ended = here.run(replace(old, need=partial(link.needed, AFTER, OWNER)))
        assert ended.outcome is Outcome.STALE
        assert "the cloud changed since the plan" in ended.detail
        assert here.written() == written


def test_destroy_takes_what_is_ours_and_leaves_what_is_not() -> None:
    with cloud() as here:
        here.apply(BEFORE)
        theirs = here.destroy(BEFORE)
        assert theirs.outcome is Outcome.APPLIED
        assert here.gateway.read(BEFORE).objects == ()
        assert here.destroy(BEFORE).outcome is Outcome.UNCHANGED


def test_destroy_touches_nothing_of_another_owner() -> None:
    with cloud() as here:
        here.apply(BEFORE)
        written = here.written()
        ended = here.destroy(BEFORE, owner="somebody-else")
        assert ended.outcome is Outcome.UNCHANGED
        (note, *_) = here.link().removal(BEFORE, "somebody-else").changes.notes
        assert "is owned by fraud-scorer" in note
        assert here.written() == written


def test_destroy_takes_the_configs_of_before_too() -> None:
    with cloud() as here:
        here.apply(BEFORE)
        here.apply(AFTER)
        ended = here.destroy(AFTER)
        assert f"delete endpoint-config/{name_of(BEFORE, 'endpoint-config')}" in ended.done
        assert here.gateway.read(BEFORE).objects == ()


def test_the_wait_is_told() -> None:
    with cloud() as here:
        here.apply(BEFORE)
        assert any(event.text.startswith("Creating") for event in here.events)


def shop(instance: str) -> DesiredState:
    sets = (f"pin.instance={instance}", "constraints.hosting=[single-model]")
    return desired(*sets, example="shop-ranker")


def test_another_type_under_autoscaling_is_deregistered_updated_and_registered() -> None:
    small, large = shop("ml.c6i.large"), shop("ml.c6i.xlarge")
    with cloud() as here:
        assert here.run(here.job(small, owner="shop-ranker")).done
        before = len(here.written())
        ended = here.run(here.job(large, owner="shop-ranker"))
        assert ended.outcome is Outcome.APPLIED, ended
        calls = [call for call in here.written()[before:] if call != "AddTags"]
        update, deregister = calls.index("UpdateEndpoint"), calls.index("DeregisterScalableTarget")
        assert deregister < update < calls.index("RegisterScalableTarget")
        assert update < calls.index("PutScalingPolicy")
        again = here.run(here.job(large, owner="shop-ranker"))
        assert again.outcome is Outcome.UNCHANGED


def test_instances_do_not_become_serverless() -> None:
    with cloud() as here:
        here.apply(BEFORE)
        serverless = desired(*SERVERLESS)
        with pytest.raises(PlannerError, match="serverless"):
            here.job(serverless)


def test_serverless_becomes_instances_one_way() -> None:
    serverless = desired(*SERVERLESS)
    with cloud() as here:
        assert here.apply(serverless).outcome is Outcome.APPLIED
        change = next(
            c for c in here.job(BEFORE).planned.changes if c.address == "endpoint/fraud-scorer"
        )
        assert (change.action, change.risk.value) == (Action.UPDATE, "one-way")
        assert here.apply(BEFORE).outcome is Outcome.APPLIED


def test_what_autoscaling_moved_is_kept_by_an_update() -> None:
    with cloud() as here:
        before = shop("ml.c6i.large")
        here.run(here.job(before, owner="shop-ranker"))
        here.scale(9)
        assert here.job(before, owner="shop-ranker").planned.action is Action.NONE
        moved = desired(
            "pin.instance=ml.c6i.large",
            "constraints.hosting=[single-model]",
            "providers.sagemaker.image=123456789012.dkr.ecr.us-east-1.amazonaws.com/shop:2",
            example="shop-ranker",
        )
        ended = here.run(here.job(moved, owner="shop-ranker"))
        assert ended.outcome is Outcome.APPLIED, ended
        assert here.instances() == 9


def test_tags_of_others_are_left_alone() -> None:
    with cloud() as here:
        here.apply(BEFORE)
        client = here.client()
        arn = client.describe_endpoint(EndpointName="fraud-scorer")["EndpointArn"]
        client.add_tags(ResourceArn=arn, Tags=[{"Key": "audited-by", "Value": "42"}])
        assert here.job(BEFORE).planned.action is Action.NONE
        client.add_tags(ResourceArn=arn, Tags=[{"Key": "planner:digest", "Value": "0"}])
        assert here.job(BEFORE).planned.action is Action.NONE
        client.add_tags(ResourceArn=arn, Tags=[{"Key": "team", "Value": "theirs"}])
        assert here.job(BEFORE).planned.action is Action.UPDATE
        assert here.apply(BEFORE).outcome is Outcome.APPLIED
        kept = client.list_tags(ResourceArn=arn)["Tags"]
        assert {"Key": "audited-by", "Value": "42"} in kept
        assert here.job(BEFORE).planned.action is Action.NONE


def test_a_count_that_somebody_moved_by_hand_is_put_right_in_place() -> None:
    with cloud() as here:
        here.apply(BEFORE)
        moved = {"VariantName": "AllTraffic", "DesiredInstanceCount": 3}
        here.client().update_endpoint_weights_and_capacities(
            EndpointName="fraud-scorer", DesiredWeightsAndCapacities=[moved]
        )
        before = len(here.written())
        (change,) = here.job(BEFORE).planned.acting
        (field,) = [one for one in change.fields if one.action is not Action.NONE]
        assert (field.path, field.live, field.desired) == ("DesiredInstanceCount[AllTraffic]", 3, 9)
        assert change.risk.value == "in-place"
        assert here.apply(BEFORE).outcome is Outcome.APPLIED
        assert here.written()[before:] == ["UpdateEndpointWeightsAndCapacities"]
        assert here.job(BEFORE).planned.action is Action.NONE


def test_counts_of_what_is_no_longer_scaled_become_those_of_the_config() -> None:
    with cloud() as here:
        scaled = shop("ml.c6i.large")
        here.run(here.job(scaled, owner="shop-ranker"))
        here.scale(9)
        fixed = replace(
            scaled,
            resources=tuple(
                one for one in scaled.resources if not one.kind.startswith(("scal", "sched"))
            ),
        )
        ended = here.run(here.job(fixed, owner="shop-ranker"))
        assert ended.outcome is Outcome.APPLIED, ended
        config = next(one for one in fixed.resources if one.kind == "endpoint-config")
        assert here.instances() == config.body["ProductionVariants"][0]["InitialInstanceCount"]
