"""Checkups as a comment or an issue: which endpoints need attention, why, and what to do."""

from __future__ import annotations

from collections.abc import Sequence

from planner.model.checkup import Checkup, Condition, Finding
from planner.views.checkup_text import SAID, looked_at
from planner.views.markdown import COMMENT_LIMIT, extent, fenced, marker, plain, row, table
from planner.views.wording import counted

_RESERVE = 300
_TITLES = ("endpoint", "severity", "cause", "what to do", "row")


def checkup_markdown(found: Sequence[Checkup], *, tag: str = "", limit: int = COMMENT_LIMIT) -> str:
    """Every finding, the worst endpoints first; what does not fit is counted."""
    order = list(SAID)
    ranked = sorted(found, key=lambda one: (order.index(one.condition), one.endpoint))
    lines = [marker("doctor", tag), f"### {_headline(found, tag)}", ""]
    told = [_row(one, finding) for one in ranked for finding in one.findings]
    quiet = [f"- {plain(one.endpoint, 80)} {SAID[one.condition]}" for one in ranked if _mute(one)]
    room = limit - extent(lines) - extent(table(_TITLES, ())) - _RESERVE
    rows, rest = _fitting(told, room)
    room -= extent(rows)
    commands, _ = _fitting(_commands(ranked), room)
    room -= extent(commands)
    kept, unsaid = _fitting(quiet, room)
    lines += [*table(_TITLES, rows), ""] if rows else []
    lines += [*fenced(commands, "sh"), ""] if commands else []
    lines += [*kept, ""] if kept else []
    if rest or unsaid:
        lines += [f"**Cut to fit a comment**: {counted(rest + unsaid, 'more line')}.", ""]
    lines += [f"Looked at: {plain(looked_at(one))}" for one in ranked[:1] if one.until_s]
    return "\n".join(lines).rstrip() + "\n"


def _commands(found: Sequence[Checkup]) -> list[str]:
    """Every next step once; no table can hold one that is to be copied."""
    every = (finding.command for one in found for finding in one.findings)
    return list(dict.fromkeys(command for command in every if command))


def _mute(one: Checkup) -> bool:
    return one.condition in {Condition.UNMEASURED, Condition.ABSENT}


def _fitting(lines: Sequence[str], room: int) -> tuple[list[str], int]:
    kept: list[str] = []
    for line in lines:
        room -= extent([line])
        if room < 0:
            break
        kept.append(line)
    return kept, len(lines) - len(kept)


def _headline(found: Sequence[Checkup], tag: str) -> str:
    parts = [
        f"{sum(one.condition is condition for one in found):,} {condition.value}"
        for condition in SAID
        if any(one.condition is condition for one in found)
    ]
    name = f"planner doctor, {tag}" if tag else "planner doctor"
    return plain(f"{name}: {', '.join(parts) or 'nothing to look at'}")


def _row(one: Checkup, finding: Finding) -> str:
    measured = f"{finding.cause} (measured {finding.measured}, expected {finding.expected})"
    return row(
        (
            plain(one.endpoint, 80),
            finding.severity.value,
            plain(measured, 600),
            plain(finding.action, 600),
            finding.source_id,
        )
    )
