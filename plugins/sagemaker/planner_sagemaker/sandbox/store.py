"""Everything the cloud remembers, in one SQLite file; documents are JSON.

A document is found by region, kind and name. `status`, `created` and `modified` are columns too,
so that a page of a long list is read without the rest; `due` is when time changes the document.
Tags stand in a table of their own as well: who looks for them reads no other document.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from planner.model.value import value
from planner_sagemaker.sandbox.calls import Calls
from planner_sagemaker.sandbox.samples import Samples

Document = dict[str, Any]

_ENCODER = json.JSONEncoder(separators=(",", ":"))

_SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
  region TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, status TEXT NOT NULL,
  created REAL NOT NULL, modified REAL NOT NULL, due REAL, body TEXT NOT NULL,
  PRIMARY KEY (region, kind, name)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS due ON documents (due) WHERE due IS NOT NULL;
CREATE TABLE IF NOT EXISTS tags (
  region TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, key TEXT NOT NULL,
  value TEXT NOT NULL, PRIMARY KEY (region, kind, name, key)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS tagged ON tags (key, value);
CREATE TABLE IF NOT EXISTS usage (
  region TEXT NOT NULL, quota TEXT NOT NULL, name TEXT NOT NULL, amount INTEGER NOT NULL,
  PRIMARY KEY (region, quota, name)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS charged ON usage (region, name);
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""
_TABLES = ("documents", "tags", "usage", "facts", "series", "samples", "calls")
_FILL_TAGS = """
INSERT INTO tags SELECT region, kind, documents.name, tag.key, tag.value
FROM documents, json_each(documents.body, '$._tags') AS tag WHERE NOT EXISTS (SELECT 1 FROM tags)
"""
"""For a file that was written before there was this table."""

_UNTAG = "DELETE FROM tags WHERE region=? AND kind=? AND name=?"
_COLUMNS = {"Name": "name", "CreationTime": "created", "Status": "status"}


@value
class Page:
    """Which part of a list is asked for: filters, order, size, and the last row seen before."""

    size: int
    sort_by: str = "CreationTime"
    descending: bool = True
    contains: str = ""
    status: str = ""
    created: tuple[float | None, float | None] = (None, None)
    modified: tuple[float | None, float | None] = (None, None)
    after: tuple[Any, str] | None = None
    visible_at: float | None = None
    tagged: tuple[str, tuple[str, ...]] | None = None
    """A tag's key and the values of which it must have one."""


@value
class Key:
    """The place of a document."""

    region: str
    kind: str
    name: str


class Store:
    """Documents by region, kind and name; `:memory:` forgets them at the end."""

    def __init__(self, path: str) -> None:
        if path != ":memory:":
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        # One thread at a time uses it; it is opened in one and served in another.
        self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        # A stand-in may lose its last second when the power goes.
        self._database.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;" + _SCHEMA)
        self._database.execute(_FILL_TAGS)
        self.ledger = Ledger(self._database)
        self.samples = Samples(self._database)
        self.calls = Calls(self._database)

    def close(self) -> None:
        """Close the file."""
        self.calls.flush()
        self._database.close()

    def get(self, key: Key) -> Document | None:
        """A document of one's own to change and `put` back; None where there is none."""
        row = self._database.execute(
            "SELECT body FROM documents WHERE region=? AND kind=? AND name=?",
            (key.region, key.kind, key.name),
        ).fetchone()
        return None if row is None else _parsed(row[0])

    def spelled(self, key: Key) -> str | None:
        """The name as it is stored, whatever its case in the key; None where there is none."""
        row = self._database.execute(
            "SELECT name FROM documents WHERE region=? AND kind=? AND name=? COLLATE NOCASE",
            (key.region, key.kind, key.name),
        ).fetchone()
        return None if row is None else str(row[0])

    def put(self, key: Key, document: Mapping[str, Any], *, due: float | None = None) -> None:
        """Write a document; its times and status are taken from the members that lists show."""
        created = float(document.get("CreationTime", 0.0))
        row = (
            *(key.region, key.kind, key.name),
            str(document.get("EndpointStatus", "")),
            created,
            float(document.get("LastModifiedTime", created)),
            due,
            _ENCODER.encode(document),
        )
        self._database.execute("REPLACE INTO documents VALUES (?,?,?,?,?,?,?,?)", row)
        self._database.execute(_UNTAG, (key.region, key.kind, key.name))
        self._database.executemany(
            "INSERT INTO tags VALUES (?,?,?,?,?)",
            [
                (key.region, key.kind, key.name, name, text)
                for name, text in (document.get("_tags") or {}).items()
            ],
        )

    def remove(self, key: Key) -> bool:
        """Forget a document; tells whether there was one."""
        done = self._database.execute(
            "DELETE FROM documents WHERE region=? AND kind=? AND name=?",
            (key.region, key.kind, key.name),
        )
        self._database.execute(_UNTAG, (key.region, key.kind, key.name))
        return done.rowcount > 0

    def every(self, region: str, kind: str) -> list[Document]:
        """All documents of a kind in a region, by name."""
        rows = self._database.execute(
            "SELECT body FROM documents WHERE region=? AND kind=? ORDER BY name", (region, kind)
        )
        return [_parsed(body) for (body,) in rows]

    def starting(
        self, region: str, kind: str, prefix: str, *, status: str = ""
    ) -> list[tuple[Key, Document]]:
        """The documents of a kind whose names start with a prefix; of one status, if it is given.

        What does not match is not parsed.
        """
        rows = self._database.execute(
            "SELECT name, body FROM documents WHERE region=? AND kind=? AND name>=? AND name<? "
            "AND ? IN ('', status)",
            (region, kind, prefix, prefix + "\U0010ffff", status),
        )
        return [
            (Key(region=region, kind=kind, name=name), _parsed(body))
            for name, body in rows.fetchall()
        ]

    def earliest(self, now: float) -> tuple[Key, Document, float] | None:
        """The document that time changes first, and when; None where nothing is due by now."""
        row = self._database.execute(
            "SELECT region, kind, name, body, due FROM documents WHERE due <= ? "
            "ORDER BY due, region, kind, name LIMIT 1",
            (now,),
        ).fetchone()
        if row is None:
            return None
        return Key(region=row[0], kind=row[1], name=row[2]), _parsed(row[3]), float(row[4])

    def page(self, region: str, kind: str, page: Page) -> tuple[list[Document], bool]:
        """One page of a list, and whether more follows."""
        column = _COLUMNS[page.sort_by]
        way, beyond = ("DESC", "<") if page.descending else ("ASC", ">")
        conditions, values = _filters(page)
        if page.tagged is not None:
            key, texts = page.tagged
            conditions.append(
                "(region, kind, name) IN (SELECT region, kind, name FROM tags "
                "WHERE key=? AND value IN (SELECT value FROM json_each(?)))"
            )
            values.extend((key, json.dumps(texts)))
        if page.after is not None:
            conditions.append(f"({column}, name) {beyond} (?, ?)")
            values.extend(page.after)
        where = " AND ".join(["region=?", "kind=?", *conditions])
        rows = self._database.execute(
            f"SELECT body FROM documents WHERE {where} "  # noqa: S608 - names of columns are ours
            f"ORDER BY {column} {way}, name {way} LIMIT ?",
            (region, kind, *values, page.size + 1),
        ).fetchall()
        return [_parsed(body) for (body,) in rows[: page.size]], len(rows) > page.size

    def fact(self, name: str, missing: str = "") -> str:
        """A remembered text about the sandbox itself."""
        row = self._database.execute("SELECT value FROM facts WHERE name=?", (name,)).fetchone()
        return missing if row is None else str(row[0])

    def remember(self, name: str, text: str) -> None:
        """Keep a text about the sandbox itself."""
        self._database.execute("REPLACE INTO facts VALUES (?,?)", (name, text))

    def clear(self) -> None:
        """Forget everything."""
        self.calls.forget()
        wiped = "".join(f"DELETE FROM {table};" for table in _TABLES)  # noqa: S608 - names are ours
        self._database.executescript(wiped)


class Ledger:
    """What each endpoint takes of the account's quotas, so that sums need not read endpoints."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def charge(self, region: str, name: str, amounts: Mapping[str, int]) -> None:
        """State what one endpoint takes of each quota; what it took before is given back."""
        self._database.execute("DELETE FROM usage WHERE region=? AND name=?", (region, name))
        self._database.executemany(
            "INSERT INTO usage VALUES (?,?,?,?)",
            [(region, quota, name, amount) for quota, amount in amounts.items() if amount],
        )

    def used(self, region: str, quota: str) -> int:
        """What all endpoints of a region take of a quota."""
        row = self._database.execute(
            "SELECT SUM(amount) FROM usage WHERE region=? AND quota=?", (region, quota)
        ).fetchone()
        return int(row[0] or 0)


def _filters(page: Page) -> tuple[list[str], list[Any]]:
    bounds = {
        "instr(name, ?) > 0": page.contains or None,
        "status = ?": page.status or None,
        "created > ?": page.created[0],
        "created < ?": page.created[1],
        "modified > ?": page.modified[0],
        "modified < ?": page.modified[1],
        "created <= ?": page.visible_at,
    }
    given = {text: bound for text, bound in bounds.items() if bound is not None}
    return list(given), list(given.values())


def _parsed(body: str) -> Document:
    document: Document = json.loads(body)
    return document
