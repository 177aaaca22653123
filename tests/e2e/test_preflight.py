"""What would stop a write is shown by `plan`, and stops `apply` before the first one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from planner_sagemaker.sandbox.serve import running

from planner.errors import ExitCode
from tests.support.code import ROOT
from tests.support.command import Done, codes, planner
from tests.support.sandbox import Sandbox

EXAMPLE = str(ROOT / "examples" / "fraud-scorer")
ROLE = "arn:aws:iam::123456789012:role/SageMakerExecution"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path


def state(home: Path) -> str:
    return str(home / ".planner" / "sandbox.sqlite3")


def put(home: Path, **account: Any) -> None:
    (home / ".planner").mkdir(exist_ok=True)
    with running(state(home)) as url:
        assert "error" not in Sandbox(url=url).post("account", account)


def typed(home: Path, command: str, *more: str) -> Done:
    return planner(command, EXAMPLE, "--sandbox", "--no-verify", *more, cwd=home)


def written(home: Path) -> list[str]:
    with running(state(home)) as url:
        return [one["operation"] for one in Sandbox(url=url).get("calls?mutating=true")]


def test_a_plan_says_what_passed(home: Path) -> None:
    done = typed(home, "plan")
    assert done.code == ExitCode.DONE
    assert re.search(r"Checked before the first write: (\d+) of \1 passed\.", done.out)
    assert "would fail" not in done.out
    assert "not checked" not in done.out


def test_what_fails_is_planned_and_not_applied(home: Path) -> None:
    put(home, roles=["Other"])
    done = typed(home, "plan")
    assert done.code == ExitCode.DONE
    assert f"! would fail: role, {ROLE}: there is no such role" in done.out
    assert "aws iam list-roles" in done.out
    done = typed(home, "apply", "--auto-approve")
    assert (done.code, codes(done)) == (ExitCode.ERROR, ["check-failed"])
    assert f"{ROLE}: there is no such role" in done.err
    assert written(home) == []


def test_what_is_denied_is_not_applied(home: Path) -> None:
    put(home, denied=["sagemaker:CreateEndpoint"])
    assert "! would fail: permissions, sagemaker:CreateEndpoint: " in typed(home, "plan").out
    done = typed(home, "apply", "--auto-approve")
    assert (done.code, codes(done)) == (ExitCode.AUTHENTICATION, ["check-denied"])
    assert "sagemaker:CreateEndpoint" in done.err
    assert written(home) == []


def test_what_is_unknown_stops_nothing(home: Path) -> None:
    put(home, denied=["s3:*", "iam:Simulate*", "servicequotas:*"])
    done = typed(home, "plan")
    assert "! not checked: artifact, s3://risk-models/" in done.out
    assert "! not checked: quota, 2 quotas: ListServiceQuotas is not allowed: " in done.out
    done = typed(home, "apply", "--auto-approve", "--no-wait")
    assert done.code == ExitCode.DONE, done.err
    assert "CreateEndpoint" in written(home)
