"""Files that a spec names: read once a run through the caller's reader, parsed once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from pathlib import PurePath
from typing import Any, TypeVar

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
            found = self._texts[name] = self._read(name)
        if isinstance(found, Finding):
            sheet.wrong(found, steps)
            return None
        return found

    def once(self, key: Hashable, parse: Callable[[], _Parsed]) -> _Parsed:
        """Return what `parse` returns, calling it at the first use of `key` only."""
        if key not in self._parsed:
            self._parsed[key] = parse()
        result: _Parsed = self._parsed[key]
        return result

    def _read(self, name: str) -> bytes | Finding:
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


def beside(source: str, name: str) -> str:
    """Join a name to the directory of the file that mentions it."""
    return str(PurePath(source).parent / name)
