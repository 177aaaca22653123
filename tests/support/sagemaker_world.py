"""The SageMaker sandbox as a world of the tests of conformance; other hands use boto3."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, partial
from typing import Any

from planner_sagemaker.exports.api import OPERATIONS
from planner_sagemaker.gateway import Connection, SageMakerGateway
from planner_sagemaker.live import SageMakerLive
from planner_sagemaker.sandbox.cloud import Pace
from planner_sagemaker.sandbox.serve import running

import planner
from planner.engine import Link
from planner.model.change import Action, Change
from planner.model.resource import DesiredState
from planner.model.warm_up import Sample
from planner.provider.lifecycle import read_lifecycle
from planner.provider.testing import Fault, Meddling, States
from planner.spec import Source
from tests.support.code import ROOT
from tests.support.sandbox import Sandbox

NAME = "shop-ranker"
EXAMPLE = ROOT / "examples" / NAME / "planner.yaml"
REGION = "us-east-1"
VARIANT = f"endpoint/{NAME}/variant/AllTraffic"
SCALED = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": VARIANT,
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}
INSTANT = {"create_s": 0, "update_s": 0, "rollback_s": 0, "delete_s": 0, "waits": 0, "load_s": 0.02}
SLOW_S = 1000
SLOW = {"create_s": SLOW_S, "update_s": SLOW_S, "rollback_s": SLOW_S, "delete_s": SLOW_S}
OWNER, SELF = "planner:owner", "planner:self"
EFFECTS = {
    Fault.REFUSED: "denied",
    Fault.LOST_ANSWER: "lost-answer",
    Fault.ROLLBACK: "rollback",
    Fault.FAILURE: "no-capacity",
}
DELETIONS = {
    "endpoint": "DeleteEndpoint",
    "endpoint-config": "DeleteEndpointConfig",
    "model": "DeleteModel",
    "alarm": "DeleteAlarms",
    "scalable-target": "DeregisterScalableTarget",
    "scaling-policy": "DeleteScalingPolicy",
    "scheduled-action": "DeleteScheduledAction",
    "dashboard": "DeleteDashboards",
}
SUBJECTS = {
    **dict.fromkeys(("CreateModel", "DeleteModel"), "ModelName"),
    **dict.fromkeys(("CreateEndpointConfig", "DeleteEndpointConfig"), "EndpointConfigName"),
    **dict.fromkeys(("CreateEndpoint", "UpdateEndpoint", "DeleteEndpoint"), "EndpointName"),
    "PutMetricAlarm": "AlarmName",
    "PutDashboard": "DashboardName",
}
"""What calls are told apart by; others go by their operation alone."""

_TIMES = re.compile(r".*(Time|Timestamp|ARN|Arn)$")
_PASSING = {"ResponseMetadata", "StateValue", "StateReason", "StateReasonData", "Alarms"}
"""What differs between two runs beside times; policies name alarms of their own at random."""


@cache
def desired(*sets: str, name: str = NAME) -> DesiredState:
    """The example that scales: a target, a policy, scheduled actions, alarms."""
    fixed = ("pin.instance=ml.c6i.large", "constraints.hosting=[single-model]")
    text = EXAMPLE.read_bytes().replace(NAME.encode(), name.encode())
    specs = planner.load([Source(name=str(EXAMPLE), text=text)], sets=(*fixed, *sets))
    return planner.plan(specs, verify=False).desired[0]


@cache
def states() -> States:
    image = "providers.sagemaker.image=123456789012.dkr.ecr.us-east-1.amazonaws.com/shop"
    names = [f"other-{n}" for n in range(4)]
    return States(
        owner=NAME,
        first=desired(),
        second=desired(f"{image}:2"),
        third=desired(f"{image}:3"),
        in_place=desired("traffic.spikes[0].at=0 13 * * fri"),
        bare=desired("constraints.hosting=[dedicated]"),
        fleet=tuple((name, desired(name=name)) for name in names),
    )


@contextmanager
def sagemaker_world() -> Iterator[SageMakerWorld]:
    """A sandbox in memory whose time stands still: no scheduled action strikes in a test."""
    with running(":memory:", pace=Pace(**INSTANT), frozen=True) as url:
        yield SageMakerWorld(Sandbox(url=url))


class SageMakerWorld:
    """A running sandbox, and the hands of others."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.states = states()
        self.sample = Sample.of(b'{"instances": [1]}', "application/json")
        self.sandbox = sandbox
        self.sagemaker = sandbox.sagemaker
        self.scaling = sandbox.client("application-autoscaling")
        self.alarms = sandbox.client("cloudwatch")
        self.meddlings = meddlings(self)
        self._connection = Connection(REGION, sandbox.url)
        self._rules: list[dict[str, Any]] = []
        self._ruled_at = 0

    def link(self) -> Link:
        self.sandbox.advance(1)  # what is made by two commands has two times
        return Link(
            provider="sagemaker",
            gateway=SageMakerGateway(REGION, connection=self._connection),
            lifecycle=_lifecycle(),
            rules=SageMakerLive(),
        )

    def reset(self) -> None:
        self.sandbox.post("reset")
        self.sandbox.post("pace", INSTANT)
        self._rules = []

    def writes(self) -> Sequence[str]:
        return [
            _text(call["operation"], call["parameters"].get(SUBJECTS.get(call["operation"])))
            for call in self.sandbox.get("calls?mutating=true")
        ]

    def calls_of(self, change: Change) -> Sequence[str]:
        kind, _, name = change.address.partition("/")
        if change.action is Action.DELETE:
            return [_text(DELETIONS[kind], name)]
        create = OPERATIONS[kind][1]
        if change.action is Action.CREATE:
            return [_text(create, name)]
        paths = [one.path for one in change.fields if one.action is not Action.NONE]
        tagged = ["TagResource" if kind in {"alarm", "dashboard"} else "AddTags"]
        others = [path for path in paths if not path.startswith("Tags[")]
        update = _text("UpdateEndpoint" if kind == "endpoint" else create, name)
        return [update] * bool(others) + tagged * (len(others) < len(paths))

    def inventory(self) -> Mapping[str, Any]:
        return dict(_inventory(self))

    def fail(self, fault: Fault, call: str, nth: int = 1) -> None:
        operation, _, name = call.partition(" ")
        match = {"operation": operation, "name": name or "*", "call": nth}
        at = len(self.writes())
        # All rules count anew when one is added: those that may have struck are left out.
        before = self._rules if at == self._ruled_at else []
        rule = {"match": match, "effect": EFFECTS[fault], "times": 1}
        self._rules, self._ruled_at = [*before, rule], at
        self.sandbox.post("faults", self._rules)

    def slow(self) -> None:
        self.sandbox.post("pace", SLOW)

    def mute(self) -> None:
        rule = {"match": {"operation": "InvokeEndpoint"}, "effect": "model-error"}
        self.sandbox.post("faults", [rule])

    def calm(self) -> None:
        self.sandbox.post("faults", [])
        self.sandbox.post("pace", INSTANT)
        self.sandbox.advance(2 * SLOW_S)

    def retag(self, owner: str | None, *, copied_from: str | None = None) -> None:
        for name, arn in self._owned():
            tags = {OWNER: owner or "", SELF: copied_from or name}
            self._untag(arn, [OWNER, SELF])
            if owner is not None:
                self.tag(arn, **tags)

    def protect(self) -> None:
        self.tag(self.arn(), **{"planner:protect": "true"})

    def borrow(self) -> str:
        config = self.sagemaker.describe_endpoint(EndpointName=NAME)["EndpointConfigName"]
        self.sagemaker.create_endpoint(EndpointName="theirs", EndpointConfigName=config)
        return f"endpoint-config/{config}"

    def arn(self) -> str:
        return str(self.sagemaker.describe_endpoint(EndpointName=NAME)["EndpointArn"])

    def tag(self, arn: str, **tags: str) -> None:
        listed = [{"Key": key, "Value": text} for key, text in tags.items()]
        if ":cloudwatch:" in arn:
            self.alarms.tag_resource(ResourceARN=arn, Tags=listed)
        else:
            self.sagemaker.add_tags(ResourceArn=arn, Tags=listed)

    def _untag(self, arn: str, keys: list[str]) -> None:
        if ":cloudwatch:" in arn:
            self.alarms.untag_resource(ResourceARN=arn, TagKeys=keys)
        else:
            self.sagemaker.delete_tags(ResourceArn=arn, TagKeys=keys)

    def _owned(self) -> Iterator[tuple[str, str]]:
        """Names and ARNs of what the endpoint uses, and its own."""
        endpoint = self.sagemaker.describe_endpoint(EndpointName=NAME)
        config = self.sagemaker.describe_endpoint_config(
            EndpointConfigName=endpoint["EndpointConfigName"]
        )
        model = self.sagemaker.describe_model(
            ModelName=config["ProductionVariants"][0]["ModelName"]
        )
        yield NAME, endpoint["EndpointArn"]
        yield config["EndpointConfigName"], config["EndpointConfigArn"]
        yield model["ModelName"], model["ModelArn"]
        for alarm in self.alarms.describe_alarms(AlarmNamePrefix=NAME)["MetricAlarms"]:
            yield alarm["AlarmName"], alarm["AlarmArn"]
        for board in self.alarms.list_dashboards(DashboardNamePrefix=NAME)["DashboardEntries"]:
            yield board["DashboardName"], board["DashboardArn"]


@cache
def _lifecycle() -> Any:
    return read_lifecycle("planner_sagemaker")


def _text(operation: str, subject: Any) -> str:
    return f"{operation} {subject}" if operation in SUBJECTS else operation


def meddlings(world: SageMakerWorld) -> tuple[Meddling, ...]:
    """What people and the cloud itself do to endpoints."""
    alarm, policy = f"{NAME}-5xx", f"{NAME}-target-tracking"
    tracking = "TargetTrackingScalingPolicyConfiguration"
    action = f"{NAME}-push-campaign-up"

    def own(name: str, make: Callable[[], Any], address: str, path: str) -> Meddling:
        return Meddling(name=name, make=make, field=(address, path))

    def policied() -> None:
        shown = world.scaling.describe_scaling_policies(ServiceNamespace="sagemaker")
        config = {**shown["ScalingPolicies"][0][tracking], "TargetValue": 5.0}
        world.scaling.put_scaling_policy(
            **SCALED, PolicyName=policy, PolicyType="TargetTrackingScaling", **{tracking: config}
        )

    def suspended() -> None:
        world.scaling.register_scalable_target(
            **SCALED, SuspendedState={"ScheduledScalingSuspended": True}
        )

    def tagged(**tags: str) -> None:
        world.tag(world.arn(), **tags)

    def scaled() -> None:
        world.sandbox.post("scale", {"endpoint": NAME, "instances": 9})

    return (
        own("config", partial(_switched, world), f"endpoint/{NAME}", "EndpointConfigName"),
        own("label", partial(tagged, team="us"), f"endpoint/{NAME}", "Tags[team]"),
        own(
            "range",
            partial(world.scaling.register_scalable_target, **SCALED, MaxCapacity=99),
            f"scalable-target/{NAME}",
            "MaxCapacity",
        ),
        own("policy", policied, f"scaling-policy/{policy}", f"{tracking}.TargetValue"),
        own(
            "schedule",
            partial(
                world.scaling.put_scheduled_action,
                **SCALED,
                ScheduledActionName=action,
                Schedule="cron(0 3 ? * * *)",
            ),
            f"scheduled-action/{action}",
            "Schedule",
        ),
        own("alarm", partial(_put, world, alarm, Threshold=0.5), f"alarm/{alarm}", "Threshold"),
        Meddling(name="tag of others", make=partial(tagged, audited="yes")),
        Meddling(name="autoscaler", make=scaled),
        Meddling(
            name="whom an alarm tells",
            make=partial(_put, world, alarm, AlarmActions=["arn:aws:sns:us-east-1:1:ops"]),
        ),
        Meddling(name="suspended", make=suspended),
    )


def _switched(world: SageMakerWorld) -> None:
    """Another config, made by hand from the one that runs."""
    running_ = world.sagemaker.describe_endpoint(EndpointName=NAME)["EndpointConfigName"]
    shown = world.sagemaker.describe_endpoint_config(EndpointConfigName=running_)
    variant = {**shown["ProductionVariants"][0], "VolumeSizeInGB": 31}
    world.sagemaker.create_endpoint_config(
        EndpointConfigName="by-hand", ProductionVariants=[variant]
    )
    world.sagemaker.update_endpoint(EndpointName=NAME, EndpointConfigName="by-hand")


def _put(world: SageMakerWorld, name: str, **changed: Any) -> None:
    (shown,) = world.alarms.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    shape = world.alarms.meta.service_model.operation_model("PutMetricAlarm").input_shape
    known = {key: item for key, item in shown.items() if key in shape.members}
    world.alarms.put_metric_alarm(**{**known, **changed})


def _inventory(world: SageMakerWorld) -> Iterator[tuple[str, Any]]:
    """Everything that lives, by address, with its tags and without times."""
    for kind, noun in (
        ("model", "Model"),
        ("endpoint-config", "EndpointConfig"),
        ("endpoint", "Endpoint"),
    ):
        method = kind.replace("-", "_")
        for page in world.sagemaker.get_paginator(f"list_{method}s").paginate():
            for one in page[f"{noun}s"]:
                name = one[f"{noun}Name"]
                shown = getattr(world.sagemaker, f"describe_{method}")(**{f"{noun}Name": name})
                tags = world.sagemaker.list_tags(ResourceArn=one[f"{noun}Arn"])["Tags"]
                yield f"{kind}/{name}", (_lasting(shown), _sorted(tags))
    yield from _watching(world)
    for kind, key, listing in (
        ("scalable-target", "ResourceId", "describe_scalable_targets"),
        ("scaling-policy", "PolicyName", "describe_scaling_policies"),
        ("scheduled-action", "ScheduledActionName", "describe_scheduled_actions"),
    ):
        shown = getattr(world.scaling, listing)(ServiceNamespace="sagemaker")
        for one in next(item for item in shown.values() if isinstance(item, list)):
            yield f"{kind}/{one[key]}", _lasting(one)


def _watching(world: SageMakerWorld) -> Iterator[tuple[str, Any]]:
    """Alarms, but for a scaling policy's own, and dashboards."""
    for alarm in world.alarms.describe_alarms(AlarmTypes=["MetricAlarm"])["MetricAlarms"]:
        if alarm["AlarmName"].startswith("TargetTracking-"):
            continue  # a scaling policy's own
        tags = world.alarms.list_tags_for_resource(ResourceARN=alarm["AlarmArn"])["Tags"]
        yield f"alarm/{alarm['AlarmName']}", (_lasting(alarm), _sorted(tags))
    for board in world.alarms.list_dashboards()["DashboardEntries"]:
        tags = world.alarms.list_tags_for_resource(ResourceARN=board["DashboardArn"])["Tags"]
        shown = world.alarms.get_dashboard(DashboardName=board["DashboardName"])
        yield f"dashboard/{board['DashboardName']}", (shown["DashboardBody"], _sorted(tags))


def _lasting(shown: Any) -> Any:
    if isinstance(shown, dict):
        return {
            key: _lasting(item)
            for key, item in shown.items()
            if not _TIMES.match(key) and key not in _PASSING
        }
    return [_lasting(one) for one in shown] if isinstance(shown, list) else shown


def _sorted(tags: list[dict[str, str]]) -> list[tuple[str, str]]:
    """Without the mark of what was applied last, which moves with the next change only."""
    return sorted((one["Key"], one["Value"]) for one in tags if one["Key"] != "planner:digest")
