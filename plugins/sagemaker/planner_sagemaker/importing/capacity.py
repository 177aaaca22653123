"""Capacity as pins: a count, a range with its policy and schedule, or concurrency from zero."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any

from planner.errors import ProviderError
from planner.model.live import LiveObject, LiveState
from planner.model.value import value
from planner_sagemaker.importing.refusal import only, unsayable
from planner_sagemaker.resources.cron import aws_schedules
from planner_sagemaker.usual import COOLDOWN_S, COUNT, usual

Body = Mapping[str, Any]
Part = dict[str, Any]

_STRATEGY = {"LEAST_OUTSTANDING_REQUESTS": "least-outstanding", "RANDOM": "random"}
_METRIC = "SageMakerVariantInvocationsPerInstance"
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_PLACE = ("ServiceNamespace", "ResourceId", "ScalableDimension")


@value
class Capacity:
    """Keys of `spec`, of the `sagemaker` block, and of `slo`, that say how much runs.

    Alarms watch updates of what is `guarded`.
    """

    spec: Part
    guarded: bool = True
    block: Part = field(default_factory=dict)
    slo: Part = field(default_factory=dict)


def capacity(live: LiveState, variant: Body, *, shared: bool) -> Capacity:
    """What a variant runs on; ProviderError `not-importable` for scaling that no spec says."""
    if "ServerlessConfig" in variant:
        return _serverless(live, variant)
    address = f"variant/{variant['VariantName']}"
    if "InstanceType" not in variant:
        raise unsayable(address, "it has no instance type of its own")
    chosen: Body = variant.get("RoutingConfig", {"RoutingStrategy": "RANDOM"})
    only(f"{address} RoutingConfig", chosen, {"RoutingStrategy"})
    routing = _STRATEGY[chosen["RoutingStrategy"]]
    pin: Part = {"hosting": "dedicated", "instance": variant["InstanceType"]}
    target = _target(live)
    if target is None:
        pin["replicas"] = variant["InitialInstanceCount"]
        found = Capacity(spec={"pin": pin})
    else:
        pin["hosting"] = "single-model"
        found = _scaled(live, target, pin)
    pin["routing"] = routing
    if not shared:
        return found
    pin["hosting"] = "multi-model"
    return Capacity(spec=found.spec, block=found.block, slo={"cold_start": "allow"})


def _serverless(live: LiveState, variant: Body) -> Capacity:
    if any(one.kind == "scalable-target" for one in live.objects):
        address = f"variant/{variant['VariantName']}"
        raise unsayable(address, "a spec cannot scale its provisioned concurrency")
    config = variant["ServerlessConfig"]
    return Capacity(
        spec={
            "constraints": {"scale_to_zero": "allow"},
            "pin": {
                "hosting": "serverless",
                "instance": f"serverless-{config['MemorySizeInMB']}",
                "concurrency": config["MaxConcurrency"],
                "prewarm": config.get("ProvisionedConcurrency", 0),
            },
        },
        slo={"cold_start": "allow"},
        guarded=False,
    )


def _target(live: LiveState) -> LiveObject | None:
    targets = [one for one in live.objects if one.kind == "scalable-target"]
    for one in targets:
        if one.body["ScalableDimension"] != COUNT:
            raise unsayable(one.address, f"a spec cannot scale {one.body['ScalableDimension']}")
        only(one.address, one.body, {*_PLACE, "MinCapacity", "MaxCapacity"})
    return targets[0] if targets else None


def _scaled(live: LiveState, target: LiveObject, pin: Part) -> Capacity:
    """A range with its policy, adding to the pin."""
    least, most = target.body["MinCapacity"], target.body["MaxCapacity"]
    if least < 1 or least == most:
        raise unsayable(target.address, f"a spec cannot scale from {least} to {most} instances")
    tracking = _tracking(live, target)
    pin["replicas"] = {"min": least, "max": most}
    aim = float(tracking["TargetValue"])
    pin["target"] = int(aim) if aim.is_integer() else aim
    waits = {"up": tracking["ScaleOutCooldown"], "down": tracking["ScaleInCooldown"]}
    unusual = {key: f"{seconds}s" for key, seconds in waits.items() if seconds != COOLDOWN_S}
    actions = [one for one in live.objects if one.kind == "scheduled-action"]
    spec: Part = {"pin": pin}
    if actions:
        pin["schedule"] = [_scheduled(one, f"{live.endpoint}-") for one in actions]
        spec["traffic"] = {"timezone": _timezone(actions)}
    return Capacity(spec=spec, block={"cooldowns": unusual} if unusual else {})


def _tracking(live: LiveState, target: LiveObject) -> Body:
    """The only policy: target tracking on the requests of an instance."""
    policies = [one for one in live.objects if one.kind == "scaling-policy"]
    if len(policies) != 1:
        names = ", ".join(one.name for one in policies) or "none"
        raise unsayable(target.address, f"it has {len(policies)} policies ({names}), a spec one")
    (policy,) = policies
    known = {"PolicyName", "PolicyType", *_PLACE, "TargetTrackingScalingPolicyConfiguration"}
    only(policy.address, policy.body, known)
    tracking: Body = usual(policy.kind, policy.body)["TargetTrackingScalingPolicyConfiguration"]
    metric = {"PredefinedMetricSpecification"}
    only(policy.address, tracking, {"TargetValue", "ScaleOutCooldown", "ScaleInCooldown", *metric})
    name = tracking.get("PredefinedMetricSpecification", {}).get("PredefinedMetricType")
    if name != _METRIC:
        raise unsayable(policy.address, f"a spec tracks {_METRIC}, not {name}")
    return tracking


def _scheduled(action: LiveObject, prefix: str) -> Part:
    known = {"ScheduledActionName", "Schedule", "Timezone", "ScalableTargetAction", *_PLACE}
    only(action.address, action.body, known)
    bounds = action.body.get("ScalableTargetAction", {})
    if bounds.keys() != {"MinCapacity", "MaxCapacity"}:
        raise unsayable(action.address, "a spec sets both bounds, and this one of them")
    return {
        "name": action.name.removeprefix(prefix),
        "at": _five_fields(action.address, action.body["Schedule"]),
        "min": bounds["MinCapacity"],
        "max": bounds["MaxCapacity"],
    }


def _timezone(actions: Sequence[LiveObject]) -> str:
    """The time zone of all actions."""
    zones = sorted({str(one.body.get("Timezone", "UTC")) for one in actions})
    if len(zones) > 1:
        raise unsayable(actions[0].address, f"a spec has one time zone, not {', '.join(zones)}")
    return zones[0]


def _five_fields(address: str, schedule: str) -> str:
    """An AWS schedule as a five-field cron that is rendered as this very schedule again."""
    match = re.fullmatch(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+) \*\)", schedule)
    if match is not None:
        minute, hour, date, month, day = match.groups()
        named = day if day[:1].isalpha() else re.sub(r"\d", _day, day)
        cron = " ".join((minute, hour, date, month, named)).replace("?", "*").lower()
        try:
            if aws_schedules(cron) == (schedule,):
                return cron
        except ProviderError:
            pass  # said below
    raise unsayable(address, f"a spec cannot say the schedule {schedule}")


def _day(match: re.Match[str]) -> str:
    """AWS numbers Sunday 1."""
    number = int(match[0])
    return _DAYS[number - 1] if 1 <= number <= len(_DAYS) else match[0]
