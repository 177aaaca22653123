"""PutMetricAlarm, DescribeAlarms, DeleteAlarms, SetAlarmState, and their tags."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from planner_sagemaker.sandbox import watching
from planner_sagemaker.sandbox.cloud import ACCOUNT, Call, Handler, partition
from planner_sagemaker.sandbox.composite_alarms import composite_alarms
from planner_sagemaker.sandbox.errors import CloudError
from planner_sagemaker.sandbox.paging import Paging, kept_page, page_of
from planner_sagemaker.sandbox.store import Document
from planner_sagemaker.sandbox.tags import given_tags
from planner_sagemaker.sandbox.transitions import ALARM

_UNSET = "Unchecked: Initial alarm creation"
_MISSING_DATA = {"breaching", "notBreaching", "ignore", "missing"}
_SOURCES = ("MetricName", "Metrics", "EvaluationCriteria")


def _name(alarm: Mapping[str, Any]) -> str:
    return str(alarm["AlarmName"])


_PAGING = Paging(
    name=_name, refusal="InvalidNextToken", size=100, most=100, size_member="MaxRecords"
)


def put_metric_alarm(call: Call) -> Mapping[str, Any]:
    """Make an alarm, or replace all of one but its state and its tags."""
    for problem in _problems(call.parameters):
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


def _problems(asked: Mapping[str, Any]) -> Iterator[str]:
    """What the service model cannot say; the wording is ours."""
    if sum(member in asked for member in _SOURCES) != 1:
        yield f"Exactly one of {', '.join(_SOURCES)} must be provided."
    if "EvaluationCriteria" not in asked:
        yield from _evaluation_problems(asked)
    if "MetricName" in asked:
        yield from _metric_problems(asked)


def _evaluation_problems(asked: Mapping[str, Any]) -> Iterator[str]:
    for member in ("EvaluationPeriods", "ComparisonOperator"):
        if member not in asked:
            yield f"{member} must be provided."
    if ("Threshold" in asked) == ("ThresholdMetricId" in asked):
        yield "Exactly one of Threshold and ThresholdMetricId must be provided."
    if asked.get("DatapointsToAlarm", 1) > asked.get("EvaluationPeriods", 1):
        yield "DatapointsToAlarm must not be greater than EvaluationPeriods."
    if asked.get("TreatMissingData", "missing") not in _MISSING_DATA:
        yield f"TreatMissingData must be one of {', '.join(sorted(_MISSING_DATA))}."


def _metric_problems(asked: Mapping[str, Any]) -> Iterator[str]:
    for member in ("Namespace", "Period"):
        if member not in asked:
            yield f"{member} must be provided with MetricName."
    if ("Statistic" in asked) == ("ExtendedStatistic" in asked):
        yield "Exactly one of Statistic and ExtendedStatistic must be provided with MetricName."
    period = asked.get("Period", 60)
    if period not in {10, 20, 30} and period % 60:
        yield "Period must be 10, 20, 30 or a multiple of 60."


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
    alarm = _tagged(call)
    tags = {**alarm["_tags"], **given_tags(call.parameters)}
    call.put(ALARM, _name(alarm), {**alarm, "_tags": tags})
    return {}


def untag_resource(call: Call) -> Mapping[str, Any]:
    """Remove tags; keys that are not there are no error."""
    alarm, gone = _tagged(call), set(call.parameters["TagKeys"])
    left = {key: text for key, text in alarm["_tags"].items() if key not in gone}
    call.put(ALARM, _name(alarm), {**alarm, "_tags": left})
    return {}


def list_tags_for_resource(call: Call) -> Mapping[str, Any]:
    """All tags of an alarm by key."""
    tags = _tagged(call)["_tags"]
    return {"Tags": [{"Key": key, "Value": tags[key]} for key in sorted(tags)]}


def _tagged(call: Call) -> Document:
    arn = call.parameters["ResourceARN"]
    alarm = call.strong(ALARM, arn.partition(":alarm:")[2])
    if alarm is None or alarm["AlarmArn"] != arn:
        raise CloudError("ResourceNotFoundException", f"Unknown resource: {arn}", status=404)
    return alarm


HANDLERS: Mapping[str, Handler] = {
    "PutMetricAlarm": put_metric_alarm,
    "DescribeAlarms": describe_alarms,
    "DeleteAlarms": delete_alarms,
    "SetAlarmState": set_alarm_state,
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
    "ListTagsForResource": list_tags_for_resource,
}
