"""Drift for people: endpoint by endpoint, what is and what was applied."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from planner.model.drift import Drift, Sync
from planner.views.plan_text import show_changes
from planner.views.style import Paper, Role, Style
from planner.views.wording import counted

_SAID = {
    Sync.IN_SYNC: "is as it was applied",
    Sync.DRIFTED: "was changed outside of the planner",
    Sync.PENDING: "differs, and its spec is not what was last applied",
    Sync.MISSING: "does not exist",
}
_ROLE: dict[Sync, Role] = {
    Sync.IN_SYNC: "faint",
    Sync.DRIFTED: "bad",
    Sync.PENDING: "caution",
    Sync.MISSING: "caution",
}
_SYMBOL = {Sync.IN_SYNC: "=", Sync.DRIFTED: "!", Sync.PENDING: "~", Sync.MISSING: "+"}


def render_drift(found: Sequence[Drift], *, out: TextIO, style: Style) -> None:
    """Write every endpoint, with what would bring it back, and the totals."""
    paper = Paper(out=out, style=style)
    for one in found:
        symbol = style.paint(_SYMBOL[one.sync], _ROLE[one.sync])
        paper.line(f"{symbol} {style.paint(one.endpoint, 'strong')} {_SAID[one.sync]}")
        if one.sync in {Sync.DRIFTED, Sync.PENDING}:
            show_changes(paper, one.changes, label="to undo" if one.sync is Sync.DRIFTED else "")
        for note in one.changes.notes:
            paper.entry("note", note)
    parts = [
        f"{sum(one.sync is sync for one in found)} {sync.value}"
        for sync in Sync
        if any(one.sync is sync for one in found)
    ]
    total = counted(len(found), "endpoint")
    paper.line(style.paint(f"{total}: {', '.join(parts) or 'nothing to compare'}.", "strong"))
