"""Diagnostics for people: what, where with the source line, and the fix to copy.

error[bare-duration]: `50` has no unit
  --> checkout.planner.yaml:12:14
   |
12 |     p99: 50
   |          ^
   = spec.slo.latency.p99
help: write 50ms or 50s
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TextIO

from planner.diagnostics import Diagnostic, Location
from planner.views.style import Role, Style

_TAB = "  "


def render_diagnostics(diagnostics: Iterable[Diagnostic], *, out: TextIO, style: Style) -> None:
    """Write each with its excerpt, a blank line between two; their order is kept."""
    for index, diagnostic in enumerate(diagnostics):
        if index:
            out.write("\n")
        for line in _lines(diagnostic, style):
            out.write(f"{line}\n")


def _lines(diagnostic: Diagnostic, style: Style) -> Iterable[str]:
    role: Role = "bad" if diagnostic.severity == "error" else "caution"
    head = style.paint(f"{diagnostic.severity}[{diagnostic.code}]", role)
    yield f"{head}: {style.paint(printable(diagnostic.message), 'strong')}"
    location = diagnostic.location
    gutter = len(str(location.line)) if location else 1
    if location is not None:
        yield f"{' ' * gutter}{style.paint('-->', 'place')} {location}"
        yield from _excerpt(diagnostic.excerpt, location, style)
    if diagnostic.path:
        yield f"{' ' * gutter} {style.paint('=', 'place')} {diagnostic.path}"
    if diagnostic.hint:
        yield f"{style.paint('help', 'good')}: {printable(diagnostic.hint)}"


def _excerpt(excerpt: str, location: Location, style: Style) -> Iterable[str]:
    lines = excerpt.expandtabs(len(_TAB)).split("\n") if excerpt else []
    if not lines:
        return
    marked = len(lines) > 1 and _is_marker(lines[-1])
    marker = lines.pop() if marked else " " * (location.column - 1) + "^"
    gutter = len(str(location.line))
    room = max(style.width - gutter - 3, 20)
    cut = _cut(lines[-1], marker, room)
    bar = style.paint("|", "place")
    yield f"{' ' * gutter} {bar}"
    for number, line in enumerate(lines, location.line - len(lines) + 1):
        shown = printable(line[cut : cut + room])
        yield f"{style.paint(str(number).rjust(gutter), 'place')} {bar} {shown}".rstrip()
    yield f"{' ' * gutter} {bar} {style.paint(marker[cut : cut + room].rstrip(), 'bad')}"


def _is_marker(line: str) -> bool:
    return bool(line.strip()) and not line.strip().strip("^~-")


def _cut(line: str, marker: str, room: int) -> int:
    """First column shown, so that the marker stays in sight on a line wider than the output."""
    if len(line) <= room:
        return 0
    start = len(marker) - len(marker.lstrip())
    return max(0, start - room // 2)


def printable(text: str) -> str:
    """`text` with control characters escaped: a file must not steer the terminal."""
    return "".join(
        char if char.isprintable() or char == "\n" else f"\\x{ord(char):02x}" for char in text
    )
