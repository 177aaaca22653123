"""What is wrong with specs as a comment on a pull request."""

from __future__ import annotations

from collections.abc import Sequence

from planner.diagnostics import Diagnostic
from planner.views.markdown import COMMENT_LIMIT, code, extent, fenced, marker, plain, shortened
from planner.views.wording import counted

_RESERVE = 200


def diagnostic_markdown(
    diagnostics: Sequence[Diagnostic],
    *,
    tag: str = "",
    limit: int = COMMENT_LIMIT,
    kind: str = "plan",
) -> str:
    """Every diagnostic with its place, excerpt and fix, as many as fit; the rest is counted.

    `kind` is the comment that it stands in for.
    """
    name = plain(f"planner, {tag}" if tag else "planner")
    errors = sum(one.severity == "error" for one in diagnostics)
    said = counted(errors, "error") if errors else "the specs are valid"
    lines = [marker(kind, tag), f"### {name}: {said}", ""]
    room = limit - extent(lines) - _RESERVE
    for index, one in enumerate(diagnostics):
        told = _told(one)
        room -= extent(told)
        if room < 0:
            lines.append(f"**Cut to fit a comment**: {counted(len(diagnostics) - index, 'more')}.")
            break
        lines += told
    return "\n".join(lines).rstrip() + "\n"


def _told(one: Diagnostic) -> list[str]:
    place = f" in {code(str(one.location))}" if one.location is not None else ""
    path = f" at {code(one.path)}" if one.path else ""
    lines = [f"- **{one.severity}** {code(one.code)}{place}{path}: {plain(one.message, 600)}"]
    if one.hint:
        lines.append(f"  - help: {code(one.hint, 600)}")
    excerpt = [_bare(line) for line in one.excerpt.split("\n")] if one.excerpt else []
    if excerpt:
        lines += ["", *fenced(excerpt), ""]
    return lines


def _bare(line: str) -> str:
    """A line with its indent, and without what steers a terminal."""
    kept = line.expandtabs(2).rstrip()
    indent = len(kept) - len(kept.lstrip(" "))
    return " " * indent + shortened(kept, 300)
