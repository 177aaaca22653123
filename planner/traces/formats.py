"""Formats of logs, line by line: access logs of web servers and load balancers, JSON lines, csv.

Where a log has both, the moment a request came counts, and not that of its answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, tzinfo
from fnmatch import fnmatchcase
from typing import Any

from planner.errors import PlannerError
from planner.model.value import value
from planner.traces.stamp import Clock, common_seconds, seconds_of
from planner.traces.tables import STAMPS, is_table, read_table
from planner.traces.tally import Tally

FORMATS = ("common", "alb", "iso", "jsonl", "csv")
_COMMON = re.compile(rb'\[(\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\] "(?:\S+ (\S+))?')
_ALB = re.compile(rb"(?:https?|h2|grpcs|wss?) \d{4}-\d\d-\d\dT")
_ISO = re.compile(rb"\[?(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?)\]?\s")
_METHOD = re.compile(rb"\b(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) (\S+)")
_PATHS = ("path", "uri", "url", "request_uri", "request")
_BAD = (
    *(ValueError, KeyError, IndexError, TypeError, AttributeError),
    *(OverflowError, RecursionError),
)
"""What a line raises that is none; lists within lists are no deeper than Python's stack."""

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

    `counts` holds the rows of a file of counts, in the place of single requests, and `added` those
    of a moment that was there already. `twice` and `skipped` are stamps of hours in which clocks
    were set.
    """

    form: str
    lines: int
    bad: int
    first_bad: int
    passed_by: int
    counts: Mapping[float, float]
    added: int = 0
    twice: int = 0
    skipped: int = 0


def read_log(name: str, lines: Iterable[bytes], reading: Reading, tally: Tally) -> LogRead:
    """Count every request of a log; PlannerError where it is none, or too much of it is unread."""
    rows = iter(lines)
    first = next((line for line in rows if line.strip()), b"")
    if not first:
        raise PlannerError("empty-file", f"{name} has no lines", hint="give a file with requests")
    form = _format(name, first) if reading.form == "auto" else reading.form
    everything, clock = _chained(first, rows), Clock(reading.zone)
    if form == "csv":
        table = read_table(name, everything, clock, tally, columns=reading.columns)
        found = LogRead(
            form=form,
            lines=table.lines,
            bad=table.bad,
            first_bad=table.first_bad,
            passed_by=0,
            counts=table.counts,
            added=table.twice,
        )
    else:
        found = _lines(form, everything, _parser(form, reading, clock), reading, tally)
    found = replace(found, twice=clock.twice, skipped=clock.skipped)
    _check_readable(name, found)
    return found


def _check_readable(name: str, found: LogRead) -> None:
    if found.bad > max(1, _TOLERATED * found.lines) or 0 < found.bad == found.lines:
        raise PlannerError(
            "unreadable-log",
            f"{name}: {found.bad:,} of {found.lines:,} lines are none of {found.form}; the first "
            f"is line {found.first_bad}",
            hint=f"--format {' or '.join(FORMATS)}",
        )


def notes_of(name: str, found: LogRead) -> Iterator[str]:
    """What a person has to know of how a log was read."""
    if found.bad:
        yield (
            f"{name}: {found.bad:,} of {found.lines:,} lines are no requests and are passed over, "
            f"the first is line {found.first_bad}"
        )
    if found.passed_by:
        yield f"{name}: {found.passed_by:,} requests of other paths are passed over"
    if found.added:
        yield (
            f"{name}: {found.added:,} rows are of a moment that another row has too, and their "
            "counts are added; if they are the same requests, leave them out"
        )
    if found.twice:
        yield (
            f"{name}: {found.twice:,} stamps are of an hour that the clocks of this zone had "
            "twice, and are told apart by their order"
        )
    if found.skipped:
        yield (
            f"{name}: {found.skipped:,} stamps are of an hour that the clocks of this zone "
            "skipped: look at --timezone"
        )


def _format(name: str, line: bytes) -> str:
    if line.lstrip().startswith(b"{"):
        return "jsonl"
    if _ALB.match(line):
        return "alb"
    if _COMMON.search(line):
        return "common"
    if _ISO.match(line) or line.startswith(b"#"):
        return "iso"
    if line.lstrip().startswith(b"["):
        raise PlannerError(
            "unknown-format",
            f"{name} is one JSON value, and no log of one object a line",
            hint=f"jq -c '.[]' {name} | planner trace import -",
        )
    if is_table(line):
        return "csv"
    raise PlannerError(
        "unknown-format",
        f"{name}: its first line is no access log, no JSON and no csv",
        hint=f"--format {' or '.join(FORMATS)}",
    )


def _parser(form: str, reading: Reading, clock: Clock) -> Callable[[bytes], Parsed]:
    if form == "jsonl":
        return _JsonLine(reading, clock)
    if form == "iso":
        return _IsoLine(clock)
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
        except _BAD:
            # Logs of W3C's extended format have directives between their entries.
            if line.strip() and not line.startswith(b"#"):
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


class _IsoLine:
    """Lines that begin with a moment as ISO-8601, in brackets or not: Envoy, W3C, one's own."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def __call__(self, line: bytes) -> Parsed:
        found = _ISO.match(line)
        if found is None:
            raise ValueError
        path = _METHOD.search(line)
        at = self._clock.seconds(found[1].decode("ascii"))
        return int(at), b"" if path is None else path[1]


class _JsonLine:
    """One object a line."""

    def __init__(self, reading: Reading, clock: Clock) -> None:
        self._stamp = reading.columns.get("timestamp")
        self._clock = clock

    def __call__(self, line: bytes) -> Parsed:
        found: Any = json.loads(line)
        if self._stamp is None:
            self._stamp = next(name for name in (*STAMPS, "") if name in found or not name)
        path = next((found[name] for name in _PATHS if name in found), "")
        words = str(path).split()
        shown = words[1] if len(words) > 1 else str(path)
        return int(self._clock.seconds(str(found[self._stamp]))), shown.encode()
