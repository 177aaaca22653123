"""Whom an alarm tells: for people to say, unless the spec does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from planner.model.change import Action, Change, ChangeSet, Risk
from planner.model.live import LiveState
from planner.model.resource import DesiredState
from planner_sagemaker.resources.alarms import TOLD

TELLING = ("AlarmActions", "OKActions")
_REASON = "the spec says whom it tells"


def tells(body: Mapping[str, Any]) -> bool:
    """Whether the actions of an alarm are the spec's: its description says so.

    No tag does: the description changes in the same request as the actions.
    """
    return TOLD in body.get("AlarmDescription", "")


def told(changes: ChangeSet, desired: DesiredState, live: LiveState) -> ChangeSet:
    """With every difference in actions that are, or were, the spec's as one to put right."""
    wanted = {one.address: one.body for one in desired.resources if one.kind == "alarm"}
    found = tuple(_put_right(one, wanted, live) for one in changes.changes)
    acting = any(new is not old for new, old in zip(found, changes.changes, strict=True))
    action = Action.UPDATE if acting and changes.action is Action.NONE else changes.action
    return replace(changes, action=action, changes=found)


def _put_right(change: Change, wanted: Mapping[str, Mapping[str, Any]], live: LiveState) -> Change:
    there = live.find(change.address)
    if there is None or change.action not in {Action.NONE, Action.UPDATE}:
        return change
    if change.address not in wanted or not (tells(there.body) or tells(wanted[change.address])):
        return change
    fields = tuple(
        replace(one, action=Action.UPDATE, reason=_REASON)
        if one.path.partition("[")[0] in TELLING and one.action is Action.NONE
        else one
        for one in change.fields
    )
    if fields == change.fields:
        return change
    reason = _REASON if change.action is Action.NONE else change.reason
    risk = Risk.IN_PLACE if change.action is Action.NONE else change.risk
    return replace(change, action=Action.UPDATE, reason=reason, risk=risk, fields=fields)
