"""Tables by rich, in plain ASCII so that every terminal, log and locale shows the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from planner.views.style import Style

if TYPE_CHECKING:
    from rich.console import Console


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A heading; `number` aligns right and is never wrapped, words of `prose` may be broken."""

    title: str
    number: bool = False
    prose: bool = False


_PROSE_WIDTH = 16
_LINES = "    \n    \n -- \n" + "    \n" * 5


def console(out: TextIO, style: Style) -> Console:
    """A rich console that writes exactly what it is given: no markup, no emoji, no guesses."""
    from rich.console import Console  # noqa: PLC0415

    return Console(
        file=out,
        width=style.width,
        color_system="standard" if style.color else None,
        force_terminal=style.color,
        no_color=not style.color,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
        _environ={},
    )


def render_table(
    columns: Sequence[Column], rows: Iterable[Sequence[str]], *, out: TextIO, style: Style
) -> None:
    """Rows under their headings; columns that are empty in every row are left out."""
    from rich.box import Box  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    body = [tuple(row) for row in rows]
    used = [index for index in range(len(columns)) if any(row[index] for row in body)]
    table = Table(box=Box(_LINES, ascii=True), header_style="bold", show_edge=False)
    for index in used:
        column = columns[index]
        table.add_column(
            column.title,
            justify="right" if column.number else "left",
            no_wrap=column.number,
            min_width=_least(column, [row[index] for row in body]),
            overflow="fold",
        )
    for row in body:
        table.add_row(*(row[index] for index in used))
    _print(console(out, style), table, out)


def _least(column: Column, cells: Sequence[str]) -> int:
    """Columns of text that a column keeps when its row is wider than the output.

    Without it, rich would shrink some columns to nothing.
    """
    texts = (column.title, *cells)
    if column.number:
        return max(len(text) for text in texts)
    words = max((len(word) for text in texts for word in text.split()), default=0)
    return min(words, _PROSE_WIDTH) if column.prose else words


def _print(target: Console, table: object, out: TextIO) -> None:
    with target.capture() as captured:
        target.print(table)
    for line in captured.get().splitlines():
        out.write(f"{line.rstrip()}\n")
