"""Plan, apply, change, destroy against the sandbox, as a person types it."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from planner.errors import ExitCode
from tests.support.code import ROOT
from tests.support.command import PLANNER, Done, planner

EXAMPLES = ROOT / "examples"


class Person:
    """Somebody in a directory of their own, with a sandbox there."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def types(self, command: str, example: str, *more: str) -> Done:
        approve = () if command == "plan" else ("--auto-approve",)
        return planner(
            command, str(EXAMPLES / example), "--sandbox", *approve, *more, cwd=self._home
        )

    def plan(self, example: str, *more: str) -> dict[str, Any]:
        done = self.types("plan", example, "-o", "json", "--no-verify", *more)
        assert done.code == 0, done.err
        found: dict[str, Any] = json.loads(done.out)
        return found


@pytest.fixture
def person(tmp_path: Path) -> Person:
    return Person(tmp_path)


def actions(plan: dict[str, Any]) -> dict[str, str]:
    (endpoint,) = plan["endpoints"]
    return {change["address"]: change["action"] for change in endpoint["changes"]}


FASTER = ("--set", "traffic.rate=2400/s", "--set", "traffic.burst.rate=3600/s")


def test_the_whole_cycle(person: Person) -> None:
    first = person.plan("fraud-scorer")
    assert first["mode"] == "sandbox"
    assert set(actions(first).values()) == {"create"}
    done = person.types("apply", "fraud-scorer", "--no-verify")
    assert done.code == 0, done.err
    assert "1 endpoint: 1 applied." in done.out
    again = person.plan("fraud-scorer")
    assert again["summary"]["unchanged"] == 1
    assert again["summary"]["monthly_usd_before"] == again["summary"]["monthly_usd_after"]
    assert "1 unchanged." in person.types("apply", "fraud-scorer", "--no-verify").out

    changed = person.plan("fraud-scorer", *FASTER)
    acting = {at.partition("/")[0]: what for at, what in actions(changed).items() if what != "none"}
    assert acting == {"endpoint-config": "create", "endpoint": "update"}
    assert 0 < changed["summary"]["monthly_usd_before"] < changed["summary"]["monthly_usd_after"]
    assert person.types("apply", "fraud-scorer", "--no-verify", *FASTER).code == 0
    assert person.plan("fraud-scorer", *FASTER)["summary"]["unchanged"] == 1

    gone = person.types("destroy", "fraud-scorer", *FASTER)
    assert gone.code == 0, gone.err
    # The endpoint, both configs, the model, and the two alarms.
    assert gone.out.count("delete ") == 6
    assert set(actions(person.plan("fraud-scorer")).values()) == {"create"}
    assert "Nothing to destroy." in person.types("destroy", "fraud-scorer").out


SLOWER = ("--set", "traffic.rate=30000/s")
STANDARD = tuple(
    word
    for text in (
        *("providers.databricks.route_optimized=false", "traffic.rate=100/s"),
        *("slo.latency.p50=100ms", "slo.latency.p99=200ms"),
    )
    for word in ("--set", text)
)


def test_the_whole_cycle_in_a_workspace(person: Person) -> None:
    example = "databricks-high-qps"
    assert actions(person.plan(example)) == {"endpoint/ad-bidder": "create"}
    done = person.types("apply", example, "--no-verify")
    assert done.code == 0, done.err + done.out
    again = person.plan(example)
    assert again["summary"]["unchanged"] == 1
    assert again["summary"]["monthly_usd_before"] == again["summary"]["monthly_usd_after"]

    changed = person.plan(example, *SLOWER)
    (change,) = changed["endpoints"][0]["changes"]
    assert (change["action"], change["risk"]) == ("update", "rolling")
    assert changed["summary"]["monthly_usd_before"] > changed["summary"]["monthly_usd_after"] > 0
    assert person.types("apply", example, "--no-verify", *SLOWER).code == 0
    assert person.plan(example, *SLOWER)["summary"]["unchanged"] == 1

    refused = person.types("apply", example, "--no-verify", *STANDARD)
    assert refused.code == ExitCode.USAGE
    assert "route optimization is chosen at creation only" in refused.err
    assert "--accept downtime" in refused.err
    done = person.types("apply", example, "--no-verify", "--accept", "downtime", *STANDARD)
    assert done.code == 0, done.err + done.out
    assert person.plan(example, *STANDARD)["summary"]["unchanged"] == 1

    assert person.types("destroy", example).code == 0
    assert actions(person.plan(example)) == {"endpoint/ad-bidder": "create"}


def test_a_plan_writes_nothing(person: Person) -> None:
    person.plan("fraud-scorer")
    assert set(actions(person.plan("fraud-scorer")).values()) == {"create"}


def test_somebody_elses_endpoint_is_not_touched(person: Person, tmp_path: Path) -> None:
    assert person.types("apply", "fraud-scorer", "--no-verify").code == 0
    spec = (EXAMPLES / "fraud-scorer" / "planner.yaml").read_text(encoding="utf-8")
    mine = spec.replace("name: fraud-scorer", "name: fraud-scorer-2", 1)
    assert mine != spec
    other = tmp_path / "planner.yaml"
    other.write_text(mine, encoding="utf-8")
    assert planner("plan", str(other), "--sandbox", "--no-verify", cwd=tmp_path).code == 0
    done = planner("destroy", str(other), "--sandbox", "--auto-approve", cwd=tmp_path)
    assert (done.code, "Nothing to destroy." in done.out) == (0, True)
    assert person.plan("fraud-scorer")["summary"]["unchanged"] == 1


def test_nothing_is_written_without_a_yes(person: Person, tmp_path: Path) -> None:
    example = str(EXAMPLES / "fraud-scorer")
    done = planner("apply", example, "--sandbox", "--no-verify", cwd=tmp_path)
    assert (done.code, "--auto-approve" in done.err) == (ExitCode.USAGE, True)
    assert set(actions(person.plan("fraud-scorer")).values()) == {"create"}
    assert person.types("apply", "fraud-scorer", "--no-verify").code == 0
    done = planner("destroy", example, "--sandbox", cwd=tmp_path)
    assert (done.code, "--auto-approve" in done.err) == (ExitCode.USAGE, True)
    assert person.plan("fraud-scorer")["summary"]["unchanged"] == 1


def test_what_nothing_meets_is_not_applied(person: Person) -> None:
    done = person.types("apply", "tight-latency", "--no-verify")
    assert done.code == ExitCode.INFEASIBLE
    assert "applied" not in done.out


def test_an_interrupt_tells_what_was_written_and_the_next_run_goes_on(
    person: Person, tmp_path: Path
) -> None:
    command = [*PLANNER, "apply", str(EXAMPLES / "fraud-scorer"), "--sandbox", "--auto-approve"]
    shown = tmp_path / "shown"
    with shown.open("wb") as out:
        running = subprocess.Popen(
            [*command, "--no-verify"], cwd=tmp_path, stderr=subprocess.PIPE, stdout=out
        )
    assert running.stderr is not None
    for line in running.stderr:
        if b"Creating" in line:
            running.send_signal(signal.SIGINT)
            break
    told = running.stderr.read().decode()
    running.stderr.close()
    assert running.wait() == ExitCode.INTERRUPTED
    assert "interrupted: nothing new was begun" in told
    assert "nothing was changed" not in told
    ended = shown.read_text(encoding="utf-8").partition("fraud-scorer: stopped")[2]
    assert "create endpoint/fraud-scorer" in ended
    assert "goes on from here" in ended
    assert person.types("apply", "fraud-scorer", "--no-verify").code == 0
    assert person.plan("fraud-scorer")["summary"]["unchanged"] == 1
