"""PutScalingPolicy, DescribeScalingPolicies, DeleteScalingPolicy.

A policy that tracks a target makes alarms of its own and takes them with it; one with steps is
fired by an alarm that somebody else makes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from planner_sagemaker.sandbox import alarms, scaling
from planner_sagemaker.sandbox.cloud import Call, Handler
from planner_sagemaker.sandbox.errors import CloudError, invalid
from planner_sagemaker.sandbox.paging import Paging
from planner_sagemaker.sandbox.store import Document
from planner_sagemaker.sandbox.targets import POLICY
from planner_sagemaker.sandbox.transitions import ALARM

TRACKING = "TargetTrackingScaling"
STEPS = "StepScaling"
_CONFIGURATIONS = {
    TRACKING: "TargetTrackingScalingPolicyConfiguration",
    STEPS: "StepScalingPolicyConfiguration",
    "PredictiveScaling": "PredictiveScalingPolicyConfiguration",
}
_METRICS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    scaling.INSTANCES: {
        "SageMakerVariantInvocationsPerInstance": {
            "MetricName": "InvocationsPerInstance",
            "Statistic": "Sum",
            "Period": 60,
        },
        "SageMakerVariantConcurrentRequestsPerModelHighResolution": {
            "MetricName": "ConcurrentRequestsPerModel",
            "Statistic": "Maximum",
            "Period": 10,
        },
    },
    scaling.PROVISIONED: {
        "SageMakerVariantProvisionedConcurrencyUtilization": {
            "MetricName": "ServerlessProvisionedConcurrencyUtilization",
            "Statistic": "Maximum",
            "Period": 60,
        },
    },
    scaling.COPIES: {
        "SageMakerInferenceComponentInvocationsPerCopy": {
            "MetricName": "InvocationsPerCopy",
            "Statistic": "Sum",
            "Period": 60,
        },
        "SageMakerInferenceComponentConcurrentRequestsPerCopyHighResolution": {
            "MetricName": "ConcurrentRequestsPerCopy",
            "Statistic": "Maximum",
            "Period": 10,
        },
    },
}
_LOW = 0.9
"""Of the target value, below which a tracked target scales in."""


def _name(policy: Mapping[str, Any]) -> str:
    return f"{scaling.place(policy)}{scaling.SEPARATOR}{policy['PolicyName']}"


_PAGING = Paging(name=_name, refusal=scaling.INVALID_TOKEN, size=10, most=10)


def put_scaling_policy(call: Call) -> Mapping[str, Any]:
    """Make or replace a policy of a registered target."""
    scaling.registered(call)
    asked = call.parameters
    before = call.strong(POLICY, _name(asked)) or {}
    kind = asked.get("PolicyType") or before.get("PolicyType") or STEPS
    if before and kind != before["PolicyType"]:
        raise invalid(f"The type of the policy {asked['PolicyName']} cannot be changed.")
    member = _CONFIGURATIONS[kind]
    wanted = {**{key: before[key] for key in (member,) if key in before}, **asked}
    for problem in _problems(wanted, kind):
        raise invalid(problem)
    policy = {
        **scaling.identity(call),
        "PolicyName": asked["PolicyName"],
        "PolicyType": kind,
        "PolicyARN": before.get("PolicyARN")
        or scaling.owned_arn(call, "scalingPolicy", "policyName"),
        "CreationTime": before.get("CreationTime", call.now),
        member: wanted[member],
    }
    _remove_alarms(call, before)
    policy["Alarms"] = _make_alarms(call, policy) if kind == TRACKING else []
    call.put(POLICY, _name(asked), policy)
    return {"PolicyARN": policy["PolicyARN"], "Alarms": policy["Alarms"]}


def _problems(asked: Mapping[str, Any], kind: str) -> Iterator[str]:
    """What the service model cannot say; the wording is ours where no source is named."""
    if kind not in {TRACKING, STEPS}:
        yield f"Policy type {kind} is not supported for sagemaker."
    for other, member in _CONFIGURATIONS.items():
        if other == kind and member not in asked:
            yield f"{member} must be provided for a policy of type {kind}."
        elif other != kind and member in asked:
            yield f"{member} must not be provided for a policy of type {kind}."
    if kind == TRACKING:
        yield from _tracking_problems(asked)
    else:
        yield from _step_problems(asked)


def _tracking_problems(asked: Mapping[str, Any]) -> Iterator[str]:
    tracking = asked[_CONFIGURATIONS[TRACKING]]
    predefined = tracking.get("PredefinedMetricSpecification")
    if bool(predefined) == bool(tracking.get("CustomizedMetricSpecification")):
        yield (
            "Exactly one of PredefinedMetricSpecification and CustomizedMetricSpecification "
            "must be provided."
        )
    if tracking["TargetValue"] <= 0:
        yield "TargetValue must be greater than 0."
    for cooldown in ("ScaleInCooldown", "ScaleOutCooldown"):
        if tracking.get(cooldown, 0) < 0:
            yield f"{cooldown} must not be negative."
    dimension = asked["ScalableDimension"]
    known = _METRICS[dimension]
    if predefined and predefined["PredefinedMetricType"] not in known:
        # The text of aws/aws-cdk#29065.
        yield (
            f"Scalable dimension {dimension} only supports the following predefined metric types: "
            f"{', '.join(sorted(known))}"
        )


def _step_problems(asked: Mapping[str, Any]) -> Iterator[str]:
    steps = asked[_CONFIGURATIONS[STEPS]]
    adjustments = steps.get("StepAdjustments")
    if not steps.get("AdjustmentType") or not adjustments:
        yield "AdjustmentType and StepAdjustments must be provided for a step scaling policy."
        return
    ends = [
        (
            one.get("MetricIntervalLowerBound", float("-inf")),
            one.get("MetricIntervalUpperBound", float("inf")),
        )
        for one in adjustments
    ]
    if any(low >= high for low, high in ends):
        yield "The lower bound of a step adjustment must be less than its upper bound."
    ends.sort()
    if any(first[1] != second[0] for first, second in pairwise(ends)):
        yield "Step adjustment intervals must neither overlap nor leave a gap."


def _make_alarms(call: Call, policy: Document) -> list[dict[str, str]]:
    tracking = policy[_CONFIGURATIONS[TRACKING]]
    sides = {"High": ("GreaterThanThreshold", 1.0, 3), "Low": ("LessThanThreshold", _LOW, 15)}
    if tracking.get("DisableScaleIn"):
        del sides["Low"]
    made = []
    for side, (comparison, share, periods) in sides.items():
        own = scaling.new_id(call, side, _name(policy))
        name = f"TargetTracking-{policy['ResourceId']}-Alarm{side}-{own}"
        arn = alarms.write(
            call,
            {
                "AlarmName": name,
                "AlarmDescription": f"DO NOT EDIT OR DELETE. For {policy['PolicyARN']}.",
                "AlarmActions": [policy["PolicyARN"]],
                "ComparisonOperator": comparison,
                "Threshold": tracking["TargetValue"] * share,
                "EvaluationPeriods": periods,
                **_metric(policy),
            },
        )
        made.append({"AlarmName": name, "AlarmARN": arn})
    return made


def _metric(policy: Document) -> Document:
    tracking = policy[_CONFIGURATIONS[TRACKING]]
    own = tracking.get("CustomizedMetricSpecification")
    if own and "Metrics" in own:
        return {**own, "Metrics": [_query(one) for one in own["Metrics"]]}
    if own:
        return {**own, "Period": 60}
    kind = tracking["PredefinedMetricSpecification"]["PredefinedMetricType"]
    parts = policy["ResourceId"].split("/")
    component = policy["ScalableDimension"] == scaling.COPIES
    labels = ["InferenceComponentName"] if component else ["EndpointName", "VariantName"]
    dimensions = [
        {"Name": label, "Value": part} for label, part in zip(labels, parts[1::2], strict=True)
    ]
    metric = _METRICS[policy["ScalableDimension"]][kind]
    return {"Namespace": "AWS/SageMaker", "Dimensions": dimensions, **metric}


def _query(query: Document) -> Document:
    if "MetricStat" not in query:
        return query
    return {**query, "MetricStat": {"Period": 60, **query["MetricStat"]}}


def _remove_alarms(call: Call, policy: Mapping[str, Any]) -> None:
    for alarm in policy.get("Alarms", ()):
        call.remove(ALARM, alarm["AlarmName"])


def describe_scaling_policies(call: Call) -> Mapping[str, Any]:
    """One page of policies by resource and name."""
    rows, token = scaling.described(call, POLICY, _PAGING, names="PolicyNames", label="PolicyName")
    return {"ScalingPolicies": rows, "NextToken": token}


def delete_scaling_policy(call: Call) -> Mapping[str, Any]:
    """Forget a policy and the alarms it made."""
    policy = call.strong(POLICY, _name(call.parameters))
    if policy is None:
        raise _absent(call)
    _remove_alarms(call, policy)
    call.remove(POLICY, _name(policy))
    return {}


def _absent(call: Call) -> CloudError:
    rest = f", policy name: {call.parameters['PolicyName']}"
    return scaling.absent(call, "No scaling policy found", rest)


HANDLERS: Mapping[str, Handler] = {
    "PutScalingPolicy": put_scaling_policy,
    "DescribeScalingPolicies": describe_scaling_policies,
    "DeleteScalingPolicy": delete_scaling_policy,
}
