"""PutScheduledAction, DescribeScheduledActions, DeleteScheduledAction, and what actions do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from zoneinfo import available_timezones

from planner_sagemaker.sandbox import scaling
from planner_sagemaker.sandbox.cloud import Call, Cloud, Handler
from planner_sagemaker.sandbox.errors import invalid
from planner_sagemaker.sandbox.paging import Paging
from planner_sagemaker.sandbox.scalable_targets import move_inside
from planner_sagemaker.sandbox.schedules import next_strike
from planner_sagemaker.sandbox.store import Document, Key
from planner_sagemaker.sandbox.targets import SCHEDULED, TARGET


def _name(action: Mapping[str, Any]) -> str:
    return f"{scaling.place(action)}{scaling.SEPARATOR}{action['ScheduledActionName']}"


_PAGING = Paging(name=_name, refusal=scaling.INVALID_TOKEN, size=50, most=50)


def put_scheduled_action(call: Call) -> Mapping[str, Any]:
    """Make an action or change what is given of it; times that are not given again are lost."""
    scaling.registered(call)
    asked = call.parameters
    before = call.strong(SCHEDULED, _name(asked)) or {}
    kept = ("Schedule", "Timezone", "ScalableTargetAction")
    action = {
        **{member: before[member] for member in kept if member in before},
        **asked,
        "ScheduledActionARN": before.get("ScheduledActionARN")
        or scaling.owned_arn(call, "scheduledAction", "scheduledActionName"),
        "CreationTime": before.get("CreationTime", call.now),
    }
    for problem in _problems(action):
        raise invalid(problem)
    _write(call.cloud, call.key(SCHEDULED, _name(asked)), action, call.now)
    return {}


def strike(cloud: Cloud, key: Key, action: Document, at: float) -> None:
    """Give the target another range, and bring its capacity into it; suspended ones are left."""
    target_key = Key(region=key.region, kind=TARGET, name=scaling.place(action))
    target = cloud.store.get(target_key)
    if target is not None and not target["SuspendedState"]["ScheduledScalingSuspended"]:
        target.update(_range(target, action["ScalableTargetAction"]))
        cloud.store.put(target_key, target)
        call = Call(
            cloud=cloud,
            region=key.region,
            service=target["ServiceNamespace"],
            operation="strike",
            parameters=action,
            at=at,
        )
        move_inside(call, target)
    _write(cloud, key, action, at)


def _range(target: Document, given: Mapping[str, int]) -> dict[str, int]:
    """A bound that is given alone pushes the other.

    No document says what the cloud does there; a range that does not hold together is none.
    """
    least = given.get("MinCapacity", target["MinCapacity"])
    most = given.get("MaxCapacity", target["MaxCapacity"])
    if "MinCapacity" in given:
        return {"MinCapacity": least, "MaxCapacity": max(least, most)}
    return {"MinCapacity": min(least, most), "MaxCapacity": most}


def _write(cloud: Cloud, key: Key, action: Document, after: float) -> None:
    """With the moment at which it strikes next, if it does."""
    begin, end = action.get("StartTime"), action.get("EndTime", float("inf"))
    # A start time is a moment at which it may strike already.
    due = next_strike(
        action["Schedule"],
        action.get("Timezone", "UTC"),
        after if begin is None else max(after, begin - 0.001),
        anchor=action["CreationTime"] if begin is None else begin,
        inclusive=begin is not None,
    )
    cloud.store.put(key, action, due=due if due is not None and due <= end else None)


def _problems(action: Document) -> Iterator[str]:
    """The wording is ours; the rules are those of the service model's documentation."""
    if "Schedule" not in action:
        yield "Schedule is required for a new scheduled action."
    elif not _is_schedule(action["Schedule"]):
        yield f"Invalid schedule: {action['Schedule']}"
    zone = action.get("Timezone")
    if zone is not None and zone not in available_timezones():
        yield f"Invalid timezone: {zone}"
    bounds = action.get("ScalableTargetAction") or {}
    if not bounds:
        yield "ScalableTargetAction needs MinCapacity, MaxCapacity or both."
    if min(bounds.values(), default=0) < 0:
        yield "Minimum and maximum capacity must not be negative."
    if bounds.get("MinCapacity", 0) > bounds.get("MaxCapacity", float("inf")):
        yield "Maximum capacity cannot be less than minimum capacity."
    if action.get("StartTime", 0.0) >= action.get("EndTime", float("inf")):
        yield "StartTime must be before EndTime."


def _is_schedule(text: str) -> bool:
    try:
        next_strike(text, "UTC", 0.0, anchor=0.0)
    except ValueError:
        return False
    return True


def describe_scheduled_actions(call: Call) -> Mapping[str, Any]:
    """One page of scheduled actions by resource and name."""
    rows, token = scaling.described(
        call, SCHEDULED, _PAGING, names="ScheduledActionNames", label="ScheduledActionName"
    )
    return {"ScheduledActions": rows, "NextToken": token}


def delete_scheduled_action(call: Call) -> Mapping[str, Any]:
    """Forget a scheduled action."""
    asked = call.parameters
    if not call.remove(SCHEDULED, _name(asked)):
        rest = f", scheduled action name: {asked['ScheduledActionName']}"
        raise scaling.absent(call, "No scheduled action found", rest)
    return {}


HANDLERS: Mapping[str, Handler] = {
    "PutScheduledAction": put_scheduled_action,
    "DescribeScheduledActions": describe_scheduled_actions,
    "DeleteScheduledAction": delete_scheduled_action,
}
