"""Each exit code has one meaning, and what a user did never ends in a traceback."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.support.command import PLANNER, Done, codes, environment, planner
from tests.support.specs import STEADY, named


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "planner.yaml"
    path.write_text(STEADY)
    return path


def _plan(spec: Path, *arguments: str) -> Done:
    return planner("plan", str(spec), "--offline", *arguments)


def _fails(done: Done, code: int, *diagnostics: str) -> None:
    assert "Traceback (most" not in done.err
    assert (done.code, list(codes(done))) == (code, list(diagnostics)), done.err


def test_0_and_2_a_plan(spec: Path) -> None:
    done = _plan(spec)
    assert (done.code, done.err) == (0, "")
    assert "Plan: 1 to create" in done.out
    assert _plan(spec, "--detailed-exitcode").code == 2


def test_1_what_cannot_be_written(spec: Path, tmp_path: Path) -> None:
    done = _plan(spec, "--out", str(tmp_path / "none" / "plan.json"))
    _fails(done, 1, "cannot-write")


def test_1_init_touches_no_file_that_is_there(spec: Path) -> None:
    done = planner("init", str(spec))
    _fails(done, 1, "file-exists")
    assert spec.read_text() == STEADY


@pytest.mark.parametrize(
    ("old", "new", "code", "place"),
    [
        ("6ms", "6", "bare-duration", ":12:21"),
        ("us-east-1\n", "us-east-9\n", "unknown-region", ":25:15"),
        ("sagemaker:", "sagemeker:", "unknown-provider", ":24:5"),
        ("ml.c7i.large", "ml.c7i.lage", "unknown-instance", ":13:27"),
    ],
)
def test_3_an_invalid_spec_names_its_place(
    spec: Path, old: str, new: str, code: str, place: str
) -> None:
    spec.write_text(STEADY.replace(old, new, 1))
    done = _plan(spec)
    _fails(done, 3, code)
    assert f"{spec}{place}" in done.err
    assert "help: " in done.err
    assert done.out == ""


def test_3_all_independent_errors_come_in_one_run(spec: Path, tmp_path: Path) -> None:
    spec.write_text(STEADY.replace("6ms", "6").replace("120MiB", "120 apples"))
    other = tmp_path / "other.yaml"
    other.write_text(named("other").replace("100/s", "-5/s"))
    done = planner("validate", str(spec), str(other), str(tmp_path / "none.yaml"))
    assert done.code == 3
    assert len(codes(done)) == 4
    assert "missing-file" in codes(done)


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        ({"us-east-1\n": "us-east-9\n"}, ["bare-duration", "unknown-region"]),
        ({"ml.c7i.large": "ml.c7i.lage"}, ["bare-duration", "unknown-instance"]),
        # An instance is unknown only where every provider is known.
        (
            {"ml.c7i.large": "ml.c7i.lage", "sagemaker:": "sagemeker:"},
            ["bare-duration", "unknown-provider"],
        ),
        (
            {"ml.c7i.large": "ml.c7i.lage", "us-east-1\n": "us-east-9\n"},
            ["bare-duration", "unknown-region"],
        ),
    ],
)
def test_3_what_only_the_catalogs_know_comes_in_the_same_run(
    spec: Path, edits: dict[str, str], expected: list[str]
) -> None:
    text = STEADY.replace("6ms", "6")
    for old, new in edits.items():
        text = text.replace(old, new, 1)
    spec.write_text(text)
    _fails(planner("validate", str(spec)), 3, *expected)


def test_3_a_missing_file_hides_no_region(spec: Path) -> None:
    spec.write_text(STEADY.replace("us-east-1\n", "us-east-9\n", 1))
    done = planner("validate", str(spec), str(spec.with_name("none.yaml")))
    _fails(done, 3, "missing-file", "unknown-region")


def test_3_a_pinned_type_that_no_mode_of_the_pin_has(spec: Path) -> None:
    spec.write_text(f"{STEADY}  pin: {{hosting: serverless, instance: ml.c7i.large}}\n")
    done = _plan(spec)
    _fails(done, 3, "pin-contradicts")
    assert "help: pin dedicated or multi-model or single-model, or another instance" in done.err


def test_3_paths_that_hold_no_spec(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    _fails(planner("plan", str(tmp_path / "empty"), "--offline"), 3, "no-spec-in-directory")
    (tmp_path / "planner.yaml").touch()
    near = planner("plan", str(tmp_path / "planer.yaml"), "--offline")
    _fails(near, 3, "missing-file")
    assert f"did you mean {tmp_path / 'planner.yaml'}?" in near.err


def test_5_only_the_budget_is_in_the_way(spec: Path) -> None:
    spec.write_text(STEADY.replace("constraints:", "constraints:\n    budget: {monthly: 1 USD}"))
    done = _plan(spec)
    assert (done.code, done.err) == (5, "")
    assert "budget" in done.out


def test_8_nothing_meets_the_spec_and_the_plan_says_why(spec: Path) -> None:
    spec.write_text(STEADY.replace("p99: 100ms", "p99: 7ms"))
    done = _plan(spec, "-o", "json")
    assert (done.code, done.err) == (8, "")
    document = json.loads(done.stdout)
    assert document["endpoints"] == []
    assert document["infeasible"][0]["workload"] == "fraud-scorer"
    assert planner("explain", str(spec)).code == 8
    _fails(planner("render", str(spec)), 8, "plan-incomplete")


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ([], "Usage: planner"),
        (["catalog"], "Usage: planner catalog"),
        (["pln"], "Did you mean 'plan'"),
        (["plan", "--ofline"], "--offline"),
        (["plan", "-o", "xml"], "'table', 'json', 'yaml'"),
        (["plan", "x.yaml", "--offline", "--sandbox"], "help: planner plan SPEC --sandbox"),
        (["plan", "-", "-", "--offline"], "stdin-twice"),
        (["compare", "x.yaml"], "--set traffic.rate=2x"),
        (["catalog", "show", "--region", "us-east-1"], "--provider"),
        (["catalog", "show", "--provider", "sagemeker"], "did you mean `sagemaker`?"),
        (["catalog", "show", "--provider", "sagemaker", "--region", "eu-west-99"], "eu-west-"),
        (["catalog", "show", "--hosting", "serverles"], "--hosting serverless"),
        (["init", "-", "--provider", "sagemeker"], "did you mean `sagemaker`?"),
    ],
)
def test_64_usage(arguments: list[str], word: str) -> None:
    done = planner(*arguments)
    assert (done.code, done.out) == (64, "")
    assert word in done.err
    assert "Traceback (most" not in done.err


def test_64_what_the_spec_does_not_hold(spec: Path) -> None:
    done = _plan(spec, "--set", "trafic.rate=2x")
    assert done.code == 64, done.err
    assert "traffic" in done.err
    done = planner("explain", str(spec), "--endpoint", "fraud-score")
    _fails(done, 64, "unknown-endpoint")
    assert "--endpoint fraud-scorer" in done.err
    done = planner("render", str(spec), "--to", "apy")
    _fails(done, 64, "unknown-format")
    assert "--to api" in done.err


def test_130_interrupted() -> None:
    running = subprocess.Popen(
        [*PLANNER, "plan", "-", "--offline"],
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    time.sleep(1.0)  # it waits for its standard input by then
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=20)
    assert running.returncode == 130
    assert out == b""
    assert err == b"interrupted; nothing was changed\n"
