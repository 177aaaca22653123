"""The bytes of a file of measurements, read once as whatever they are."""

from __future__ import annotations

import csv
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from io import StringIO
from typing import Any

from planner.profiling.observation import MeasurementError

_GZIP = b"\x1f\x8b"
_MOST = 512 << 20

Row = Mapping[str, str]


class Content:
    """A file by its name, for messages, and its bytes; gzip is unpacked."""

    def __init__(self, name: str, data: bytes) -> None:
        self.name = name
        self._data = data

    @cached_property
    def text(self) -> str:
        """The text; MeasurementError `not-utf8` for anything else."""
        data = self._data
        if data.startswith(_GZIP):
            data = self._unpacked(data)
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise MeasurementError(
                "not-utf8",
                f"{self.name}: byte 0x{data[error.start]:02x} is not UTF-8",
                hint="give the file that the load tool wrote",
            ) from None

    def _unpacked(self, data: bytes) -> bytes:
        try:
            unpacking = zlib.decompressobj(wbits=31)
            found = unpacking.decompress(data, _MOST)
        except zlib.error as error:
            raise MeasurementError("gzip", f"{self.name}: {error}", hint="gunzip it") from None
        if unpacking.unconsumed_tail or not unpacking.eof:
            raise MeasurementError("gzip", f"{self.name}: is cut off or too large", hint="ls -l")
        return found

    @cached_property
    def json(self) -> Any:
        """The JSON value, None where the text is none."""
        if self.text.lstrip()[:1] not in {"{", "["}:
            return None
        try:
            return json.loads(self.text)
        except (ValueError, RecursionError):
            return None

    def lines_of_json(self) -> Iterator[tuple[int, Any]]:
        """Each line's JSON value with its number; MeasurementError for a line that is none.

        A last one without its end was being written when the tool stopped, and is passed over.
        """
        for number, line in enumerate(self.text.splitlines(keepends=True), start=1):
            if not line.strip():
                continue
            try:
                yield number, json.loads(line)
            except (ValueError, RecursionError) as error:
                if number > 1 and not line.endswith(("\n", "\r")):
                    return
                raise self.wrong(number, f"not valid JSON: {error}") from None

    @cached_property
    def first_line(self) -> Any:
        """The JSON value of the first line, None where it is none."""
        try:
            return json.loads(self.text.split("\n", 1)[0])
        except (ValueError, RecursionError):
            return None

    @cached_property
    def header(self) -> tuple[str, ...]:
        """The cells of the first row as csv."""
        try:
            first = next(csv.reader(StringIO(self.text.split("\n", 1)[0])), [])
        except csv.Error:
            return ()
        return tuple(cell.strip() for cell in first)

    def rows(self) -> Iterator[tuple[int, Row]]:
        """Rows of a csv by column, each with its line; MeasurementError for one of other width."""
        reader = csv.reader(StringIO(self.text, newline=""))
        next(reader, None)
        for cells in self._cells(reader):
            if len(cells) != len(self.header):
                raise self.wrong(
                    reader.line_num,
                    f"this row has {len(cells)} cells where the header has {len(self.header)}",
                )
            yield reader.line_num, dict(zip(self.header, cells, strict=True))

    def _cells(self, reader: Any) -> Iterator[Sequence[str]]:
        try:
            yield from (cells for cells in reader if cells)
        except csv.Error as error:
            raise self.wrong(reader.line_num, f"not valid csv: {error}") from None

    def wrong(self, line: int, message: str) -> MeasurementError:
        """An error at a line."""
        return MeasurementError(
            "unreadable-measurements",
            f"{self.name}:{line}: {message}",
            hint="give the file as the load tool wrote it",
        )

    def number(self, row: Row, column: str, line: int) -> float | None:
        """A cell as a number; None where it is empty or says that it knows none."""
        text = row.get(column, "").strip()
        if text.lower() in {"", "n/a", "na", "nan", "none", "null"}:
            return None
        try:
            return float(text.replace(",", ""))
        except (ValueError, RecursionError):
            raise self.wrong(line, f"{column} is no number: {text}") from None
