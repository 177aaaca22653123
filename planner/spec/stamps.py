"""Cells of a column, batch by batch, to numbers or rising time stamps; what is wrong is counted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from itertools import pairwise
from math import isfinite
from typing import Any

from planner.spec.report import Finding, Report
from planner.spec.rows import Rows

_STAMP = (
    "time stamp",
    "write seconds such as 12.5, or ISO-8601 such as 2026-10-01T12:00:00Z",
)
_COUNT = ("number", "write a number of requests such as 120")
_MOST = 1e15
_MOST_STAMP = 1e20  # nanoseconds since 1970, which are refused for their unit
_UNIT = re.compile(r"(?:^|_)(?:(ms|millis|milliseconds)|(us|micros)|(ns|nanos))\Z", re.IGNORECASE)


def unit_of(name: str) -> float:
    """Return the seconds of one unit of a column of numbers, where its name says it: t_ms."""
    match = _UNIT.search(name)
    if match is None:
        return 1.0
    return (1e-3, 1e-6, 1e-9)[(match.lastindex or 1) - 1]


class NumberColumn:
    """One column as numbers; the first bad cell is reported at its line, with how many follow.

    `unit_s` is the unit that the name of a column of stamps says, once they are numbers.
    """

    def __init__(self, rows: Rows, name: str, report: Report, *, is_stamp: bool = False) -> None:
        self.unit_s = unit_of(name) if is_stamp else 1.0
        self._most = _MOST_STAMP if is_stamp else _MOST
        self._rows = rows
        self._name = name
        self._report = report
        self._is_stamp = is_stamp
        self._bad = 0
        self._first: tuple[int, float, Any] | None = None

    def numbers(self, cells: Sequence[Any], before: int) -> list[float] | None:
        """Return the numbers of one batch, or None with a bad cell among them."""
        try:
            values = list(map(float, cells))
        except (TypeError, ValueError, OverflowError):
            values = _dates(cells) if self._is_stamp else []
            values = values or [_cell(cell, is_stamp=self._is_stamp) for cell in cells]
            self.unit_s = 1.0
        if isfinite(sum(values)) and min(values) >= 0 and max(values) < self._most:
            return [value * self.unit_s for value in values] if self.unit_s != 1.0 else values
        bad = [index for index, value in enumerate(values) if not 0 <= value < self._most]
        if self._first is None:
            self._first = (before + bad[0], values[bad[0]], cells[bad[0]])
        self._bad += len(bad)
        return None

    def is_sound(self) -> bool:
        """Report what was found, after the last batch."""
        if self._first is None:
            return True
        row, value, cell = self._first
        more = f" (and {self._bad - 1} more rows)" if self._bad > 1 else ""
        what, hint = _STAMP if self._is_stamp else _COUNT
        if value < 0:
            finding = Finding("negative-value", f"{self._name} is negative: {cell}{more}", hint)
        else:
            finding = Finding("invalid-value", f"{self._name} is no {what}: {cell}{more}", hint)
        self._report.add(finding, self._rows.place(row, self._report))
        return False


class _Order:
    """Checks that stamps rise; the first that falls is reported, with how many follow."""

    def __init__(self) -> None:
        self._last = 0.0
        self._falls = 0
        self._first = 0

    def rises(self, stamps: Sequence[float], before: int) -> bool:
        """Tell whether all stamps up to and with these rise."""
        if self._falls or stamps[0] < self._last or stamps != sorted(stamps):
            falls = [i for i, (a, b) in enumerate(pairwise((self._last, *stamps))) if b < a]
            if falls and not self._falls:
                self._first = before + falls[0]
            self._falls += len(falls)
        self._last = stamps[-1]
        return not self._falls

    def is_sound(self, rows: Rows, report: Report) -> bool:
        """Report what was found, after the last batch."""
        if not self._falls:
            return True
        more = f"; so do {self._falls - 1} more rows" if self._falls > 1 else ""
        finding = Finding(
            "unsorted-trace",
            f"this time stamp lies before the one above it{more}",
            "sort the rows by time",
        )
        report.add(finding, rows.place(self._first, report))
        return False


class StampColumn:
    """The column of stamps: rising seconds, or what is wrong with it."""

    def __init__(self, rows: Rows, name: str, report: Report) -> None:
        self._column = NumberColumn(rows, name, report, is_stamp=True)
        self._order = _Order()
        self._rows = rows
        self._report = report

    @property
    def unit_s(self) -> float:
        """Seconds that one unit of the stamps was taken for."""
        return self._column.unit_s

    def numbers(self, cells: Sequence[Any], before: int) -> list[float] | None:
        """Return the stamps of one batch; None once one of them was bad."""
        values = self._column.numbers(cells, before)
        if values is None or not self._order.rises(values, before):
            return None
        return values

    def is_sound(self) -> bool:
        """Report what was found, after the last batch."""
        return self._column.is_sound() and self._order.is_sound(self._rows, self._report)


def _dates(cells: Sequence[Any]) -> list[float]:
    """Read cells that all are ISO-8601, in a third of the time; empty where one is not."""
    try:
        dates = list(map(datetime.fromisoformat, cells))
    except (TypeError, ValueError):
        return []
    return [(each if each.tzinfo else each.replace(tzinfo=UTC)).timestamp() for each in dates]


def _cell(cell: Any, *, is_stamp: bool) -> float:
    """Read one cell; not a number where it cannot be read."""
    try:
        return float(cell)
    except (TypeError, ValueError):
        pass
    if not is_stamp:
        return float("nan")
    try:
        stamp = cell if isinstance(cell, date) else datetime.fromisoformat(str(cell).strip())
    except ValueError:
        return float("nan")
    if not isinstance(stamp, datetime):
        stamp = datetime(stamp.year, stamp.month, stamp.day, tzinfo=UTC)
    # Only differences count; a stamp without an offset is read as UTC whatever the machine's TZ.
    return (stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)).timestamp()
