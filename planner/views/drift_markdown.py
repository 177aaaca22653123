"""Drift as a comment or an issue: which endpoints are not as they were applied."""

from __future__ import annotations

from collections.abc import Sequence

from planner.model.drift import Drift, Sync
from planner.views.endpoint_markdown import change_lines
from planner.views.markdown import (
    COMMENT_LIMIT,
    extent,
    folded,
    marker,
    plain,
    row,
    table,
    within_html,
)
from planner.views.wording import counted

SAID = {
    Sync.DRIFTED: "changed outside of the planner",
    Sync.MISSING: "does not exist",
    Sync.PENDING: "its spec is not what was last applied",
    Sync.IN_SYNC: "as it was applied",
}
"""By falling severity."""

_RESERVE = 300
_ONE = 8_000
_TITLES = ("endpoint", "where", "stands", "differs in")


def drift_markdown(found: Sequence[Drift], *, tag: str = "", limit: int = COMMENT_LIMIT) -> str:
    """Every endpoint that is not in sync, the drifted first; what does not fit is counted."""
    order = list(SAID)
    ranked = sorted(found, key=lambda one: (order.index(one.sync), one.endpoint))
    astray = [one for one in ranked if one.sync is not Sync.IN_SYNC]
    lines = [marker("drift", tag), f"### {_headline(found, tag)}", ""]
    room = limit - extent(lines) - extent(table(_TITLES, ())) - _RESERVE
    rows: list[str] = []
    blocks: list[str] = []
    for one in astray:
        line, block = _row(one), _block(one)
        needed = extent([line, *block])
        if needed > room:
            break
        rows.append(line)
        blocks += block
        room -= needed
    lines += [*table(_TITLES, rows), ""] if rows else []
    lines += blocks
    if len(rows) < len(astray):
        rest = counted(len(astray) - len(rows), "more endpoint")
        lines += [f"**Cut to fit a comment**: {rest}.", ""]
    return "\n".join(lines).rstrip() + "\n"


def _headline(found: Sequence[Drift], tag: str) -> str:
    parts = [
        f"{sum(one.sync is sync for one in found):,} {sync.value}"
        for sync in SAID
        if any(one.sync is sync for one in found)
    ]
    name = f"planner drift, {tag}" if tag else "planner drift"
    return plain(f"{name}: {', '.join(parts) or 'nothing to compare'}")


def _row(one: Drift) -> str:
    return row(
        (
            plain(one.endpoint, 80),
            plain(f"{one.provider} {one.region}", 80),
            SAID[one.sync] if one.sync is not Sync.DRIFTED else f"**{SAID[one.sync]}**",
            counted(len(one.changes.acting), "object"),
        )
    )


def _block(one: Drift) -> list[str]:
    if one.sync is Sync.MISSING:
        return []
    title = f"<b>{within_html(one.endpoint, 80)}</b>: what would bring it back"
    notes = [f"- note: {plain(note)}" for note in one.changes.notes[:10]]
    return folded(title, [*notes, *change_lines(one.changes, limit=_ONE)])
