"""Changes: what would be done to which object, field by field, each with its reason."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from planner.model.value import value


class Action(StrEnum):
    """What happens to an object, by rising severity.

    | action  | live | desired | symbol |
    |---------|------|---------|--------|
    | none    | yes  | equal   |        |
    | create  | no   | yes     | +      |
    | update  | yes  | differs | ~      |
    | replace | yes  | differs | -/+    |
    | delete  | yes  | no      | -      |
    """

    NONE = "none"
    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"


class Risk(StrEnum):
    """What an action means for traffic."""

    NONE = "none"
    IN_PLACE = "in-place"
    ROLLING = "rolling"
    DOWNTIME = "downtime"
    ONE_WAY = "one-way"


@value
class FieldChange:
    """One field's desired and live value, the action it causes and why."""

    path: str
    desired: Any
    live: Any
    action: Action
    reason: str


@value
class Change:
    """One object's change; `reason` never drives behaviour."""

    address: str
    action: Action
    reason: str
    risk: Risk
    fields: tuple[FieldChange, ...] = ()


@value
class ChangeSet:
    """All changes of one endpoint, in the order they would be made."""

    endpoint: str
    action: Action
    changes: tuple[Change, ...]
