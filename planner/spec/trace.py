"""Recorded traffic: a time stamp per request, or counts per bucket, to numbers from 0 on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from itertools import pairwise
from math import gcd
from typing import Any

from planner.model.units import format_duration
from planner.model.value import record
from planner.spec.files import Files
from planner.spec.nearest import nearest, suggestion
from planner.spec.places import Step
from planner.spec.report import Finding, Report
from planner.spec.table import Table, table_of
from planner.spec.traffic_blocks import TraceBlock
from planner.spec.validate import Sheet

_AT: tuple[Step, ...] = ("spec", "traffic")
_TICKS = 1000  # stamps are compared on a grid of milliseconds
_COARSE = 500  # stamps on a grid wider than this many ticks are counts, not arrivals
_STAMP = (
    "time stamp",
    "write seconds such as 12.5, or ISO-8601 such as 2026-10-01T12:00:00Z",
)
_COUNT = ("number", "write a number of requests such as 120")
_MAX_BUCKETS = 2_000_000


@record
class Recording:
    """Stamps or counts as in planner.model.traffic.Trace; `grid_s` when stamps became counts."""

    stamps_s: tuple[float, ...]
    counts: tuple[float, ...]
    bucket_s: float
    grid_s: float | None = None
    inferred_bucket: bool = False


def read_trace(sheet: Sheet, block: TraceBlock, files: Files, *, source: str) -> Recording | None:
    """Return the recording that a trace names; what is wrong is reported at its own line."""
    table = table_of(sheet, block, _AT, files=files, source=source)
    if table is None or not _has_columns(sheet, block, table):
        return None
    key = ("trace", table.name, block.columns.timestamp, block.columns.count, block.bucket)
    return files.once(key, lambda: _recording(sheet, block, table))


def _has_columns(sheet: Sheet, block: TraceBlock, table: Table) -> bool:
    wanted = {"timestamp": block.columns.timestamp, "count": block.columns.count}
    absent = {field: name for field, name in wanted.items() if name and name not in table.columns}
    for field, name in absent.items():
        finding = Finding(
            "unknown-column",
            f"{table.name} has no column {name}",
            f"write columns: {{{field}: {near}}}"
            if (near := nearest(name, table.columns))
            else suggestion(name, table.columns),
        )
        sheet.wrong(finding, (*_AT, "columns", field))
    return not absent


def _recording(sheet: Sheet, block: TraceBlock, table: Table) -> Recording | None:
    stamps = _numbers(table, block.columns.timestamp, sheet.report, is_stamp=True)
    if stamps is None or not _rising(table, stamps, sheet.report):
        return None
    if len(stamps) < 2 or stamps[-1] == stamps[0]:
        finding = Finding(
            "trace-too-short",
            "a trace needs rows at two different times",
            "give a longer recording, or use type: steady",
        )
        sheet.wrong(finding, (*_AT, "file"))
        return None
    if block.columns.count is None:
        return _arrivals(stamps, block.bucket)
    counts = _numbers(table, block.columns.count, sheet.report, is_stamp=False)
    if counts is None:
        return None
    return _buckets(sheet, stamps, counts, bucket_s=block.bucket)


def _numbers(table: Table, column: str, report: Report, *, is_stamp: bool) -> list[float] | None:
    """Read one column; the first bad cell is reported at its line, with how many follow."""
    cells = table.column(column)
    try:
        values = list(map(float, cells))
    except (TypeError, ValueError):
        values = [_cell(cell, is_stamp=is_stamp) for cell in cells]
    bad = [index for index, value in enumerate(values) if not 0 <= value < 1e15]
    if not bad:
        return values
    first = bad[0]
    more = f" (and {len(bad) - 1} more rows)" if len(bad) > 1 else ""
    what, hint = _STAMP if is_stamp else _COUNT
    if values[first] < 0:
        finding = Finding("negative-value", f"{column} is negative: {cells[first]}{more}", hint)
    else:
        finding = Finding("invalid-value", f"{column} is no {what}: {cells[first]}{more}", hint)
    report.add(finding, table.place(first))
    return None


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


def _rising(table: Table, stamps: Sequence[float], report: Report) -> bool:
    falls = [index for index, (a, b) in enumerate(pairwise(stamps), start=1) if b < a]
    if not falls:
        return True
    more = f"; so do {len(falls) - 1} more rows" if len(falls) > 1 else ""
    finding = Finding(
        "unsorted-trace",
        f"this time stamp lies before the one above it{more}",
        "sort the rows by time",
    )
    report.add(finding, table.place(falls[0]))
    return False


def _arrivals(stamps: Sequence[float], bucket: float | None) -> Recording:
    """Shift stamps to start at 0; stamps on a coarse grid are counts, for their order is lost."""
    start = stamps[0]
    shifted = [stamp - start for stamp in stamps]
    grid = _grid(shifted)
    if grid is None:
        return Recording(tuple(shifted), (), bucket or 60.0)
    counts = [0.0] * (round(shifted[-1] / grid) + 1)
    for stamp in shifted:
        counts[round(stamp / grid)] += 1
    return Recording((), tuple(counts), grid, grid_s=grid)


def _grid(stamps: Sequence[float]) -> float | None:
    """Return the grid of stamps that repeat on multiples of it, or None for real arrivals."""
    if len(set(stamps)) == len(stamps):
        return None
    common = _common(stamps)
    if common <= _COARSE or stamps[-1] / (common / _TICKS) > _MAX_BUCKETS:
        return None
    return common / _TICKS


def _common(stamps: Sequence[float]) -> int:
    """Return the greatest common divisor in ticks; 0 when the stamps are not on ticks."""
    common = 0
    for stamp in stamps:
        ticks = stamp * _TICKS
        whole = round(ticks)
        if abs(ticks - whole) > 0.01:
            return 0
        common = gcd(common, whole)
        if common == 1:
            break
    return common


def _buckets(
    sheet: Sheet, stamps: Sequence[float], counts: Sequence[float], *, bucket_s: float | None
) -> Recording | None:
    shifted = [stamp - stamps[0] for stamp in stamps]
    apart = _common(shifted) / _TICKS
    width = bucket_s or apart
    problem = _bucket_problem(shifted, width, apart)
    if problem is not None:
        sheet.wrong(problem, (*_AT, "bucket"))
        return None
    filled = [0.0] * (round(shifted[-1] / width) + 1)
    for stamp, count in zip(shifted, counts, strict=True):
        filled[round(stamp / width)] += count
    return Recording((), tuple(filled), width, inferred_bucket=bucket_s is None)


def _bucket_problem(shifted: Sequence[float], width: float, apart: float) -> Finding | None:
    """Say why rows do not fall into buckets of this width, or None."""
    if width <= 0 or shifted[-1] / width > _MAX_BUCKETS:
        return Finding(
            "trace-bucket",
            "the rows are not an equal time apart",
            "add bucket: 1m, or leave out columns.count when each row is one request",
        )
    off = apart / width
    if apart > 0 and (off < 1 - 1e-9 or abs(off - round(off)) > 1e-6):
        return Finding(
            "trace-bucket",
            f"the rows are {format_duration(apart)} apart, which is no multiple of the bucket",
            f"write bucket: {format_duration(apart).replace(' ', '')}",
        )
    if off > 1.5:
        return Finding(
            "trace-bucket",
            f"all rows are {format_duration(apart)} apart, not {format_duration(width)}: "
            "the buckets between them would count as empty",
            f"write bucket: {format_duration(apart).replace(' ', '')}",
        )
    return None
