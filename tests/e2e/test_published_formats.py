"""What every example makes for other tools is what their published schemas and validators take."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from planner.errors import ExitCode
from tests.support.code import ROOT
from tests.support.command import planner
from tests.support.reports import Reports, validated

EXAMPLES = sorted(str(path.parent) for path in (ROOT / "examples").glob("*/planner.yaml"))
POLICY = """\
apiVersion: planner/v1alpha1
kind: Policy
metadata: {name: everybody}
spec:
  rules:
    - {name: owned, labels: [nobody-has-it], reason: "a <reason> & more"}
    - {name: cheap, level: advisory, budget: {endpoint: 1 USD}}
"""
BAD = "examples/fraud-scorer/planner.yaml"
ABSENT = [one for one in EXAMPLES if one.endswith(("fraud-scorer", "databricks-high-qps"))]
"""One of each cloud, which has none of them: drift says the same of all."""
RUNS: dict[str, tuple[tuple[str, ...], ExitCode]] = {
    "plan": (("plan", "--offline", "--policy", "policy.yaml", *EXAMPLES), ExitCode.INFEASIBLE),
    "show": (("show", "plan.json"), ExitCode.DONE),
    "validate": (("validate", *EXAMPLES), ExitCode.DONE),
    "drift": (("drift", "--sandbox", "--detailed-exitcode", *ABSENT), ExitCode.CHANGES_PENDING),
    "validate-wrong": (("validate", "wrong.planner.yaml"), ExitCode.INVALID_SPEC),
    "plan-wrong": (("plan", "--offline", "wrong.planner.yaml"), ExitCode.INVALID_SPEC),
}
"""Commands whose reports are judged, and how each ends."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the report of each run, as SARIF and as JUnit's XML."""
    home = tmp_path_factory.mktemp("made")
    (home / "policy.yaml").write_text(POLICY)
    good = (ROOT / BAD).read_text(encoding="utf-8")
    (home / "wrong.planner.yaml").write_text(good.replace("traffic:", "trafic:"))
    env: dict[str, str | None] = {"PLANNER_VERIFY": "0"}
    for name, (words, code) in RUNS.items():
        kept = ("--out", "plan.json") if name == "plan" else ()
        for output in ("sarif", "junit"):
            done = planner("-q", *words, *kept, "-o", output, cwd=home, env=env)
            assert done.code == code, f"{name}: {done.err}"
            (home / f"{name}.{output}").write_bytes(done.stdout)
    return home


def test_oasis_schema_takes_every_log(reports: Reports, made: Path) -> None:
    for path in made.glob("*.sarif"):
        log = json.loads(path.read_bytes())
        assert reports.sarif(log) == [], path.name
    assert reports.sarif({**log, "colour": 1})


def test_microsofts_validator_takes_every_log(multitool: Path, made: Path) -> None:
    log = json.loads((made / "plan.sarif").read_bytes())
    log["runs"][0]["results"][0]["ruleIndex"] = 99
    log["runs"][0]["colour"] = 1
    (made / "bad.sarif").write_text(json.dumps(log))
    try:
        assert validated(multitool, made) == {
            ("bad.sarif", "JSON1005", "runs[0].colour"),
            ("bad.sarif", "SARIF1009", "runs[0].results[0]"),
        }
    finally:
        (made / "bad.sarif").unlink()


def test_jenkins_schema_takes_every_report(reports: Reports, made: Path) -> None:
    texts = [path.read_text(encoding="utf-8") for path in sorted(made.glob("*.junit"))]
    assert len(texts) == len(RUNS)
    assert reports.junit(*texts) == []
    (wrong,) = reports.junit(texts[0].replace("<testsuites ", '<testsuites colour="1" ', 1))
    assert "colour" in wrong
    assert reports.junit(texts[0].replace('errors="0"', 'errors="7"', 1)) == ["errors of None"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("plan", ["infeasible", "policy-label", "policy-budget", "to-create"]),
        ("show", ["infeasible", "policy-label", "policy-budget", "to-create"]),
        ("drift", ["missing"]),
        ("validate-wrong", ["unknown-key"]),
        ("plan-wrong", ["unknown-key"]),
    ],
)
def test_what_is_judged_says_something(made: Path, name: str, said: list[str]) -> None:
    (run,) = json.loads((made / f"{name}.sarif").read_bytes())["runs"]
    assert set(said) <= {one["ruleId"] for one in run["results"]}
