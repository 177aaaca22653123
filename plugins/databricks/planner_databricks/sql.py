"""Statements that a SQL warehouse carries out; whoever asks waits until it has."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from planner.errors import PlannerError, ProviderError
from planner_databricks.reading import Answer, Ask

PATH = "/api/2.0/sql/statements"
Row = Sequence[str | None]
"""Every value is text, whatever its type."""

_PENDING = {"PENDING", "RUNNING"}
PATIENCE_S = 600.0
"""A warehouse that is stopped takes minutes to start."""

_PAUSE_S = 2.0


def rows(
    ask: Ask,
    warehouse: str,
    statement: str,
    parameters: Mapping[str, str] | None = None,
    *,
    patience_s: float = PATIENCE_S,
) -> Iterator[Row]:
    """Every row of the result, chunk after chunk.

    Raises ProviderError `statement-failed`, `statement-timeout`, and `half-answer` where rows are
    missing at the end. What is not waited for any longer is cancelled.
    """
    answer = _done(ask, _begun(ask, warehouse, statement, parameters or {}), patience_s)
    manifest = answer.get("manifest") or {}
    if manifest.get("truncated"):
        raise ProviderError("half-answer", "the warehouse cut the result of the statement short")
    expected, given = manifest.get("total_row_count"), 0
    part: Mapping[str, Any] | None = answer.get("result") or {}
    while part is not None:
        found = part.get("data_array") or ()
        given += len(found)
        yield from found
        index = part.get("next_chunk_index")
        path = f"{PATH}/{answer['statement_id']}/result/chunks/{index}"
        part = None if index is None else ask("GET", path)
    if expected is not None and given != expected:
        raise ProviderError(
            "half-answer", f"the statement has {expected} rows, and {given} of them came"
        )


def _begun(ask: Ask, warehouse: str, statement: str, parameters: Mapping[str, str]) -> Answer:
    body: dict[str, Any] = {
        "warehouse_id": warehouse,
        "statement": statement,
        "wait_timeout": "10s",
        "on_wait_timeout": "CONTINUE",
        "disposition": "INLINE",
        "format": "JSON_ARRAY",
    }
    if parameters:
        body["parameters"] = [{"name": name, "value": text} for name, text in parameters.items()]
    return ask("POST", PATH, body=body)


def _done(ask: Ask, answer: Answer, patience_s: float) -> Answer:
    begun = time.monotonic()
    try:
        while answer["status"]["state"] in _PENDING:
            waited = time.monotonic() - begun
            if waited > patience_s:
                raise ProviderError(
                    "statement-timeout",
                    f"the SQL warehouse has not answered for {waited:.0f} s; the statement is "
                    "cancelled",
                    hint="databricks warehouses list, for one that runs",
                )
            time.sleep(min(_PAUSE_S, 0.1 + waited / 4))
            answer = ask("GET", f"{PATH}/{answer['statement_id']}")
    except (ProviderError, KeyboardInterrupt):
        _cancel(ask, answer)
        raise
    if answer["status"]["state"] != "SUCCEEDED":
        error = answer["status"].get("error") or {}
        said = error.get("message") or answer["status"]["state"]
        raise ProviderError("statement-failed", f"the SQL warehouse refused the statement: {said}")
    return answer


def _cancel(ask: Ask, answer: Answer) -> None:
    """Let the warehouse stop working for nobody; that it cannot is no news."""
    with suppress(PlannerError):
        ask("POST", f"{PATH}/{answer['statement_id']}/cancel")
