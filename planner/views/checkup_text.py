"""Checkups for people: endpoint by endpoint, each cause with what to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from planner.model.checkup import Checkup, Condition, Finding, Severity
from planner.model.units import format_number
from planner.plans.checkup_document import stamp
from planner.views.style import Paper, Role, Style
from planner.views.wording import counted

SAID = {
    Condition.AILING: "needs attention",
    Condition.NOTED: "is well, with a remark",
    Condition.HEALTHY: "is well",
    Condition.UNMEASURED: "has no metrics in this time: nothing is judged",
    Condition.ABSENT: "does not exist",
}
"""By falling need of a look, but for the last two, which nobody could look at."""

_SYMBOL = {
    Condition.AILING: "!",
    Condition.NOTED: "~",
    Condition.HEALTHY: "=",
    Condition.UNMEASURED: "?",
    Condition.ABSENT: "+",
}
_ROLE: dict[Condition, Role] = {
    Condition.AILING: "bad",
    Condition.NOTED: "caution",
    Condition.HEALTHY: "good",
    Condition.UNMEASURED: "faint",
    Condition.ABSENT: "faint",
}
_LABEL: dict[Severity, Role] = {
    Severity.ERROR: "bad",
    Severity.WARNING: "caution",
    Severity.NOTE: "faint",
}


def render_checkups(found: Sequence[Checkup], *, out: TextIO, style: Style) -> None:
    """Write every endpoint, with its findings and what could not be looked at, and the totals."""
    paper = Paper(out=out, style=style)
    for one in found:
        symbol = style.paint(_SYMBOL[one.condition], _ROLE[one.condition])
        paper.line(f"{symbol} {style.paint(one.endpoint, 'strong')} {SAID[one.condition]}")
        if one.condition is not Condition.ABSENT:
            paper.entry("looked at", looked_at(one))
        for finding in one.findings:
            _show(paper, finding)
        if one.unmeasured:
            paper.entry("unmeasured", ", ".join(one.unmeasured))
        for note in one.notes:
            paper.entry("note", note)
    parts = [
        f"{sum(one.condition is condition for one in found)} {condition.value}"
        for condition in Condition
        if any(one.condition is condition for one in found)
    ]
    total = counted(len(found), "endpoint")
    paper.line(style.paint(f"{total}: {', '.join(parts) or 'nothing to look at'}.", "strong"))


def looked_at(one: Checkup) -> str:
    """Which time a checkup is about, and how many requests it had."""
    requests = f"{format_number(one.requests, 4)} requests"
    return f"{stamp(one.since_s)} to {stamp(one.until_s)}, {requests}"


def _show(paper: Paper, one: Finding) -> None:
    paper.entry(one.severity.value, f"{one.cause} [{one.source_id}]", _LABEL[one.severity])
    paper.entry("", f"measured {one.measured}, expected {one.expected}")
    paper.entry("", f"-> {one.action}")
    if one.command:
        # In one piece, or it cannot be copied.
        paper.line(" " * (paper.indent + paper.label_width) + f"$ {one.command}")
