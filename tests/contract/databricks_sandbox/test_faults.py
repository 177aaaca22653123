"""Faults by rule, quotas and the limit of writes: what a client sees, and what was done."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import requests
from databricks.sdk.errors import (
    InternalError,
    PermissionDenied,
    TemporarilyUnavailable,
    TooManyRequests,
)
from planner_databricks.sandbox.serve import running
from planner_databricks.sandbox.workspace import Pace

from planner.errors import ProviderError
from tests.support.workspace import ENDPOINTS, Workspace, entity, refused


def _exists(workspace: Workspace) -> bool:
    return workspace.ask("GET", f"{ENDPOINTS}/e").ok


@pytest.mark.parametrize(
    ("effect", "status", "code"),
    [
        ("throttle", 429, "REQUEST_LIMIT_EXCEEDED"),
        ("server-error", 500, "INTERNAL_ERROR"),
        ("unavailable", 503, "TEMPORARILY_UNAVAILABLE"),
        ("denied", 403, "PERMISSION_DENIED"),
        ("expired", 403, "403"),
    ],
)
def test_a_refused_request_does_nothing(
    workspace: Workspace, effect: str, status: int, code: str
) -> None:
    workspace.fault(effect, "CreateEndpoint")
    assert refused(workspace.create())[:2] == (status, code)
    assert not _exists(workspace)


@pytest.mark.parametrize(
    ("effect", "kind"),
    [("server-error", InternalError), ("denied", PermissionDenied), ("expired", PermissionDenied)],
)
def test_the_sdk_raises_what_it_raises_for_the_real_one(
    workspace: Workspace, effect: str, kind: type[Exception]
) -> None:
    workspace.fault(effect, "GetEndpoint", rule={"message": "because"})
    with pytest.raises(kind, match="because"):
        workspace.sdk.serving_endpoints.get("e")


@pytest.mark.parametrize(
    ("effect", "cause"), [("throttle", TooManyRequests), ("unavailable", TemporarilyUnavailable)]
)
def test_what_the_sdk_tries_again_ends_as_a_bare_time_out(
    workspace: Workspace, effect: str, cause: type[Exception]
) -> None:
    workspace.fault(effect, "ListEndpoints", rule={"times": 1})
    assert list(workspace.client(retry_timeout_seconds=5).serving_endpoints.list()) == []
    workspace.fault(effect, "ListEndpoints")
    with pytest.raises(TimeoutError) as late:
        list(workspace.sdk.serving_endpoints.list())
    assert isinstance(late.value.__cause__, cause)


@pytest.mark.parametrize(("effect", "done"), [("lost-answer", True), ("lost-request", False)])
def test_a_connection_is_cut(workspace: Workspace, effect: str, done: bool) -> None:
    workspace.fault(effect, "CreateEndpoint", rule={"times": 1})
    with pytest.raises(requests.ConnectionError):
        workspace.create()
    assert _exists(workspace) is done


def test_an_answer_comes_too_late_for_something_that_was_done(workspace: Workspace) -> None:
    workspace.fault("timeout", "CreateEndpoint", rule={"seconds": 1})
    body = {"name": "e", "config": {"served_entities": [entity()]}}
    with pytest.raises(requests.ReadTimeout):
        workspace.http.post(workspace.url + ENDPOINTS, json=body, timeout=0.2)
    assert _exists(workspace)


def test_a_delay_holds_up_nobody_else(workspace: Workspace) -> None:
    workspace.fault("delay", "GetMe", rule={"seconds": 0.3})
    begun = time.monotonic()
    workspace.ask("GET", ENDPOINTS)
    between = time.monotonic()
    workspace.ask("GET", "/api/2.0/preview/scim/v2/Me")
    assert between - begun < 0.3 <= time.monotonic() - between


def test_a_rule_may_wait_for_a_name_and_a_call(workspace: Workspace) -> None:
    workspace.fault("denied", "GetEndpoint", name="f*", call=2)
    workspace.create("fraud")
    workspace.create("other")
    answers = [workspace.ask("GET", f"{ENDPOINTS}/{name}") for name in ("fraud", "other", "fraud")]
    assert [answer.status_code for answer in answers] == [200, 200, 403]


def test_a_rule_may_name_a_model(workspace: Workspace) -> None:
    workspace.fault("denied", "GetModelVersion", name="main.*.ranker")
    paths = [f"/api/2.1/unity-catalog/models/main.a.{name}/versions/1" for name in ("ranker", "x")]
    assert [workspace.ask("GET", path).status_code for path in paths] == [403, 200]


def test_fifty_writes_in_five_minutes() -> None:
    pace = Pace(create_s=1, update_s=1, window_s=300)
    with running(":memory:", frozen=True, pace=pace) as url:
        workspace = Workspace(url=url)
        for at in range(49):
            assert workspace.create(f"e{at}").ok
        workspace.advance(100)
        # One that is refused for another reason counts too.
        assert workspace.create("e0").status_code == 409
        answer = workspace.update(entity(entity_version="2"), name="e0")
        assert refused(answer)[:2] == (429, "REQUEST_LIMIT_EXCEEDED")
        assert answer.headers["Retry-After"] == "200"
        assert workspace.ask("PATCH", f"{ENDPOINTS}/e0/tags", {}).status_code == 429
        # Reading and deleting do not.
        assert workspace.shown("e0")["name"] == "e0"
        assert workspace.ask("DELETE", f"{ENDPOINTS}/e1").ok
        workspace.advance(200)
        assert workspace.update(entity(entity_version="2"), name="e0").ok


def test_quotas_count_what_all_endpoints_take(workspace: Workspace) -> None:
    workspace.post("quotas", {"provisioned_concurrency": 20, "endpoints": 2})
    workspace.ready("a")
    large = {"served_entities": [entity(workload_size="Medium")]}
    workspace.ready("b", config=large)
    answer = workspace.create("c")
    assert refused(answer)[:2] == (400, "RESOURCE_LIMIT_EXCEEDED")
    assert "quota of 2 endpoints would be exceeded: 2 in use and 1 requested" in refused(answer)[2]
    answer = workspace.update(entity(workload_size="Large"), name="a")
    assert "quota of 20 provisioned concurrency" in refused(answer)[2]
    assert "16 in use and 64 requested" in refused(answer)[2]
    assert workspace.shown("a")["state"]["config_update"] == "NOT_UPDATING"
    assert workspace.ask("DELETE", f"{ENDPOINTS}/b").ok
    workspace.post("quotas", {"provisioned_concurrency": 64})
    assert workspace.update(entity(workload_size="Large"), name="a").ok
    assert workspace.post("quotas", {"instances": 1})["status"] == 400
    assert workspace.post("quotas", {"endpoints": "many"})["status"] == 400


def test_a_quota_is_used_up_by_rule(workspace: Workspace) -> None:
    workspace.fault("quota", "CreateEndpoint")
    assert refused(workspace.create())[1] == "RESOURCE_LIMIT_EXCEEDED"


def test_a_file_of_rules(tmp_path: Path) -> None:
    rules = tmp_path / "faults.yaml"
    rules.write_text("- {match: {operation: ListEndpoints}, effect: denied}", encoding="utf-8")
    with running(":memory:", faults=str(rules)) as url:
        assert Workspace(url=url).ask("GET", ENDPOINTS).status_code == 403
    rules.write_text("- {effect: rollback}", encoding="utf-8")
    with pytest.raises(ProviderError, match="rollback is no effect; there are delay, denied"):
        running(":memory:", faults=str(rules)).__enter__()


def test_rules_that_are_none_leave_the_others_in_force(workspace: Workspace) -> None:
    workspace.fault("stuck")
    assert workspace.post("faults", b"[1")["status"] == 400
    assert workspace.post("faults", [{"effect": "hiccup"}])["status"] == 400
    assert [rule["effect"] for rule in workspace.get("faults")] == ["stuck"]
