"""A saved plan is applied as it was reviewed, or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from planner.errors import ExitCode, UsageError
from planner.model.change import Action, Change, ChangeSet, FieldChange, Risk
from planner.model.plan import Mode, Pending, Plan
from planner.model.resource import DesiredState
from planner.plans import document, to_bytes
from planner.plans.document import seal
from planner.plans.saved import is_plan, read_plan
from tests.support import decisions

FILE = "reviewed.json"
AGAIN = "planner plan SPEC --out FILE"


def wanted(token: str = "{{secrets/models/hf}}") -> DesiredState:
    """A desired state that was read live, with what stands under a secret's name."""
    state = decisions.desired()
    model, endpoint = state.resources
    body = {**model.body, "Environment": {"HF_TOKEN": token, "MAX_TOKENS": "512"}}
    return replace(
        state,
        resources=(replace(model, body=body), endpoint),
        place={"region": "north-1"},
        digest="d1",
    )


def made(*, mode: Mode = Mode.LIVE, action: Action = Action.UPDATE, **given: Any) -> Plan:
    values: dict[str, Any] = {
        "changes": {"fraud-scorer": replace(decisions.changes(action), notes=("7 are kept",))},
        "desired": {"fraud-scorer": wanted()},
        "removals": (),
        "stamp": decisions.stamp(mode=mode),
        **given,
    }
    return decisions.live_plan(**values)


def written(plan: Plan) -> str:
    return to_bytes(document(plan)).decode()


def changed(edit: Callable[[dict[str, Any]], None], *, sealed: bool = False) -> str:
    """A plan's text after an edit, with a seal that fits where `sealed`."""
    part = json.loads(written(made()))
    edit(part)
    return json.dumps({**part, "seal": seal(part)} if sealed else part)


def refused(text: str) -> UsageError:
    with pytest.raises(UsageError, match=FILE) as error:
        read_plan(text, FILE)
    assert error.value.exit_code is ExitCode.USAGE
    return error.value


@pytest.mark.parametrize("mode", [Mode.LIVE, Mode.SANDBOX])
def test_what_was_written_is_read_back(mode: Mode) -> None:
    plan = made(mode=mode, removals=(decisions.removal(),))
    saved = read_plan(written(plan), FILE)
    assert (saved.mode, saved.fingerprint) == (mode, plan.fingerprint)
    first, second = saved.pending
    assert second == decisions.removal()
    (before,) = (one.pending for one in plan.endpoints)
    assert before is not None
    assert (first.owner, first.desired) == (before.owner, before.desired)
    assert (first.changes.action, first.changes.notes) == (Action.UPDATE, ("7 are kept",))
    # By path, as everywhere in the document; nothing depends on their order.
    (change,), (asked,) = first.changes.changes, before.changes.changes
    assert change == replace(asked, fields=tuple(sorted(asked.fields, key=lambda f: f.path)))


def test_another_way_of_writing_the_same_json_is_the_same_plan() -> None:
    text = written(made())
    other = json.dumps(json.loads(text), sort_keys=True, indent=None)
    assert read_plan(other, FILE) == read_plan(text, FILE)


def _more(part: dict[str, Any]) -> None:
    part["endpoints"][0]["desired"]["resources"][1]["body"]["Variants"][0]["Count"] = 500


def _without_a_change(part: dict[str, Any]) -> None:
    part["endpoints"][0]["changes"].clear()


def _elsewhere(part: dict[str, Any]) -> None:
    part["endpoints"][0]["desired"]["place"]["region"] = "south-1"


def _unsealed(part: dict[str, Any]) -> None:
    del part["seal"]


def _commented(part: dict[str, Any]) -> None:
    part["note"] = "approved"


@pytest.mark.parametrize("edit", [_more, _without_a_change, _elsewhere, _unsealed, _commented])
def test_an_edited_plan_is_refused(edit: Callable[[dict[str, Any]], None]) -> None:
    error = refused(changed(edit))
    assert (error.code, error.hint) == ("plan-edited", AGAIN)


def test_a_plan_of_another_format_is_refused_before_its_seal_is_looked_at() -> None:
    def newer(part: dict[str, Any]) -> None:
        part["format_version"] = "2.0"

    error = refused(changed(newer))
    assert error.code == "plan-version"
    assert "2.0" in str(error)
    assert "1.0" in str(error)


def test_a_plan_that_was_held_against_nothing_is_refused() -> None:
    error = refused(written(made(mode=Mode.OFFLINE, desired={})))
    assert (error.code, error.hint) == ("plan-offline", AGAIN)


@pytest.mark.parametrize("lacking", ["infeasible", "breach"])
def test_a_plan_that_leaves_something_out_is_refused(lacking: str) -> None:
    if lacking == "breach":
        plan = made(breaches=(decisions.breach(),))
    else:
        plan = decisions.plan(
            decisions.solved(),
            decisions.infeasible(),
            desired={"fraud-scorer": wanted()},
            stamp=decisions.stamp(mode=Mode.LIVE),
        )
    assert refused(written(plan)).code == "plan-incomplete"


@pytest.mark.parametrize("text", ["", "{", "[]", "42", '"format_version"'])
def test_what_is_no_document_is_refused(text: str) -> None:
    assert refused(text).code == "plan-unreadable"


def test_a_secret_is_not_written_and_the_plan_that_needs_it_is_refused() -> None:
    text = written(made(desired={"fraud-scorer": wanted("hf-very-secret")}))
    assert "hf-very-secret" not in text
    error = refused(text)
    assert error.code == "plan-holds-no-secrets"
    assert "model/fraud-scorer-3f9c01.Environment.HF_TOKEN" in str(error)
    assert error.hint.startswith("planner apply SPEC")


def test_a_secret_of_a_tag_is_not_written_either() -> None:
    model, endpoint = wanted().resources
    tags = [{"Key": "db_password", "Value": "very-secret"}]
    tagged = replace(model, body={**model.body, "Tags": tags})
    state = replace(wanted(), resources=(tagged, endpoint))
    text = written(made(desired={"fraud-scorer": state}))
    assert "very-secret" not in text
    assert "Tags" in str(refused(text))


def test_a_secret_hinders_nothing_where_nothing_is_to_be_done() -> None:
    """Without its secret an endpoint cannot even be compared again: it is left out."""
    quiet = made(action=Action.NONE, desired={"fraud-scorer": wanted("hf-very-secret")})
    assert read_plan(written(quiet), FILE).pending == ()
    without = made(action=Action.NONE)
    assert [one.desired.endpoint for one in read_plan(written(without), FILE).pending] == [
        "fraud-scorer"
    ]


@pytest.mark.parametrize(
    "live", [None, True, 3, 0.1, 1e-9, 1e21, "", "ä \u2028", [], {}, [1.0, {"a": None}]]
)
def test_every_value_that_a_cloud_shows_survives(live: Any) -> None:
    field = FieldChange(path="P", desired=live, live=live, action=Action.UPDATE, reason="r")
    change = Change(
        address="endpoint/old",
        action=Action.UPDATE,
        reason="r",
        risk=Risk.ONE_WAY,
        fields=(field,),
    )
    going = Pending(
        owner="fraud-scorer",
        desired=decisions.removal().desired,
        changes=ChangeSet(endpoint="old-scorer", action=Action.UPDATE, changes=(change,)),
    )
    *_, read = read_plan(written(made(removals=(going,))), FILE).pending
    assert read == going


def test_a_plan_is_told_from_a_spec() -> None:
    assert is_plan(written(made()))
    assert is_plan("\n  " + written(made(mode=Mode.OFFLINE, desired={})))
    assert not is_plan("apiVersion: planner/v1alpha1\nkind: Endpoint\n")
    assert not is_plan('{"apiVersion": "planner/v1alpha1", "kind": "Endpoint"}')
    assert not is_plan("")
