"""What was put into metrics, in two tables beside the documents.

A sample is a value and how often it occurred, or the sums of many whose values nobody kept.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from functools import lru_cache

from planner.model.value import value

_SCHEMA = """
CREATE TABLE IF NOT EXISTS series (
  id INTEGER PRIMARY KEY, region TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL,
  dimensions TEXT NOT NULL, latest REAL NOT NULL, UNIQUE (region, namespace, name, dimensions)
);
CREATE TABLE IF NOT EXISTS samples (
  series INTEGER NOT NULL, at REAL NOT NULL, unit TEXT NOT NULL, count REAL NOT NULL,
  total REAL NOT NULL, low REAL NOT NULL, high REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS sampled ON samples (series, at);
"""


@value
class Metric:
    """A metric of a region; `dimensions` are sorted, and only all of them together name it."""

    region: str
    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...] = ()

    @property
    def key(self) -> str:
        """One text for all of it."""
        return json.dumps([self.namespace, self.name, self.dimensions])


@value
class Sample:
    """Values at one moment: how many, their sum, the least and the greatest of them."""

    at: float
    unit: str
    count: float
    total: float
    low: float
    high: float


class Samples:
    """Samples by metric."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._database.executescript(_SCHEMA)

    def add(self, metric: Metric, samples: Iterable[Sample]) -> None:
        """Put samples into a metric, which begins with its first."""
        rows = list(samples)
        latest = max(one.at for one in rows)
        self._database.execute(
            "INSERT INTO series (region, namespace, name, dimensions, latest) VALUES (?,?,?,?,?) "
            "ON CONFLICT DO UPDATE SET latest = MAX(latest, excluded.latest)",
            (*self._place(metric), latest),
        )
        series = self._series(metric)
        self._database.executemany(
            "INSERT INTO samples VALUES (?,?,?,?,?,?,?)",
            [(series, one.at, one.unit, one.count, one.total, one.low, one.high) for one in rows],
        )

    def between(self, metric: Metric, start: float, end: float, unit: str = "") -> list[Sample]:
        """The samples from a moment to just before another, in order of time."""
        rows = self._database.execute(
            "SELECT at, unit, count, total, low, high FROM samples WHERE series=? AND at>=? "
            "AND at<? AND ? IN ('', unit) ORDER BY at",
            (self._series(metric), start, end, unit),
        )
        return [
            Sample(at=at, unit=unit, count=count, total=total, low=low, high=high)
            for at, unit, count, total, low, high in rows
        ]

    def forget(self, region: str, dimensions: tuple[tuple[str, str], ...], start: float) -> None:
        """Take back what metrics of exactly these dimensions have from a moment on."""
        self._database.execute(
            "DELETE FROM samples WHERE at>=? AND series IN "
            "(SELECT id FROM series WHERE region=? AND dimensions=?)",
            (start, region, _text(dimensions)),
        )

    def any_since(self, metric: Metric, start: float) -> bool:
        """Whether something was put for this moment or a later one."""
        row = self._database.execute(
            "SELECT latest >= ? FROM series WHERE region=? AND namespace=? AND name=? "
            "AND dimensions=?",
            (start, *self._place(metric)),
        ).fetchone()
        return bool(row and row[0])

    def metrics(self, region: str, namespace: str, name: str, since: float) -> list[Metric]:
        """The metrics of a region that were put into since; "" is any namespace, any name."""
        rows = self._database.execute(
            "SELECT namespace, name, dimensions FROM series WHERE region=? AND latest>=? "
            "AND ? IN ('', namespace) AND ? IN ('', name)",
            (region, since, namespace, name),
        )
        return [
            Metric(
                region=region,
                namespace=namespace,
                name=name,
                dimensions=tuple((key, text) for key, text in json.loads(dimensions)),
            )
            for namespace, name, dimensions in rows
        ]

    def _series(self, metric: Metric) -> int:
        row = self._database.execute(
            "SELECT id FROM series WHERE region=? AND namespace=? AND name=? AND dimensions=?",
            self._place(metric),
        ).fetchone()
        return int(row[0]) if row else -1

    def _place(self, metric: Metric) -> tuple[str, str, str, str]:
        return metric.region, metric.namespace, metric.name, _text(metric.dimensions)


@lru_cache(maxsize=4096)
def _text(dimensions: tuple[tuple[str, str], ...]) -> str:
    return json.dumps(dimensions)
