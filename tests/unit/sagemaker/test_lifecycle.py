"""Every member that the SDK's requests have is spoken of by a rule, and every rule by a member."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import pytest
from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StructureShape
from planner_sagemaker.alarms import THEIRS

from planner.diff import UnknownFieldError
from planner.diff.compare import leaves
from planner.model.candidate import Autoscaling, ScheduledAction
from planner.model.change import Action
from planner.model.lifecycle import Behaviour, FieldRule
from planner.model.workload import Rollout
from planner.provider.lifecycle import read_lifecycle
from tests.support.sagemaker_values import VPC, decision, render, serverless, workload

LIFECYCLE = read_lifecycle("planner_sagemaker")
TRACKING = Autoscaling(
    metric="SageMakerVariantInvocationsPerInstance",
    target=1200.0,
    cooldown_up_s=300.0,
    cooldown_down_s=300.0,
    average=2.5,
    scheduled=(ScheduledAction(name="lunch", cron="45 11 * * 1-5", min=4, max=9),),
)
REQUESTS = {
    "model": ("sagemaker", ["CreateModel"]),
    "endpoint-config": ("sagemaker", ["CreateEndpointConfig"]),
    "endpoint": ("sagemaker", ["CreateEndpoint", "UpdateEndpoint"]),
    "alarm": ("cloudwatch", ["PutMetricAlarm"]),
    "scalable-target": ("application-autoscaling", ["RegisterScalableTarget"]),
    "scaling-policy": ("application-autoscaling", ["PutScalingPolicy"]),
    "scheduled-action": ("application-autoscaling", ["PutScheduledAction"]),
    "dashboard": ("cloudwatch", ["PutDashboard"]),
}


@cache
def members(kind: str) -> set[str]:
    """Paths of all leaves of a kind's requests, as a comparison would name them."""
    service, operations = REQUESTS[kind]
    model = ServiceModel(Loader().load_service_model(service, "service-2"), service)
    shapes = (model.operation_model(operation).input_shape for operation in operations)
    return {path for shape in shapes if shape is not None for path in named(shape, "")}


def named(shape: Shape, path: str) -> Iterator[str]:
    if isinstance(shape, StructureShape) and set(shape.members) == {"Key", "Value"}:
        yield path.removesuffix("[0]") + "[team]"
    elif isinstance(shape, StructureShape) and shape.members:
        for name, member in shape.members.items():
            yield from named(member, f"{path}.{name}" if path else name)
    elif isinstance(shape, ListShape):
        yield from named(shape.member, f"{path}[0]")
    elif isinstance(shape, MapShape):
        yield from named(shape.value, f"{path}.some")
    else:
        yield path


@pytest.mark.parametrize("kind", REQUESTS)
def test_every_member_of_the_requests_has_a_rule(kind: str) -> None:
    unspoken = []
    for path in sorted(members(kind)):
        try:
            LIFECYCLE.rule(kind, path)
        except UnknownFieldError:
            unspoken.append(path)
    assert unspoken == []


def test_a_member_that_the_sdk_would_add_has_no_rule() -> None:
    for kind in REQUESTS:
        with pytest.raises(UnknownFieldError):
            LIFECYCLE.rule(kind, "BrandNew")
    with pytest.raises(UnknownFieldError):
        LIFECYCLE.rule("endpoint-config", "ProductionVariants[0].BrandNew")
    with pytest.raises(UnknownFieldError):
        LIFECYCLE.rule("endpoint", "DeploymentConfig.RollingUpdatePolicy.BrandNew")


@pytest.mark.parametrize("rule", LIFECYCLE.rules, ids=lambda rule: f"{rule.kind}-{rule.path}")
def test_every_rule_speaks_of_a_member(rule: FieldRule) -> None:
    known = {*members(rule.kind), "Tags[planner:digest]"}
    assert any(rule.holds_for(rule.kind, path) for path in known)
    assert rule.reason
    assert rule.source


def test_whole_structures_are_spoken_of_only_where_nothing_of_them_is_asked_for() -> None:
    """A new member must not hide in a structure that the planner does ask for."""
    capture = {"percentage": "1%", "s3_uri": "s3://b/p"}
    states = (
        render(decision(hosting="single-model", autoscaling=TRACKING), vpc=VPC, kms_key="alias/k"),
        render(
            decision(hosting="multi-model", options=(("volume_gb", "20"),)), data_capture=capture
        ),
        render(serverless()),
        render(decision(), alerts={"topics": ["arn:aws:sns:us-east-1:123456789012:on-call"]}),
        render(decision(), workload(rollout=Rollout(strategy="rolling"))),
    )
    asked = {
        (one.kind, path) for state in states for one in state.resources for path in leaves(one.body)
    }
    assert len({kind for kind, _ in asked}) == len(REQUESTS)
    whole = [rule for rule in LIFECYCLE.rules if rule.path.endswith("*")]
    free = (".Environment.*", "Tags[[]*", "DashboardBody*")
    whole = [rule for rule in whole if not rule.path.endswith(free)]
    hidden = [
        f"{kind}: {rule.path} hides {path}"
        for rule in whole
        for kind, path in asked
        if rule.holds_for(kind, path) and not path.endswith("]")
    ]
    assert hidden == []


def test_kinds_are_those_of_the_requests() -> None:
    assert set(LIFECYCLE.order) == set(REQUESTS)
    assert {rule.kind for rule in LIFECYCLE.rules} == set(REQUESTS)
    assert {*LIFECYCLE.tied, *LIFECYCLE.kept, *LIFECYCLE.owned} <= set(REQUESTS)


def test_what_an_alarm_keeps_is_what_its_rules_leave_alone() -> None:
    """Whatever is left alone must survive a PutMetricAlarm, which replaces everything."""
    alone = {
        re.split(r"[\[.*]", rule.path)[0]
        for rule in LIFECYCLE.rules
        if rule.kind == "alarm" and rule.behaviour is Behaviour.SERVER_DEFAULT
    }
    assert alone - {"Tags"} == set(THEIRS)


def test_usual_times_are_those_of_the_endpoint() -> None:
    found = {(time.kind, time.action): (time.least_s, time.most_s) for time in LIFECYCLE.durations}
    assert set(found) == {("endpoint", Action.CREATE), ("endpoint", Action.UPDATE)}
    assert all(0 < least < most for least, most in found.values())
