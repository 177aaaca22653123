"""Events of commands that change a cloud, as a program reads them."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from planner.errors import ExitCode
from tests.support.command import PLANNER, Done, environment
from tests.support.live import PINNED, Person, person

APPLY = ("apply", "--auto-approve", "--no-verify", "-o", "jsonl")
Events = list[dict[str, Any]]


@pytest.fixture
def somebody(tmp_path: Path) -> Iterator[Person]:
    with person(tmp_path) as found:
        found.file("planner.yaml", PINNED)
        yield found


def events(done: Done) -> Events:
    """Every line of standard output, of which the last is the summary with the exit code."""
    found = [json.loads(line) for line in done.out.splitlines()]
    kinds = [one["event"] for one in found]
    assert (kinds[0], kinds[-1]) == ("version", "summary")
    assert kinds.count("summary") == 1
    assert found[-1]["exit_code"] == done.code
    times = [one["elapsed_s"] for one in found]
    assert times == sorted(times)
    return found


def of(found: Events, *kinds: str) -> Events:
    return [one for one in found if one["event"] in kinds]


def test_every_write_begins_is_taken_and_is_done_before_the_next(somebody: Person) -> None:
    done = somebody.types(*APPLY)
    found = events(done)
    assert found[0]["command"] == "apply"
    (planned,) = of(found, "planned")
    assert planned["summary"]["create"] == 1
    assert planned["fingerprint"].startswith("sha256:")
    stages = [(one["event"], one["address"]) for one in of(found, "begin", "wrote", "done")]
    addresses = [address for kind, address in stages if kind == "begin"]
    assert addresses[-1] == "endpoint/fraud-scorer"
    assert stages == [(kind, at) for at in addresses for kind in ("begin", "wrote", "done")]
    (outcome,) = of(found, "outcome")
    assert outcome["outcome"] == "applied"
    assert outcome["done"] == [f"create {address}" for address in addresses]
    # People find what they look for on standard error.
    assert "fraud-scorer will be created" in done.err
    assert "1 endpoint: 1 applied." in done.err


def test_events_change_neither_what_is_written_nor_the_exit_code(somebody: Person) -> None:
    somebody.types(*APPLY)
    written = somebody.writes()
    again = somebody.types(*APPLY)
    assert [one["outcome"] for one in of(events(again), "outcome")] == ["unchanged"]
    assert (again.code, somebody.writes()) == (0, written)
    gone = somebody.types("destroy", "--auto-approve", "-o", "jsonl")
    assert of(events(gone), "planned")[0]["summary"] == {
        **dict.fromkeys(("create", "replace", "unchanged", "update"), 0),
        "delete": 1,
    }
    nothing = somebody.types("destroy", "--auto-approve", "-o", "jsonl")
    assert (nothing.code, of(events(nothing), "begin")) == (0, [])
    nowhere = somebody.types("rollback", "--auto-approve", "-o", "jsonl")
    assert (nowhere.code, of(events(nowhere), "begin")) == (ExitCode.ERROR, [])


def test_a_saved_plan_is_summed_up_as_it_was(somebody: Person) -> None:
    somebody.does("plan", "--no-verify", "--out", "plan.json")
    saved = json.loads((somebody.home / "plan.json").read_text())
    (planned,) = of(events(somebody.types("apply", "plan.json", "-o", "jsonl")), "planned")
    for key in ("fingerprint", "mode", "summary"):
        assert planned[key] == saved[key]


def test_heartbeats_repeat_as_long_as_something_is_waited_for(somebody: Person) -> None:
    somebody.sandbox.post("pace", {"create_s": 1.0, "waits": 1.0})
    beats = of(events(somebody.types(*APPLY, "--heartbeat", "0.1")), "heartbeat")
    assert len(beats) >= 3
    assert {"endpoint/fraud-scorer": "Creating"} in [one["waits"] for one in beats]


@pytest.mark.parametrize(
    ("words", "code", "diagnostic"),
    [
        (("apply", "none.yaml"), ExitCode.INVALID_SPEC, "missing-file"),
        (("apply", "--no-verify"), ExitCode.USAGE, "not-approved"),
        (("destroy", "--only", "nobody"), ExitCode.USAGE, "unknown-endpoint"),
    ],
    ids=["spec", "consent", "name"],
)
def test_what_fails_before_the_first_write_parses_too(
    somebody: Person, words: tuple[str, ...], code: ExitCode, diagnostic: str
) -> None:
    if words[0] == "destroy":
        somebody.applies()
    before = somebody.writes()
    done = somebody.types(*words, "-o", "jsonl")
    assert done.code == code
    assert [one["code"] for one in of(events(done), "diagnostic")] == [diagnostic]
    assert f"error[{diagnostic}]" in done.err
    assert somebody.writes() == before


def test_what_the_cloud_refuses_is_an_outcome(somebody: Person) -> None:
    somebody.sandbox.fault("denied", "CreateEndpointConfig")
    done = somebody.types(*APPLY)
    assert done.code == ExitCode.PARTLY_APPLIED
    found = events(done)
    (outcome,) = of(found, "outcome")
    assert outcome["outcome"] == "failed"
    assert outcome["left"][0].startswith("create endpoint-config/")
    begun = [one["address"] for one in of(found, "begin")]
    assert begun[-1].startswith("endpoint-config/")
    assert begun[-1] not in [one["address"] for one in of(found, "wrote")]


@pytest.mark.parametrize("times", [1, 2])
def test_an_interrupt_ends_with_a_summary(somebody: Person, times: int) -> None:
    somebody.sandbox.post("pace", {"create_s": 1000})
    if times == 2:
        somebody.sandbox.fault("timeout", "CreateEndpoint", rule={"seconds": 20})
    running = subprocess.Popen(
        [*PLANNER, *APPLY],
        cwd=somebody.home,
        env=environment(somebody.env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert running.stdout is not None
    lines: list[bytes] = []
    for line in running.stdout:
        lines.append(line)
        event = json.loads(line)
        if event["event"] == ("wait" if times == 1 else "begin") and (
            event["address"] == "endpoint/fraud-scorer"
        ):
            break
    running.send_signal(signal.SIGINT)
    if times == 2:
        time.sleep(0.7)
        running.send_signal(signal.SIGINT)
    rest, said = running.communicate(timeout=30)
    done = Done(code=running.returncode, stdout=b"".join(lines) + rest, stderr=said)
    found = events(done)
    assert found[-1]["exit_code"] == ExitCode.INTERRUPTED
    assert b"Traceback" not in said
    if times == 1:
        (outcome,) = of(found, "outcome")
        assert (outcome["outcome"], outcome["left"]) == ("stopped", [])


def test_a_reader_that_leaves_stops_nothing(somebody: Person) -> None:
    line = " ".join([*PLANNER, *APPLY])
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {line} | head -1"],
        cwd=somebody.home,
        env=environment(somebody.env),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr
    assert somebody.sandbox.shown("fraud-scorer")["EndpointStatus"] == "InService"
