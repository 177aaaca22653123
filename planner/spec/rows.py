"""Some columns of a csv, jsonl or parquet file, batch by batch: memory does not grow with rows."""

from __future__ import annotations

import csv
import json
import zlib
from collections.abc import Callable, Iterator, Sequence
from io import TextIOWrapper
from itertools import islice
from typing import Any, BinaryIO

from planner.model.value import record
from planner.spec.report import Finding, Place, Report
from planner.spec.table import TableError, json_object, parquet_module, ragged

BATCH = 16_384
_HEAD = 1 << 16
_Cells = list[list[Any]]
Open = Callable[[], BinaryIO]


class _RowError(Exception):
    """A row that cannot be read; its line is looked up when it is reported."""

    def __init__(self, row: int, finding: Finding) -> None:
        super().__init__(finding.message)
        self.row = row
        self.finding = finding


class _LineError(Exception):
    """A line that cannot be read."""

    def __init__(self, line: int, finding: Finding, *, column: int = 1, width: int = 1) -> None:
        super().__init__(finding.message)
        self.place = (line, column, width)
        self.finding = finding


@record
class Rows:
    """A file of rows that is opened anew for each pass; `columns` are those of its beginning."""

    name: str
    form: str
    open: Open
    columns: tuple[str, ...]

    def batches(self, names: Sequence[str], report: Report) -> Iterator[_Cells]:
        """Yield the cells of these columns, one list each, at most BATCH rows at a time.

        A malformed row is reported at its line and ends the rows. TableError where the file as a
        whole turns out to be unreadable.
        """
        try:
            with self.open() as stream:
                yield from _BATCHES[self.form](stream, self.columns, names)
        except _RowError as error:
            report.add(error.finding, self.place(error.row, report))
        except _LineError as error:
            self._add(error, report)
        except UnicodeDecodeError:
            self._add(self._undecodable(), report)
        except (EOFError, OSError, zlib.error) as error:
            raise unreadable(self.name, error) from None

    def place(self, row: int, report: Report) -> Place:
        """Return the place of a row, whose line the report can quote from then on."""
        if self.form == "parquet":
            return Place(self.name, row + 1, 1, 10_000)
        with self.open() as stream:
            line = _LINES[self.form](stream, row)
        self._quote(line, report)
        return Place(self.name, line, 1, 10_000)

    def _add(self, error: _LineError, report: Report) -> None:
        self._quote(error.place[0], report)
        report.add(error.finding, Place(self.name, *error.place))

    def _quote(self, line: int, report: Report) -> None:
        with self.open() as stream:
            text = next(islice(_text(stream, errors="replace"), line - 1, None), "")
        report.quote(self.name, line, text.rstrip("\r\n"))

    def _undecodable(self) -> _LineError:
        """Find the line that is not UTF-8; no character of UTF-8 has a line feed in it."""
        with self.open() as stream:
            for number, line in enumerate(stream, start=1):
                try:
                    line.decode("utf-8")
                except UnicodeDecodeError as error:
                    cause = f"byte 0x{line[error.start]:02x} is not UTF-8"
                    return _LineError(number, Finding("not-utf8", cause, "save as UTF-8"))
        raise TableError(Finding("not-utf8", f"{self.name} is not UTF-8", "save as UTF-8"))


def rows_of(name: str, form: str, open_file: Open, report: Report) -> Rows | None:
    """Return the rows of a file; None where its beginning is malformed, which is reported.

    Raises TableError where no row can be read at all.
    """
    try:
        with open_file() as stream:
            if form != "parquet" and b"\0" in stream.read(_HEAD):
                raise TableError(
                    Finding("binary-file", f"{name} is a binary file", "give a text file in UTF-8")
                )
        with open_file() as stream:
            return Rows(name, form, open_file, _COLUMNS[form](stream))
    except _LineError as error:
        Rows(name, form, open_file, ())._add(error, report)
    except UnicodeDecodeError:
        rows = Rows(name, form, open_file, ())
        rows._add(rows._undecodable(), report)
    except (EOFError, OSError, zlib.error) as error:
        raise unreadable(name, error) from None
    return None


def unreadable(name: str, error: Exception) -> TableError:
    """Return the finding for a file that breaks off, such as a damaged archive."""
    return TableError(
        Finding("unreadable-file", f"{name}: {error}", f"gzip --test {name}")
        if name.endswith(".gz")
        else Finding("unreadable-file", f"{name}: {error}", f"ls -l {name}")
    )


def _text(stream: BinaryIO, *, errors: str = "strict") -> TextIOWrapper:
    return TextIOWrapper(stream, "utf-8-sig", errors=errors, newline="")


def _csv_columns(stream: BinaryIO) -> tuple[str, ...]:
    reader = csv.reader(_text(stream))
    try:
        return tuple(cell.strip() for cell in next(reader, ()))
    except csv.Error as error:
        raise _csv_error(error, reader.line_num) from None


def _csv_error(error: csv.Error, line: int) -> _LineError:
    hint = "quote cells that contain quotes"
    return _LineError(max(1, line), Finding("csv-syntax", f"not valid csv: {error}", hint))


def _csv_batches(
    stream: BinaryIO, columns: Sequence[str], names: Sequence[str]
) -> Iterator[_Cells]:
    indexes = [columns.index(name) for name in names]
    reader = csv.reader(_text(stream))
    row, width = 0, len(columns)
    try:
        next(reader, None)
        while rows := list(islice(reader, BATCH)):
            widths = set(map(len, rows))
            if widths != {width}:
                rows = _sound(list(filter(None, rows)), width, row)
            yield [[cells[index] for cells in rows] for index in indexes]
            row += len(rows)
    except csv.Error as error:
        raise _csv_error(error, reader.line_num) from None


def _sound(rows: list[list[str]], width: int, before: int) -> list[list[str]]:
    for index, cells in enumerate(rows):
        if len(cells) != width:
            raise _RowError(before + index, ragged(len(cells), width))
    return rows


def _csv_line(stream: BinaryIO, row: int) -> int:
    reader = csv.reader(_text(stream))
    next(reader, None)
    next(islice(filter(None, reader), row, None), None)
    return reader.line_num


def _json_columns(stream: BinaryIO) -> tuple[str, ...]:
    first = next(_json_objects(stream), [])
    return tuple(dict.fromkeys(key for value in first for key in value))


def _json_batches(
    stream: BinaryIO, _columns: Sequence[str], names: Sequence[str]
) -> Iterator[_Cells]:
    for objects in _json_objects(stream):
        yield [[value.get(name) for value in objects] for name in names]


def _json_objects(stream: BinaryIO) -> Iterator[list[dict[str, Any]]]:
    lines = _json_lines(stream)
    number = 1
    while batch := list(islice(lines, BATCH)):
        filled = [line for line in batch if not line.isspace()]
        yield _at_once(filled) or _one_by_one(batch, number)
        number += len(batch)


def _json_lines(stream: BinaryIO) -> Iterator[str]:
    """Only a line feed ends a line: a lone carriage return is white space in JSON."""
    return iter(TextIOWrapper(stream, "utf-8-sig", newline="\n"))


def _at_once(lines: Sequence[str]) -> list[dict[str, Any]] | None:
    """Parse many lines as one array, in a third of the time; None unless each is an object."""
    try:
        values = json.loads(f"[{','.join(lines)}]")
    except (ValueError, RecursionError):
        return None
    return values if len(values) == len(lines) and set(map(type, values)) <= {dict} else None


def _one_by_one(lines: Sequence[str], first: int) -> list[dict[str, Any]]:
    objects = []
    for number, line in enumerate(lines, start=first):
        if line.isspace():
            continue
        value = json_object(line.rstrip("\r\n"))
        if isinstance(value, dict):
            objects.append(value)
            continue
        finding, column, width = value
        raise _LineError(number, finding, column=column, width=width)
    return objects


def _json_line(stream: BinaryIO, row: int) -> int:
    filled = (
        number for number, line in enumerate(_json_lines(stream), start=1) if not line.isspace()
    )
    return next(islice(filled, row, None), 1)


def _parquet_columns(stream: BinaryIO) -> tuple[str, ...]:
    return tuple(str(name) for name in _parquet_file(stream).schema_arrow.names)


def _parquet_batches(
    stream: BinaryIO, _columns: Sequence[str], names: Sequence[str]
) -> Iterator[_Cells]:
    for batch in _parquet_file(stream).iter_batches(batch_size=BATCH, columns=list(names)):
        yield [batch.column(name).to_pylist() for name in names]


def _parquet_file(stream: BinaryIO) -> Any:
    pyarrow, parquet = parquet_module()
    try:
        return parquet.ParquetFile(stream)
    except pyarrow.ArrowException as error:
        first = str(error).partition("\n")[0]
        raise TableError(
            Finding("parquet-syntax", f"no parquet file: {first}", "check the format key")
        ) from None


_COLUMNS: dict[str, Callable[[BinaryIO], tuple[str, ...]]] = {
    "csv": _csv_columns,
    "jsonl": _json_columns,
    "parquet": _parquet_columns,
}
_BATCHES: dict[str, Callable[[BinaryIO, Sequence[str], Sequence[str]], Iterator[_Cells]]] = {
    "csv": _csv_batches,
    "jsonl": _json_batches,
    "parquet": _parquet_batches,
}
_LINES: dict[str, Callable[[BinaryIO, int], int]] = {"csv": _csv_line, "jsonl": _json_line}
