"""The tables that requests are logged to, for SQL: usage of endpoints, and tables of payloads.

They hold the traffic that endpoints were driven with, a row for each request, where the AI gateway
of the endpoint is told to keep it. SQLite carries out what is asked of them, so that there is as
much of SQL as it shares with Databricks.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from hashlib import sha256
from random import Random
from typing import Any

from planner.model.minute import minute_of
from planner.provider.sandbox.store import Document
from planner_databricks.sandbox.driving import KIND as TRAFFIC
from planner_databricks.sandbox.transitions import KIND as ENDPOINT
from planner_databricks.sandbox.workspace import REGION, WORKSPACE_ID, Workspace, key

USAGE = "system.serving.endpoint_usage"
ENTITIES = "system.serving.served_entities"
MOST_ROWS = 3_000_000
_TABLE = re.compile(r"\b(?:FROM|JOIN)\s+((?:`?[\w-]+`?\.){2}`?[\w-]+`?)", re.IGNORECASE)
_CAST = re.compile(r"CAST\((:\w+) AS TIMESTAMP\)", re.IGNORECASE)
_COLUMNS = {
    USAGE: ("request_time", "served_entity_id", "status_code", "workspace_id"),
    ENTITIES: ("served_entity_id", "endpoint_id", "endpoint_name", "workspace_id"),
}
_PAYLOADS = ("request_time", "status_code", "sampling_fraction", "served_entity_id")

Row = tuple[Any, ...]


class TableError(Exception):
    """A statement that cannot be carried out, in the words of the warehouse."""


def tables_in(statement: str) -> list[str]:
    """Names of the tables that a statement reads, without quotes."""
    return list(dict.fromkeys(name.replace("`", "") for name in _TABLE.findall(statement)))


def knows(workspace: Workspace, statement: str) -> bool:
    """Whether every table that the statement reads is one of these."""
    names = tables_in(statement)
    return bool(names) and all(name in _COLUMNS or _logged(workspace, name) for name in names)


def answer(
    workspace: Workspace, statement: str, parameters: Mapping[str, str]
) -> tuple[list[str], list[list[str | None]]]:
    """Columns and rows of a statement, every value as text; raises TableError."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.create_function("unix_timestamp", 1, int, deterministic=True)
        connection.create_function("as_moment", 1, _moment, deterministic=True)
        for name in tables_in(statement):
            _fill(connection, workspace, name)
        shown = _TABLE.sub(lambda found: found[0].replace(found[1], _quoted(found[1])), statement)
        try:
            cursor = connection.execute(_CAST.sub(r"as_moment(\1)", shown), dict(parameters))
            rows = [[None if one is None else str(one) for one in row] for row in cursor]
        except sqlite3.Error as error:
            raise TableError(f"[PARSE_SYNTAX_ERROR] {error}") from error
        return [one[0] for one in cursor.description], rows


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _quoted(name: str) -> str:
    return '"{}"'.format(name.replace("`", ""))


def _fill(connection: sqlite3.Connection, workspace: Workspace, name: str) -> None:
    columns = _COLUMNS.get(name, _PAYLOADS)
    connection.execute(f"CREATE TABLE {_quoted(name)} ({', '.join(columns)})")
    marks = ", ".join("?" * len(columns))
    rows = _entities(workspace) if name == ENTITIES else _requests(workspace, name)
    connection.executemany(f"INSERT INTO {_quoted(name)} VALUES ({marks})", rows)  # noqa: S608


def _endpoints(workspace: Workspace) -> Iterator[Document]:
    for endpoint in workspace.store.every(REGION, ENDPOINT):
        if endpoint["config"] is not None:
            yield endpoint


def _entities(workspace: Workspace) -> Iterator[Row]:
    for endpoint in _endpoints(workspace):
        for entity in endpoint["config"]["entities"]:
            yield _entity(endpoint, entity), endpoint["id"], endpoint["name"], WORKSPACE_ID


def _entity(endpoint: Document, entity: Mapping[str, Any]) -> str:
    return sha256(f"{endpoint['id']} {entity['name']}".encode()).hexdigest()[:32]


def _requests(workspace: Workspace, table: str) -> Iterator[Row]:
    number = 0
    now = workspace.clock.now()
    for endpoint in _logging(workspace, table):
        share = _payloads(endpoint).get(table, 1.0)
        entity = _entity(endpoint, endpoint["config"]["entities"][0])
        for at_s in _moments(workspace, endpoint["name"], share):
            number += 1
            if number > MOST_ROWS:
                raise TableError(f"[RESOURCE_EXHAUSTED] more than {MOST_ROWS:,} requests")
            if at_s <= now:
                yield (
                    (at_s, entity, 200, WORKSPACE_ID)
                    if table == USAGE
                    else (at_s, 200, share, entity)
                )


def _logging(workspace: Workspace, table: str) -> Sequence[Document]:
    """Endpoints whose requests are logged to a table."""
    if table != USAGE:
        return _logged(workspace, table)
    return [
        one
        for one in _endpoints(workspace)
        if ((one["ai_gateway"] or {}).get("usage_tracking_config") or {}).get("enabled")
    ]


def _logged(workspace: Workspace, table: str) -> list[Document]:
    return [one for one in _endpoints(workspace) if table in _payloads(one)]


def _payloads(endpoint: Document) -> dict[str, float]:
    """Tables of an endpoint's payloads, and the share of the requests that each has."""
    found = {}
    table = (endpoint["ai_gateway"] or {}).get("inference_table_config") or {}
    if table.get("enabled"):
        prefix = table.get("table_name_prefix") or endpoint["name"]
        found[f"{table['catalog_name']}.{table['schema_name']}.{prefix}_payload"] = 1.0
    sampled = (endpoint["telemetry"] or {}).get("inference_table_config") or {}
    if sampled.get("name"):
        found[str(sampled["name"])] = float(sampled.get("sampling_fraction", 1.0))
    return found


def _moments(workspace: Workspace, name: str, share: float) -> Iterator[float]:
    """When requests came, at random within their minute and the same at each look."""
    kept = workspace.store.get(key(TRAFFIC, name))
    for row in kept["minutes"] if kept is not None else ():
        minute = minute_of(row)
        draw = Random(f"{name} {minute.at_s}")  # noqa: S311 - a share of simulated requests
        for _ in range(round(minute.requests * share)):
            yield minute.at_s + minute.seconds * draw.random()
