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


RISKS = (Risk.NONE, Risk.IN_PLACE, Risk.ROLLING, Risk.ONE_WAY, Risk.DOWNTIME)
"""By rising severity."""


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
    """All changes of one endpoint, in the order they would be made.

    `notes` tell what is kept or left alone; `expected_s` is the least and the longest time that
    the changes usually take, None where nothing is known.
    """

    endpoint: str
    action: Action
    changes: tuple[Change, ...]
    notes: tuple[str, ...] = ()
    expected_s: tuple[float, float] | None = None

    @property
    def acting(self) -> tuple[Change, ...]:
        """Those that write."""
        return tuple(change for change in self.changes if change.action is not Action.NONE)

    @property
    def risk(self) -> Risk:
        """The worst risk of any change."""
        return max((change.risk for change in self.acting), key=RISKS.index, default=Risk.NONE)
