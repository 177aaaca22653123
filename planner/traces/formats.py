"""Formats of logs, line by line: access logs of web servers and load balancers, JSON lines, csv.

Where a log has both, the moment a request came counts, and not that of its answer.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, tzinfo
from fnmatch import fnmatchcase
from typing import Any

from planner.errors import PlannerError
from planner.model.value import value
from planner.traces.stamp import common_seconds, seconds_of
from planner.traces.tally import Tally

FORMATS = ("common", "alb", "jsonl", "csv")
_COMMON = re.compile(rb'\[(\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\] "(?:\S+ (\S+))?')
_ALB = re.compile(rb"(?:https?|h2|grpcs|wss?) \d{4}-\d\d-\d\dT")
_STAMPS = ("timestamp", "time", "@timestamp", "ts", "datetime", "date", "time_iso8601")
_PATHS = ("path", "uri", "url", "request_uri", "request")
Parsed = tuple[int, bytes]
"""The second of a request, and its path."""

_TOLERATED = 0.01
"""Of the lines may be no requests: what was cut off, what another program wrote."""


@value
class Reading:
    """How a log is read: its format or `auto`, names of columns, and which requests count.

    `zone` is that of stamps without an offset; `path` a pattern of the path alone.
    """

    form: str = "auto"
    columns: Mapping[str, str]
    zone: tzinfo = UTC
    path: str = ""


@value
class LogRead:
    """What a log was: its format, its lines, those that could not be read, and what was passed by.

    `counts` holds the rows of a file of counts, in the place of single requests.
    """

    form: str
    lines: int
    bad: int
    first_bad: int
    passed_by: int
    counts: Mapping[float, float]


def read_log(name: str, lines: Iterable[bytes], reading: Reading, tally: Tally) -> LogRead:
    """Count every request of a log; PlannerError where it is none, or too much of it is unread."""
    rows = iter(lines)
    first = next((line for line in rows if line.strip()), b"")
    if not first:
        raise PlannerError("empty-file", f"{name} has no lines", hint="give a file with requests")
    form = _format(name, first) if reading.form == "auto" else reading.form
    everything = _chained(first, rows)
    if form == "csv":
        found = _csv(name, everything, reading, tally)
    else:
        found = _lines(form, everything, _parser(form, reading), reading, tally)
    if found.bad > max(1, _TOLERATED * found.lines):
        raise PlannerError(
            "unreadable-log",
            f"{name}: {found.bad:,} of {found.lines:,} lines are none of {form}; the first is line "
            f"{found.first_bad}",
            hint=f"--format {' or '.join(FORMATS)}",
        )
    return found


def notes_of(name: str, found: LogRead) -> Iterator[str]:
    """What a person has to know of how a log was read."""
    if found.bad:
        yield (
            f"{name}: {found.bad:,} of {found.lines:,} lines are no requests and are passed over, "
            f"the first is line {found.first_bad}"
        )
    if found.passed_by:
        yield f"{name}: {found.passed_by:,} requests of other paths are passed over"


def _format(name: str, line: bytes) -> str:
    if line.lstrip().startswith(b"{"):
        return "jsonl"
    if _ALB.match(line):
        return "alb"
    if _COMMON.search(line):
        return "common"
    if b"," in line or not re.search(rb"\s", line.strip()):
        return "csv"
    raise PlannerError(
        "unknown-format",
        f"{name}: its first line is no access log, no JSON and no csv",
        hint=f"--format {' or '.join(FORMATS)}",
    )


def _parser(form: str, reading: Reading) -> Callable[[bytes], Parsed]:
    if form == "jsonl":
        return _JsonLine(reading)
    return _alb if form == "alb" else _Common()


def _chained(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _lines(
    form: str,
    lines: Iterable[bytes],
    parse: Callable[[bytes], Parsed],
    reading: Reading,
    tally: Tally,
) -> LogRead:
    number = bad = first_bad = passed_by = 0
    pattern, add = reading.path.encode(), tally.add
    for number, line in enumerate(lines, start=1):
        try:
            second, path = parse(line)
        except (ValueError, KeyError, IndexError, TypeError):
            if line.strip():
                bad += 1
                first_bad = first_bad or number
            continue
        if pattern and not fnmatchcase(path.partition(b"?")[0], pattern):
            passed_by += 1
        else:
            add(second)
    return LogRead(
        form=form, lines=number, bad=bad, first_bad=first_bad, passed_by=passed_by, counts={}
    )


class _Common:
    """Common and Combined Log Format; whatever stands around them is passed over."""

    def __init__(self) -> None:
        self._known: tuple[bytes, int] = (b"", 0)

    def __call__(self, line: bytes) -> Parsed:
        found = _COMMON.search(line)
        if found is None:
            raise ValueError
        stamp, path = found.groups()
        known, second = self._known
        if stamp != known:
            second = common_seconds(stamp)
            self._known = (stamp, second)
        return second, path or b""


def _alb(line: bytes) -> Parsed:
    """Access logs of an Application Load Balancer: `request_creation_time` stands near the end.

    docs.aws.amazon.com elasticloadbalancing/latest/application/load-balancer-access-logs.html
    """
    parts = line.split(b'"')
    created = parts[10].split()[1] if len(parts) > 10 else line.split(None, 2)[1]
    url = parts[1].split()[1] if len(parts) > 1 else b""
    path = b"/" + url.split(b"/", 3)[3] if url.count(b"/") >= 3 else url
    return int(seconds_of(created.decode("ascii"), UTC)), path


class _JsonLine:
    """One object a line."""

    def __init__(self, reading: Reading) -> None:
        self._stamp = reading.columns.get("timestamp")
        self._zone = reading.zone

    def __call__(self, line: bytes) -> Parsed:
        found: Any = json.loads(line)
        if self._stamp is None:
            self._stamp = next(name for name in (*_STAMPS, "") if name in found or not name)
        path = next((found[name] for name in _PATHS if name in found), "")
        words = str(path).split()
        shown = words[1] if len(words) > 1 else str(path)
        return int(seconds_of(str(found[self._stamp]), self._zone)), shown.encode()


def _csv(name: str, lines: Iterable[bytes], reading: Reading, tally: Tally) -> LogRead:
    rows = csv.reader(line.decode("utf-8-sig", "replace") for line in lines)
    header = [cell.strip() for cell in next(rows)]
    stamp = _column(name, header, reading.columns.get("timestamp"), _STAMPS)
    count = reading.columns.get("count", "count" if "count" in header else None)
    many = None if count is None else _column(name, header, count, ())
    counts: dict[float, float] = {}
    number = bad = first_bad = 0
    for number, row in enumerate(rows, start=2):
        try:
            at = seconds_of(row[stamp], reading.zone)
            if many is None:
                tally.add(int(at))
            else:
                counts[at] = counts.get(at, 0.0) + float(row[many])
        except (ValueError, IndexError):
            if row:
                bad += 1
                first_bad = first_bad or number
    return LogRead(
        form="csv", lines=number, bad=bad, first_bad=first_bad, passed_by=0, counts=counts
    )


def _column(name: str, header: list[str], given: str | None, usual: tuple[str, ...]) -> int:
    found = next((one for one in ((given,) if given else usual) if one in header), None)
    if found is None:
        wanted = given or "time stamps"
        raise PlannerError(
            "unknown-column",
            f"{name} has no column {wanted}; it has {', '.join(header[:12])}",
            hint=f"--columns timestamp={header[0]}",
        )
    return header.index(found)
