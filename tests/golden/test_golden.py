"""What the command prints, kept as files.

Scenarios are directories under tests/golden/scenarios: `cmd` (one line, run inside the directory),
`expected.stdout`, `expected.stderr` and `exit` where it is not 0. Every example is a scenario too:
its plan as text and JSON, its explanation and its API calls stand under tests/golden/examples.

    pytest tests/golden --update-golden     rewrites what is expected
"""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from tests.support import botocore_walk, databricks_rules
from tests.support.code import ROOT
from tests.support.command import planner
from tests.support.golden import Compare

HERE = Path(__file__).parent
SCENARIOS = sorted(path.parent for path in (HERE / "scenarios").glob("*/cmd"))
EXAMPLES = sorted(path.parent for path in (ROOT / "examples").glob("*/planner.yaml"))


def _name(path: Path) -> str:
    return path.name


@pytest.mark.parametrize("scenario", SCENARIOS, ids=_name)
def test_scenario(scenario: Path, expected: Compare) -> None:
    program, *arguments = shlex.split((scenario / "cmd").read_text())
    assert program == "planner"
    done = planner(*arguments, cwd=scenario)
    expected(scenario / "expected.stdout", done.stdout)
    expected(scenario / "expected.stderr", done.stderr)
    expected(scenario / "exit", f"{done.code}\n".encode() if done.code else b"")


@pytest.mark.parametrize("example", EXAMPLES, ids=_name)
def test_example(example: Path, expected: Compare, tmp_path: Path) -> None:
    golden = HERE / "examples" / example.name
    place = str(example.relative_to(ROOT))
    document = tmp_path / "plan.json"
    planned = planner("-q", "plan", place, "--offline", "--out", str(document))
    assert planned.err == ""
    expected(golden / "plan.txt", planned.stdout)
    expected(golden / "plan.json", document.read_bytes())
    expected(golden / "exit", f"{planned.code}\n".encode() if planned.code else b"")
    explained = planner("explain", place)
    expected(golden / "explain.txt", explained.stdout)
    rendered = planner("render", place, "--to", "api")
    expected(golden / "api.json", rendered.stdout)
    bodies_hold(rendered.stdout)


def bodies_hold(rendered: bytes) -> None:
    """Every body passes its cloud's own rules; an infeasible spec renders none."""
    for endpoint in json.loads(rendered or b"[]"):
        for call in endpoint["calls"]:
            body = call["parameters"]
            if endpoint["provider"] == "sagemaker":
                broken = botocore_walk.violations(call["service"], call["operation"], body)
            else:
                broken = databricks_rules.violations(body)
            assert broken == [], f"{endpoint['endpoint']} {call['operation']}"


def test_no_expectation_is_left_behind() -> None:
    known = {path.name for path in EXAMPLES}
    assert {path.name for path in (HERE / "examples").glob("*")} <= known
    assert all((path / "cmd").exists() for path in (HERE / "scenarios").glob("*"))
