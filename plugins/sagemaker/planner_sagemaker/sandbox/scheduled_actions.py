"""PutScheduledAction, DescribeScheduledActions, DeleteScheduledAction; none is ever carried out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from zoneinfo import available_timezones

from planner_sagemaker.sandbox import scaling
from planner_sagemaker.sandbox.cloud import Call, Handler
from planner_sagemaker.sandbox.errors import invalid
from planner_sagemaker.sandbox.paging import Paging
from planner_sagemaker.sandbox.store import Document
from planner_sagemaker.sandbox.targets import SCHEDULED

_SCHEDULE = re.compile(
    r"at\(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\)"
    r"|rate\([1-9]\d* (minute|hour|day)s?\)"
    r"|cron\(\S+( \S+){5}\)"
)


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
    call.put(SCHEDULED, _name(asked), action)
    return {}


def _problems(action: Document) -> Iterator[str]:
    """The wording is ours; the rules are those of the service model's documentation."""
    if "Schedule" not in action:
        yield "Schedule is required for a new scheduled action."
    elif not _SCHEDULE.fullmatch(action["Schedule"]):
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
