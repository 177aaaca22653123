"""Same specs, same bytes: whatever the hash seed, time zone, locale, width and order of files."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.code import ROOT
from tests.support.command import environment, planner, process
from tests.support.specs import STEADY, named

HERE = {"PYTHONHASHSEED": "1", "TZ": "UTC", "LC_ALL": "C", "COLUMNS": "60"}
THERE = {
    "PYTHONHASHSEED": "4711",
    "TZ": "Asia/Kathmandu",
    "LC_ALL": "C.UTF-8",
    "COLUMNS": "200",
    "PYTHONUTF8": "1",
}
EXAMPLES = tuple(
    f"examples/{name}"
    for name in ("databricks-high-qps", "doc-embedder", "internal-tool", "ticket-router")
)


def _specs(directory: Path) -> list[str]:
    paths = []
    for name, rate in (("alpha", "100/s"), ("beta", "900/s"), ("gamma", "30/min")):
        path = directory / f"{name}.planner.yaml"
        path.write_text(named(name, STEADY.replace("100/s", rate)))
        paths.append(str(path))
    return paths


def test_two_runs_give_identical_bytes(tmp_path: Path) -> None:
    paths = _specs(tmp_path)
    first = {"PYTHONHASHSEED": "1", "TZ": "UTC", "LC_ALL": "C"}
    second = {"PYTHONHASHSEED": "4711", "TZ": "Asia/Kathmandu", "LC_ALL": "C.UTF-8"}
    files = [tmp_path / "one.json", tmp_path / "two.json"]
    one = process("-q", "plan", *paths, "--offline", "--out", str(files[0]), env=first)
    two = process("-q", "plan", *paths[::-1], "--offline", "--out", str(files[1]), env=second)
    assert one.code == 0, one.err
    assert one.stdout == two.stdout
    assert files[0].read_bytes() == files[1].read_bytes()
    assert (
        process("render", *paths, env=first).stdout
        == process("render", *paths[::-1], env=second).stdout
    )


ONE_PROCESSOR = """\
import os, runpy, sys
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
runpy.run_module("planner", run_name="__main__", alter_sys=True)
"""


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="processors cannot be chosen")
def test_the_number_of_processors_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "many.planner.yaml"
    rates = [f"{100 + 7 * index}/s" for index in range(11)] + ["900000/s"]
    path.write_text(
        "---\n".join(
            named(f"scorer-{index:02d}", STEADY.replace("100/s", rate))
            for index, rate in enumerate(rates)
        )
    )
    asked = ["plan", str(path), "--offline", "-o", "json", "--verify-requests", "2000"]
    alone = subprocess.run(
        [sys.executable, "-c", ONE_PROCESSOR, *asked],
        capture_output=True,
        env=environment(),
        cwd=ROOT,
        check=False,
    )
    several = process(*asked)
    assert (alone.returncode, several.code) == (8, 8)
    assert alone.stdout == several.stdout
    assert len(json.loads(alone.stdout)["endpoints"]) == 11


def test_a_directory_is_its_files(tmp_path: Path) -> None:
    paths = _specs(tmp_path)
    random.Random(7).shuffle(paths)
    by_name = planner("plan", *paths, "--offline", "-o", "json")
    by_directory = planner("plan", str(tmp_path), "--offline", "-o", "json")
    assert by_name.stdout == by_directory.stdout
    names = [one["name"] for one in json.loads(by_name.stdout)["endpoints"]]
    assert names == ["alpha", "beta", "gamma"]


def test_where_a_spec_lies_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    documents = set()
    for place in ("here", "there"):
        (tmp_path / place / "planner.yaml").write_text(STEADY)
        done = planner("plan", "--offline", "-o", "json", cwd=tmp_path / place)
        documents.add(done.stdout)
    assert len(documents) == 1
    assert str(tmp_path).encode() not in documents.pop()


@pytest.mark.parametrize(
    "command", [["plan", "--offline"], ["explain"], ["render"]], ids=lambda words: words[0]
)
def test_the_examples_give_identical_documents_everywhere(command: list[str]) -> None:
    one = process("-q", *command, "-o", "json", *EXAMPLES, env=HERE)
    two = process("-q", *command, "-o", "json", *EXAMPLES[::-1], env=THERE)
    assert one.code == two.code == 0, one.err
    assert json.loads(one.stdout)
    assert one.stdout == two.stdout


def test_the_examples_give_one_comment_everywhere() -> None:
    asked = ("-q", "plan", "--offline", "--no-verify", "-o", "markdown", "--comment-tag", "prod")
    one = process(*asked, *EXAMPLES, env=HERE)
    two = process(*asked, *EXAMPLES[::-1], env=THERE)
    assert one.code == two.code == 0, one.err
    assert one.out.startswith("<!-- planner:plan:prod -->\n")
    assert one.stdout == two.stdout


def test_a_verified_plan_depends_on_its_seed_alone(tmp_path: Path) -> None:
    (path,) = _specs(tmp_path)[:1]
    asked = ("-q", "plan", path, "--offline", "-o", "json", "--verify-requests", "20000")
    one = process(*asked, "--seed", "7", env=HERE)
    two = process(*asked, "--seed", "7", env=THERE)
    other = process(*asked, "--seed", "8", env=HERE)
    assert one.code == 0, one.err
    assert one.stdout == two.stdout != other.stdout
    document = json.loads(one.stdout)
    assert document["verified"]
    assert document["endpoints"][0]["decision"]["verification"]["seed"] == 7


def test_300_serverless_endpoints_exceed_what_a_region_allows(tmp_path: Path) -> None:
    cold = STEADY.replace("cold_start: forbid", "cold_start: allow").replace("100/s", "1/s")
    cold = cold.replace("replicas: {min: 1, max: 40}", "hosting: [serverless]")
    cold = cold.replace("hosting:", "scale_to_zero: allow\n    hosting:")
    path = tmp_path / "many.planner.yaml"
    path.write_text("---\n".join(named(f"tool-{index:03d}", cold) for index in range(300)))
    document = tmp_path / "plan.json"
    done = planner("plan", str(path), "--offline", "--no-verify", "--out", str(document))
    assert done.code == 8
    assert "limit exceeded: serverless-endpoints, sagemaker us-east-1: 300, allowed 50" in done.out
    plan = json.loads(document.read_bytes())
    assert len(plan["endpoints"]) == 300
    exceeded = {one["limit"]: one for one in plan["limits_exceeded"]}
    assert exceeded["serverless-endpoints"]["measured"] == 300
    assert exceeded["serverless-endpoints"]["source_id"] == "S4"
    rendered = planner("render", str(path), "--no-verify")
    assert (rendered.code, rendered.out) == (8, "")
