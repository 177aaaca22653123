"""Endpoints of others: refused by the owner's name, taken over where somebody says so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from planner.errors import ExitCode
from tests.support.command import codes
from tests.support.live import PINNED, Person, acting, person
from tests.support.specs import named


@pytest.fixture
def somebody(tmp_path: Path) -> Iterator[Person]:
    with person(tmp_path) as found:
        found.file("planner.yaml", PINNED)
        yield found


def by_hand(somebody: Person, tags: dict[str, str] | None = None) -> None:
    given = [{"Key": key, "Value": value} for key, value in (tags or {}).items()]
    somebody.sandbox.endpoint("fraud-scorer", Tags=given)


def test_an_endpoint_made_by_hand_is_not_touched_until_it_is_adopted(somebody: Person) -> None:
    by_hand(somebody)
    written = somebody.writes()
    for command in (("plan",), ("apply", "--auto-approve")):
        done = somebody.types(*command, "--no-verify")
        assert (done.code, codes(done)) == (ExitCode.ERROR, ["foreign-endpoint"])
        assert "endpoint/fraud-scorer is owned by nobody" in done.err
        assert "planner adopt" in done.err
    assert "Nothing to destroy." in somebody.does("destroy", "--auto-approve").out
    assert somebody.writes() == written
    asked = somebody.types("adopt")
    assert (asked.code, codes(asked)) == (ExitCode.USAGE, ["not-approved"])
    assert "endpoint/fraud-scorer, owned by nobody, will be owned by fraud-scorer" in asked.out
    assert somebody.writes() == written
    somebody.does("adopt", "--auto-approve")
    assert set(somebody.writes()[len(written) :]) == {"AddTags"}
    changes = acting(somebody.plans())
    assert changes["endpoint/fraud-scorer"] == "update"
    somebody.applies()
    assert acting(somebody.plans()) == {}
    again = somebody.does("adopt", "--auto-approve")
    assert "was its own already" in again.out


def test_another_owner_is_named_and_has_to_be_named(somebody: Person) -> None:
    by_hand(somebody, {"planner:owner": "ranking", "planner:self": "fraud-scorer"})
    planned = somebody.types("plan", "--no-verify")
    assert codes(planned) == ["foreign-endpoint"]
    assert "is owned by ranking, not by fraud-scorer" in planned.err
    done = somebody.types("adopt", "--auto-approve")
    assert (done.code, codes(done)) == (ExitCode.ERROR, ["owned-by-another"])
    assert "--from ranking" in done.err
    wrong = somebody.types("adopt", "--from", "search", "--auto-approve")
    assert codes(wrong) == ["owned-by-another"]
    somebody.does("adopt", "--from", "ranking", "--auto-approve")
    assert acting(somebody.plans())["endpoint/fraud-scorer"] == "update"


def test_tags_that_were_copied_make_nobody_an_owner(somebody: Person) -> None:
    by_hand(somebody, {"planner:owner": "fraud-scorer", "planner:self": "fraud-scorer-blue"})
    planned = somebody.types("plan", "--no-verify")
    assert codes(planned) == ["foreign-endpoint"]
    assert "owned by nobody (its tags were copied from fraud-scorer-blue)" in planned.err
    assert "Nothing to destroy." in somebody.does("destroy", "--auto-approve").out
    somebody.does("adopt", "--auto-approve")
    assert acting(somebody.plans())["endpoint/fraud-scorer"] == "update"


def test_what_is_not_there_cannot_be_adopted(somebody: Person) -> None:
    done = somebody.types("adopt", "--auto-approve")
    assert (done.code, codes(done)) == (ExitCode.ERROR, ["nothing-to-adopt"])
    assert "planner apply" in done.err


def test_all_or_nothing_is_adopted(somebody: Person) -> None:
    by_hand(somebody)
    written = somebody.writes()
    somebody.file("other.planner.yaml", named("other", PINNED))
    done = somebody.types("adopt", "--auto-approve")
    assert codes(done) == ["nothing-to-adopt"]
    assert somebody.writes() == written


def test_two_specs_of_one_account_keep_to_their_own(somebody: Person) -> None:
    somebody.applies()
    theirs = named("fraud-scorer-2", PINNED)
    somebody.file("planner.yaml", theirs)
    somebody.applies("--prune")
    somebody.does("destroy", "--auto-approve")
    names = [
        one["EndpointName"] for one in somebody.sandbox.sagemaker.list_endpoints()["Endpoints"]
    ]
    assert names == ["fraud-scorer"]
    somebody.file("planner.yaml", PINNED)
    assert acting(somebody.plans()) == {}
