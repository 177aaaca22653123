"""One query of a Databricks endpoint by the gateway, and what is told where none is answered."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest
from planner_databricks.gateway import Connection, DatabricksGateway
from planner_databricks.sandbox.serve import running
from planner_databricks.sandbox.workspace import Pace

from planner.errors import AuthError, PlannerError, ProviderError
from planner.model.change import Action
from planner.model.live import Operation
from planner.model.resource import DesiredState
from planner.model.warm_up import SAMPLE, Answer, Sample, Target
from tests.support.databricks_values import decision, model, rendered, workload
from tests.support.workspace import Workspace

LOAD_S = 0.15
ONE = Sample.of(b'{"inputs": [1]}', "application/json")
RANKER = Target(model="ranker")
OAUTH = {
    "DATABRICKS_CLIENT_ID": "of-somebody",
    "DATABRICKS_CLIENT_SECRET": "whatever",
    "DATABRICKS_AUTH_TYPE": "oauth-m2m",
}


@pytest.fixture(scope="module")
def served() -> Iterator[Workspace]:
    pace = Pace(create_s=0, update_s=0, load_s=LOAD_S)
    with pytest.MonkeyPatch.context() as patch, running(":memory:", pace=pace) as url:
        patch.setenv("DATABRICKS_CONFIG_FILE", "/nonexistent/databrickscfg")
        yield Workspace(url=url)


@pytest.fixture
def workspace(served: Workspace) -> Workspace:
    served.post("reset")
    return served


def made(workspace: Workspace, state: DesiredState) -> DatabricksGateway:
    gateway = DatabricksGateway(None, workspace.url)
    (one,) = state.resources
    gateway.write(
        Operation(
            address=one.address,
            kind=one.kind,
            name=one.name,
            action=Action.CREATE,
            body=one.body,
        )
    )
    workspace.advance(60)
    return gateway


def optimized(*models: str) -> DesiredState:
    options = (("route_optimized", "true"), ("scale_to_zero", "false"))
    asked = workload(*(model(name) for name in models))
    return rendered(decision(models=models, options=options), asked)


def queries(workspace: Workspace) -> list[dict[str, Any]]:
    return [one for one in workspace.get("calls") if one["operation"].startswith("Query")]


def test_the_first_answer_of_a_model_is_late(workspace: Workspace) -> None:
    state = rendered()
    gateway = made(workspace, state)
    first, second = (gateway.invoke(state, RANKER, ONE) for _ in range(2))
    assert (first.answer, second.answer) == (Answer.ANSWERED, Answer.ANSWERED)
    assert first.seconds > LOAD_S > second.seconds


def test_each_entity_of_an_endpoint_is_called_by_its_own_path(workspace: Workspace) -> None:
    names = ("ranker", "scorer of 2")
    state = rendered(decision(models=names), workload(*(model(name) for name in names)))
    gateway = made(workspace, state)
    for name in names:
        found = gateway.invoke(state, Target(model=name), ONE)
        assert found.answer is Answer.ANSWERED, found
        assert found.seconds > LOAD_S
    entities = [one["parameters"]["entity"] for one in queries(workspace)]
    assert entities[0] == "ranker"
    assert entities[1].startswith("scorer-of-2-")


@pytest.mark.parametrize(
    ("effect", "answer", "hint"),
    [
        ("server-error", Answer.FAILED, "databricks serving-endpoints logs shop ranker"),
        ("unavailable", Answer.LATER, ""),
        ("throttle", Answer.LATER, ""),
    ],
)
def test_whose_fault_it_is_is_told_at_once(
    workspace: Workspace, effect: str, answer: Answer, hint: str
) -> None:
    state = rendered()
    gateway = made(workspace, state)
    workspace.fault(effect, "Query")
    found = gateway.invoke(state, RANKER, ONE)
    assert (found.answer, found.hint) == (answer, hint)
    assert len(queries(workspace)) == 1  # the SDK did not try again


def test_a_sample_that_is_not_read_is_refused(workspace: Workspace) -> None:
    state = rendered()
    gateway = made(workspace, state)
    found = gateway.invoke(state, RANKER, Sample.of(b'{"rows": [1]}', "application/json"))
    assert (found.answer, found.hint) == (Answer.REFUSED, SAMPLE)
    assert "must hold dataframe_split" in found.text


def test_a_route_optimized_endpoint_gets_a_token_of_its_own(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = optimized("ranker")
    made(workspace, state)
    monkeypatch.setenv("DATABRICKS_HOST", workspace.url)
    for name, text in OAUTH.items():
        monkeypatch.setenv(name, text)
    gateway = DatabricksGateway()
    for _ in range(2):
        found = gateway.invoke(state, RANKER, ONE)
        assert found.answer is Answer.ANSWERED, found
    assert [one["operation"] for one in queries(workspace)] == ["QueryOptimized"] * 2
    grants = [
        one["parameters"]["grant_type"]
        for one in workspace.get("calls")
        if one["operation"] == "GetToken"
    ]
    assert grants == ["client_credentials", "urn:ietf:params:oauth:grant-type:jwt-bearer"]


def test_a_stand_in_is_called_with_what_there_is(workspace: Workspace) -> None:
    state = optimized("ranker")
    found = made(workspace, state).invoke(state, RANKER, ONE)
    assert found.answer is Answer.ANSWERED, found


def test_a_token_of_another_kind_is_not_sent(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = optimized("ranker")
    made(workspace, state)
    monkeypatch.setenv("DATABRICKS_HOST", workspace.url)
    monkeypatch.setenv("DATABRICKS_TOKEN", "sandbox")
    with pytest.raises(AuthError) as error:
        DatabricksGateway().invoke(state, RANKER, ONE)
    assert error.value.code == "oauth-needed"
    assert "not available for pat authentication" in error.value.message
    assert error.value.hint.startswith("databricks auth login --host")
    assert queries(workspace) == []


class Between(BaseHTTPRequestHandler):
    """Gives tokens of the workspace; at an exchange a page of its own, or none."""

    page: ClassVar[bytes] = b""

    def do_GET(self) -> None:
        root = f"http://{self.headers['Host']}/oidc"
        self._say(json.dumps({"oidc_endpoint": root, "token_endpoint": f"{root}/token"}).encode())

    def do_POST(self) -> None:
        asked = self.rfile.read(int(self.headers["Content-Length"]))
        token = {"access_token": "of-the-workspace", "token_type": "Bearer", "expires_in": 3600}
        body = self.page if b"jwt-bearer" in asked else json.dumps(token).encode()
        if body:
            self._say(body)

    def _say(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.mark.parametrize(
    ("page", "code"), [(b"<html>Sign in</html>", "oauth-needed"), (b"", "unreachable")]
)
def test_what_stands_between_and_gives_no_token_is_told(
    monkeypatch: pytest.MonkeyPatch, page: bytes, code: str
) -> None:
    monkeypatch.setenv("DATABRICKS_CONFIG_FILE", "/nonexistent/databrickscfg")
    handler = type("Page", (Between,), {"page": page})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        for name, text in {**OAUTH, "DATABRICKS_HOST": url}.items():
            monkeypatch.setenv(name, text)
        with pytest.raises(PlannerError) as error:
            Connection(None, None).timed(f"{url}/invocations", ONE, "[]")
        server.shutdown()
    assert error.value.code == code, error.value


def test_one_of_several_behind_an_own_address_cannot_be_called(workspace: Workspace) -> None:
    state = optimized("ranker", "scorer")
    gateway = made(workspace, state)
    with pytest.raises(ProviderError, match="cannot be called by itself") as error:
        gateway.invoke(state, RANKER, ONE)
    assert error.value.code == "entity-out-of-reach"
