"""What of a cloud's moves since the plan stops it, and that this is told by field."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from planner.engine.stale import moved
from planner.model.change import Action, Change, ChangeSet, FieldChange, Risk

ADDRESS = "endpoint/fraud-scorer"


def field(
    path: str, live: Any, action: Action = Action.UPDATE, desired: Any = "new"
) -> FieldChange:
    return FieldChange(path=path, desired=desired, live=live, action=action, reason="r")


def change(action: Action, *fields: FieldChange, address: str = ADDRESS) -> Change:
    return Change(address=address, action=action, reason="r", risk=Risk.IN_PLACE, fields=fields)


def changes(*found: Change) -> ChangeSet:
    return ChangeSet(endpoint="fraud-scorer", action=Action.UPDATE, changes=found)


PLANNED = changes(change(Action.UPDATE, field("Config", "c1"), field("Note", "n", Action.NONE)))


def test_the_same_again_is_no_move() -> None:
    assert moved(PLANNED, PLANNED) == ""
    assert moved(changes(), changes()) == ""


def test_the_field_that_moved_is_told_with_both_values() -> None:
    now = changes(change(Action.UPDATE, field("Config", "c9")))
    assert moved(PLANNED, now) == (
        "the cloud changed since the plan: endpoint/fraud-scorer Config was c1, is c9"
    )


def test_a_field_that_is_right_by_now_has_moved_too() -> None:
    before = changes(change(Action.UPDATE, field("Config", "c1"), field("Size", 1)))
    after = changes(change(Action.UPDATE, field("Config", "c1")))
    assert "endpoint/fraud-scorer Size was 1, is None" in moved(before, after)


def test_what_a_rule_ignores_may_move() -> None:
    now = changes(change(Action.UPDATE, field("Config", "c1"), field("Note", "m", Action.NONE)))
    assert moved(PLANNED, now) == ""


def test_what_is_asked_for_is_not_compared() -> None:
    """Only the cloud can make a plan stale: what is wanted stands in the plan itself."""
    now = changes(change(Action.UPDATE, field("Config", "c1", desired="(hidden)")))
    assert moved(PLANNED, now) == ""


def test_objects_that_nothing_is_done_to_may_come_and_go() -> None:
    kept = change(Action.NONE, address="config/c0")
    assert moved(PLANNED, changes(*PLANNED.changes, kept)) == ""
    assert moved(changes(*PLANNED.changes, kept), PLANNED) == ""


@pytest.mark.parametrize(
    ("planned", "now", "told"),
    [
        (None, Action.UPDATE, "now needs an update (Config is c9, wanted is new)"),
        (None, Action.CREATE, "now needs a creation"),
        (None, Action.DELETE, "now needs a deletion"),
        (Action.CREATE, None, "no longer needs a creation"),
        (Action.DELETE, None, "no longer needs a deletion"),
        (Action.REPLACE, None, "no longer needs a replacement"),
        (Action.CREATE, Action.UPDATE, "now needs an update, planned was a creation"),
        (Action.UPDATE, Action.CREATE, "now needs a creation, planned was an update"),
        (Action.UPDATE, Action.REPLACE, "now needs a replacement, planned was an update"),
    ],
)
def test_another_action_is_told(planned: Action | None, now: Action | None, told: str) -> None:
    def one(action: Action | None) -> ChangeSet:
        by = Action.CREATE if action is Action.CREATE else Action.UPDATE
        fields = [] if action is Action.DELETE else [field("Config", "c9", by)]
        return changes() if action is None else changes(change(action, *fields))

    assert moved(one(planned), one(now)) == f"the cloud changed since the plan: {ADDRESS} {told}"


def test_everything_that_moved_is_told_in_one_order() -> None:
    found = [change(Action.UPDATE, address=f"model/{name}") for name in "cab"]
    told = moved(changes(), changes(*found))
    assert told == moved(changes(), changes(*found[::-1]))
    assert [told.index(f"model/{name} ") for name in "abc"] == sorted(
        told.index(f"model/{name} ") for name in "abc"
    )
    assert told.count("; ") == 2


def test_the_reason_and_the_risk_are_not_compared() -> None:
    (one,) = PLANNED.changes
    other = replace(one, reason="said otherwise", risk=Risk.ROLLING)
    assert moved(PLANNED, replace(PLANNED, changes=(other,))) == ""


# --- where a part of the plan is done already


def test_a_part_that_is_done_is_no_move_where_that_may_be() -> None:
    planned = changes(
        change(Action.CREATE, address="config/c2"), change(Action.UPDATE, field("Config", "c1"))
    )
    rest = changes(change(Action.UPDATE, field("Config", "c1")))
    assert "config/c2 no longer needs a creation" in moved(planned, rest)
    assert moved(planned, rest, less=True) == ""
    assert moved(planned, changes(), less=True) == ""


def test_a_replacement_whose_deletion_is_done_goes_on() -> None:
    planned, rest = changes(change(Action.REPLACE)), changes(change(Action.CREATE))
    assert "now needs a creation, planned was a replacement" in moved(planned, rest)
    assert moved(planned, rest, less=True) == ""


@pytest.mark.parametrize(
    ("now", "told"),
    [
        (change(Action.UPDATE, field("Config", "c9")), "Config was c1, is c9"),
        (change(Action.REPLACE, field("Config", "c1")), "now needs a replacement"),
        (change(Action.CREATE), "now needs a creation, planned was an update"),
        (change(Action.UPDATE, address="endpoint/b"), "endpoint/b now needs an update"),
    ],
)
def test_nothing_more_than_planned_is_done_even_then(now: Change, told: str) -> None:
    assert told in moved(PLANNED, changes(now), less=True)
