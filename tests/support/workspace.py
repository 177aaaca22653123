"""Clients of a running Databricks sandbox: databricks-sdk, raw HTTP, and the control paths."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pytest
import requests
from databricks.sdk import WorkspaceClient
from databricks.sdk.core import Config
from databricks.sdk.errors import DatabricksError

TOKEN = {"Authorization": "Bearer sandbox"}
ENDPOINTS = "/api/2.0/serving-endpoints"


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """A running sandbox."""

    url: str

    @cached_property
    def sdk(self) -> WorkspaceClient:
        return self.client()

    @cached_property
    def http(self) -> requests.Session:
        session = requests.Session()
        session.headers.update(TOKEN)
        return session

    def client(self, **settings: Any) -> WorkspaceClient:
        """A client that knows no profile of the machine and hardly ever tries again."""
        given: dict[str, Any] = {"retry_timeout_seconds": 1, **settings}
        return WorkspaceClient(config=Config(host=self.url, token="sandbox", **given))

    def ask(self, method: str, path: str, body: Any = None, **query: Any) -> requests.Response:
        """One request as it stands, without the SDK's reading."""
        url = self.url + path
        return self.http.request(method, url, json=body, params=query, timeout=10)

    def get(self, path: str, **query: Any) -> Any:
        return requests.get(f"{self.url}/_sandbox/{path}", params=query, timeout=10).json()

    def post(self, path: str, document: Any = None) -> Any:
        data = document if isinstance(document, bytes) else json.dumps(document).encode()
        answer = requests.post(f"{self.url}/_sandbox/{path}", data=data, timeout=10)
        return {"status": answer.status_code, "answer": answer.json()}

    def advance(self, seconds: float) -> None:
        self.post("clock", {"advance": seconds})

    def fault(self, effect: str, operation: str = "*", **more: Any) -> None:
        """Put one rule in force: members of `match` by keyword, those of the rule in `rule`."""
        rule = more.pop("rule", {})
        self.post("faults", [{"match": {"operation": operation, **more}, "effect": effect, **rule}])

    def create(self, name: str = "e", **body: Any) -> requests.Response:
        """Ask for an endpoint that serves one small entity, unless the body says otherwise."""
        given = {"name": name, "config": {"served_entities": [entity()]}, **body}
        return self.ask("POST", ENDPOINTS, given)

    def update(self, *entities: dict[str, Any], name: str = "e", **config: Any) -> Any:
        given = {"served_entities": [*entities], **config}
        return self.ask("PUT", f"{ENDPOINTS}/{name}/config", given)

    def ready(self, name: str = "e", **body: Any) -> dict[str, Any]:
        """An endpoint that serves."""
        answer = self.create(name, **body)
        assert answer.ok, answer.text
        self.advance(60)
        return self.shown(name)

    def shown(self, name: str = "e") -> dict[str, Any]:
        answer = self.ask("GET", f"{ENDPOINTS}/{name}")
        assert answer.ok, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def served(self, name: str = "e") -> dict[str, Any]:
        """The only entity that serves."""
        (found,) = self.shown(name)["config"]["served_entities"]
        served: dict[str, Any] = found
        return served


def entity(**changed: Any) -> dict[str, Any]:
    """A served entity with what the workspace demands; None takes a field away."""
    given = {
        "entity_name": "main.search.ranker",
        "entity_version": "1",
        "workload_size": "Small",
        "scale_to_zero_enabled": False,
        **changed,
    }
    return {name: one for name, one in given.items() if one is not None}


def routes(**shares: int) -> dict[str, Any]:
    """A split between entities."""
    return {
        "routes": [
            {"served_entity_name": name, "traffic_percentage": share}
            for name, share in shares.items()
        ]
    }


def refused(answer: requests.Response) -> tuple[int, str, str]:
    """Status, code and message of a refusal."""
    body = answer.json()
    return answer.status_code, body["error_code"], body["message"]


def sdk_refusal(kind: type[DatabricksError], call: Any, *given: Any, **named: Any) -> str:
    """The message with which the SDK's call fails as that kind."""
    with pytest.raises(kind) as error:
        call(*given, **named)
    return str(error.value)
