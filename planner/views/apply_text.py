"""How each endpoint ended, for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from planner.engine import Applied, Outcome
from planner.model.units import format_duration
from planner.model.warm_up import Warmed
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
    Outcome.UNANSWERED: "bad",
}
_SETTLED = 10
"""Models whose calls settled that are told one by one: of a fleet there are many."""


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
        _warm_up(paper, one.warmed)
    ended = [one.outcome for one in results]
    parts = [f"{ended.count(outcome)} {outcome.value}" for outcome in Outcome if outcome in ended]
    total = counted(len(results), "endpoint")
    paper.line(style.paint(f"{total}: {', '.join(parts) or 'nothing to do'}.", "strong"))


def _warm_up(paper: Paper, results: Sequence[Warmed]) -> None:
    """What is not as it should be before what is."""
    label = "warm-up"
    settled = [one for one in results if one.settled]
    left = [one for one in results if not one.calls]
    for one in (*(r for r in results if r.calls and not r.settled), *settled[:_SETTLED]):
        paper.entry(label, _result(one), "bad" if one.mute else None if one.settled else "caution")
        label = ""
    if len(settled) > _SETTLED:
        paper.entry("", f"and {len(settled) - _SETTLED:,} more settled")
    if left:
        paper.entry(label, f"{counted(len(left), 'more model')} not called", "caution")


def _result(one: Warmed) -> str:
    """One model's calls in a line."""
    if one.first_s is None or one.settled_s is None:
        return f"{one.model}: no answer to {counted(one.calls, 'call')}: {one.detail}"
    first, last = format_duration(one.first_s), format_duration(one.settled_s)
    failed = f", {one.failed} failed" if one.failed else ""
    calls = f"{counted(one.calls, 'call')}{failed}, the first answer took {first}"
    if one.settled:
        return f"{one.model}: settled at {last} after {calls}"
    return f"{one.model}: {one.detail}; {last} at last, {calls}"
