"""Collects the findings of one run and gives each its place and excerpt."""

from __future__ import annotations

from codecs import BOM_UTF8
from typing import NamedTuple

from planner.diagnostics import Diagnostic, Location
from planner.errors import SpecError
from planner.model.value import record

_WIDTH = 96
_LONGEST = 400


class Place(NamedTuple):
    """A span in a text file; `line` and `column` count from 1, `width` is in characters."""

    file: str
    line: int = 1
    column: int = 1
    width: int = 1

    @property
    def location(self) -> Location:
        """Where the span begins."""
        return Location(file=self.file, line=self.line, column=self.column)


@record
class Finding:
    """One thing that is wrong: a stable code, the cause, and the fix to copy."""

    code: str
    message: str
    hint: str = ""
    path: str = ""


class Report:
    """The diagnostics of one run, in the order of the files and of the places in them."""

    def __init__(self) -> None:
        self._texts: dict[str, bytes] = {}
        self._lines: dict[str, list[bytes]] = {}
        self._quoted: dict[tuple[str, int], str] = {}
        self._settled: set[Place] = set()
        self._found: dict[tuple[str, Place | None, str], Diagnostic] = {}

    def open(self, name: str, text: bytes) -> None:
        """Remember a text, so that its lines can be quoted."""
        self._texts.setdefault(name, text.removeprefix(BOM_UTF8))

    def quote(self, name: str, line: int, text: str) -> None:
        """Remember one line of a file that is too large to be remembered whole."""
        self._texts.setdefault(name, b"")
        self._quoted[name, line] = text

    def settle(self, finding: Finding, place: Place) -> None:
        """Record a finding that explains whatever else is found at this very place."""
        self.add(finding, place)
        self._settled.add(place)

    def add(self, finding: Finding, place: Place | None = None) -> None:
        """Record a finding; the same one at the same place is recorded once."""
        if place in self._settled:
            return
        key = (finding.code, place, finding.message)
        if key not in self._found:
            self._found[key] = Diagnostic(
                code=finding.code,
                message=_clean(finding.message),
                hint=_clean(finding.hint),
                path=finding.path,
                location=None if place is None else place.location,
                excerpt="" if place is None else self.excerpt(place),
            )

    @property
    def count(self) -> int:
        """How many findings there are by now."""
        return len(self._found)

    def raise_any(self) -> None:
        """Raise SpecError with everything found; return when nothing was."""
        if not self._found:
            return
        order = {name: index for index, name in enumerate(self._texts)}

        def rank(diagnostic: Diagnostic) -> tuple[int, int, int]:
            place = diagnostic.location
            if place is None:
                return (-1, 0, 0)
            return (order.get(place.file, -1), place.line, place.column)

        raise SpecError(tuple(sorted(self._found.values(), key=rank)))

    def excerpt(self, place: Place) -> str:
        """Quote the line with a row of carets under the span."""
        text = _printable(self._line(place))
        if not text.strip():
            return ""
        start = place.column - 1
        shift = max(0, start - _WIDTH // 2) if len(text) > _WIDTH else 0
        text, start = text[shift : shift + _WIDTH], start - shift
        carets = "^" * max(1, min(place.width, len(text) - start))
        return f"{text}\n{' ' * start}{carets}"

    def _line(self, place: Place) -> str:
        quoted = self._quoted.get((place.file, place.line))
        if quoted is not None:
            return quoted
        lines = self._lines.get(place.file)
        if lines is None:
            lines = self._lines[place.file] = self._texts.get(place.file, b"").splitlines()
        if not 1 <= place.line <= len(lines):
            return ""
        return lines[place.line - 1].decode("utf-8", "replace")


def _printable(text: str) -> str:
    """Replace what would move the cursor or colour the terminal."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else " " if char == "\t" else "\ufffd" for char in text
    )


def _clean(text: str) -> str:
    text = _printable(text)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
