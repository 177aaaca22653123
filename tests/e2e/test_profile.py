"""From the file of a load tool to a profile, and from there to a plan."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.code import ROOT
from tests.support.command import codes, planner

CASES = ROOT / "tests" / "cases" / "profiling"
STEPS = str(CASES / "locust" / "steps_stats_history.csv")
ON = ("--instance", "ml.c7i.large")


@pytest.fixture
def steps(tmp_path: Path) -> Path:
    path = tmp_path / "profile.yaml"
    done = planner("profile", "import", STEPS, *ON, "--model", "fraud", "--out", str(path))
    assert (done.code, done.out) == (0, ""), done.err
    assert done.err == f"wrote {path}: 4 points of 1 instance types\n"
    return path


def test_a_load_test_becomes_a_curve(steps: Path) -> None:
    done = planner("profile", "show", str(steps), "-o", "json")
    document = json.loads(done.stdout)
    (curve,) = document["curves"]
    assert [point["concurrency"] for point in curve["points"]] == [1, 2, 4, 8]
    assert {point["p99_ms"] for point in curve["points"]} == {None}
    assert curve["source"] == "locust, 2026-11-21, closed loop"
    shown = planner("profile", "show", str(steps))
    assert "service time" in shown.out
    assert "throughput" in shown.out
    assert max(map(len, shown.out.splitlines())) <= 100


def test_a_profile_is_not_overwritten_unasked(steps: Path) -> None:
    before = steps.read_bytes()
    again = planner("profile", "import", STEPS, *ON, "--out", str(steps))
    assert (again.code, codes(again)) == (1, ["file-exists"])
    assert steps.read_bytes() == before
    other = planner(
        "profile", "import", STEPS, "--instance", "ml.m7i.large", "--out", str(steps), "--add"
    )
    assert other.code == 0, other.err
    shown = json.loads(planner("profile", "show", str(steps), "-o", "json").stdout)
    assert [curve["instance_type"] for curve in shown["curves"]] == ["ml.c7i.large", "ml.m7i.large"]
    assert shown["model"] == "fraud"


def test_what_is_no_measurement(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("p99 was fine\n")
    done = planner("profile", "import", "notes.txt", cwd=tmp_path)
    assert (done.code, codes(done)) == (1, ["unknown-format"])
    assert codes(planner("profile", "import", "none.csv", cwd=tmp_path)) == ["missing-file"]
