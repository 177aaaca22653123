"""What the sandbox was asked, in order; kept with everything else, so that a restart tells it."""

from __future__ import annotations

import base64
import json
import logging
import sqlite3
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from planner.model.value import value

LOG = logging.getLogger("planner.sandbox")
"""Tells of every request of every sandbox in this process, as `recorded` of a log record."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS calls (
  number INTEGER PRIMARY KEY, mutating INTEGER NOT NULL, body TEXT NOT NULL
);
"""
_READING = ("Describe", "Get", "Head", "Invoke", "List", "Simulate")
_BODY_BYTES = 1024
_AT_ONCE = 50


@value
class Recorded:
    """One request and how it was answered; `error` is "" for a success.

    `agent` is what the client says it is, its User-Agent. `number` counts from 1 those that are
    kept; one that just came in has none yet.
    """

    number: int = 0
    at_s: float
    region: str
    service: str
    operation: str
    parameters: dict[str, Any]
    status: int
    error: str
    fault: str
    agent: str = ""

    @property
    def mutating(self) -> bool:
        """Whether the operation is one that writes."""
        return not self.operation.startswith(_READING)


_MEMBERS = tuple(one.name for one in fields(Recorded) if one.name != "number")


class Calls:
    """The latest requests, oldest first.

    Those that only read wait a little, so that many are written at once: a sandbox that is killed
    forgets some of them, and never one that wrote.
    """

    def __init__(self, database: sqlite3.Connection, *, kept: int = 100_000) -> None:
        self._database = database
        self._kept = kept
        self._waiting: list[Recorded] = []
        self._database.executescript(_SCHEMA)

    @property
    def count(self) -> int:
        """How many requests there were."""
        row = self._database.execute("SELECT MAX(number) FROM calls").fetchone()
        return int(row[0] or 0) + len(self._waiting)

    def record(self, recorded: Recorded) -> None:
        """Keep a request under the next number."""
        self._waiting.append(recorded)
        if recorded.mutating or len(self._waiting) >= _AT_ONCE:
            self.flush()
        answer = recorded.error or recorded.status
        LOG.debug("%s: %s", recorded.operation, answer, extra={"recorded": recorded})

    def flush(self) -> None:
        """Write what waits."""
        rows = [(one.mutating, _written(one)) for one in self._waiting]
        self._waiting.clear()
        self._database.execute("BEGIN IMMEDIATE")
        with self._database:
            self._database.executemany("INSERT INTO calls (mutating, body) VALUES (?,?)", rows)
            self._database.execute(
                "DELETE FROM calls WHERE number <= (SELECT MAX(number) FROM calls) - ?",
                (self._kept,),
            )

    def every(self, *, mutating: bool | None = None) -> Iterator[Recorded]:
        """All requests that are kept, or only those that write, or only those that read."""
        self.flush()
        rows = self._database.execute(
            "SELECT number, body FROM calls WHERE ? IN (-1, mutating) ORDER BY number",
            (-1 if mutating is None else int(mutating),),
        )
        return (Recorded(number=number, **json.loads(body)) for number, body in rows)

    def forget(self) -> None:
        """Forget what waits."""
        self._waiting.clear()


def _written(recorded: Recorded) -> str:
    body = {name: getattr(recorded, name) for name in _MEMBERS}
    return json.dumps(body, default=_shortened, separators=(",", ":"))


def _shortened(body: Any) -> str:
    """The beginning of bytes in base64: what a model is asked may be long."""
    return base64.b64encode(body[:_BODY_BYTES]).decode()
