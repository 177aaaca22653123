"""PutMetricAlarm, DescribeAlarms, DeleteAlarms, SetAlarmState, and tags in CloudWatch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from planner_sagemaker.sandbox import dashboards, watching
from planner_sagemaker.sandbox.alarm_rules import problems
from planner_sagemaker.sandbox.cloud import ACCOUNT, Call, Handler, partition
from planner_sagemaker.sandbox.composite_alarms import composite_alarms
from planner_sagemaker.sandbox.errors import CloudError
from planner_sagemaker.sandbox.paging import Paging, kept_page, page_of
from planner_sagemaker.sandbox.store import Document, Key
from planner_sagemaker.sandbox.tags import given_tags
from planner_sagemaker.sandbox.transitions import ALARM

_UNSET = "Unchecked: Initial alarm creation"


def _name(alarm: Mapping[str, Any]) -> str:
    return str(alarm["AlarmName"])


_PAGING = Paging(
    name=_name, refusal="InvalidNextToken", size=100, most=100, size_member="MaxRecords"
)


def put_metric_alarm(call: Call) -> Mapping[str, Any]:
    """Make an alarm, or replace all of one but its state and its tags."""
    for problem in problems(call.parameters, call.region):
        raise CloudError("ValidationError", problem)
    write(call, call.parameters)
    return {}


def write(call: Call, given: Mapping[str, Any]) -> str:
    """Write an alarm that is known to be right; its ARN."""
    name = _name(given)
    before = call.strong(ALARM, name) or {
        "StateValue": "INSUFFICIENT_DATA",
        "StateReason": _UNSET,
        "StateUpdatedTimestamp": call.now,
        "StateTransitionedTimestamp": call.now,
        "_tags": given_tags(given),
    }
    arn = f"arn:{partition(call.region)}:cloudwatch:{call.region}:{ACCOUNT}:alarm:{name}"
    state = {key: item for key, item in before.items() if key.startswith(("State", "_"))}
    warm = given.get("WarmUpConfiguration")
    if warm is not None:
        # A change of it begins nothing anew (documentation of WarmUpPeriodDurationInMinutes).
        state.setdefault("_warm_at", call.now + 60.0 * warm["WarmUpPeriodDurationInMinutes"])
    alarm = {
        "ActionsEnabled": True,
        **{member: [] for member in ("OKActions", "AlarmActions", "InsufficientDataActions")},
        "Dimensions": [],
        **{key: given[key] for key in given if key != "Tags"},
        **state,
        "AlarmArn": arn,
        "AlarmConfigurationUpdatedTimestamp": call.now,
    }
    watching.begin(call.cloud, call.region, alarm)
    return arn


def describe_alarms(call: Call) -> Mapping[str, Any]:
    """One page of alarms on metrics by name; with the first come those that are composed."""
    asked = call.parameters
    names, prefix = asked.get("AlarmNames"), asked.get("AlarmNamePrefix")
    if names and prefix:
        raise CloudError(
            "InvalidParameterCombination", "AlarmNames and AlarmNamePrefix exclude each other."
        )
    composed = composite_alarms(call)
    if "MetricAlarm" not in asked.get("AlarmTypes", ["MetricAlarm"]):
        return {"MetricAlarms": [], "CompositeAlarms": composed}
    if not set(asked) & {"AlarmNames", "AlarmNamePrefix", "StateValue", "ActionPrefix"}:
        rows, token = kept_page(call, ALARM, _PAGING)
    else:
        found = [one for one in _found(call, names, prefix or "") if _wanted(one, asked)]
        rows, token = page_of(call, found, _PAGING)
    return {"MetricAlarms": rows, "CompositeAlarms": composed, "NextToken": token}


def _found(call: Call, names: list[str] | None, prefix: str) -> list[Document]:
    if names:
        found = (call.strong(ALARM, name) for name in dict.fromkeys(names))
        return [alarm for alarm in found if alarm is not None]
    return [alarm for _, alarm in call.cloud.store.starting(call.region, ALARM, prefix)]


def _wanted(alarm: Document, asked: Mapping[str, Any]) -> bool:
    actions = alarm["OKActions"] + alarm["AlarmActions"] + alarm["InsufficientDataActions"]
    prefix = asked.get("ActionPrefix", "")
    if prefix and not any(action.startswith(prefix) for action in actions):
        return False
    return asked.get("StateValue") in (None, alarm["StateValue"])


def delete_alarms(call: Call) -> Mapping[str, Any]:
    """Forget alarms; a wrong name keeps no other from being deleted, and then is said."""
    asked = call.parameters["AlarmNames"]
    unknown = [name for name in dict.fromkeys(asked) if not call.remove(ALARM, name)]
    if unknown:
        raise _unknown(", ".join(unknown))
    return {}


def set_alarm_state(call: Call) -> Mapping[str, Any]:
    """Set the state by hand; it stays until the alarm looks at its metric again."""
    asked = call.parameters
    alarm = call.strong(ALARM, _name(asked))
    if alarm is None:
        raise _unknown(_name(asked))
    data = asked.get("StateReasonData", "{}")
    try:
        json.loads(data)
    except ValueError:
        raise CloudError("InvalidFormat", "StateReasonData is not JSON.") from None
    if alarm["StateValue"] != asked["StateValue"]:
        alarm["StateTransitionedTimestamp"] = call.now
    changed = {key: asked[key] for key in asked if key.startswith("State")}
    alarm.pop("StateReasonData", None)
    changed["StateUpdatedTimestamp"] = call.now
    watching.hold(call.cloud, call.region, {**alarm, **changed})
    return {}


def _unknown(name: str) -> CloudError:
    return CloudError("ResourceNotFound", f"Unknown alarm: {name}", status=404)


def tag_resource(call: Call) -> Mapping[str, Any]:
    """Overwrite tags of the same keys, add the others."""
    key, document = _tagged(call)
    _retag(call, key, document, {**document["_tags"], **given_tags(call.parameters)})
    return {}


def untag_resource(call: Call) -> Mapping[str, Any]:
    """Remove tags; keys that are not there are no error."""
    (key, document), gone = _tagged(call), set(call.parameters["TagKeys"])
    left = {name: text for name, text in document["_tags"].items() if name not in gone}
    _retag(call, key, document, left)
    return {}


def list_tags_for_resource(call: Call) -> Mapping[str, Any]:
    """All tags of an alarm or a dashboard by key."""
    tags = _tagged(call)[1]["_tags"]
    return {"Tags": [{"Key": key, "Value": tags[key]} for key in sorted(tags)]}


def _retag(call: Call, key: Key, document: Document, tags: Mapping[str, str]) -> None:
    steps = document.get("_steps") or []
    due = steps[0]["at"] if steps else None
    call.cloud.store.put(key, {**document, "_tags": dict(tags)}, due=due)


def _tagged(call: Call) -> tuple[Key, Document]:
    arn = call.parameters["ResourceARN"]
    _, shown, name = arn.partition(":dashboard/")
    key = dashboards.key_of(name) if shown else call.key(ALARM, arn.partition(":alarm:")[2])
    document = call.cloud.store.get(key)
    if document is None or document["DashboardArn" if shown else "AlarmArn"] != arn:
        raise CloudError("ResourceNotFoundException", f"Unknown resource: {arn}", status=404)
    return key, document


HANDLERS: Mapping[str, Handler] = {
    "PutMetricAlarm": put_metric_alarm,
    "DescribeAlarms": describe_alarms,
    "DeleteAlarms": delete_alarms,
    "SetAlarmState": set_alarm_state,
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
    "ListTagsForResource": list_tags_for_resource,
}
