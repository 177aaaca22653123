"""Every difference lands as its rule says; nothing foreign is touched."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from planner.diff import (
    ForeignObjectError,
    Lifecycle,
    UnknownFieldError,
    UsualTime,
    compared,
    created,
)
from planner.diff.compare import leaves
from planner.model.change import Action, ChangeSet, Risk
from planner.model.lifecycle import Behaviour, FieldRule
from planner.model.live import Health, LiveObject, LiveState
from planner.model.resource import DesiredState, Resource


def rule(path: str, behaviour: Behaviour, kind: str = "endpoint") -> FieldRule:
    return FieldRule(
        kind=kind, path=path, behaviour=behaviour, reason=f"{path} is {behaviour}", source="test"
    )


LIFECYCLE = Lifecycle(
    rules=(
        rule("Config", Behaviour.ROLLING),
        rule("Region", Behaviour.REPLACE),
        rule("Public", Behaviour.ONE_WAY),
        rule("Note", Behaviour.IN_PLACE),
        rule("Zone", Behaviour.SERVER_DEFAULT),
        rule("Secret", Behaviour.INPUT_ONLY),
        rule("Arn", Behaviour.OUTPUT_ONLY),
        rule("Tags[[]*", Behaviour.IN_PLACE),
        rule("Min", Behaviour.IN_PLACE, "scaling"),
    ),
    order=("config", "endpoint", "scaling"),
    tied=("scaling",),
    kept=("config",),
    owned=("endpoint",),
)


def wanted(*more: Resource, **body: Any) -> DesiredState:
    config = Resource(address="config/c1", kind="config", name="c1", body={"Size": 1})
    endpoint = Resource(
        address="endpoint/e", kind="endpoint", name="e", body={"Config": "c1", **body}
    )
    return DesiredState(
        endpoint="e", provider="acme", region="moon-1", resources=(config, endpoint, *more)
    )


def lives(*more: LiveObject, owner: str | None = "me", **body: Any) -> LiveState:
    config = LiveObject(address="config/c1", kind="config", name="c1", body={"Size": 1})
    endpoint = LiveObject(
        address="endpoint/e", kind="endpoint", name="e", body={"Config": "c1", **body}, owner=owner
    )
    return LiveState(endpoint="e", health=Health.READY, objects=(config, endpoint, *more))


def change_of(desired: DesiredState, live: LiveState) -> ChangeSet:
    return compared(desired, live, LIFECYCLE, owner="me")


def actions(found: ChangeSet) -> dict[str, Action]:
    return {change.address: change.action for change in found.changes}


def test_what_does_not_live_is_created_in_order() -> None:
    found = change_of(wanted(), LiveState(endpoint="e", health=Health.ABSENT))
    assert found.action is Action.CREATE
    assert list(actions(found).items()) == [
        ("config/c1", Action.CREATE),
        ("endpoint/e", Action.CREATE),
    ]


def test_what_is_as_it_should_be_is_left_alone() -> None:
    found = change_of(wanted(), lives())
    assert found.action is Action.NONE
    assert set(actions(found).values()) == {Action.NONE}


@pytest.mark.parametrize(
    ("field", "action", "risk"),
    [
        ("Note", Action.UPDATE, Risk.IN_PLACE),
        ("Config", Action.UPDATE, Risk.ROLLING),
        ("Public", Action.UPDATE, Risk.ONE_WAY),
        ("Region", Action.REPLACE, Risk.DOWNTIME),
    ],
)
def test_a_difference_lands_as_its_rule_says(field: str, action: Action, risk: Risk) -> None:
    found = change_of(wanted(**{field: "new"}), lives(**{field: "old"}))
    (change,) = (c for c in found.changes if c.address == "endpoint/e")
    assert (change.action, change.risk, found.action) == (action, risk, action)
    (moved,) = change.fields
    assert (moved.path, moved.desired, moved.live) == (field, "new", "old")
    assert moved.reason


@pytest.mark.parametrize("field", ["Zone", "Arn"])
def test_what_only_the_cloud_says_is_no_difference_but_stays_in_the_plan(field: str) -> None:
    found = change_of(wanted(), lives(**{field: "theirs"}))
    assert found.action is Action.NONE
    (told,) = found.changes[1].fields
    assert (told.live, told.action) == ("theirs", Action.NONE)


def test_what_is_never_shown_again_is_no_difference() -> None:
    assert change_of(wanted(Secret="s"), lives()).action is Action.NONE


def test_a_default_of_the_cloud_counts_where_something_else_is_asked_for() -> None:
    assert change_of(wanted(Zone="a"), lives(Zone="b")).action is Action.UPDATE


def test_tags_are_compared_by_key() -> None:
    ours = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
    assert change_of(wanted(Tags=ours), lives(Tags=ours[::-1])).action is Action.NONE
    found = change_of(wanted(Tags=ours), lives(Tags=[ours[0], {"Key": "b", "Value": "9"}]))
    assert [field.path for field in found.changes[1].fields] == ["Tags[b]"]


def test_the_worst_difference_decides() -> None:
    found = change_of(wanted(Note="n", Region="r"), lives(Note="o", Region="s"))
    assert found.changes[1].action is Action.REPLACE
    assert found.changes[1].risk is Risk.DOWNTIME


def test_what_is_tied_to_the_endpoint_goes_first_and_what_is_kept_stays() -> None:
    scaling = LiveObject(address="scaling/e", kind="scaling", name="e", body={"Min": 1})
    old = LiveObject(address="config/c0", kind="config", name="c0", body={"Size": 9})
    found = change_of(wanted(), lives(scaling, old))
    assert next(iter(actions(found).items())) == ("scaling/e", Action.DELETE)
    assert actions(found)["config/c0"] is Action.NONE
    assert found.action is Action.UPDATE


@pytest.mark.parametrize("owner", [None, "somebody"])
def test_nothing_foreign_is_touched(owner: str | None) -> None:
    with pytest.raises(ForeignObjectError, match=owner or "nobody"):
        change_of(wanted(Note="new"), lives(owner=owner, Note="old"))


def test_a_field_without_a_rule_is_an_error_of_the_provider() -> None:
    with pytest.raises(UnknownFieldError, match="Colour"):
        change_of(wanted(Colour="red"), lives(Colour="blue"))


def test_an_update_after_itself_is_none() -> None:
    desired = wanted(Note="new")
    live = lives(Note="old")
    endpoint = live.find("endpoint/e")
    assert endpoint is not None
    after = replace(
        live, objects=(live.objects[0], replace(endpoint, body=desired.resources[1].body))
    )
    assert change_of(desired, after).action is Action.NONE


def test_empty_containers_are_leaves() -> None:
    assert leaves({"a": [], "b": {"c": {}}}) == {"a": [], "b.c": {}}


def test_leaves_of_a_list_have_their_index_and_tags_their_key() -> None:
    body = {"Variants": [{"Count": 5}], "Tags": [{"Key": "team", "Value": "risk"}]}
    assert leaves(body) == {"Variants[0].Count": 5, "Tags[team]": "risk"}


TIMES = replace(
    LIFECYCLE,
    durations=(
        UsualTime(kind="endpoint", action=Action.CREATE, least_s=200.0, most_s=600.0),
        UsualTime(kind="endpoint", action=Action.UPDATE, least_s=300.0, most_s=900.0),
        UsualTime(kind="config", action=Action.CREATE, least_s=1.0, most_s=2.0),
    ),
)


def test_kinds_rank_as_they_are_created_and_unknown_ones_last() -> None:
    ranks = [LIFECYCLE.rank(kind) for kind in ("config", "endpoint", "scaling", "mystery")]
    assert ranks == [0, 1, 2, 3]


def test_the_usual_times_of_what_is_done_add_up() -> None:
    absent = LiveState(endpoint="e", health=Health.ABSENT)
    assert TIMES.expected_s(change_of(wanted(), absent)) == (201.0, 602.0)
    update = change_of(wanted(Note="new"), lives(Note="old"))
    assert TIMES.expected_s(update) == (300.0, 900.0)


def test_what_takes_a_time_that_nobody_knows_has_none() -> None:
    quiet = change_of(wanted(), lives())
    assert TIMES.expected_s(quiet) is None
    replaced = change_of(wanted(Region="new"), lives(Region="old"))
    assert TIMES.expected_s(replaced) is None
    assert LIFECYCLE.expected_s(change_of(wanted(Note="new"), lives(Note="old"))) is None


def test_notes_of_the_desired_state_go_with_its_changes() -> None:
    state = replace(wanted(), notes=("a default gave way",))
    assert change_of(state, lives()).notes == ("a default gave way",)
    assert created(state, reason="offline").notes == ("a default gave way",)


def test_copied_tags_make_nobody_an_owner() -> None:
    copied = lives()
    config, endpoint = copied.objects
    elsewhere = replace(copied, objects=(config, replace(endpoint, origin="another")))
    with pytest.raises(ForeignObjectError, match="copied from another"):
        change_of(wanted(Note="new"), elsewhere)
    own = replace(copied, objects=(config, replace(endpoint, origin="e")))
    assert change_of(wanted(), own).action is Action.NONE
