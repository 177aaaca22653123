"""Traffic as csv: a row for each request, or counts by the start of their bucket."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from planner.errors import PlannerError
from planner.model.value import value
from planner.traces.stamp import Clock, is_stamp
from planner.traces.tally import Tally

STAMPS = ("timestamp", "time", "@timestamp", "ts", "datetime", "date", "time_iso8601")
"""What a moment is called, in the order they are looked for."""
_DELIMITERS = ",;\t"
_SHOWN = 12


@value
class Table:
    """What a table was: its lines, rows that could not be read, and counts by their moment.

    `twice` counts rows of a moment that another row has too.
    """

    lines: int
    bad: int
    first_bad: int
    counts: Mapping[float, float]
    twice: int


def is_table(line: bytes) -> bool:
    """Whether a first line is a header, or the only column of one."""
    text = line.strip()
    return any(one.encode() in text for one in _DELIMITERS) or not text.split()[1:]


def read_table(
    name: str, lines: Iterable[bytes], clock: Clock, tally: Tally, *, columns: Mapping[str, str]
) -> Table:
    """Count every row; PlannerError where the header is missing or has no such column."""
    texts = (line.decode("utf-8-sig", "replace").replace("\0", "") for line in lines)
    first = next(texts)
    delimiter = max(_DELIMITERS, key=first.count)
    rows = _rows(name, csv.reader(chain([first], texts), delimiter=delimiter))
    header = [cell.strip() for cell in next(rows)]
    _check_header(name, header)
    stamp = _column(name, header, columns.get("timestamp"), STAMPS, key="timestamp")
    count = columns.get("count", "count" if "count" in header else None)
    many = None if count is None else _column(name, header, count, (), key="count")
    counts: dict[float, float] = {}
    number = bad = first_bad = twice = 0
    for number, row in enumerate(rows, start=2):
        try:
            at = clock.seconds(row[stamp])
            if many is None:
                tally.add(int(at))
            else:
                requests = _requests(row[many])
                twice += at in counts
                counts[at] = counts.get(at, 0.0) + requests
        except (ValueError, IndexError, OverflowError):
            if row:
                bad += 1
                first_bad = first_bad or number
    return Table(lines=number, bad=bad, first_bad=first_bad, counts=counts, twice=twice)


def _rows(name: str, rows: Iterator[list[str]]) -> Iterator[list[str]]:
    try:
        yield from rows
    except csv.Error as error:
        raise PlannerError(
            "unreadable-log", f"{name} is no csv: {error}", hint="give the file as it was exported"
        ) from error


def _requests(text: str) -> float:
    found = float(text)
    if not (math.isfinite(found) and found >= 0.0):
        raise ValueError(text)
    return found


def _check_header(name: str, header: list[str]) -> None:
    if any(is_stamp(cell) for cell in header):
        raise PlannerError(
            "no-header",
            f"{name} has no header: its first row is {', '.join(header[:_SHOWN])}",
            hint=f"sed -i 1i{','.join(['timestamp', 'count', *header[2:]][: len(header)])} {name}",
        )


def _column(
    name: str, header: list[str], given: str | None, usual: tuple[str, ...], *, key: str
) -> int:
    found = next((one for one in ((given,) if given else usual) if one in header), None)
    if found is None:
        wanted = given or "time stamps"
        raise PlannerError(
            "unknown-column",
            f"{name} has no column {wanted}; it has {', '.join(header[:_SHOWN])}",
            hint=f"--columns {key}={header[0]}",
        )
    return header.index(found)
