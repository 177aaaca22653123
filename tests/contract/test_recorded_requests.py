"""The walk over recorded requests: it hears of all of them, and it can fail."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from planner_sagemaker.gateway import Connection
from planner_sagemaker.sandbox.serve import running

from planner.errors import ProviderError
from tests.support.code import ROOT
from tests.support.command import planner
from tests.support.recorded import Walk
from tests.support.sandbox import Sandbox, refusal

WRONG = {
    "EndpointConfigName": "c",
    "ProductionVariants": [
        {"VariantName": "v", "InstanceType": "ml.t9.huge", "InitialInstanceCount": 1}
    ],
}
RIGHT = {
    "EndpointConfigName": "c",
    "ProductionVariants": [
        {"VariantName": "v", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    ],
}
SENT = """
from contextlib import suppress
from planner.errors import ProviderError
from planner_sagemaker.gateway import Connection
from planner_sagemaker.sandbox.serve import running

def sent(path):
    with running(path) as url, suppress(ProviderError):
        Connection("us-east-1", url).ask("sagemaker", "CreateEndpointConfig", REQUEST)
"""
TESTS = """
import subprocess, sys

def test_here():
    sent(":memory:")

def test_elsewhere(tmp_path):
    script = SCRIPT + "\\nimport sys\\nsent(sys.argv[1])"
    file = str(tmp_path / "sandbox.sqlite3")
    subprocess.run([sys.executable, "-c", script, file], check=True)
"""


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running(":memory:") as url:
        yield Sandbox(url=url)


def _asked_by_us(sandbox: Sandbox, **parameters: Any) -> None:
    Connection("us-east-1", sandbox.url).ask("sagemaker", "CreateEndpointConfig", parameters)


def test_a_wrong_request_of_ours_is_a_fault_though_it_was_refused(
    sandbox: Sandbox, walk: Walk
) -> None:
    with pytest.raises(ProviderError):
        _asked_by_us(sandbox, **WRONG)
    (fault,) = walk.faults()
    assert "CreateEndpointConfig.ProductionVariants[0].InstanceType: 'ml.t9.huge'" in fault
    assert "endpoint-planner/" in fault


def test_others_may_be_refused(sandbox: Sandbox, walk: Walk) -> None:
    code, _ = refusal(sandbox.sagemaker.create_endpoint_config, **WRONG)
    assert code == "ValidationException"
    assert walk.faults() == []


def test_what_was_not_refused_must_be_right_whoever_asks(sandbox: Sandbox, walk: Walk) -> None:
    sandbox.fault("lost-request")
    with pytest.raises(Exception, match="Connection was closed"):
        sandbox.sagemaker.create_endpoint_config(**WRONG)
    assert len(walk.faults()) == 1


def test_requests_before_a_reset_and_those_of_the_command_are_heard(
    sandbox: Sandbox, walk: Walk, tmp_path: Path
) -> None:
    before = walk.heard
    sandbox.model()
    sandbox.post("reset")
    assert sandbox.get("calls") == []
    assert walk.heard == before + 1
    example = str(ROOT / "examples" / "fraud-scorer")
    done = planner("plan", example, "--sandbox", "--no-verify", cwd=tmp_path)
    assert done.code == 0, done.err
    assert walk.heard > before + 1


@pytest.mark.parametrize(
    ("request_", "ended"), [(WRONG, "2 passed, 2 errors"), (RIGHT, "2 passed")]
)
def test_a_fault_fails_the_run(tmp_path: Path, request_: dict[str, Any], ended: str) -> None:
    sent = SENT.replace("REQUEST", repr(request_))
    test = tmp_path / "test_it.py"
    test.write_text(sent + TESTS.replace("SCRIPT", repr(sent)))
    run = (sys.executable, "-m", "pytest", "-p", "tests.support.recorded", "-c", os.devnull)
    done = subprocess.run([*run, str(test)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert f"== {ended} in " in done.stdout
    told = [line for line in done.stdout.splitlines() if "ml.t9.huge' is no member" in line]
    heard = [line for line in told if ".sqlite3" not in line]
    assert (done.returncode, bool(heard), len(told) > len(heard)) == (
        (1, True, True) if request_ is WRONG else (0, False, False)
    )
