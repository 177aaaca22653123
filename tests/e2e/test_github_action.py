"""The action for GitHub does what its inputs say: its steps are run as a runner runs them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.code import ROOT
from tests.support.github import ACTION, Runner
from tests.support.live import NOWHERE, PINNED, Person, person
from tests.support.specs import STEADY

pytestmark = pytest.mark.skipif(not shutil.which("jq"), reason="jq is not here")

QUICKLY = {"program": "planner", "args": "--no-verify"}
BLOCKED = STEADY.replace("cold_start: ", "cold_strat: ", 1)


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(home=tmp_path, env=NOWHERE)


@pytest.fixture
def somebody(tmp_path: Path) -> Iterator[Person]:
    with person(tmp_path) as found:
        yield found


def test_what_the_pull_request_showed_is_applied_and_nothing_else(somebody: Person) -> None:
    runner = Runner(home=somebody.home, env=somebody.env)
    somebody.file("planner.yaml", PINNED)
    planned = runner.uses(**QUICKLY, environment="prod")
    assert planned.code == 0, planned.log
    (comment,) = runner.github["comments"]
    assert comment["body"].startswith("<!-- planner:plan:prod -->\n### planner, prod: 1 to create")
    assert comment["body"] == planned.summary
    assert planned.outputs["fingerprint"] in comment["body"].splitlines()[-1]
    told = {name: planned.outputs[name] for name in ("changes", "to-create", "comment-id")}
    assert told == {"changes": "true", "to-create": "1", "comment-id": "100"}
    assert "+ fraud-scorer will be created" in planned.log

    runner.event = {}  # a push to main
    runner.tells(pulls=[{"number": 7, "merged_at": "2026-01-01T00:00:00Z"}])
    somebody.file("planner.yaml", PINNED.replace("replicas: 2}", "replicas: 3}"))
    refused = runner.uses(**QUICKLY, command="apply", environment="prod")
    assert (refused.code, refused.outputs["failure-reason"]) == (6, "plan-changed")
    assert somebody.writes() == []
    assert runner.github["comments"][0] == comment
    assert "was reviewed, and it is" in runner.github["comments"][1]["body"]

    somebody.file("planner.yaml", PINNED)
    more = {**QUICKLY, "args": "--no-verify\n--accept=downtime\n--parallelism=2"}
    applied = runner.uses(**more, command="apply", environment="prod", lock="ignore")
    assert applied.code == 0, applied.log
    assert "CreateEndpoint" in somebody.writes()
    told = runner.github["comments"][1]["body"]
    assert told.startswith("<!-- planner:apply:prod -->\n### planner apply: 1 applied\n")
    assert planned.outputs["fingerprint"] in told
    events = Path(applied.outputs["events-path"]).read_text().splitlines()
    assert json.loads(events[-1])["exit_code"] == 0


def test_drift_keeps_an_issue_open_as_long_as_it_lasts(somebody: Person) -> None:
    runner = Runner(home=somebody.home, env=somebody.env, event={})
    somebody.file("planner.yaml", PINNED)
    missing = runner.uses(**QUICKLY, command="drift", issue="true", environment="prod")
    assert (missing.code, missing.outputs["failure-reason"]) == (2, "drift")
    assert missing.outputs["changes"] == "true"
    (issue,) = runner.github["issues"]
    assert (issue["open"], issue["title"]) == (True, "Drift in prod")
    assert issue["body"].startswith(
        "<!-- planner:drift:prod -->\n### planner drift, prod: 1 missing"
    )
    assert runner.github["comments"] == []
    somebody.applies()
    fine = runner.uses(**QUICKLY, command="drift", issue="true", environment="prod")
    assert (fine.code, fine.outputs["changes"]) == (0, "false")
    assert [one["open"] for one in runner.github["issues"]] == [False]


def test_a_wrong_spec_fails_and_is_shown(runner: Runner) -> None:
    (runner.home / "planner.yaml").write_text(BLOCKED)
    done = runner.uses(program="planner", sarif_file="planner.sarif", args="--offline")
    assert (done.code, done.outputs["failure-reason"]) == (3, "invalid-spec")
    assert "::error title=planner (unknown-key),file=planner.yaml,line=" in done.log
    assert "### planner: 1 error" in runner.github["comments"][0]["body"]
    assert "unknown-key" in (runner.home / done.outputs["sarif-path"]).read_text()
    wrong = runner.uses(program="planner", command="destroy")
    assert wrong.code == 64
    assert "destroy is none of plan, apply, drift, validate" in wrong.log


def test_what_fails_is_chosen(runner: Runner) -> None:
    (runner.home / "planner.yaml").write_text(
        STEADY.replace("service_time: 6ms", "service_time: 900ms")
    )
    offline = {"program": "planner", "args": "--offline\n--no-verify", "comment": "never"}
    done = runner.uses(**offline)
    assert (done.code, done.outputs["failure-reason"]) == (8, "infeasible")
    done = runner.uses(**offline, fail_on="policy", annotations="false", summary="false")
    assert (done.code, done.outputs["exit-code"]) == (0, "8")
    assert (done.outputs["feasible"], done.summary) == ("false", "")
    assert "::error" not in done.log
    assert runner.github["comments"] == []
    locked = runner.uses(**offline, lock="check")
    assert (locked.code, locked.outputs["failure-reason"]) == (2, "lock")


MARK = "<!-- planner:plan -->\n"


@pytest.fixture
def posting(runner: Runner) -> Runner:
    """A runner whose planner finds what stands in a file."""
    (runner.programs / "planner").write_text(
        "#!/bin/sh\n"
        'cat "$HOME/found.md" >"$GITHUB_STEP_SUMMARY"\n'
        'printf "changes=%s\\n" "$(cat "$HOME/changes")" >>"$GITHUB_OUTPUT"\n'
    )
    runner.env = {**runner.env, "HOME": str(runner.home)}
    (runner.home / "found.md").write_text(f"{MARK}new\n")
    (runner.home / "changes").write_text("true")
    return runner


def bodies(runner: Runner) -> list[str]:
    return [one["body"] for one in runner.github["comments"]]


def test_a_comment_is_kept_up_to_date(posting: Runner) -> None:
    theirs = {"id": 1, "body": f"{MARK}of somebody else", "author": "you"}
    mine = {"id": 2, "body": f"{MARK}old", "author": "me"}
    another = {"id": 3, "body": "<!-- planner:plan:staging -->\nold", "author": "me"}
    posting.tells(comments=[theirs, mine, another])
    posting.uses(program="planner")
    assert bodies(posting) == [theirs["body"], f"{MARK}new\n", another["body"]]
    posting.uses(program="planner", comment_mode="recreate")
    assert [one["id"] for one in posting.github["comments"]] == [1, 3, 102]


def test_a_comment_that_says_nothing_new_is_not_begun(posting: Runner) -> None:
    (posting.home / "changes").write_text("false")
    posting.uses(program="planner")
    posting.uses(program="planner", comment="never")
    assert bodies(posting) == []
    posting.uses(program="planner", comment="always")
    assert bodies(posting) == [f"{MARK}new\n"]
    (posting.home / "found.md").write_text(f"{MARK}none any more\n")
    posting.uses(program="planner")
    assert bodies(posting) == [f"{MARK}none any more\n"]


def test_a_comment_that_cannot_be_posted_is_a_warning(posting: Runner) -> None:
    posting.tells(denied=True)
    done = posting.uses(program="planner")
    assert done.code == 0
    assert "::warning title=planner::the comment on #7 could not be posted" in done.log
    assert done.summary == f"{MARK}new\n"


def test_it_installs_what_it_is_asked_for(runner: Runner) -> None:
    (runner.programs / "python").write_text(
        f'#!/bin/sh\necho "$@" >>"{runner.home}/calls"\n'
        '[ "$2" != venv ] || { mkdir -p "$3/bin"; cp "$0" "$3/bin/python"; }\n'
    )
    (runner.programs / "python").chmod(0o755)
    runner.uses(python="python", extras="sagemaker")
    runner.uses(python="python", version="1.2.3")
    calls = (runner.home / "calls").read_text()
    assert f" {ROOT}[sagemaker]\n" in calls
    assert " endpoint-planner[sagemaker,databricks]==1.2.3\n" in calls
    old = runner.programs / "old"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    assert "old is no Python 3.11 or newer" in runner.uses(python="old").log


def test_every_input_and_output_is_used() -> None:
    steps = json.dumps(ACTION["runs"]["steps"])
    assert [name for name in ACTION["inputs"] if f"inputs.{name}" not in steps] == []
