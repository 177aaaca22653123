"""Tables by rich, in plain ASCII so that every terminal, log and locale shows the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, TextIO

from planner.model.value import value
from planner.views.style import Style

if TYPE_CHECKING:
    from rich.console import Console


@value
class Column:
    """A heading; `number` aligns right and is never wrapped, words of `prose` may be broken."""

    title: str
    number: bool = False
    prose: bool = False


_NARROWEST = 30
_AROUND = 3
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
    shown = [columns[index] for index in used]
    texts = [(columns[index].title, *(row[index] for row in body)) for index in used]
    table = Table(box=Box(_LINES, ascii=True), header_style="bold", show_edge=False)
    for column, width in zip(shown, _widths(shown, texts, style.width), strict=True):
        table.add_column(
            column.title,
            justify="right" if column.number else "left",
            width=width,
            overflow="fold",
        )
    for row in body:
        table.add_row(*(row[index] for index in used))
    _print(console(out, style), table, out)


def _widths(columns: Sequence[Column], texts: Sequence[Sequence[str]], width: int) -> list[int]:
    """The width of each column: what its text needs, less where the row is wider than the output.

    The widest column gives way first. Numbers keep all of theirs and names their longest word as
    long as they can; rich alone would cut text off or shrink a column to nothing.
    """
    available = width - _AROUND * len(columns) + 1
    widths = [min(max(map(len, each)), available) for each in texts]
    least = [
        full if column.number else min(full, _least(column, each))
        for column, each, full in zip(columns, texts, widths, strict=True)
    ]
    while sum(widths) > available and max(widths) > 1:
        wider = [index for index, floor in enumerate(least) if widths[index] > floor]
        wordy = [at for at, column in enumerate(columns) if not column.number and widths[at] > 1]
        widths[max(wider or wordy or range(len(widths)), key=widths.__getitem__)] -= 1
    return widths


def _least(column: Column, texts: Sequence[str]) -> int:
    longest_word = max((len(word) for text in texts for word in text.split()), default=1)
    return min(longest_word, _NARROWEST) if column.prose else longest_word


def _print(target: Console, table: object, out: TextIO) -> None:
    with target.capture() as captured:
        target.print(table)
    for line in captured.get().splitlines():
        out.write(f"{line.rstrip()}\n")
