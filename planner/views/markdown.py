"""Pieces of GitHub-flavoured Markdown that hold whatever text stands in them.

Names and messages come from users' files and from clouds: nothing of them may become markup, notify
somebody, link to an issue or end a table. GitHub looks for mentions and references after it has
read the Markdown, so that a backslash does not keep it from finding them; an empty character does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

COMMENT_LIMIT = 65_000
"""Characters of one comment: GitHub takes 65,536 and refuses a longer one whole."""

_MARKS = {ord(char): f"\\{char}" for char in "\\`*_[]|~$"}
_HTML = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;", ord('"'): "&quot;"}
_APART = "&#8203;"
_CALLS = re.compile(r"@(?=\w)|#(?=\d)|\b[Gg][Hh]-(?=\d)")
_LINKS = re.compile(r"\b(https?|ftp)://|\bwww\.", re.IGNORECASE)


def plain(text: str, limit: int = 300) -> str:
    """`text` as nothing but text, on one line, cut at `limit` characters."""
    return _quiet(shortened(text, limit).translate({**_MARKS, **_HTML}))


def within_html(text: str, limit: int = 300) -> str:
    """The same between tags that Markdown is not read in, such as a summary."""
    return _quiet(shortened(text, limit).translate(_HTML))


def _quiet(text: str) -> str:
    text = _CALLS.sub(lambda found: f"{found[0]}{_APART}", text)
    # A link that somebody wrote into a message is not one to offer to a reviewer.
    return _LINKS.sub(lambda found: f"{found[0][:-1]}{_APART}{found[0][-1]}", text)


def code(text: str, limit: int = 300) -> str:
    """`text` as code on one line; not within a table, where no bar could stand in it."""
    kept = shortened(text, limit)
    ticks = "`" * (_longest_run(kept) + 1)
    pad = " " if kept.startswith("`") or kept.endswith("`") else ""
    return f"{ticks}{pad}{kept}{pad}{ticks}" if kept else ""


def fenced(lines: Sequence[str], language: str = "") -> list[str]:
    """Lines as a block of code that none of them can end."""
    ticks = "`" * max(3, max(map(_longest_run, lines), default=0) + 1)
    return [f"{ticks}{language}", *lines, ticks]


def row(cells: Iterable[str]) -> str:
    """One line of a table."""
    return f"| {' | '.join(cells)} |"


def table(titles: Sequence[str], rows: Iterable[str], *, numbers: Iterable[int] = ()) -> list[str]:
    """Lines of a table whose rows are ready; columns of `numbers` align right."""
    right = set(numbers)
    rules = ["---:" if index in right else "---" for index in range(len(titles))]
    return [row(titles), row(rules), *rows]


def folded(summary: str, lines: Iterable[str]) -> list[str]:
    """Lines that are shown when a reader asks; `summary` is HTML."""
    return [f"<details><summary>{summary}</summary>", "", *lines, "", "</details>", ""]


def shortened(text: str, limit: int) -> str:
    """`text` on one line without control characters, cut at `limit` with a sign of it."""
    # What cannot be shown in any case is not looked at; blanks may fall together.
    seen = text[: 8 * limit + 8]
    line = " ".join("".join(char if char.isprintable() else " " for char in seen).split())
    return line if len(line) <= limit else f"{line[: limit - 1].rstrip()}…"


def marker(kind: str, tag: str) -> str:
    """The hidden line by which a bot finds its own comment again."""
    kept = re.sub(r"[^\w./=-]|--+", "-", tag, flags=re.ASCII).strip("-")
    return f"<!-- planner:{kind}{f':{kept}' if kept else ''} -->"


def extent(lines: Iterable[str]) -> int:
    """Characters of lines with their ends, as JavaScript counts them, which is the larger count."""
    return sum(len(line.encode("utf-16-le")) // 2 + 1 for line in lines)


def _longest_run(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)
