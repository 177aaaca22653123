"""Rows of csv, jsonl and parquet files, each with its line."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from io import StringIO
from typing import Any

from planner.model.value import record
from planner.spec.blocks import ModelsFromBlock
from planner.spec.files import Files, beside
from planner.spec.places import Step
from planner.spec.report import Finding, Place, Report
from planner.spec.validate import Sheet

FORMATS = {
    ".csv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}


@record
class Table:
    """Rows as tuples in the order of `columns`; absent cells are None or empty text."""

    name: str
    columns: tuple[str, ...]
    lines: tuple[int, ...]
    rows: tuple[tuple[Any, ...], ...]

    def place(self, row: int) -> Place:
        """Place of a row in its file."""
        return Place(self.name, self.lines[row], 1, 10_000)


class TableError(Exception):
    """The file as a whole cannot be read; the finding belongs where the spec names it."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


def table_of(
    sheet: Sheet,
    block: ModelsFromBlock,
    at: Sequence[Step],
    *,
    files: Files,
    source: str,
) -> Table | None:
    """Return the table that the `file` of the block at a path names, parsed once a run.

    None where it cannot be read, which is reported.
    """
    name = beside(source, block.file)
    text = files.read(sheet, name, (*at, "file"))
    if text is None:
        return None
    try:
        form = format_of(name, block.format)
        return files.once(("table", name, form), lambda: read_table(name, text, form, files.report))
    except TableError as error:
        sheet.wrong(error.finding, (*at, "file"))
        return None


def format_of(name: str, given: str | None) -> str:
    """Return the format of a file: as given, or by its extension; TableError when unknown."""
    if given is not None:
        return given
    for extension, found in FORMATS.items():
        if name.lower().endswith(extension):
            return found
    raise TableError(
        Finding(
            "unknown-format",
            f"the extension of {name} names no known format",
            "add format: csv, format: jsonl or format: parquet",
        )
    )


def read_table(name: str, text: bytes, form: str, report: Report) -> Table | None:
    """Return the rows of a file; None when a row is malformed, which is reported at its line.

    Raises TableError where no row can be read at all.
    """
    if form == "parquet":
        return _parquet(name, text)
    report.open(name, text)
    if b"\0" in text:
        raise TableError(
            Finding("binary-file", f"{name} is a binary file", "give a text file in UTF-8")
        )
    try:
        decoded = text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        finding = Finding(
            "not-utf8", f"byte 0x{text[error.start]:02x} is not UTF-8", "save as UTF-8"
        )
        report.add(finding, Place(name, line))
        return None
    before = report.count
    table = _FORMS[form](name, decoded, report)
    if report.count == before and not table.rows:
        raise TableError(Finding("empty-file", f"{name} has no rows", "give a file with rows"))
    return table if report.count == before else None


def _csv(name: str, text: str, report: Report) -> Table:
    reader = csv.reader(StringIO(text, newline=""))
    columns: tuple[str, ...] = ()
    lines: list[int] = []
    rows: list[tuple[Any, ...]] = []
    try:
        columns = tuple(cell.strip() for cell in next(reader, ()))
        width = len(columns)
        for row in reader:
            if not row:
                continue
            if len(row) != width:
                _ragged(name, reader.line_num, len(row), width, report=report)
                break
            lines.append(reader.line_num)
            rows.append(tuple(row))
    except csv.Error as error:
        finding = Finding(
            "csv-syntax", f"not valid csv: {error}", "quote cells that contain quotes"
        )
        report.add(finding, Place(name, max(1, reader.line_num)))
    return Table(name, columns, tuple(lines), tuple(rows))


def _ragged(name: str, line: int, cells: int, columns: int, *, report: Report) -> None:
    report.add(ragged(cells, columns), Place(name, line, 1, 10_000))


def ragged(cells: int, columns: int) -> Finding:
    """Return the finding for a row of the wrong width."""
    return Finding(
        "csv-row",
        f"this row has {cells} cells where the header has {columns}",
        "quote cells that contain commas",
    )


def _jsonl(name: str, text: str, report: Report) -> Table:
    lines: list[int] = []
    objects: list[dict[str, Any]] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        value = _json_line(name, number, line, report)
        if value is None:
            break
        lines.append(number)
        objects.append(value)
    columns = tuple(dict.fromkeys(key for value in objects for key in value))
    rows = tuple(tuple(value.get(key) for key in columns) for value in objects)
    return Table(name, columns, tuple(lines), rows)


def _json_line(name: str, number: int, line: str, report: Report) -> dict[str, Any] | None:
    value = json_object(line)
    if isinstance(value, dict):
        return value
    finding, column, width = value
    report.add(finding, Place(name, number, column, width))
    return None


def json_object(line: str) -> dict[str, Any] | tuple[Finding, int, int]:
    """Return the object of a line, or what is wrong with it, its column and its width."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        column, cause = getattr(error, "colno", 1), getattr(error, "msg", "nested too deeply")
        hint = "write one JSON object a line"
        return Finding("json-syntax", f"not valid JSON: {cause}", hint), column, 1
    if isinstance(value, dict):
        return value
    finding = Finding("json-syntax", "a row must be a JSON object", 'write {"timestamp": 0.5}')
    return finding, 1, len(line)


_FORMS: dict[str, Callable[[str, str, Report], Table]] = {"csv": _csv, "jsonl": _jsonl}


def parquet_module() -> tuple[Any, Any]:
    """Return pyarrow and its parquet module; TableError without the extra."""
    try:
        import pyarrow  # noqa: PLC0415  an extra, and heavy
        from pyarrow import parquet  # noqa: PLC0415
    except ImportError:
        raise TableError(
            Finding(
                "parquet-extra",
                "reading parquet needs the extra of that name",
                "pip install 'endpoint-planner[parquet]'",
            )
        ) from None
    return pyarrow, parquet


def _parquet(name: str, text: bytes) -> Table:
    pyarrow, parquet = parquet_module()
    try:
        table = parquet.read_table(pyarrow.BufferReader(text))
    except pyarrow.ArrowException as error:
        first = str(error).partition("\n")[0]
        raise TableError(
            Finding("parquet-syntax", f"{name} is no parquet file: {first}", "check the format key")
        ) from None
    columns = tuple(str(column) for column in table.column_names)
    cells = [table.column(index).to_pylist() for index in range(len(columns))]
    rows = tuple(zip(*cells, strict=True))
    if not rows:
        raise TableError(Finding("empty-file", f"{name} has no rows", "give a file with rows"))
    return Table(name, columns, tuple(range(1, len(rows) + 1)), rows)


def nonempty(row: tuple[Any, ...], indexes: dict[str, int]) -> Iterator[tuple[str, Any]]:
    """Return the filled cells of a row under the names given to their columns."""
    for field, index in indexes.items():
        cell = row[index]
        if cell is not None and cell != "":
            yield field, cell
