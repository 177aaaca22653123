"""A change goes the way of a pipeline from a branch to what runs; a hand edit is found."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.code import ROOT
from tests.support.command import environment
from tests.support.markdown import page

SCRIPT = ROOT / "examples" / "gitops" / "run.sh"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the script would post and store."""
    place = tmp_path_factory.mktemp("gitops")
    if not shutil.which("git"):
        pytest.skip("git is not here")
    programs = place / "bin"
    programs.mkdir()
    shim = programs / "planner"
    shim.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m planner "$@"\n')
    shim.chmod(0o755)
    given = {name: None for name in os.environ if name.startswith(("AWS_", "GIT_"))}
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [SCRIPT, place / "kept"],
        env=environment({**given, "PATH": path, "PYTHON": sys.executable}),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return place / "kept"


def test_the_comment_tells_what_the_branch_changes(kept: Path) -> None:
    comment = page((kept / "plan.md").read_text())
    assert comment.comments == [" planner:plan "]
    (_, row) = comment.rows
    assert row[:2] == ["fraud-scorer", "update"]
    plan = json.loads((kept / "plan.json").read_text())
    assert plan["mode"] == "live"
    assert plan["fingerprint"] in (kept / "plan.md").read_text().splitlines()[-1]
    summary = plan["summary"]
    assert summary["monthly_usd_after"] > summary["monthly_usd_before"] > 0
    assert json.loads((kept / "gitlab.json").read_text()) == {"create": 0, "delete": 0, "update": 1}


def test_what_is_applied_is_what_was_reviewed_and_nothing_is_left(kept: Path) -> None:
    plan = json.loads((kept / "plan.json").read_text())
    events = [json.loads(line) for line in (kept / "events.jsonl").read_text().splitlines()]
    (planned,) = [one for one in events if one["event"] == "planned"]
    assert planned["fingerprint"] == plan["fingerprint"]
    done = {f"{one['action']} {one['address']}" for one in events if one["event"] == "done"}
    (endpoint,) = plan["endpoints"]
    acting = [one for one in endpoint["changes"] if one["action"] != "none"]
    assert done == {f"{one['action']} {one['address']}" for one in acting}
    assert events[-1] == {**events[-1], "event": "summary", "exit_code": 0}
    assert json.loads((kept / "after.json").read_text())["summary"]["unchanged"] == 1


def test_the_hand_edit_is_named(kept: Path) -> None:
    plan = json.loads((kept / "plan.json").read_text())
    replicas = plan["endpoints"][0]["decision"]["replicas"]["max"]
    drift = (kept / "drift.md").read_text()
    assert drift.startswith("<!-- planner:drift -->\n### planner drift: 1 drifted\n")
    moved = "DesiredInstanceCount[AllTraffic]: "
    assert f"- {moved}2\n+ {moved}{replicas}\n" in drift
