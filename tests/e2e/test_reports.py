"""A plan, a drift and specs in the formats that other tools read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from planner.errors import ExitCode
from tests.support.code import ROOT
from tests.support.command import planner, process
from tests.support.live import PINNED, Person, person
from tests.support.markdown import page
from tests.support.reports import Reports
from tests.support.specs import STEADY, named

EXAMPLES = sorted(
    str(path.parent.relative_to(ROOT)) for path in (ROOT / "examples").glob("*/planner.yaml")
)
ALL = ("markdown", "github", "sarif", "junit", "gitlab", "json", "yaml", "table")
PLAN = ("plan", "--offline", "--no-verify")
HERE = {"PYTHONHASHSEED": "1", "TZ": "UTC", "LC_ALL": "C", "COLUMNS": "60"}
THERE = {
    "PYTHONHASHSEED": "4711",
    "TZ": "Asia/Kathmandu",
    "LC_ALL": "C.UTF-8",
    "COLUMNS": "200",
    "FORCE_COLOR": "1",
}
NOWHERE = {"GITHUB_STEP_SUMMARY": None, "GITHUB_OUTPUT": None}
BAD = STEADY.replace("cold_start: ", "cold_strat: ", 1)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The plan of all examples, one of which nothing meets."""
    file = tmp_path_factory.mktemp("saved") / "plan.json"
    done = planner("-q", *PLAN, *EXAMPLES, "--out", str(file))
    assert (done.code, done.err) == (ExitCode.INFEASIBLE, "")
    return file


@pytest.fixture
def somebody(tmp_path: Path) -> Iterator[Person]:
    with person(tmp_path) as found:
        found.file("planner.yaml", PINNED)
        yield found


@pytest.mark.parametrize("output", ["markdown", "gitlab", "json", "yaml"])
def test_a_saved_plan_is_shown_as_it_was(saved: Path, output: str) -> None:
    planned = planner("-q", *PLAN, *EXAMPLES, "-o", output)
    shown = planner("show", str(saved), "-o", output)
    assert (planned.code, shown.code) == (ExitCode.INFEASIBLE, 0)
    assert shown.stdout == planned.stdout
    assert shown.err == ""


def test_a_saved_plan_has_a_text_too(saved: Path) -> None:
    shown = planner("show", str(saved))
    planned = planner("-q", *PLAN, *EXAMPLES)
    assert shown.out.splitlines()[-1] == planned.out.splitlines()[-1]
    heads = [line for line in planned.out.splitlines() if line.startswith(("+ ", "! ", "Plan: "))]
    assert [line for line in shown.out.splitlines() if line in heads] == heads
    assert planner("show", "-", stdin=saved.read_bytes()).stdout == shown.stdout


def test_every_format_of_every_example_holds(saved: Path) -> None:
    of = {output: planner("show", str(saved), "-o", output, env=NOWHERE) for output in ALL}
    assert all(done.code == 0 for done in of.values())
    summary = json.loads(saved.read_bytes())["summary"]
    assert json.loads(of["gitlab"].out) == {"create": summary["create"], "delete": 0, "update": 0}
    assert of["json"].stdout == saved.read_bytes()
    assert of["github"].out.splitlines()[0].startswith("::error title=planner (infeasible)::")
    comment = page(of["markdown"].out)
    assert len(comment.rows) == 1 + len(EXAMPLES)
    assert comment.comments == [" planner:plan "]


def test_places_in_the_specs_stand_in_what_is_planned() -> None:
    planned = planner("-q", *PLAN, "examples/tight-latency", "-o", "sarif")
    log = json.loads(planned.out)
    place = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "examples/tight-latency/planner.yaml"
    lines = (ROOT / "examples/tight-latency/planner.yaml").read_text().splitlines()
    assert "latency" in lines[place["region"]["startLine"] - 1]


@pytest.mark.parametrize("output", ["markdown", "json", "sarif", "junit", "github"])
def test_bytes_are_the_same_everywhere(tmp_path: Path, output: str) -> None:
    paths = []
    for name, rate in (("alpha", "100/s"), ("beta", "900/s"), ("gamma", "30/min")):
        path = tmp_path / f"{name}.planner.yaml"
        path.write_text(named(name, STEADY.replace("100/s", rate)))
        paths.append(str(path))
    one = process("-q", *PLAN, *paths, "-o", output, env=HERE)
    two = process("-q", *PLAN, *paths[::-1], "-o", output, env=THERE)
    assert one.code == two.code == 0, one.err
    assert one.stdout
    assert one.stdout == two.stdout


@pytest.mark.parametrize("output", ["markdown", "json", "github"])
def test_a_saved_plan_is_shown_alike_everywhere(saved: Path, output: str, tmp_path: Path) -> None:
    seen = []
    for place, settings in (("here", HERE), ("there", THERE)):
        files = {name: str(tmp_path / f"{place}-{name}") for name in NOWHERE}
        shown = process("show", str(saved), "-o", output, env={**settings, **files})
        assert shown.code == 0, shown.err
        written = [path.read_bytes() for path in sorted(tmp_path.glob(f"{place}-*"))]
        seen.append([shown.stdout, *written])
    assert seen[0][0]
    assert len(seen[0]) == (3 if output == "github" else 1)
    assert seen[0] == seen[1]


@pytest.mark.parametrize("output", ALL)
def test_no_format_changes_the_exit_code(tmp_path: Path, output: str) -> None:
    fine, bad = tmp_path / "fine.planner.yaml", tmp_path / "bad.planner.yaml"
    fine.write_text(STEADY)
    bad.write_text(BAD)
    shown = ("-o", output)
    assert planner(*PLAN, str(fine), *shown, env=NOWHERE).code == 0
    pending = planner(*PLAN, str(fine), "--detailed-exitcode", *shown, env=NOWHERE)
    assert pending.code == ExitCode.CHANGES_PENDING
    wrong = planner(*PLAN, str(bad), *shown, env=NOWHERE)
    assert wrong.code == ExitCode.INVALID_SPEC
    assert "error[unknown-key]" in wrong.err


def test_a_spec_that_is_wrong_is_shown_in_place(tmp_path: Path) -> None:
    bad = tmp_path / "bad.planner.yaml"
    bad.write_text(BAD)
    line = next(n for n, text in enumerate(BAD.splitlines(), 1) if "cold_strat: " in text)
    for command in (("validate",), PLAN):
        of = {
            output: planner(*command, bad.name, "-o", output, cwd=tmp_path, env=NOWHERE).out
            for output in ("markdown", "github", "sarif", "junit")
        }
        place = f"file=bad.planner.yaml,line={line},col="
        assert [place in text for text in of["github"].splitlines()] == [True]
        assert f'"startLine": {line}' in of["sarif"]
        assert f"bad.planner.yaml:{line}:" in of["junit"]
        assert f"`bad.planner.yaml:{line}:" in of["markdown"]
        assert of["markdown"].startswith("<!-- planner:plan -->\n### planner: 1 error\n")


def test_valid_specs_are_cases_that_pass(tmp_path: Path) -> None:
    (tmp_path / "planner.yaml").write_text(STEADY)
    done = planner("validate", "-o", "junit", cwd=tmp_path)
    assert '<testcase name="planner.yaml"' in done.out.replace("./", "")
    assert 'failures="0"' in done.out
    assert planner("validate", "-o", "github", cwd=tmp_path, env=NOWHERE).out == ""


def test_github_gets_a_summary_and_outputs(saved: Path, tmp_path: Path) -> None:
    files = {name: tmp_path / name for name in NOWHERE}
    files["GITHUB_OUTPUT"].write_text("earlier=1\n")
    env = {name: str(path) for name, path in files.items()}
    done = planner("show", str(saved), "-o", "github", "--comment-tag", "prod", env=env)
    assert done.code == 0
    comment = planner("show", str(saved), "-o", "markdown", "--comment-tag", "prod")
    assert files["GITHUB_STEP_SUMMARY"].read_bytes() == comment.stdout
    lines = files["GITHUB_OUTPUT"].read_text().splitlines()
    assert lines[0] == "earlier=1"
    values = dict(line.split("=", 1) for line in lines)
    document = json.loads(saved.read_bytes())
    assert values["fingerprint"] == document["fingerprint"]
    assert values["monthly-cost"] == f"{document['summary']['monthly_usd_after']:.2f}"
    assert values["to-create"] == str(document["summary"]["create"])
    assert (values["changes"], values["feasible"]) == ("true", "false")


def test_a_summary_that_cannot_be_written_is_said(saved: Path, tmp_path: Path) -> None:
    env = {"GITHUB_STEP_SUMMARY": str(tmp_path / "no" / "summary"), "GITHUB_OUTPUT": None}
    done = planner("show", str(saved), "-o", "github", env=env)
    assert done.code == ExitCode.ERROR
    assert "error[cannot-write]" in done.err
    assert "$GITHUB_STEP_SUMMARY" in done.err


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda text: text.replace('"delete": 0', '"delete": 9'), "plan-edited"),
        (lambda text: text.replace('version": "1.0"', 'version": "2.0"'), "plan-version"),
        (lambda text: text[:-9], "plan-unreadable"),
        (lambda text: "[]", "plan-unreadable"),
    ],
    ids=["edited", "newer", "cut", "list"],
)
def test_what_is_no_plan_is_not_shown(saved: Path, change: object, code: str) -> None:
    text = change(saved.read_text(encoding="utf-8"))  # type: ignore[operator]
    done = planner("show", "-", stdin=text.encode())
    assert (done.code, done.out) == (ExitCode.USAGE, "")
    assert f"error[{code}]" in done.err


def test_a_file_that_is_not_there_is_wrong_usage() -> None:
    done = planner("show", "none.json")
    assert (done.code, done.out) == (ExitCode.USAGE, "")
    assert "error[no-plan-file]" in done.err


def test_drift_is_shown_to_tools(somebody: Person, reports: Reports) -> None:
    somebody.applies()
    fine = somebody.does("drift", "--no-verify", "-o", "markdown")
    assert "### planner drift: 1 in-sync" in fine.out
    sagemaker = somebody.sandbox.sagemaker
    config = sagemaker.describe_endpoint_config(
        EndpointConfigName=sagemaker.describe_endpoint(EndpointName="fraud-scorer")[
            "EndpointConfigName"
        ]
    )
    variant = {
        key: value
        for key, value in config["ProductionVariants"][0].items()
        if key not in {"CurrentWeight", "CurrentInstanceCount"}
    }
    variant["InitialInstanceCount"] += 1
    sagemaker.create_endpoint_config(EndpointConfigName="by-hand", ProductionVariants=[variant])
    sagemaker.update_endpoint(EndpointName="fraud-scorer", EndpointConfigName="by-hand")
    somebody.sandbox.advance(60)
    drift = ("drift", "--no-verify", "--detailed-exitcode", "-o")
    of = {
        output: somebody.types(*drift, output, env=NOWHERE)
        for output in ("markdown", "github", "sarif", "junit")
    }
    assert {done.code for done in of.values()} == {ExitCode.CHANGES_PENDING}
    assert "### planner drift: 1 drifted" in of["markdown"].out
    assert "**changed outside of the planner**" in of["markdown"].out
    assert of["github"].out.startswith("::error title=planner (drifted),file=planner.yaml,line=")
    assert reports.sarif(json.loads(of["sarif"].out)) == []
    assert reports.junit(of["junit"].out) == []
    assert 'type="drifted"' in of["junit"].out
    planned = somebody.types("plan", "--no-verify", "-o", "markdown")
    assert "- **drift**: changed outside of the planner" in planned.out
    document = somebody.plans()
    assert [one["sync"] for one in document["endpoints"]] == ["drifted"]
