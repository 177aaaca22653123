"""Restarts, one file for several sandboxes, recorded calls, and the command that serves."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from planner_databricks.sandbox.serve import running
from planner_databricks.sandbox.workspace import Mishap, Pace
from planner_sagemaker.sandbox.serve import running as running_elsewhere

from planner.errors import ProviderError
from planner.provider import registry
from planner.provider.sandbox.faults import Effect
from tests.support.code import ROOT
from tests.support.command import PLANNER, environment, planner
from tests.support.sandbox import Sandbox
from tests.support.workspace import ENDPOINTS, Workspace, entity, refused

GOLDEN = ROOT / "tests" / "golden" / "examples"


def test_a_restart_forgets_nothing(tmp_path: Path) -> None:
    file = str(tmp_path / "deep" / "sandbox.sqlite3")
    with running(file, frozen=True) as url:
        before = Workspace(url=url)
        before.post("quotas", {"endpoints": 1})
        before.post("workspace", {"cloud": "azure"})
        before.ready(tags=[{"key": "k", "value": "v"}])
        before.update(entity(entity_version="2"))
        now = before.get("clock")["now"]
    with running(file, frozen=True) as url:
        after = Workspace(url=url)
        assert after.get("clock")["now"] == now
        assert after.get("workspace") == {"cloud": "azure"}
        assert after.shown()["state"]["config_update"] == "IN_PROGRESS"
        after.advance(60)
        assert after.served()["entity_version"] == "2"
        assert after.shown()["tags"] == [{"key": "k", "value": "v"}]
        assert refused(after.create("f"))[1] == "RESOURCE_LIMIT_EXCEEDED"


def test_sandboxes_of_two_providers_share_a_file(tmp_path: Path) -> None:
    file = str(tmp_path / "sandbox.sqlite3")
    with running(file, frozen=True) as here, running_elsewhere(file, frozen=True) as there:
        workspace, account = Workspace(url=here), Sandbox(url=there)
        account.model()
        workspace.ready()
        account.advance(1000)
        workspace.post("reset")
        assert [one["ModelName"] for one in account.sagemaker.list_models()["Models"]] == ["m"]
        workspace.create()
        account.post("reset")
        assert workspace.shown()["state"]["config_update"] == "IN_PROGRESS"


def test_a_file_that_is_no_state_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("not a database, but a text that is long enough to be looked at" * 20)
    with pytest.raises(ProviderError, match="cannot keep its state"), running(str(file)):
        pass


def test_calls_are_recorded(workspace: Workspace) -> None:
    workspace.create(description="words")
    workspace.create("bad name")
    workspace.ask("GET", f"{ENDPOINTS}/e")
    workspace.ask("GET", "/api/2.0/fortune")
    calls = workspace.get("calls")
    assert [one["operation"] for one in calls] == [
        *("CreateEndpoint", "CreateEndpoint", "GetEndpoint", "GET /api/2.0/fortune"),
    ]
    assert [one["status"] for one in calls] == [200, 400, 200, 404]
    assert [one["error"] for one in calls[:2]] == ["", "INVALID_PARAMETER_VALUE"]
    assert calls[0]["parameters"]["description"] == "words"
    assert len(workspace.get("calls", mutating="true")) == 2
    workspace.post("reset")
    assert workspace.get("calls") == []
    assert workspace.ask("GET", ENDPOINTS).json() == {"endpoints": []}


def test_the_pace_is_changed_while_it_runs() -> None:
    with running(":memory:", frozen=True, pace=Pace(update_s=1)) as url:
        workspace = Workspace(url=url)
        assert workspace.post("pace", {"create_s": 600})["answer"]["create_s"] == 600
        assert workspace.post("pace", {"haste": 1})["status"] == 400
        workspace.create()
        workspace.advance(599)
        assert workspace.shown()["state"]["ready"] == "NOT_READY"
        workspace.advance(1)
        assert workspace.shown()["state"]["ready"] == "READY"
        assert workspace.post("clock", {"advance": -1})["status"] == 400


def test_the_provider_offers_it() -> None:
    sandbox = registry.get("databricks").sandbox()  # type: ignore[attr-defined]
    with sandbox.running(":memory:") as url:
        assert Workspace(url=url).ask("GET", ENDPOINTS).json() == {"endpoints": []}


@pytest.mark.parametrize("missing", ["starlette", "uvicorn"])
def test_what_is_not_installed_is_said(missing: str) -> None:
    script = (
        f"import sys; sys.modules[{missing!r}] = None\n"
        "from planner.cli.main import main\n"
        "main(['sandbox', 'serve', '--provider', 'databricks', '--state', ':memory:'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert f"error[sandbox-missing]: the sandbox needs {missing}" in done.stderr


def test_the_command_serves_until_it_is_interrupted(tmp_path: Path) -> None:
    served = subprocess.Popen(
        [*PLANNER, "sandbox", "serve", "--provider", "databricks", "--port", "0"],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with served:
        assert served.stdout is not None
        url = served.stdout.readline().strip()
        assert Workspace(url=url).create().ok
        served.send_signal(signal.SIGINT)
        out, err = served.communicate(timeout=20)
    assert (served.returncode, out) == (0, "")
    assert f"export DATABRICKS_HOST={url} DATABRICKS_TOKEN=" in err
    with running(str(tmp_path / ".planner" / "sandbox.sqlite3")) as again:
        assert Workspace(url=again).shown()["name"] == "e"


def test_which_sandbox_must_be_said() -> None:
    done = planner("sandbox", "serve", "--port", "0")
    assert done.code == 64
    assert "databricks and sagemaker have sandboxes; say which" in done.err


def test_what_the_planner_renders_is_taken(workspace: Workspace) -> None:
    endpoints = [
        endpoint
        for file in sorted(GOLDEN.glob("*/api.json"))
        for endpoint in json.loads(file.read_text(encoding="utf-8"))
        if endpoint["provider"] == "databricks"
    ]
    assert endpoints
    for endpoint in endpoints:
        (call,) = endpoint["calls"]
        answer = workspace.ask(call["method"], call["path"], call["parameters"])
        assert answer.ok, answer.text


def test_the_page_names_every_fault() -> None:
    page = (ROOT / "docs" / "sandbox.md").read_text(encoding="utf-8")
    section = page.partition("## Databricks")[2].partition("\n## ")[0]
    named = set(re.findall(r"^\| `([a-z-]+)` \|", section, re.MULTILINE))
    assert named == set(map(str, Mishap))
    table = page.partition("| effect |")[2]
    assert set(map(str, Effect)) <= set(re.findall(r"`([a-z-]+)`", table))
