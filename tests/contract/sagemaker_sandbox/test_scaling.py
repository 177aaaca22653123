"""Application Auto Scaling: targets, policies, scheduled actions, and what the autoscaler does."""

from __future__ import annotations

from typing import Any

import pytest
from planner_sagemaker.sandbox.serve import running

from tests.support.sandbox import SERVERLESS, Sandbox, refusal

DIMENSION = "sagemaker:variant:DesiredInstanceCount"
PROVISIONED = "sagemaker:variant:DesiredProvisionedConcurrency"
TRACKING = {
    "TargetValue": 300.0,
    "PredefinedMetricSpecification": {
        "PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"
    },
}
STEPS = {
    "AdjustmentType": "ChangeInCapacity",
    "StepAdjustments": [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 1}],
}


def place(endpoint: str = "e", variant: str = "AllTraffic") -> dict[str, str]:
    return {
        "ServiceNamespace": "sagemaker",
        "ResourceId": f"endpoint/{endpoint}/variant/{variant}",
        "ScalableDimension": DIMENSION,
    }


@pytest.fixture
def scaling(sandbox: Sandbox) -> Any:
    return sandbox.client("application-autoscaling")


def register(sandbox: Sandbox, endpoint: str = "e", least: int = 1, most: int = 10) -> str:
    answer = sandbox.client("application-autoscaling").register_scalable_target(
        **place(endpoint), MinCapacity=least, MaxCapacity=most
    )
    return str(answer["ScalableTargetARN"])


def track(sandbox: Sandbox, name: str = "p", endpoint: str = "e", **more: Any) -> Any:
    return sandbox.client("application-autoscaling").put_scaling_policy(
        **place(endpoint),
        PolicyName=name,
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={**TRACKING, **more},
    )


def schedule(sandbox: Sandbox, name: str = "s", **more: Any) -> None:
    given = {"Schedule": "cron(0 8 * * ? *)", "ScalableTargetAction": {"MinCapacity": 3}, **more}
    sandbox.client("application-autoscaling").put_scheduled_action(
        **place(), ScheduledActionName=name, **given
    )


def alarm_names(sandbox: Sandbox) -> list[str]:
    alarms = sandbox.client("cloudwatch").describe_alarms()["MetricAlarms"]
    return [alarm["AlarmName"] for alarm in alarms]


def counts(sandbox: Sandbox) -> tuple[int, int]:
    [variant] = sandbox.shown()["ProductionVariants"]
    return variant["CurrentInstanceCount"], variant["DesiredInstanceCount"]


def targets(scaling: Any, **asked: Any) -> list[str]:
    pages = scaling.get_paginator("describe_scalable_targets").paginate(
        ServiceNamespace="sagemaker", **asked
    )
    return [one["ResourceId"] for page in pages for one in page["ScalableTargets"]]


def test_a_target_is_changed_by_what_is_given(sandbox: Sandbox, scaling: Any) -> None:
    sandbox.endpoint()
    made = register(sandbox)
    changed = scaling.register_scalable_target(**place(), MaxCapacity=20)
    [shown] = scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
    assert changed["ScalableTargetARN"] == made == shown["ScalableTargetARN"]
    assert (shown["MinCapacity"], shown["MaxCapacity"]) == (1, 20)
    assert shown["RoleARN"].endswith("ForApplicationAutoScaling_SageMakerEndpoint")
    assert set(shown["SuspendedState"].values()) == {False}


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"ResourceId": "endpoint/no/variant/AllTraffic"}, "No production variant found"),
        ({"ResourceId": "endpoint/e/variant/other"}, "No production variant found"),
        ({"ResourceId": "inference-component/x"}, "Unsupported service namespace"),
        ({"ServiceNamespace": "ecs"}, "Unsupported service namespace"),
        ({"MinCapacity": 3}, "Maximum capacity cannot be less than minimum capacity"),
        ({"MinCapacity": -1}, "must not be negative"),
        (
            {"ScalableDimension": PROVISIONED},
            "no provisioned",
        ),
        (
            {
                "ScalableDimension": "sagemaker:inference-component:DesiredCopyCount",
                "ResourceId": "inference-component/x",
            },
            "No inference component",
        ),
    ],
)
def test_a_target_that_cannot_be_is_refused(
    sandbox: Sandbox, scaling: Any, changed: dict[str, Any], text: str
) -> None:
    sandbox.endpoint()
    asked = {**place(), "MinCapacity": 1, "MaxCapacity": 2, **changed}
    code, message = refusal(scaling.register_scalable_target, **asked)
    assert (code, text in message) == ("ValidationException", True), message
    assert targets(scaling) == []


def test_a_new_target_needs_both_ends(sandbox: Sandbox, scaling: Any) -> None:
    sandbox.endpoint()
    code, text = refusal(scaling.register_scalable_target, **place(), MinCapacity=1)
    assert (code, "required" in text) == ("ValidationException", True)


def test_what_has_no_instances_or_burstable_ones_is_not_scaled(
    sandbox: Sandbox, scaling: Any
) -> None:
    sandbox.model()
    sandbox.config("none", capacity=SERVERLESS)
    sandbox.config("burst", capacity={"InstanceType": "ml.t2.medium", "InitialInstanceCount": 1})
    limits = {"MinCapacity": 1, "MaxCapacity": 2}
    for config, text in (("none", "serverless"), ("burst", "ml.t2.medium")):
        sandbox.endpoint(config, config)
        code, message = refusal(scaling.register_scalable_target, **place(config), **limits)
        assert (code, text in message) == ("ValidationException", True)


def test_provisioned_concurrency_is_scaled_by_its_one_metric(
    sandbox: Sandbox, scaling: Any
) -> None:
    sandbox.model()
    provisioned = {**SERVERLESS["ServerlessConfig"], "ProvisionedConcurrency": 2}
    sandbox.config("c1", capacity={"ServerlessConfig": provisioned})
    sandbox.endpoint()
    where = {**place(), "ScalableDimension": PROVISIONED}
    scaling.register_scalable_target(**where, MinCapacity=1, MaxCapacity=4)
    policy = {**where, "PolicyName": "p", "PolicyType": "TargetTrackingScaling"}
    member = "TargetTrackingScalingPolicyConfiguration"
    code, text = refusal(scaling.put_scaling_policy, **policy, **{member: TRACKING})
    assert code == "ValidationException"
    assert text.endswith("metric types: SageMakerVariantProvisionedConcurrencyUtilization")
    metric = {"PredefinedMetricType": "SageMakerVariantProvisionedConcurrencyUtilization"}
    right = {"TargetValue": 0.7, "PredefinedMetricSpecification": metric}
    scaling.put_scaling_policy(**policy, **{member: right})
    assert sorted(name.split("-")[2] for name in alarm_names(sandbox)) == ["AlarmHigh", "AlarmLow"]


def test_nothing_is_put_without_a_target(sandbox: Sandbox, scaling: Any) -> None:
    sandbox.endpoint()
    rest = (
        " for service namespace: sagemaker, resource ID: endpoint/e/variant/AllTraffic, "
        f"scalable dimension: {DIMENSION}"
    )
    gone = "ObjectNotFoundException"
    assert refusal(lambda: track(sandbox)) == (gone, f"No scalable target registered{rest}")
    assert refusal(lambda: schedule(sandbox)) == (gone, f"No scalable target registered{rest}")
    assert refusal(scaling.deregister_scalable_target, **place()) == (
        gone,
        f"No scalable target found{rest}",
    )
    code, text = refusal(scaling.delete_scaling_policy, **place(), PolicyName="p")
    assert (code, text) == (gone, f"No scaling policy found{rest}, policy name: p")
    code, text = refusal(scaling.delete_scheduled_action, **place(), ScheduledActionName="s")
    assert (code, text) == (gone, f"No scheduled action found{rest}, scheduled action name: s")


def test_a_tracked_target_brings_its_alarms_and_takes_them(sandbox: Sandbox, scaling: Any) -> None:
    sandbox.endpoint()
    register(sandbox)
    made = track(sandbox)
    names = [alarm["AlarmName"] for alarm in made["Alarms"]]
    assert alarm_names(sandbox) == sorted(names)
    assert [name.startswith("TargetTracking-endpoint/e/variant") for name in names] == [True, True]
    [shown] = scaling.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"]
    assert (shown["PolicyARN"], shown["Alarms"]) == (made["PolicyARN"], made["Alarms"])
    assert shown["TargetTrackingScalingPolicyConfiguration"] == TRACKING
    again = track(sandbox, DisableScaleIn=True)
    assert again["PolicyARN"] == made["PolicyARN"]
    assert alarm_names(sandbox) == [alarm["AlarmName"] for alarm in again["Alarms"]]
    assert len(again["Alarms"]) == 1
    scaling.delete_scaling_policy(**place(), PolicyName="p")
    assert alarm_names(sandbox) == []


def test_steps_make_no_alarm(sandbox: Sandbox, scaling: Any) -> None:
    sandbox.endpoint()
    register(sandbox)
    policy = {**place(), "PolicyName": "p", "PolicyType": "StepScaling"}
    put, member = scaling.put_scaling_policy, "StepScalingPolicyConfiguration"
    assert put(**policy, **{member: STEPS})["Alarms"] == []
    gap = [
        {"MetricIntervalLowerBound": 0.0, "MetricIntervalUpperBound": 5.0, "ScalingAdjustment": 1},
        {"MetricIntervalLowerBound": 6.0, "ScalingAdjustment": 2},
    ]
    for wrong in ({**STEPS, "StepAdjustments": gap}, {"AdjustmentType": "ExactCapacity"}):
        assert refusal(put, **policy, **{member: wrong})[0] == "ValidationException"
    [shown] = scaling.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"]
    assert shown[member] == STEPS


def test_a_policy_keeps_its_type(sandbox: Sandbox, scaling: Any) -> None:
    sandbox.endpoint()
    register(sandbox)
    track(sandbox)
    asked = {**place(), "PolicyName": "p", "StepScalingPolicyConfiguration": STEPS}
    code, _ = refusal(scaling.put_scaling_policy, **asked, PolicyType="StepScaling")
    assert code == "ValidationException"


def test_a_scheduled_action_keeps_all_but_its_times(sandbox: Sandbox, scaling: Any) -> None:
    sandbox.endpoint()
    register(sandbox)
    schedule(sandbox, StartTime="2030-01-01T00:00:00Z", Timezone="Europe/Berlin")
    scaling.put_scheduled_action(
        **place(), ScheduledActionName="s", ScalableTargetAction={"MaxCapacity": 5}
    )
    [shown] = scaling.describe_scheduled_actions(ServiceNamespace="sagemaker")["ScheduledActions"]
    assert shown["ScalableTargetAction"] == {"MaxCapacity": 5}
    assert (shown["Schedule"], shown["Timezone"]) == ("cron(0 8 * * ? *)", "Europe/Berlin")
    assert "StartTime" not in shown
    for wrong in (
        {"Schedule": "every day"},
        {"Timezone": "Mars/Olympus"},
        {"ScalableTargetAction": {}},
        {"ScalableTargetAction": {"MinCapacity": 2, "MaxCapacity": 1}},
        {"StartTime": "2030-01-02T00:00:00Z", "EndTime": "2030-01-01T00:00:00Z"},
    ):
        assert refusal(lambda wrong=wrong: schedule(sandbox, **wrong))[0] == "ValidationException"


@pytest.mark.parametrize("by", ["deregister", "delete"])
def test_what_belongs_to_a_target_goes_with_it(sandbox: Sandbox, scaling: Any, by: str) -> None:
    for name in ("e", "e2"):
        sandbox.endpoint(name)
        register(sandbox, name)
        track(sandbox, endpoint=name)
    schedule(sandbox)
    if by == "deregister":
        scaling.deregister_scalable_target(**place())
    else:
        sandbox.sagemaker.delete_endpoint(EndpointName="e")
    left = [place("e2")["ResourceId"]]
    assert targets(scaling) == left
    policies = scaling.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"]
    assert [policy["ResourceId"] for policy in policies] == left
    actions = scaling.describe_scheduled_actions(ServiceNamespace="sagemaker")
    assert actions["ScheduledActions"] == []
    assert len(alarm_names(sandbox)) == 2


def test_lists_come_in_pages_and_by_resource(sandbox: Sandbox, scaling: Any) -> None:
    names = ["a", "b", "c"]
    for name in names:
        sandbox.endpoint(name)
        register(sandbox, name)
    resources = [place(name)["ResourceId"] for name in names]
    assert targets(scaling, PaginationConfig={"PageSize": 2}) == resources
    assert targets(scaling, ResourceIds=[resources[1], resources[0]]) == resources[:2]
    assert targets(scaling, ResourceIds=["endpoint/a/variant/All"]) == []
    for number in range(12):
        track(sandbox, f"p{number:02}", "a")
    pages = list(
        scaling.get_paginator("describe_scaling_policies").paginate(ServiceNamespace="sagemaker")
    )
    assert [len(page["ScalingPolicies"]) for page in pages] == [10, 2]
    asked = {"ServiceNamespace": "sagemaker", "PolicyNames": ["p03"]}
    assert len(scaling.describe_scaling_policies(**asked)["ScalingPolicies"]) == 1
    token = pages[0]["NextToken"]
    for wrong in ("x", token):
        code, _ = refusal(scaling.describe_scaling_policies, **asked, NextToken=wrong)
        assert code == "InvalidNextTokenException"
    code, _ = refusal(
        scaling.describe_scalable_targets, ServiceNamespace="sagemaker", MaxResults=51
    )
    assert code == "ValidationException"


def test_tags_of_a_target(sandbox: Sandbox, scaling: Any) -> None:
    sandbox.endpoint()
    limits = {"MinCapacity": 1, "MaxCapacity": 2}
    made = scaling.register_scalable_target(**place(), **limits, Tags={"a": "1"})
    arn = {"ResourceARN": made["ScalableTargetARN"]}
    scaling.register_scalable_target(**place(), **limits, Tags={"never": "1"})
    scaling.tag_resource(**arn, Tags={"b": "2"})
    assert scaling.list_tags_for_resource(**arn)["Tags"] == {"a": "1", "b": "2"}
    scaling.untag_resource(**arn, TagKeys=["a", "never"])
    assert scaling.list_tags_for_resource(**arn)["Tags"] == {"b": "2"}
    sandbox.sagemaker.delete_endpoint(EndpointName="e")
    assert refusal(scaling.list_tags_for_resource, **arn)[0] == "ResourceNotFoundException"
    sandbox.advance(60)
    sandbox.endpoint()
    assert register(sandbox) != made["ScalableTargetARN"]
    assert refusal(scaling.list_tags_for_resource, **arn)[0] == "ResourceNotFoundException"


def test_a_new_target_is_not_found_at_once() -> None:
    with running(":memory:", frozen=True) as url:
        sandbox = Sandbox(url=url)
        sandbox.endpoint()
        sandbox.post("pace", {"consistency_s": 5})
        register(sandbox)
        assert refusal(lambda: track(sandbox))[0] == "ObjectNotFoundException"
        sandbox.advance(5)
        assert len(track(sandbox)["Alarms"]) == 2


def test_registering_moves_the_count_into_the_range(sandbox: Sandbox) -> None:
    sandbox.endpoint()
    register(sandbox, least=4, most=6)
    assert sandbox.shown()["EndpointStatus"] == "Updating"
    sandbox.advance(60)
    assert counts(sandbox) == (4, 4)


@pytest.mark.parametrize(("retain", "left"), [(True, (9, 9)), (False, (2, 2))])
def test_an_update_keeps_what_the_autoscaler_reached_only_if_asked(
    sandbox: Sandbox, retain: bool, left: tuple[int, int]
) -> None:
    sandbox.endpoint()
    register(sandbox)
    moved = sandbox.post("scale", {"endpoint": "e", "instances": 9})
    assert moved == {"endpoint": "e", "variant": "AllTraffic", "instances": 9}
    assert counts(sandbox) == (9, 9)
    sandbox.config("c2")
    sandbox.sagemaker.update_endpoint(
        EndpointName="e", EndpointConfigName="c2", RetainAllVariantProperties=retain
    )
    sandbox.advance(60)
    assert (sandbox.shown()["EndpointConfigName"], counts(sandbox)) == ("c2", left)


def test_the_autoscaler_stays_in_its_range_and_in_the_quota(sandbox: Sandbox) -> None:
    sandbox.endpoint()
    asked = {"endpoint": "e", "instances": 99}
    assert sandbox.post("scale", asked)["status"] == 400
    register(sandbox, most=6)
    assert sandbox.post("scale", asked)["instances"] == 6
    assert sandbox.post("scale", {**asked, "instances": 0})["instances"] == 1
    sandbox.post("quotas", {"quotas": {"ml.m5.large for endpoint usage": 5}})
    refused = sandbox.post("scale", asked)
    assert (refused["status"], "is 5 Instances" in refused["error"]) == (400, True)
    assert counts(sandbox) == (1, 1)
    for wrong in (
        {"endpoint": "no", "instances": 1},
        {"endpoint": "e"},
        [],
        {**asked, "variant": "x"},
    ):
        assert sandbox.post("scale", wrong)["status"] == 400


def test_a_scaled_variant_changes_its_type_once_it_is_deregistered(
    sandbox: Sandbox, scaling: Any
) -> None:
    sandbox.endpoint()
    register(sandbox)
    sandbox.config("c2", capacity={"InstanceType": "ml.m5.xlarge", "InitialInstanceCount": 2})
    update = {"EndpointName": "e", "EndpointConfigName": "c2"}
    code, text = refusal(sandbox.sagemaker.update_endpoint, **update)
    assert (code, "Deregister it" in text) == ("ValidationException", True)
    scaling.deregister_scalable_target(**place())
    sandbox.sagemaker.update_endpoint(**update)
    sandbox.advance(60)
    register(sandbox)
    assert sandbox.shown()["EndpointConfigName"] == "c2"


def test_the_autoscaler_waits_while_an_endpoint_is_updated(sandbox: Sandbox) -> None:
    sandbox.endpoint()
    register(sandbox)
    sandbox.sagemaker.update_endpoint(EndpointName="e", EndpointConfigName="c1")
    assert sandbox.post("scale", {"endpoint": "e", "instances": 3})["status"] == 400


def test_a_metric_of_ones_own_is_what_the_alarms_watch(sandbox: Sandbox, scaling: Any) -> None:
    sandbox.endpoint()
    register(sandbox)
    backlog = {"Namespace": "AWS/SageMaker", "MetricName": "ApproximateBacklogSizePerInstance"}
    stat = {"Id": "m", "MetricStat": {"Metric": backlog, "Stat": "Average"}, "ReturnData": True}
    for own in ({**backlog, "Statistic": "Average"}, {"Metrics": [stat]}):
        scaling.put_scaling_policy(
            **place(),
            PolicyName="p",
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={
                "TargetValue": 5.0,
                "CustomizedMetricSpecification": own,
            },
        )
        high, low = sandbox.client("cloudwatch").describe_alarms()["MetricAlarms"]
        assert (high["Threshold"], low["Threshold"]) == (5.0, 4.5)
        watched = high["Metrics"][0]["MetricStat"]["Metric"] if "Metrics" in own else high
        assert watched["MetricName"] == backlog["MetricName"]
