"""Changes of endpoints without a decision: what goes, or comes back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from planner.model.change import Action
from planner.model.plan import Pending
from planner.views.plan_text import show_changes
from planner.views.style import Paper, Style
from planner.views.wording import ROLE, SYMBOL

_SAID = {Action.NONE: "stays", Action.DELETE: "will be deleted"}


def render_changes(pending: Sequence[Pending], *, out: TextIO, style: Style) -> None:
    """Write every endpoint with its changes in order, and what is left alone."""
    paper = Paper(out=out, style=style)
    for one in pending:
        action = one.changes.action
        symbol = style.paint(SYMBOL[action], ROLE[action])
        said = _SAID.get(action, "will be changed")
        paper.line(f"{symbol} {style.paint(one.desired.endpoint, 'strong')} {said}")
        paper.entry("where", f"{one.desired.provider} {one.desired.region}".rstrip())
        show_changes(paper, one.changes)
        paper.line()
