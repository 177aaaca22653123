"""Recorded traffic: a time stamp per request, or counts per bucket, to numbers from 0 on."""

from __future__ import annotations

import gzip
from array import array
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from math import gcd
from typing import BinaryIO, cast

from planner.model.units import format_duration
from planner.spec.files import Files, beside
from planner.spec.nearest import nearest, suggestion
from planner.spec.places import Step
from planner.spec.recording import MAX_BUCKETS, TICKS, Arrivals, Recording, shared
from planner.spec.report import Finding
from planner.spec.rows import Rows, rows_of
from planner.spec.stamps import NumberColumn, StampColumn
from planner.spec.table import TableError, format_of
from planner.spec.traffic_blocks import TraceBlock
from planner.spec.validate import Sheet

_AT: tuple[Step, ...] = ("spec", "traffic")
_LATEST_S = 1e11
"""Seconds of the year 5138: what is above counts milliseconds or less."""


def read_trace(sheet: Sheet, block: TraceBlock, files: Files, *, source: str) -> Recording | None:
    """Return the recording that a trace names; what is wrong is reported at its own line."""
    name = beside(source, block.file)
    open_file = files.opener(sheet, name, (*_AT, "file"))
    if open_file is None:
        return None
    try:
        rows = _rows(name, block, open_file, files)
        if rows is None or not _has_columns(sheet, block, rows):
            return None
        columns = block.columns
        key = ("trace", name, rows.form, columns.timestamp, columns.count, block.bucket)
        return files.once(key, lambda: _recording(sheet, block, rows))
    except TableError as error:
        sheet.wrong(error.finding, (*_AT, "file"))
        return None


def _rows(
    name: str, block: TraceBlock, open_file: Callable[[], BinaryIO], files: Files
) -> Rows | None:
    is_packed = name.lower().endswith(".gz")
    form = format_of(name[:-3] if is_packed else name, block.format)
    opened = partial(_unpacked, open_file) if is_packed else open_file
    return files.once(("rows", name, form), lambda: rows_of(name, form, opened, files.report))


def _has_columns(sheet: Sheet, block: TraceBlock, rows: Rows) -> bool:
    wanted = {"timestamp": block.columns.timestamp, "count": block.columns.count}
    absent = {field: name for field, name in wanted.items() if name and name not in rows.columns}
    for field, name in absent.items():
        finding = Finding(
            "unknown-column",
            f"{rows.name} has no column {name}",
            f"write columns: {{{field}: {near}}}"
            if (near := nearest(name, rows.columns))
            else suggestion(name, rows.columns),
        )
        sheet.wrong(finding, (*_AT, "columns", field))
    return not absent


class _Unpacked(gzip.GzipFile):
    """Closes the packed file, too."""

    def __init__(self, packed: BinaryIO) -> None:
        super().__init__(fileobj=packed, mode="rb")
        self._packed = packed

    def close(self) -> None:
        super().close()
        self._packed.close()


def _unpacked(open_file: Callable[[], BinaryIO]) -> BinaryIO:
    return cast("BinaryIO", _Unpacked(open_file()))


def _recording(sheet: Sheet, block: TraceBlock, rows: Rows) -> Recording | None:
    read = _requests if block.columns.count is None else _counts
    return read(sheet, block, rows)


def _requests(sheet: Sheet, block: TraceBlock, rows: Rows) -> Recording | None:
    """Read a file with one row per request."""
    findings = sheet.report.count
    column = StampColumn(rows, block.columns.timestamp, sheet.report)
    arrivals = Arrivals()
    read, sound = 0, True
    for (cells,) in rows.batches((block.columns.timestamp,), sheet.report):
        if cells:
            stamps = column.numbers(cells, read)
            sound = sound and stamps is not None
            if stamps is not None and sound:
                arrivals.add(stamps)
        read += len(cells)
    if sheet.report.count > findings or not column.is_sound():
        return None
    problem = _too_little(rows, read, arrivals.span_s, arrivals.last)
    if problem is not None:
        sheet.wrong(problem, (*_AT, "file"))
        return None
    return replace(arrivals.recording(block.bucket), unit_s=column.unit_s)


def _too_little(rows: Rows, read: int, span_s: float, last: float) -> Finding | None:
    """Say why the rows of a file give no rate over time, or None."""
    if read == 0:
        return Finding("empty-file", f"{rows.name} has no rows", "give a file with rows")
    if last >= _LATEST_S:
        return Finding(
            "trace-unit",
            f"a time stamp of {last:.0f} seconds lies beyond the year 5000: it may count "
            "milliseconds or less",
            "write seconds or ISO-8601, or name the column for its unit, as timestamp_ms",
        )
    if span_s <= 0:
        cause = "one row" if read == 1 else f"all {read:,} rows are at one time"
        return Finding(
            "trace-too-short",
            f"a trace needs rows at two different times: {cause}",
            "give a longer recording, or use type: steady",
        )
    return None


def _counts(sheet: Sheet, block: TraceBlock, rows: Rows) -> Recording | None:
    """Read a file with counts per bucket."""
    findings = sheet.report.count
    assert block.columns.count is not None
    names = (block.columns.timestamp, block.columns.count)
    stamps = StampColumn(rows, names[0], sheet.report)
    counts = NumberColumn(rows, names[1], sheet.report)
    times, numbers = array("d"), array("d")
    read = 0
    for cells in rows.batches(names, sheet.report):
        if cells[0]:
            times.extend(stamps.numbers(cells[0], read) or ())
            numbers.extend(counts.numbers(cells[1], read) or ())
        read += len(cells[0])
    sound = sheet.report.count == findings and stamps.is_sound()
    if not sound or not counts.is_sound():
        return None
    problem = _too_little(
        rows, read, times[-1] - times[0] if read else 0.0, times[-1] if read else 0.0
    )
    if problem is None and not any(numbers):
        problem = Finding(
            "trace-empty",
            f"{names[1]} is 0 in every row",
            "give a recording with requests, or name another column under columns.count",
        )
    if problem is not None:
        sheet.wrong(problem, (*_AT, "file"))
        return None
    found = _buckets(sheet, times, numbers, bucket_s=block.bucket)
    return None if found is None else replace(found, unit_s=stamps.unit_s)


def _buckets(
    sheet: Sheet, stamps: Sequence[float], counts: Sequence[float], *, bucket_s: float | None
) -> Recording | None:
    """Put counts into buckets from 0 on; a bucket without a row is empty, and counted."""
    start = stamps[0]
    apart = _common(stamps) / TICKS
    width = bucket_s or apart
    length = stamps[-1] - start
    problem = _bucket_problem(length, width, apart)
    if problem is not None:
        sheet.wrong(problem, (*_AT, "bucket"))
        return None
    filled = array("d", bytes(8 * (round(length / width) + 1)))
    seen = bytearray(len(filled))
    for stamp, count in zip(stamps, counts, strict=True):
        index = round((stamp - start) / width)
        filled[index] += count
        seen[index] = 1
    return Recording(
        (),
        shared(filled),
        width,
        len(filled) * width,
        inferred_bucket=bucket_s is None,
        missing=seen.count(0),
    )


def _common(stamps: Sequence[float]) -> int:
    """Return the greatest common divisor of the distances in ticks; 0 where not on ticks."""
    common = 0
    start = stamps[0]
    for stamp in stamps:
        ticks = (stamp - start) * TICKS
        whole = round(ticks)
        if abs(ticks - whole) > 0.01:
            return 0
        common = gcd(common, whole)
        if common == 1:
            break
    return common


def _bucket_problem(length: float, width: float, apart: float) -> Finding | None:
    """Say why rows do not fall into buckets of this width, or None."""
    if apart >= 1.0 and length / width > MAX_BUCKETS:
        return Finding(
            "trace-bucket",
            f"{length / width:,.0f} buckets of {format_duration(width)} are more than "
            f"{MAX_BUCKETS:,}",
            "sum the rows to counts per minute",
        )
    if width <= 0 or length / width > MAX_BUCKETS:
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
