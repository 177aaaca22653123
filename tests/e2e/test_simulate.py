"""`planner simulate`: what requests meet at a configuration, the planned one or a person's own."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import time
from io import StringIO
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from tests.support.code import ROOT
from tests.support.command import PLANNER, codes, environment, planner, process
from tests.support.specs import STEADY, named

SCHEMA = json.loads((ROOT / "schemas" / "simulation.v1.json").read_bytes())
FEW = ("--requests", "50k")


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "planner.yaml"
    path.write_text(STEADY)
    return path


@pytest.mark.parametrize("example", ["fraud-scorer", "internal-tool"])
def test_an_example(example: str) -> None:
    done = planner("-q", "simulate", f"examples/{example}", *FEW, "-o", "json", cwd=ROOT)
    document = json.loads(done.stdout)
    Draft202012Validator(SCHEMA).validate(document)
    (endpoint,) = document["endpoints"]
    margins = endpoint["slo"]["margins"]
    assert margins
    assert document["met"] is all(margin["met"] for margin in margins)
    assert (done.code, done.err) == (0 if document["met"] else 8, "")
    for name, interval in endpoint["intervals_ms"].items():
        assert interval["low"] <= endpoint["latency_ms"][name] <= interval["high"]
    starts = [window["start_s"] for window in endpoint["windows"]]
    assert starts == sorted(set(starts))
    assert starts[-1] < endpoint["cycle_s"]


@pytest.mark.parametrize(
    ("example", "axis"), [("fraud-scorer", ["00:00", "00:05"]), ("internal-tool", ["Mon", "Tue"])]
)
def test_the_text_fits_and_ends_with_a_chart(example: str, axis: list[str]) -> None:
    done = planner("simulate", f"examples/{example}", *FEW, cwd=ROOT)
    assert done.code in (0, 8)
    assert (done.out.startswith("ok "), done.err) == (done.code == 0, "")
    assert max(map(len, done.out.splitlines())) <= 100
    assert "p99 latency, log scale" in done.out
    assert done.out.splitlines()[-1].split()[:2] == axis


def test_the_planned_configuration_meets_its_objectives(spec: Path) -> None:
    done = planner("simulate", str(spec), *FEW)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("ok fraud-scorer met every objective, ")


def test_the_same_seed_gives_the_same_bytes_everywhere(spec: Path) -> None:
    here = {"PYTHONHASHSEED": "1", "TZ": "UTC", "LC_ALL": "C"}
    there = {"PYTHONHASHSEED": "4711", "TZ": "Asia/Kathmandu", "LC_ALL": "C.UTF-8"}
    words = ("simulate", str(spec), *FEW, "-o", "json", "--seed", "3")
    one, two = (process(*words, env=env) for env in (here, there))
    assert (one.code, one.err) == (0, "")
    assert one.stdout == two.stdout
    other = planner(*words[:-1], "4")
    assert other.code == 0
    assert json.loads(other.stdout)["endpoints"][0]["seed"] == 4
    assert other.stdout != one.stdout


def test_all_formats_hold_the_same(spec: Path) -> None:
    target = spec.parent / "simulation.json"
    as_json = planner("simulate", str(spec), *FEW, "-o", "json", "--out", str(target))
    assert as_json.err == f"wrote {target}\n"
    assert target.read_bytes() == as_json.stdout
    as_yaml = planner("simulate", str(spec), *FEW, "-o", "yaml")
    assert yaml.safe_load(as_yaml.stdout) == json.loads(as_json.stdout)
    as_csv = planner("simulate", str(spec), *FEW, env={"PLANNER_OUTPUT": "csv"})
    rows = list(csv.DictReader(StringIO(as_csv.out)))
    (endpoint,) = json.loads(as_json.stdout)["endpoints"]
    assert [float(row["start_s"]) for row in rows] == [
        window["start_s"] for window in endpoint["windows"]
    ]
    assert {row["endpoint"] for row in rows} == {"fraud-scorer"}


def test_too_few_replicas_are_told_with_exit_8(spec: Path) -> None:
    spec.write_text(STEADY.replace("100/s", "1000/s"))
    done = planner("simulate", str(spec), *FEW, "--pin", "hosting=dedicated,replicas=1")
    assert (done.code, done.err) == (8, "")
    assert done.out.startswith("! fraud-scorer missed ")
    assert "missed by" in done.out
    enough = planner("simulate", str(spec), *FEW, "--pin", "hosting=dedicated,replicas=20")
    assert (enough.code, enough.err) == (0, "")
    assert " x 20" in enough.out


@pytest.mark.parametrize(
    ("words", "code", "hint"),
    [
        (["--pin", "replica=4"], "unknown-pin", "--pin replicas"),
        (["--pin", "replicas"], "invalid-pin", "--pin replicas=4"),
        (["--pin", "target=70"], "invalid-pin", "--pin target=70%"),
        (["--pin", "replicas=4", "--pin", "replicas=5"], "pinned-twice", "--pin replicas=5"),
        (["--requests", "none"], "invalid-requests", "--requests 2M"),
        (["--seed", "-1"], "usage", "planner simulate --help"),
        (["-o", "xml"], "usage", "planner simulate --help"),
        (["--columns", "count=n"], "columns-without-trace", "--trace FILE --columns"),
        (["--trace", "a.csv", "--columns", "n"], "unknown-column", "--columns count"),
        (["--endpoint", "fraud-score"], "unknown-endpoint", "--endpoint fraud-scorer"),
    ],
)
def test_64_usage(spec: Path, words: list[str], code: str, hint: str) -> None:
    done = planner("simulate", str(spec), *words)
    assert (done.code, done.out, codes(done)) == (64, "", [code])
    assert f"help: {hint}" in done.err


def test_3_an_invalid_spec(spec: Path) -> None:
    spec.write_text(STEADY.replace("6ms", "6"))
    done = planner("simulate", str(spec))
    assert (done.code, done.out, codes(done)) == (3, "", ["bare-duration"])


def _counts(path: Path, header: str) -> Path:
    """Ten minutes from 100 to 190 requests a second."""
    rows = "".join(f"{60 * minute},{6000 + 600 * minute}\n" for minute in range(10))
    path.write_text(f"{header}\n{rows}")
    return path


def test_a_trace_takes_the_place_of_the_traffic(spec: Path) -> None:
    trace = _counts(spec.parent / "counts.csv", "timestamp,count")
    done = planner("simulate", str(spec), *FEW, "--trace", str(trace), "-o", "json")
    assert done.err == ""
    (endpoint,) = json.loads(done.stdout)["endpoints"]
    assert endpoint["cycle_s"] == 600
    assert endpoint["requests"] == pytest.approx(87_000, rel=0.01)
    rates = [window["rate_per_s"] for window in endpoint["windows"]]
    assert max(rates) == pytest.approx(190, rel=0.05)
    text = planner("simulate", str(spec), *FEW, "--trace", str(trace))
    assert text.code == done.code
    assert "requests in 10 min, 145/s on average" in " ".join(text.out.split())


def test_a_trace_in_place_of_another_has_its_own_columns_and_bucket(tmp_path: Path) -> None:
    trace = _counts(tmp_path / "counts.csv", "ts,n")
    words = ("simulate", "examples/doc-embedder", *FEW, "--trace", str(trace), "-o", "json")
    done = planner(*words, "--columns", "timestamp=ts,count=n", cwd=ROOT)
    assert done.err == ""
    (endpoint,) = json.loads(done.stdout)["endpoints"]
    assert endpoint["requests"] == pytest.approx(87_000, rel=0.01)
    assert codes(planner(*words, cwd=ROOT)) == ["unknown-column"]


def test_a_trace_that_is_none(spec: Path) -> None:
    done = planner("simulate", str(spec), "--trace", str(spec.parent / "none.csv"))
    assert (done.code, done.out) == (3, "")
    assert "none.csv" in done.err
    bad = spec.parent / "bad.csv"
    bad.write_text("timestamp,count\n0,3\n60,many\n")
    done = planner("simulate", str(spec), "--trace", str(bad))
    assert (done.code, done.out) == (3, "")
    assert "bad.csv:3" in done.err


def test_several_specs(spec: Path) -> None:
    (spec.parent / "b.planner.yaml").write_text(named("another"))
    done = planner("simulate", str(spec.parent), *FEW)
    assert (done.code, done.err) == (0, "")
    headlines = [line.split()[1] for line in done.out.splitlines() if line.startswith("ok ")]
    assert headlines == ["another", "fraud-scorer"]
    one = planner("simulate", str(spec.parent), *FEW, "--endpoint", "another")
    assert "fraud-scorer" not in one.out


def test_a_reader_that_leaves_early_is_no_error(spec: Path) -> None:
    command = " ".join([*PLANNER, "simulate", str(spec), *FEW])
    done = subprocess.run(
        ["bash", "-c", f"{command} | head -1; echo ${{PIPESTATUS[0]}}"],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.splitlines()[1:] == ["0"]
    assert done.stdout.startswith("ok fraud-scorer met every objective")
    assert done.stderr == ""


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_an_encoding_without_blocks_gets_a_chart_in_ascii(spec: Path, encoding: str) -> None:
    env = {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    done = process("simulate", str(spec), *FEW, env=env)
    assert (done.code, done.stderr) == (0, b"")
    assert done.stdout.isascii()
    assert b"?" not in done.stdout
    assert b" |" in done.stdout


def test_130_interrupted(spec: Path) -> None:
    spec.write_text(STEADY.replace("100/s", "1000/s"))
    running = subprocess.Popen(
        [*PLANNER, "simulate", str(spec), "--requests", "1G"],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    time.sleep(2.5)
    assert running.poll() is None
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=20)
    assert (running.returncode, out) == (130, b"")
    assert err == b"interrupted; nothing was changed\n"


def test_its_schema_is_the_published_one() -> None:
    done = planner("schema", "simulation")
    assert (done.code, json.loads(done.stdout)) == (0, SCHEMA)
