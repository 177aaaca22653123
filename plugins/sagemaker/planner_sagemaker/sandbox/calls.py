"""What the sandbox was asked, in order; kept with everything else, so that a restart tells it."""

from __future__ import annotations

import base64
import json
import logging
import sqlite3
from collections.abc import Iterator
from dataclasses import fields, replace
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


@value
class Recorded:
    """One request and how it was answered; `error` is "" for a success.

    `agent` is what the client says it is, its User-Agent. `number` counts from 1.
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
    """The latest requests, oldest first; a hundredth more than `kept` at most."""

    def __init__(self, database: sqlite3.Connection, *, kept: int = 100_000) -> None:
        self._database = database
        self._kept = kept
        self._database.executescript(_SCHEMA)

    @property
    def count(self) -> int:
        """How many requests there were."""
        row = self._database.execute("SELECT MAX(number) FROM calls").fetchone()
        return int(row[0] or 0)

    def record(self, recorded: Recorded) -> None:
        """Keep a request under the next number."""
        body = {name: getattr(recorded, name) for name in _MEMBERS}
        text = json.dumps(body, default=_shortened, separators=(",", ":"))
        done = self._database.execute(
            "INSERT INTO calls (mutating, body) VALUES (?,?)", (recorded.mutating, text)
        )
        number = int(done.lastrowid or 0)
        if number % max(1, self._kept // 100) == 0:
            self._database.execute("DELETE FROM calls WHERE number <= ?", (number - self._kept,))
        answer = recorded.error or recorded.status
        known = replace(recorded, number=number)
        LOG.debug("%s: %s", recorded.operation, answer, extra={"recorded": known})

    def every(self, *, mutating: bool | None = None) -> Iterator[Recorded]:
        """All requests that are kept, or only those that write, or only those that read."""
        rows = self._database.execute(
            "SELECT number, body FROM calls WHERE ? IN (-1, mutating) ORDER BY number",
            (-1 if mutating is None else int(mutating),),
        )
        return (Recorded(number=number, **json.loads(body)) for number, body in rows)


def _shortened(body: Any) -> str:
    """The beginning of bytes in base64: what a model is asked may be long."""
    return base64.b64encode(body[:_BODY_BYTES]).decode()
