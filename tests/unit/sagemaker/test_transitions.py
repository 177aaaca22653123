"""The order in which SageMaker takes changes, and what of them is none."""

from __future__ import annotations

from dataclasses import replace

import pytest
from planner_sagemaker.alignment import aligned
from planner_sagemaker.transitions import ordered, unreachable

from planner.diff import compared
from planner.errors import ProviderError
from planner.model.candidate import Decision, Range
from planner.model.change import Action, ChangeSet, Risk
from planner.model.live import Health, LiveObject, LiveState
from planner.model.resource import DesiredState
from planner.model.workload import Rollout
from planner.provider.lifecycle import read_lifecycle
from tests.support.sagemaker_live import OWNER, lives, renamed, tagged
from tests.support.sagemaker_values import decision, render, serverless, workload
from tests.unit.sagemaker.test_resources import TRACKING

LIFECYCLE = read_lifecycle("planner_sagemaker")
ENDPOINT = "endpoint/fraud-scorer"
FIXED = render(decision())
FIXED_AT_3 = render(decision(replicas=Range(min=3, max=3)))
SERVERLESS = render(serverless())


def scaled(**changed: object) -> Decision:
    return decision(hosting="single-model", autoscaling=TRACKING, **changed)


SCALED = render(scaled())
LARGER = render(scaled(instance_type="ml.c7i.xlarge"))


def needed(state: DesiredState, live: LiveState) -> ChangeSet:
    known = aligned(state, live)
    return ordered(compared(known, live, LIFECYCLE, owner=OWNER), known, live)


def acts(changes: ChangeSet) -> list[str]:
    return [f"{one.action.value} {one.address.partition('/')[0]}" for one in changes.acting]


def theirs(kind: str, name: str) -> LiveObject:
    return LiveObject(address=f"{kind}/{name}", kind=kind, name=name, body={})


def test_a_second_plan_is_none() -> None:
    for state in (FIXED, SCALED, SERVERLESS):
        assert needed(state, lives(state)).action is Action.NONE


# --- the mark of what was last applied


@pytest.mark.parametrize("address", [ENDPOINT, *(one.address for one in FIXED.resources[:3])])
def test_a_mark_that_moved_is_nobodys_wish(address: str) -> None:
    live = tagged(lives(FIXED), address, planner_digest="0")
    raw = compared(FIXED, live, LIFECYCLE, owner=OWNER)
    assert [one.address for one in raw.acting] == [address]
    found = needed(FIXED, live)
    assert (found.action, found.acting, found.risk) == (Action.NONE, (), Risk.NONE)
    (change,) = (one for one in found.changes if one.address == address)
    assert change.reason == "is as it should be"
    assert {field.action for field in change.fields} == {Action.NONE}


def test_what_another_tool_made_needs_no_change_once_it_is_owned() -> None:
    live = renamed(renamed(lives(FIXED), "model", "by-hand"), "endpoint-config", "by-hand-config")
    assert needed(FIXED, live).action is Action.NONE


def test_the_mark_goes_with_the_next_change() -> None:
    live = tagged(lives(FIXED), ENDPOINT, planner_digest="0", team="nobody")
    found = needed(FIXED, live)
    (change,) = found.acting
    moved = {field.path for field in change.fields if field.action is not Action.NONE}
    assert (found.action, change.risk) == (Action.UPDATE, Risk.IN_PLACE)
    assert moved == {"Tags[planner:digest]", "Tags[team]"}


def test_a_mark_hides_no_other_change() -> None:
    live = tagged(lives(FIXED), ENDPOINT, planner_digest="0")
    without = tuple(one for one in live.objects if one.kind != "alarm")
    found = needed(FIXED, replace(live, objects=without))
    assert (found.action, acts(found)) == (Action.UPDATE, ["create alarm", "update endpoint"])


def test_what_is_kept_still_says_why() -> None:
    old = LiveObject(
        address="endpoint-config/fraud-scorer-old",
        kind="endpoint-config",
        name="fraud-scorer-old",
        body={},
        owner=OWNER,
    )
    found = needed(FIXED, tagged(lives(FIXED, old), ENDPOINT, planner_digest="0"))
    assert found.action is Action.NONE
    (change,) = (one for one in found.changes if one.address == old.address)
    assert change.reason == "kept for a rollback"


# --- counts that autoscaling moved


def test_counts_of_an_autoscaler_are_told_and_kept() -> None:
    found = needed(SCALED, lives(SCALED, counts={"AllTraffic": 4}))
    assert found.action is Action.NONE
    assert found.notes == (
        "4 instances of AllTraffic, set by autoscaling between 2 and 6, are kept",
    )


def test_counts_are_told_only_where_an_autoscaler_sets_them() -> None:
    assert needed(FIXED, lives(FIXED, counts={"AllTraffic": 4})).notes == ()
    assert needed(SCALED, lives(SCALED)).notes == ()
    assert needed(SCALED, lives(SCALED, counts={"Another": 4})).notes == ()
    absent = LiveState(endpoint="fraud-scorer", health=Health.ABSENT)
    assert needed(SCALED, absent).notes == ()


def test_notes_come_after_those_of_the_desired_state() -> None:
    state = replace(SCALED, notes=("a default gave way",))
    first, second = needed(state, lives(SCALED, counts={"AllTraffic": 4})).notes
    assert first == "a default gave way"
    assert second.startswith("4 instances")


@pytest.mark.parametrize(
    ("state", "fate"),
    [
        (LARGER, "become 2, with which the new config begins"),
        (
            render(decision(replicas=Range(min=3, max=3))),
            "become 3, with which the new config begins",
        ),
        (FIXED, "become 2"),
    ],
    ids=["another type", "another count", "no autoscaling"],
)
def test_what_is_deregistered_keeps_no_counts(state: DesiredState, fate: str) -> None:
    """An update retains counts only of variants that are registered for scaling."""
    found = needed(state, lives(SCALED, counts={"AllTraffic": 4}))
    assert "delete scalable-target" in acts(found)
    assert found.notes == (f"4 instances of AllTraffic, set by autoscaling, {fate}",)


# --- scaling away, update, scaling again


def test_another_type_of_a_scaled_variant_is_updated_between_two_registrations() -> None:
    found = needed(LARGER, lives(SCALED))
    assert acts(found) == [
        "delete scheduled-action",
        "delete scaling-policy",
        "delete scalable-target",
        "create endpoint-config",
        "update endpoint",
        "create scalable-target",
        "create scaling-policy",
        "create scheduled-action",
    ]


def test_another_type_without_scaling_is_one_update() -> None:
    found = needed(render(decision(instance_type="ml.c7i.xlarge")), lives(FIXED))
    assert acts(found) == ["create endpoint-config", "update endpoint"]


def test_other_bounds_of_the_same_type_are_changed_in_place() -> None:
    found = needed(render(scaled(replicas=Range(min=2, max=9))), lives(SCALED))
    assert acts(found) == ["update endpoint", "update scalable-target"]
    assert found.risk is Risk.IN_PLACE


def test_what_others_attached_stays() -> None:
    live = lives(SCALED, theirs("scaling-policy", "by-hand"), theirs("scheduled-action", "night"))
    found = needed(SCALED, live)
    assert found.action is Action.NONE
    assert sorted(found.notes) == [
        "scaling-policy/by-hand was made by others: left alone",
        "scheduled-action/night was made by others: left alone",
    ]


def test_what_others_attached_stops_another_type() -> None:
    live = lives(SCALED, theirs("scaling-policy", "by-hand"))
    with pytest.raises(ProviderError, match="by-hand") as refused:
        needed(LARGER, live)
    assert refused.value.code == "foreign-scaling"


def test_nothing_is_deregistered_with_what_others_attached() -> None:
    """DeregisterScalableTarget deletes the policies and actions of the target, whosesoever."""
    live = lives(SCALED, theirs("scaling-policy", "by-hand"))
    found = needed(FIXED, live)
    assert "delete scalable-target" not in acts(found)
    assert "delete scaling-policy" in acts(found)
    assert any("scalable-target/fraud-scorer" in note for note in found.notes)


def test_alarms_go_after_the_update_that_they_watched() -> None:
    unwatched = render(decision(), workload(rollout=Rollout(rollback=False)))
    assert acts(needed(unwatched, lives(FIXED)))[-1] == "delete alarm"
    smaller = replace(FIXED, resources=unwatched.resources)
    both = needed(
        render(decision(instance_type="ml.c7i.xlarge"), workload(rollout=Rollout(rollback=False))),
        lives(FIXED),
    )
    assert acts(both) == ["create endpoint-config", "update endpoint", "delete alarm"]
    assert acts(needed(smaller, lives(FIXED)))[-1] == "delete alarm"


# --- conversions


def test_instances_do_not_become_serverless() -> None:
    with pytest.raises(ProviderError, match="fraud-scorer") as refused:
        needed(SERVERLESS, lives(FIXED))
    assert refused.value.code == "conversion-refused"


def test_serverless_becomes_instances_one_way() -> None:
    found = needed(FIXED, lives(SERVERLESS))
    risks = {one.address.partition("/")[0]: one.risk for one in found.acting}
    assert risks["endpoint"] is Risk.ONE_WAY
    assert found.risk is Risk.ONE_WAY
    assert set(risks.values()) == {Risk.ONE_WAY, Risk.NONE}


@pytest.mark.parametrize(
    ("live", "hosting", "refused"),
    [
        (lives(FIXED), "serverless", True),
        (lives(FIXED), "single-model", False),
        (lives(SERVERLESS), "serverless", False),
        (lives(SERVERLESS), "dedicated", False),
        (LiveState(endpoint="fraud-scorer", health=Health.ABSENT), "serverless", False),
    ],
)
def test_what_is_out_of_reach(live: LiveState, hosting: str, refused: bool) -> None:
    assert bool(unreachable(live, hosting)) is refused
