"""A client in Python for each endpoint: databricks-sdk, set to what is planned."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from importlib.resources import files

from planner.model.client import Client, client_file, connections, longest_answer
from planner.model.export import Asked, ExportedFile
from planner_databricks.exports.calling import routed

_LIMIT_S = 300
_SOURCE = "a model may take 297 s (limits of model serving)"
_BACK_OFF_S = 5
"""The SDK waits 1 s and then 2 s, each with up to one more by chance (databricks.sdk.retries)."""


def clients(asked: Sequence[Asked]) -> tuple[ExportedFile, ...]:
    """One file for each endpoint; it runs as it stands and sends one request."""
    return tuple(client_file(one, _client(one)) for one in asked)


def _client(asked: Asked) -> Client:
    return Client(
        package="databricks-sdk",
        template=_template(),
        settings=tuple(_settings(asked)),
        notes=tuple(_notes(asked)),
    )


def _settings(asked: Asked) -> Iterator[str]:
    pool = connections(asked)
    cold = asked.decision.option("scale_to_zero") == "true"
    answer = longest_answer(asked, limit_s=_LIMIT_S, cold=cold, source=_SOURCE)
    yield f"ENDPOINT = {json.dumps(asked.state.endpoint)}"
    yield f"# {pool.why}."
    yield "# What is above the pool is opened anew for each request."
    yield f"CONNECTIONS = {pool.number}"
    yield f"# {answer.why}."
    yield f"READ_TIMEOUT_S = {answer.number}"
    yield (
        f"# Three tries: two that are given up after {answer.number} s each, and {_BACK_OFF_S} s "
        "of back-off."
    )
    yield f"RETRY_S = {2 * answer.number + _BACK_OFF_S}"
    yield "# A route-optimized endpoint answers at an address of its own, for a token of its own."
    yield f"ROUTE_OPTIMIZED = {routed(asked)}"


def _notes(asked: Asked) -> Iterator[str]:
    name = asked.state.endpoint
    if routed(asked):
        # docs.databricks.com machine-learning/model-serving/query-route-optimization
        yield f"{name}: takes OAuth alone: databricks auth login, or a service principal"
    if any(one.llm is not None and one.llm.streaming for one in asked.workload.models):
        yield f"{name}: the client takes answers whole, and no tokens as they come"


def _template() -> str:
    place = files("planner_databricks.exports") / "templates" / "client.txt"
    return place.read_text(encoding="utf-8")
