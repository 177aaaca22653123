"""An interrupt in the middle: what was begun is told, and the next run goes on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from planner.errors import ExitCode
from tests.support.live import PINNED, Person, acting, person
from tests.support.running import Running
from tests.support.specs import named


@pytest.fixture
def somebody(tmp_path: Path) -> Iterator[Person]:
    with person(tmp_path) as found:
        found.file("planner.yaml", PINNED)
        yield found


APPLY = ("apply", "--auto-approve", "--no-verify")


def test_an_interrupt_tells_what_was_begun_and_the_next_run_goes_on(somebody: Person) -> None:
    somebody.file("other.planner.yaml", named("other", PINNED))
    somebody.sandbox.post("pace", {"create_s": 1000})
    running = Running(somebody, *APPLY, "--parallelism", "1")
    running.until("Creating")
    running.interrupt()
    code, out, said = running.ended()
    assert (code, "interrupted: nothing new was begun" in said) == (ExitCode.INTERRUPTED, True)
    told = " ".join(out.partition("Fingerprint")[2].split())
    assert "fraud-scorer: stopped" in told
    assert "create endpoint/fraud-scorer" in told
    assert "other: stopped not done create model/other-" in told
    assert "planner apply --no-verify --parallelism 1 # goes on from here" in told
    assert "Traceback" not in said
    assert somebody.sandbox.shown("fraud-scorer")["EndpointStatus"] == "Creating"
    somebody.sandbox.advance(2000)
    somebody.sandbox.post("pace", {"create_s": 0.1})
    somebody.applies()
    assert somebody.plans()["summary"]["unchanged"] == 2


def test_a_second_interrupt_leaves_at_once(somebody: Person) -> None:
    somebody.sandbox.fault("timeout", "CreateEndpoint", rule={"seconds": 20})
    running = Running(somebody, *APPLY)
    running.until("endpoint-config/")
    begun = time.monotonic()
    while not any(one == "CreateEndpoint" for one in somebody.writes()):
        assert time.monotonic() - begun < 10
        time.sleep(0.05)
    running.interrupt()
    time.sleep(0.5)
    running.interrupt()
    code, _, said = running.ended()
    assert code == ExitCode.INTERRUPTED
    assert time.monotonic() - begun < 12
    assert "interrupted twice" in said
    assert "Traceback" not in said
    somebody.sandbox.post("faults", [])
    somebody.sandbox.advance(60)
    somebody.applies()
    assert acting(somebody.plans()) == {}


def test_an_interrupt_before_the_first_write_changes_nothing(somebody: Person) -> None:
    somebody.sandbox.fault("delay", "DescribeEndpoint", rule={"seconds": 3})
    running = Running(somebody, "-v", *APPLY)
    running.until("loaded")
    time.sleep(1.0)
    running.interrupt()
    code, out, said = running.ended()
    assert code == ExitCode.INTERRUPTED
    assert "Traceback" not in said
    assert "applied" not in out
    assert somebody.writes() == []
