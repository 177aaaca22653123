"""How each endpoint ended, for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from planner.engine import Applied, Outcome
from planner.views.style import Paper, Role, Style
from planner.views.wording import counted

_ROLE: dict[Outcome, Role] = {
    Outcome.UNCHANGED: "faint",
    Outcome.APPLIED: "good",
    Outcome.BEGUN: "caution",
    Outcome.STOPPED: "caution",
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
            paper.entry("why", one.detail, _ROLE[one.outcome])
        if one.hint:
            paper.entry("help", one.hint)
        for index, text in enumerate(one.done):
            paper.entry("" if index else "done", text)
        for index, text in enumerate(one.left):
            paper.entry("" if index else "not done", text, "caution")
    ended = [one.outcome for one in results]
    parts = [f"{ended.count(outcome)} {outcome.value}" for outcome in Outcome if outcome in ended]
    total = counted(len(results), "endpoint")
    paper.line(style.paint(f"{total}: {', '.join(parts) or 'nothing to do'}.", "strong"))
