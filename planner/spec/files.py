"""Files that a spec names: read once a run through the caller's reader, parsed once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from io import BytesIO
from pathlib import PurePath
from typing import Any, BinaryIO, TypeVar

from planner.spec.places import Step
from planner.spec.report import Finding, Report
from planner.spec.validate import Sheet
from planner.spec.value import Reader

_Parsed = TypeVar("_Parsed")


class Files:
    """The files of one run."""

    def __init__(self, reader: Reader, report: Report) -> None:
        self.report = report
        self._reader = reader
        self._texts: dict[str, bytes | Finding] = {}
        self._parsed: dict[Hashable, Any] = {}

    def read(self, sheet: Sheet, name: str, steps: Sequence[Step]) -> bytes | None:
        """Return a file's bytes; a file that cannot be read is reported at the path naming it."""
        found = self._texts.get(name)
        if found is None:
            opened = self._open(name)
            found = self._texts[name] = _whole(opened)
        if isinstance(found, Finding):
            sheet.wrong(found, steps)
            return None
        return found

    def opener(
        self, sheet: Sheet, name: str, steps: Sequence[Step]
    ) -> Callable[[], BinaryIO] | None:
        """Return what opens a file, however large; an absent one is reported at the path.

        Only a file whose bytes the reader hands out whole is kept in memory.
        """
        found = self._texts.get(name)
        if found is None:
            opened = self._open(name)
            if isinstance(opened, bytes | Finding):
                found = self._texts[name] = opened
            else:
                opened.close()
                return lambda: _stream(self._reader(name))
        if isinstance(found, Finding):
            sheet.wrong(found, steps)
            return None
        return lambda: BytesIO(found)

    def once(self, key: Hashable, parse: Callable[[], _Parsed]) -> _Parsed:
        """Return what `parse` returns, calling it at the first use of `key` only."""
        if key not in self._parsed:
            self._parsed[key] = parse()
        result: _Parsed = self._parsed[key]
        return result

    def _open(self, name: str) -> bytes | BinaryIO | Finding:
        try:
            return self._reader(name)
        except FileNotFoundError:
            return Finding(
                "missing-file", f"there is no file {name}", f"ls {PurePath(name).parent}"
            )
        except IsADirectoryError:
            return Finding("not-a-file", f"{name} is a directory", "name a file in it")
        except OSError as error:
            reason = error.strerror or str(error)
            return Finding("unreadable-file", f"{name}: {reason}", f"ls -l {name}")
        except ValueError:
            return Finding(
                "missing-file", "no file can have this name", "remove the control characters"
            )


def _whole(opened: bytes | BinaryIO | Finding) -> bytes | Finding:
    if isinstance(opened, bytes | Finding):
        return opened
    with opened:
        return opened.read()


def _stream(opened: bytes | BinaryIO) -> BinaryIO:
    return BytesIO(opened) if isinstance(opened, bytes) else opened


def beside(source: str, name: str) -> str:
    """Join a name to the directory of the file that mentions it."""
    return str(PurePath(source).parent / name)
