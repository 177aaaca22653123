"""Clients as they are exported: run as they stand, by the real SDKs, against the sandboxes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from planner_databricks.provider import provider as databricks
from planner_databricks.sandbox import serve as workspaces
from planner_databricks.sandbox.workspace import Pace as Workday
from planner_sagemaker.provider import provider as sagemaker
from planner_sagemaker.sandbox import serve as accounts
from planner_sagemaker.sandbox.cloud import Pace

from planner.model.export import Asked
from planner.model.workload import ColdStart, LatencyTarget, Slo
from tests.support import databricks_values
from tests.support.exported_states import shown
from tests.support.exports import asked, everywhere, written
from tests.support.sandbox import IMAGE, ROLE, Sandbox
from tests.support.workspace import Workspace, entity

KEYS = {"AWS_ACCESS_KEY_ID": "sandbox", "AWS_SECRET_ACCESS_KEY": "sandbox"}
OAUTH = {
    "DATABRICKS_CLIENT_ID": "of-somebody",
    "DATABRICKS_CLIENT_SECRET": "whatever",
    "DATABRICKS_AUTH_TYPE": "oauth-m2m",
}


@pytest.fixture(scope="module")
def account() -> Iterator[Sandbox]:
    with accounts.running(":memory:", pace=Pace(load_s=0.0), frozen=True) as url:
        yield Sandbox(url=url)


@pytest.fixture(scope="module")
def workspace() -> Iterator[Workspace]:
    pace = Workday(create_s=0, update_s=0, load_s=0.0)
    with workspaces.running(":memory:", pace=pace) as url:
        yield Workspace(url=url)


def ran(one: Asked, cwd: Path, env: Mapping[str, str]) -> bytes:
    """What the exported file answers, run alone by its name."""
    exporting = {"sagemaker": sagemaker, "databricks": databricks}[one.state.provider].exporting()
    (file,) = exporting.files()["client"]([one])
    (path,) = written(cwd, {file.name: file})
    clean = {
        name: text
        for name, text in os.environ.items()
        if not name.startswith(("AWS_", "DATABRICKS_")) and not name.lower().endswith("_proxy")
    }
    nowhere = {
        "AWS_CONFIG_FILE": "/nonexistent/config",
        "DATABRICKS_CONFIG_FILE": "/nonexistent/databrickscfg",
    }
    done = subprocess.run(
        [sys.executable, "-W", "error", str(path)],
        env={**clean, **nowhere, **env},
        cwd=cwd,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def asked_for(calls: list[dict[str, Any]], operation: str) -> list[dict[str, Any]]:
    return [one for one in calls if one["operation"] == operation]


@pytest.mark.parametrize(("effect", "tries"), [(None, 1), ("throttle", 2), ("unavailable", 2)])
def test_a_throttled_call_is_answered_in_the_end(
    account: Sandbox, tmp_path: Path, effect: str | None, tries: int
) -> None:
    account.post("reset")
    account.endpoint("fraud")
    if effect:
        account.fault(effect, "InvokeEndpoint", rule={"times": 1})
    env = {**KEYS, "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": account.url}
    assert json.loads(ran(shown("fixed", "fraud"), tmp_path, env))
    assert len(asked_for(account.get("calls"), "InvokeEndpoint")) == tries


def test_a_model_of_a_fleet_is_waited_for_until_it_is_loaded(
    account: Sandbox, tmp_path: Path
) -> None:
    account.post("reset")
    account.sagemaker.create_model(
        ModelName="m",
        ExecutionRoleArn=ROLE,
        PrimaryContainer={"Image": IMAGE, "Mode": "MultiModel", "ModelDataUrl": "s3://b/models/"},
    )
    account.endpoint("fraud")
    account.fault("model-loading", "InvokeEndpoint", rule={"times": 1})
    env = {**KEYS, "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": account.url, "MODEL": "m-2"}
    assert json.loads(ran(shown("fleet", "fraud"), tmp_path, env))
    found = asked_for(account.get("calls"), "InvokeEndpoint")
    assert [one["parameters"]["TargetModel"] for one in found] == ["m-2/model.tar.gz"] * 2


def shop(*, routed: bool = False) -> Asked:
    options = (("route_optimized", str(routed).lower()), ("scale_to_zero", "false"))
    made = databricks_values.decision(options=options)
    wanted = databricks_values.workload()
    return asked(databricks_values.rendered(made, wanted), made, wanted)


@pytest.mark.parametrize(("effect", "tries"), [(None, 1), ("throttle", 2)])
def test_databricks_is_asked_again_after_what_it_says(
    workspace: Workspace, tmp_path: Path, effect: str | None, tries: int
) -> None:
    workspace.post("reset")
    workspace.ready("shop")
    if effect:
        workspace.fault(effect, "Query", rule={"times": 1})
    env = {"DATABRICKS_HOST": workspace.url, "DATABRICKS_TOKEN": "sandbox"}
    assert json.loads(ran(shop(), tmp_path, env))["predictions"] == [0]
    assert len(asked_for(workspace.get("calls"), "Query")) == tries


def test_a_route_optimized_endpoint_is_called_with_a_token_of_its_own(
    workspace: Workspace, tmp_path: Path
) -> None:
    workspace.post("reset")
    workspace.ready("shop", route_optimized=True, config={"served_entities": [entity()]})
    one = shop(routed=True)
    env = {"DATABRICKS_HOST": workspace.url, **OAUTH}
    assert json.loads(ran(one, tmp_path, env))["predictions"] == [0]
    assert len(asked_for(workspace.get("calls"), "QueryOptimized")) == 1


def settings(one: Asked, **env: str) -> dict[str, Any]:
    """What the file sets, without a call."""
    exporting = {"sagemaker": sagemaker, "databricks": databricks}[one.state.provider].exporting()
    (file,) = exporting.files()["client"]([one])
    found: dict[str, Any] = {"__name__": "client"}
    exec(compile(file.content, file.name, "exec"), found)
    return found


def test_the_pools_of_the_sdks_are_as_large_as_planned(
    monkeypatch: pytest.MonkeyPatch, workspace: Workspace
) -> None:
    for name, text in {**KEYS, "DATABRICKS_HOST": workspace.url, "CLIENTS": "5"}.items():
        monkeypatch.setenv(name, text)
    monkeypatch.setenv("DATABRICKS_TOKEN", "sandbox")
    monkeypatch.setenv("DATABRICKS_CONFIG_FILE", "/nonexistent/databrickscfg")
    # 1,000/s of 50 ms are 50 at once, and three deviations of it more.
    busy = replace(shop(), decision=replace(shop().decision, peak_per_s=1000.0))
    found = settings(busy)
    assert found["CONNECTIONS"] == 72
    session = found["workspace"].api_client._api_client._session
    adapter = session.get_adapter("https://w.cloud.databricks.com")
    assert adapter.poolmanager.connection_pool_kw["maxsize"] == 15
    fraud = shown("fixed", "fraud")
    steady = settings(replace(fraud, decision=replace(fraud.decision, peak_per_s=0.0)))
    config = steady["runtime"].meta.config
    assert steady["CONNECTIONS"] == fraud.decision.concurrency.max
    assert config.max_pool_connections == -(-fraud.decision.concurrency.max // 5)
    assert config.retries["mode"] == "standard"
    assert settings(shown("scaled", "fraud"))["RETRY_MODE"] == "adaptive"


def promised(kind: str, seconds: float, *, cold: bool = False) -> int:
    target = LatencyTarget(label="p99", quantile=0.99, seconds=seconds)
    slo = Slo(latency=(target,), cold_start=ColdStart(allowed=cold))
    return int(settings(shown(kind, "fraud", slo=slo))["READ_TIMEOUT_S"])


def test_an_answer_is_waited_for_by_its_objective(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in KEYS.items():
        monkeypatch.setenv(name, text)
    assert [promised("fixed", one) for one in (0.1, 4.0, 30.0, 50.0)] == [1, 8, 60, 70]
    assert promised("serverless", 0.5, cold=True) == 70


def test_python_takes_the_client_of_every_example() -> None:
    for name, file in everywhere("client").items():
        compile(str(file.content), name, "exec")
