"""Everything a sandbox remembers, in one SQLite file; documents are JSON.

A document is found by region, kind and name; `due` is when time changes it. Several sandboxes may
share a file: each has tables of its own, named after it.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from planner.model.value import value

Document = dict[str, Any]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS {0}_documents (
  region TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, due REAL, body TEXT NOT NULL,
  PRIMARY KEY (region, kind, name)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS {0}_due ON {0}_documents (due) WHERE due IS NOT NULL;
CREATE TABLE IF NOT EXISTS {0}_usage (
  region TEXT NOT NULL, quota TEXT NOT NULL, name TEXT NOT NULL, amount INTEGER NOT NULL,
  PRIMARY KEY (region, quota, name)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS {0}_charged ON {0}_usage (region, name);
CREATE TABLE IF NOT EXISTS {0}_facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""


@value
class Key:
    """The place of a document."""

    region: str
    kind: str
    name: str


class Store:
    """Documents by region, kind and name; the path `:memory:` forgets them at the end.

    `owner` is a plain word that names the tables. Raises OSError and sqlite3.Error.
    """

    def __init__(self, path: str, owner: str) -> None:
        if not owner.isidentifier():
            raise ValueError(f"{owner} cannot name a table")
        if path != ":memory:":
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        # One thread at a time uses it; it is opened in one and served in another.
        self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        # A stand-in may lose its last second when the power goes.
        self._database.executescript(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;" + _SCHEMA.format(owner)
        )
        self._owner = owner
        self.ledger = Ledger(self._database, owner)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def get(self, key: Key) -> Document | None:
        """A document of one's own to change and `put` back; None where there is none."""
        row = self._rows("SELECT body FROM {}_documents WHERE region=? AND kind=? AND name=?", key)
        found = row.fetchone()
        return None if found is None else _parsed(found[0])

    def put(self, key: Key, document: Mapping[str, Any], *, due: float | None = None) -> None:
        """Write a document."""
        body = json.dumps(document, separators=(",", ":"))
        self._rows("REPLACE INTO {}_documents VALUES (?,?,?,?,?)", key, due, body)

    def remove(self, key: Key) -> bool:
        """Forget a document; tells whether there was one."""
        done = self._rows("DELETE FROM {}_documents WHERE region=? AND kind=? AND name=?", key)
        return done.rowcount > 0

    def every(self, region: str, kind: str) -> list[Document]:
        """All documents of a kind in a region, by name."""
        query = "SELECT body FROM {}_documents WHERE region=? AND kind=? ORDER BY name"
        return [_parsed(body) for (body,) in self._rows(query, region, kind)]

    def due(self, now: float) -> list[tuple[Key, Document]]:
        """What time has changed by now, the earliest first."""
        query = "SELECT region, kind, name, body FROM {}_documents WHERE due <= ? ORDER BY due"
        return [
            (Key(region=region, kind=kind, name=name), _parsed(body))
            for region, kind, name, body in self._rows(query, now).fetchall()
        ]

    def fact(self, name: str, missing: str = "") -> str:
        """A remembered text about the sandbox itself."""
        row = self._rows("SELECT value FROM {}_facts WHERE name=?", name).fetchone()
        return missing if row is None else str(row[0])

    def remember(self, name: str, text: str) -> None:
        """Keep a text about the sandbox itself."""
        self._rows("REPLACE INTO {}_facts VALUES (?,?)", name, text)

    def clear(self) -> None:
        """Forget everything of this owner."""
        for table in ("documents", "usage", "facts"):
            self._rows(f"DELETE FROM {{}}_{table}")  # noqa: S608 - plain words

    def _rows(self, query: str, *given: Any) -> sqlite3.Cursor:
        values: list[Any] = []
        for one in given:
            values.extend((one.region, one.kind, one.name) if isinstance(one, Key) else (one,))
        return self._database.execute(query.format(self._owner), values)


class Ledger:
    """What each object takes of the account's quotas, so that sums need not read the objects."""

    def __init__(self, database: sqlite3.Connection, owner: str) -> None:
        self._database = database
        self._table = f"{owner}_usage"

    def charge(self, region: str, name: str, amounts: Mapping[str, int]) -> None:
        """State what one object takes of each quota; what it took before is given back."""
        self._database.execute(
            f"DELETE FROM {self._table} WHERE region=? AND name=?",  # noqa: S608 - a plain word
            (region, name),
        )
        self._database.executemany(
            f"INSERT INTO {self._table} VALUES (?,?,?,?)",  # noqa: S608 - a plain word
            [(region, quota, name, amount) for quota, amount in amounts.items() if amount],
        )

    def used(self, region: str, quota: str) -> int:
        """What all objects of a region take of a quota."""
        row = self._database.execute(
            f"SELECT SUM(amount) FROM {self._table} WHERE region=? AND quota=?",  # noqa: S608
            (region, quota),
        ).fetchone()
        return int(row[0] or 0)


def _parsed(body: str) -> Document:
    document: Document = json.loads(body)
    return document
