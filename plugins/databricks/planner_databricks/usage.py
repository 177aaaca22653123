"""Requests of an endpoint, summed up by the warehouse where they are logged.

Tables and columns: docs.databricks.com ai-gateway/configure-ai-gateway-endpoints (usage tracking:
system.serving.endpoint_usage, system.serving.served_entities) and ai-gateway/inference-tables.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from planner.errors import ProviderError, UsageError
from planner.model.recall import Recall, Recalled
from planner_databricks.reading import MISSING, Ask, RefusedError, path_of
from planner_databricks.sql import Row, rows

USAGE = "system.serving.endpoint_usage"
ENTITIES = "system.serving.served_entities"
_NAME = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+){2}\Z")
_SECONDS = 60

# By its id: the tables hold all workspaces of a region, and a name is in several of them.
_OF_USAGE = f"""\
SELECT unix_timestamp(request_time) AS at_second, 1.0 AS weight
FROM {USAGE}
WHERE served_entity_id IN (SELECT served_entity_id FROM {ENTITIES} WHERE endpoint_id = :endpoint)
  AND request_time >= CAST(:since AS TIMESTAMP) AND request_time < CAST(:until AS TIMESTAMP)"""  # noqa: S608
# A table of payloads has a share of the requests where it is told to: each stands for several.
_OF_PAYLOADS = """\
SELECT unix_timestamp(request_time) AS at_second, 1.0 / coalesce(sampling_fraction, 1.0) AS weight
FROM {table}
WHERE request_time >= CAST(:since AS TIMESTAMP) AND request_time < CAST(:until AS TIMESTAMP)"""
_BY_MINUTE = """\
SELECT at_second - at_second % 60 AS at_minute, sum(requests) AS requests,
  sum(requests * requests) AS squares, max(heaviest) AS heaviest
FROM (
  SELECT at_second, sum(weight) AS requests, max(weight) AS heaviest
  FROM ({requests}) AS logged GROUP BY at_second
) AS by_second
GROUP BY at_second - at_second % 60
ORDER BY at_minute"""


def statement(table: str) -> str:
    """The statement that sums up a table of payloads, or the usage of all endpoints for ""."""
    requests = _OF_USAGE
    if table:
        quoted = ".".join(f"`{part}`" for part in table.split("."))
        requests = _OF_PAYLOADS.format(table=quoted)
    return _BY_MINUTE.format(requests=requests)


def usage(ask: Ask, warehouse: str, recall: Recall) -> Recalled:
    """Requests by the minute, with how irregular they come by the second."""
    if recall.table and not _NAME.match(recall.table):
        raise UsageError(
            "invalid-table",
            f"{recall.table} is no name of a table",
            hint="--table main.default.my_endpoint_payload",
        )
    parameters = {"since": _moment(recall.since_s), "until": _moment(recall.until_s)}
    if not recall.table:
        parameters["endpoint"] = _id(ask, recall.endpoint)
    found = [
        (float(minute or 0), float(requests or 0), float(squares or 0), float(heaviest or 0))
        for minute, requests, squares, heaviest in map(
            _four, rows(ask, warehouse, statement(recall.table), parameters)
        )
    ]
    source = recall.table or USAGE
    if not found:
        raise ProviderError(
            "trace-empty",
            f"{source} has no requests of {recall.endpoint} in this time; usage is tracked and "
            "payloads are logged only where the endpoint's AI gateway is told to",
            hint="planner trace import NAME --since 60d, or --table CATALOG.SCHEMA.NAME_payload",
        )
    sampled = any(heaviest > 1.0 for *_, heaviest in found)
    said = "requests are a sample, counted up: nothing is known below a minute"
    return Recalled(
        source=source,
        period_s=60.0,
        counts=tuple((minute, requests) for minute, requests, *_ in found),
        dispersion=None if sampled else _dispersion(found),
        seconds=_SECONDS * len(found),
        notes=(said,) if sampled else (),
    )


def _id(ask: Ask, name: str) -> str:
    try:
        return str(ask("GET", path_of(name))["id"])
    except RefusedError as error:
        if error.cloud_code != MISSING:
            raise
        raise ProviderError(
            "unknown-endpoint",
            f"the workspace has no endpoint {name}",
            hint="databricks serving-endpoints list",
        ) from error


def _four(row: Row) -> Row:
    if len(row) != 4:
        raise ProviderError("half-answer", f"a row of {len(row)} values came, not of four")
    return row


def _dispersion(found: Sequence[tuple[float, float, float, float]]) -> float | None:
    """Variance over mean of the requests of a second within its minute, over all minutes."""
    whole = found[1:-1]  # of the ends a part may be outside
    mean = sum(requests for _, requests, *_ in whole) / _SECONDS
    if mean <= 0.0:
        return None
    spread = sum(
        (squares - requests * requests / _SECONDS) / (_SECONDS - 1)
        for _, requests, squares, _ in whole
    )
    return spread / mean


def _moment(second: float) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
