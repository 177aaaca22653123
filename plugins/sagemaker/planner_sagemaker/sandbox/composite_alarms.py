"""Alarms on other alarms, which can only be put by hand: what a rollout of somebody's own names.

Those on metrics are in `alarms`; a name is of one or the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from planner_sagemaker.sandbox.account import MADE_AT, account
from planner_sagemaker.sandbox.cloud import ACCOUNT, Call, partition
from planner_sagemaker.sandbox.transitions import ALARM

_KIND = "CompositeAlarm"


def composite_alarms(call: Call) -> list[Mapping[str, Any]]:
    """Those that DescribeAlarms asks for; all that it names exist, as long as none was put.

    Without AlarmTypes it shows alarms on metrics alone (documentation of AlarmTypes).
    """
    asked = call.parameters
    if _KIND not in asked.get("AlarmTypes", ()) or "NextToken" in asked or "ActionPrefix" in asked:
        return []
    put, names = account(call.cloud).alarms, asked.get("AlarmNames")
    wanted = names if names else put or ()
    prefix = asked.get("AlarmNamePrefix", "")
    found = [
        name
        for name in dict.fromkeys(wanted)
        if (put is None or name in put) and name.startswith(prefix)
        if call.strong(ALARM, name) is None
    ]
    return [_shown(call, name) for name in found if asked.get("StateValue", "OK") == "OK"]


def _shown(call: Call, name: str) -> Mapping[str, Any]:
    where = f"arn:{partition(call.region)}:cloudwatch:{call.region}:{ACCOUNT}"
    return {
        "ActionsEnabled": True,
        **{member: [] for member in ("OKActions", "AlarmActions", "InsufficientDataActions")},
        "AlarmName": name,
        "AlarmArn": f"{where}:alarm:{name}",
        "AlarmRule": "FALSE",
        "StateValue": "OK",
        "StateReason": f"{where}:alarm:{name} was created and its alarm rule evaluates to OK",
        "StateUpdatedTimestamp": MADE_AT,
        "AlarmConfigurationUpdatedTimestamp": MADE_AT,
    }
