"""How each endpoint ended, for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from planner.engine import Applied, Outcome
from planner.views.style import Paper, Style
from planner.views.wording import counted

_ROLE = {
    Outcome.UNCHANGED: "faint",
    Outcome.APPLIED: "good",
    Outcome.ROLLED_BACK: "bad",
    Outcome.FAILED: "bad",
    Outcome.STALE: "caution",
}


def render_applied(results: Sequence[Applied], *, out: TextIO, style: Style) -> None:
    """Write what was done of each endpoint, what was not and why, and how to go on."""
    paper = Paper(out=out, style=style)
    for one in results:
        paper.line(f"{style.paint(one.endpoint, 'strong')}: {one.outcome.value}")
        if one.detail:
            paper.entry("why", one.detail, "bad" if one.outcome is not Outcome.UNCHANGED else None)
        for index, text in enumerate(one.done):
            paper.entry("" if index else "done", text)
        for index, text in enumerate(one.left):
            paper.entry("" if index else "not done", text, "caution")
    ended = [one.outcome for one in results]
    parts = [f"{ended.count(outcome)} {outcome.value}" for outcome in Outcome if outcome in ended]
    total = counted(len(results), "endpoint")
    paper.line(style.paint(f"{total}: {', '.join(parts) or 'nothing to do'}.", "strong"))
    if any(one.left for one in results):
        paper.line("Run it again to go on from here.")
