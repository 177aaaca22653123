"""What every view of text is told about the place it writes to, and how it colours."""

from __future__ import annotations

import textwrap
from typing import Literal, TextIO

from planner.model.value import value

Role = Literal["good", "bad", "caution", "place", "strong", "faint"]

_SGR: dict[Role, str] = {
    "good": "32",
    "bad": "31",
    "caution": "33",
    "place": "34",
    "strong": "1",
    "faint": "2",
}


@value
class Style:
    """Columns of the output, whether it may be coloured, and whether it can show block characters.

    The command line decides all three.
    """

    width: int = 100
    color: bool = False
    blocks: bool = False

    def paint(self, text: str, role: Role) -> str:
        """`text` in the colour of its role, unchanged where there is no colour."""
        return f"\x1b[{_SGR[role]}m{text}\x1b[0m" if self.color and text else text


@value
class Paper:
    """Lines of `label  value` on a text stream, wrapped to the width with a hanging indent."""

    out: TextIO
    style: Style
    indent: int = 4
    label_width: int = 12

    def line(self, text: str = "") -> None:
        """One line as it stands."""
        self.out.write(f"{text}\n")

    def entry(self, label: str, text: str, role: Role | None = None) -> None:
        """`text` behind `label`; `role` colours the label."""
        margin = self.indent + self.label_width
        lines = textwrap.wrap(text, max(self.style.width - margin, 20), break_on_hyphens=False)
        head = label.ljust(self.label_width)
        painted = self.style.paint(head, role) if role and label else head
        pad = " " * self.indent
        self.line(f"{pad}{painted}{lines[0] if lines else ''}".rstrip())
        for rest in lines[1:]:
            self.line(f"{' ' * margin}{rest}")
