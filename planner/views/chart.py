"""Strips of a chart above one axis of time, in block characters or plain ASCII.

A column covers the same stretch of time in every strip. Where several windows share a column, bars
reach the highest of them and a line spans from the lowest to the highest.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Literal

from planner.model.value import record, value
from planner.views.style import Role, Style
from planner.views.timeline import ticks

_NARROWEST = 20
_INDENT = 2
_STEPS = (1.0, 2.0, 5.0, 10.0)


@record
class Span:
    """A value that holds from `start_s` to `end_s`; None where nothing is known."""

    start_s: float
    end_s: float
    value: float | None


@value
class Strip:
    """One quantity over time: filled `bars`, or a `line`; from zero up, or on a log scale.

    `mark` is a level to hold against: a line across, and what lies above it in another colour.
    """

    title: str
    spans: tuple[Span, ...]
    label: Callable[[float], str]
    kind: Literal["bars", "line"] = "line"
    rows: int = 4
    role: Role = "place"
    log: bool = False
    mark: float | None = None


@value
class _Pen:
    """The characters of a chart: cells by eighths and by halves (lower, upper, both), and lines."""

    eighths: str
    halves: str
    mark: str
    side: str
    corner: str
    base: str
    tick: str


_BLOCKS = _Pen(
    eighths=" ▁▂▃▄▅▆▇█", halves=" ▄▀█", mark="┄", side="│", corner="└", base="─", tick="┴"
)
_ASCII = _Pen(
    eighths=" ...:::##", halves=" .':", mark="-", side="|", corner="+", base="-", tick="+"
)

Reach = tuple[float, float] | None
"""Lowest and highest value in a column; None where nothing is known."""

Cell = tuple[str, Role | None]


@value
class _Scale:
    low: float
    high: float
    log: bool

    def share(self, level: float) -> float:
        """How far up the strip a level stands, from 0 to 1."""
        low, high = self.low, self.high
        if self.log:
            low, high, level = math.log(low), math.log(high), math.log(max(level, low))
        return min(max((level - low) / (high - low), 0.0), 1.0) if high > low else 0.0


Ticks = Callable[[int], Sequence[tuple[int, str]]]
"""Columns with their labels, of as many columns as there are."""


def chart(
    strips: Sequence[Strip],
    *,
    cycle_s: float,
    calendar: bool,
    style: Style,
    axis: Ticks | None = None,
) -> Iterator[str]:
    """Lines of the chart, as wide as the style; `calendar` where the cycle starts on a Monday.

    `axis` labels the columns in place of the time of day: then what goes across is no time.
    """
    pen = _BLOCKS if style.blocks else _ASCII
    named = [_labels(strip, _scale(strip)) for strip in strips]
    margin = _INDENT + max((len(text) for names in named for text in names.values()), default=0)
    width = max(style.width - margin - 2, _NARROWEST)
    pad = " " * (margin + 1)
    for strip, names in zip(strips, named, strict=True):
        yield f"{pad} {strip.title}"
        grid = _grid(strip, _reaches(strip.spans, cycle_s=cycle_s, width=width), pen)
        for row in reversed(range(strip.rows)):
            cells = _painted(grid[row], style).rstrip()
            yield f"{names.get(row, ''):>{margin}} {pen.side}{cells}"
    labels = axis(width) if axis else ticks(cycle_s, width=width, calendar=calendar)
    columns = {column for column, _ in labels}
    yield (
        pad
        + pen.corner
        + "".join(pen.tick if column in columns else pen.base for column in range(width))
    )
    text = ""
    for column, label in labels:
        text = text.ljust(column) + label
    yield f"{pad} {text}"


def _scale(strip: Strip) -> _Scale:
    levels = [span.value for span in strip.spans if _drawable(span.value, log=strip.log)]
    if strip.mark is not None:
        levels.append(strip.mark)
    known = [level for level in levels if level is not None]
    if not strip.log:
        return _Scale(low=0.0, high=max(known, default=0.0), log=False)
    if not known:
        return _Scale(low=1.0, high=1.0, log=True)
    low, high = _round_down(min(known)), _round_up(max(known))
    return _Scale(low=low, high=high if high > low else _round_up(high * 1.01), log=True)


def _drawable(level: float | None, *, log: bool) -> bool:
    return level is not None and math.isfinite(level) and (level > 0.0 or not log)


def _round_down(level: float) -> float:
    """The next of 1, 2, 5, 10, 20, ... at or below."""
    decade = 10.0 ** math.floor(math.log10(level))
    return max(step for step in _STEPS if step * decade <= level * (1 + 1e-9)) * decade


def _round_up(level: float) -> float:
    decade = 10.0 ** math.floor(math.log10(level))
    return min(step for step in _STEPS if step * decade >= level * (1 - 1e-9)) * decade


def _labels(strip: Strip, scale: _Scale) -> dict[int, str]:
    """Labels of rows, counted from below: the ends of the scale, and the mark before either."""
    if scale.log and scale.high <= scale.low:
        return {}
    named = {0: strip.label(scale.low)}
    if scale.high > scale.low:
        named[strip.rows - 1] = strip.label(scale.high)
    if strip.mark is not None:
        named[_level(strip, scale, strip.mark) // 2] = strip.label(strip.mark)
    return named


def _reaches(spans: Sequence[Span], *, cycle_s: float, width: int) -> list[Reach]:
    reaches: list[Reach] = [None] * width
    for span in spans:
        level = span.value
        if level is None or not math.isfinite(level):
            continue
        first = int(span.start_s / cycle_s * width + 1e-6)
        last = max(math.ceil(span.end_s / cycle_s * width - 1e-6), first + 1)
        for column in range(first, min(last, width)):
            known = reaches[column] or (level, level)
            reaches[column] = (min(known[0], level), max(known[1], level))
    return reaches


def _level(strip: Strip, scale: _Scale, level: float) -> int:
    """The half of a row that a level falls into, counted from below."""
    return round(scale.share(level) * (2 * strip.rows - 1))


def _grid(strip: Strip, reaches: Sequence[Reach], pen: _Pen) -> list[list[Cell]]:
    """Rows of cells, the lowest first."""
    scale = _scale(strip)
    columns = _bars(strip, scale, reaches) if strip.kind == "bars" else _line(strip, scale, reaches)
    shapes = pen.eighths if strip.kind == "bars" else pen.halves
    roles: list[Role] = [
        "bad" if reach and strip.mark is not None and reach[1] > strip.mark else strip.role
        for reach in reaches
    ]
    grid: list[list[Cell]] = [
        [(shapes[column[row]], role) for column, role in zip(columns, roles, strict=True)]
        for row in range(strip.rows)
    ]
    if strip.mark is not None:
        row = _level(strip, scale, strip.mark) // 2
        grid[row] = [(pen.mark, "caution") if cell[0] == " " else cell for cell in grid[row]]
    return grid


def _bars(strip: Strip, scale: _Scale, reaches: Sequence[Reach]) -> list[list[int]]:
    """Eighths of every cell by column; whatever is more than nothing shows."""
    heights = [
        math.ceil(scale.share(reach[1]) * strip.rows * 8 - 1e-9) if reach else 0
        for reach in reaches
    ]
    return [[min(max(full - 8 * row, 0), 8) for row in range(strip.rows)] for full in heights]


def _line(strip: Strip, scale: _Scale, reaches: Sequence[Reach]) -> list[list[int]]:
    """Halves of every cell by column: 1 the lower, 2 the upper; steps are joined."""
    columns: list[list[int]] = []
    before: tuple[int, int] | None = None
    for reach in reaches:
        here = None if reach is None else tuple(_level(strip, scale, end) for end in reach)
        drawn = range(0)
        if here is not None:
            low, high = here
            if before is not None:
                low, high = min(low, before[1] + 1), max(high, before[0] - 1)
            drawn = range(low, high + 1)
            before = (here[0], here[1])
        else:
            before = None
        columns.append(
            [(2 * row in drawn) + 2 * (2 * row + 1 in drawn) for row in range(strip.rows)]
        )
    return columns


def _painted(cells: Sequence[Cell], style: Style) -> str:
    """The cells as text; blanks carry no colour, so that those at the end can be cut off."""
    parts = []
    for role, group in groupby(cells, key=lambda cell: None if cell[0] == " " else cell[1]):
        text = "".join(char for char, _ in group)
        parts.append(style.paint(text, role) if role else text)
    return "".join(parts)
