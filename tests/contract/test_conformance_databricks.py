"""Databricks keeps what is asked of providers: over HTTP, with databricks-sdk, on its sandbox."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from planner_databricks.gateway import DatabricksGateway
from planner_databricks.live import DatabricksLive
from planner_databricks.sandbox.serve import running
from planner_databricks.sandbox.workspace import Pace

from planner.engine import Link
from planner.model.change import Action, Change
from planner.model.resource import DesiredState
from planner.model.warm_up import Sample
from planner.provider.lifecycle import read_lifecycle
from planner.provider.testing import Conformance, Fault, Meddling, States
from tests.support.databricks_values import decision, rendered, workload
from tests.support.workspace import ENDPOINTS, Workspace

NAME = "shop"
AT_ONCE = Pace(create_s=0, update_s=0, load_s=0.02)
FOREVER_S = 10**6
LIFECYCLE = read_lifecycle("planner_databricks")
UPDATE = "UpdateConfig"
EFFECTS = {
    Fault.REFUSED: "denied",
    Fault.LOST_ANSWER: "lost-answer",
    Fault.ROLLBACK: "update-failed",
    Fault.FAILURE: "update-failed",
}
PARTS = {
    "tags": ["PatchTags"],
    # A table gets another name only after it was switched off.
    "ai_gateway": ["PutAiGateway", "PutAiGateway"],
    "email_notifications": ["UpdateNotifications"],
    "config": [UPDATE],
}
TABLE = {"catalog": "main", "schema": "logs", "prefix": "shop"}
OF_ITS_OWN = {
    *("id", "creation_timestamp", "last_updated_timestamp", "config_version", "pending_config"),
    *("config_update", "endpoint_url", "data_plane_info"),
}
"""What differs between two runs that come to the same; a failed update counts as a version."""


def _asked(**block: Any) -> DesiredState:
    given = {"inference_table": TABLE, "tags": {"team": "search"}, "entity_version": "3", **block}
    optimized = str(given.pop("optimized", False)).lower()
    options = (("route_optimized", optimized), ("scale_to_zero", "false"))
    return rendered(decision(options=options), None, **given)


def _beside(name: str) -> tuple[str, DesiredState]:
    return name, rendered(decision(endpoint=name), workload(name=name))


STATES = States(
    owner=NAME,
    first=_asked(),
    second=_asked(entity_version="4"),
    third=_asked(entity_version="5"),
    in_place=_asked(
        inference_table={**TABLE, "prefix": "other"},
        tags={"team": "ranking"},
        email_notifications={"on_update_failure": ["ops@example.com"]},
    ),
    replaced=_asked(optimized=True),
    fleet=tuple(_beside(f"other-{number}") for number in range(12)),
)


class DatabricksWorld:
    """A workspace in the sandbox, and the hands of others."""

    def __init__(self, workspace: Workspace) -> None:
        self.states = STATES
        self.sample = Sample.of(b'{"inputs": [1]}', "application/json")
        self._workspace = workspace
        self._faults: list[dict[str, Any]] = []
        self._failed_at = 0
        self.reset()
        served = f"config.served_entities[{self._entity['name']}]"
        self.meddlings = (
            self._config("another version", f"{served}.entity_version", entity_version="9"),
            self._config("more by hand", f"{served}.max_provisioned_concurrency", 64),
            Meddling(
                name="a tag of ours",
                make=lambda: self._tag(team="ops"),
                field=(f"endpoint/{NAME}", "tags[team]"),
            ),
            Meddling(name="a tag of others", make=lambda: self._tag(audited="yes")),
            Meddling(name="a rate limit", make=self._limited),
        )

    @property
    def _entity(self) -> dict[str, Any]:
        (only,) = STATES.first.resources[0].body["config"]["served_entities"]
        found: dict[str, Any] = only
        return found

    def link(self) -> Link:
        return Link(
            provider="databricks",
            gateway=DatabricksGateway(None, self._workspace.url),
            lifecycle=LIFECYCLE,
            rules=DatabricksLive(),
        )

    def reset(self) -> None:
        self._workspace.post("reset")
        self._faults.clear()
        self._workspace.post("pace", {"create_s": 0, "update_s": 0, "load_s": 0.02})
        self._workspace.post("quotas", {"writes": 10**6})

    def writes(self) -> Sequence[str]:
        return [
            f"{one['operation']} {one['parameters']['name']}"
            for one in self._workspace.get("calls", mutating="true")
            if one["agent"].startswith("endpoint-planner/")
        ]

    def calls_of(self, change: Change) -> Sequence[str]:
        name = change.address.partition("/")[2]
        return [f"{call} {name}" for call in _calls(change)]

    def inventory(self) -> Mapping[str, Any]:
        rows = self._workspace.ask("GET", ENDPOINTS).json()["endpoints"]
        return {row["name"]: _lasting(self._workspace.shown(row["name"])) for row in rows}

    def fail(self, fault: Fault, call: str, nth: int = 1) -> None:
        operation, _, name = call.partition(" ")
        if fault is Fault.ROLLBACK:
            operation = UPDATE  # of the requests of an update the one that deploys something
        match = {"operation": operation, "name": name, "call": nth}
        at = len(self.writes())
        # All rules count anew when one is added: those that may have struck are left out.
        before = self._faults if at == self._failed_at else []
        rule = {"match": match, "effect": EFFECTS[fault], "times": 1}
        self._faults, self._failed_at = [*before, rule], at
        self._workspace.post("faults", self._faults)

    def slow(self) -> None:
        self._workspace.post("pace", {"create_s": FOREVER_S, "update_s": FOREVER_S})

    def mute(self) -> None:
        rule = {"match": {"operation": "Query*"}, "effect": "server-error"}
        self._workspace.post("faults", [rule])

    def calm(self) -> None:
        self._faults.clear()
        self._workspace.post("faults", [])
        self._workspace.advance(FOREVER_S)
        self._workspace.post("pace", {"create_s": 0, "update_s": 0, "load_s": 0.02})

    def retag(self, owner: str | None, *, copied_from: str | None = None) -> None:
        if owner is None:
            self._patch({"delete_tags": ["planner_owner", "planner_self"]})
        else:
            self._tag(planner_owner=owner, planner_self=copied_from or NAME)

    def protect(self) -> None:
        self._tag(**{"planner:protect": "true"})

    def borrow(self) -> str:
        return ""

    def _tag(self, **tags: str) -> None:
        self._patch({"add_tags": [{"key": key, "value": text} for key, text in tags.items()]})

    def _patch(self, body: dict[str, Any]) -> None:
        answer = self._workspace.ask("PATCH", f"{ENDPOINTS}/{NAME}/tags", body)
        assert answer.ok, answer.text

    def _limited(self) -> None:
        gateway = self._workspace.shown(NAME)["ai_gateway"]
        limits = [{"renewal_period": "minute", "calls": 5}]
        body = {**gateway, "rate_limits": limits}
        assert self._workspace.ask("PUT", f"{ENDPOINTS}/{NAME}/ai-gateway", body).ok

    def _config(self, name: str, path: str, most: int = 16, **fields: Any) -> Meddling:
        entity = {**self._entity, "max_provisioned_concurrency": most, **fields}

        def make() -> None:
            answer = self._workspace.update(entity, name=NAME)
            assert answer.ok, answer.text

        return Meddling(name=name, make=make, field=(f"endpoint/{NAME}", path))


def _calls(change: Change) -> Iterator[str]:
    """The requests of a change, as the SDK's documents say which field goes where."""
    if change.action in {Action.DELETE, Action.REPLACE}:
        yield "DeleteEndpoint"
    if change.action in {Action.CREATE, Action.REPLACE}:
        yield "CreateEndpoint"
    if change.action is not Action.UPDATE:
        return
    acting = [one.path for one in change.fields if one.action is not Action.NONE]
    for part, calls in PARTS.items():
        if any(path.startswith(part) for path in acting):
            yield from calls


def _lasting(shown: Any) -> Any:
    if isinstance(shown, dict):
        return {name: _lasting(one) for name, one in shown.items() if name not in OF_ITS_OWN}
    if isinstance(shown, list):
        return [_lasting(one) for one in shown]
    return shown


@pytest.fixture(scope="module")
def workspace() -> Iterator[Workspace]:
    with running(":memory:", pace=AT_ONCE) as url:
        yield Workspace(url=url)


class TestDatabricks(Conformance):
    @pytest.fixture
    def world(self, workspace: Workspace) -> DatabricksWorld:
        return DatabricksWorld(workspace)
