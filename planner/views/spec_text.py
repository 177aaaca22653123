"""A spec document as a person would write it: in order, in blocks, with comments."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TextIO

from planner.views.style import Style
from planner.views.yaml_view import scalar_text

Path = tuple[str | int, ...]

_FLOW = 60
"""Columns that a mapping of plain values may take on one line."""


def render_spec(
    document: Mapping[str, Any],
    *,
    head: Sequence[str],
    comments: Mapping[Path, str],
    out: TextIO,
    style: Style,
) -> None:
    """Write a document, `head` above it and the comments beside the keys of their paths."""
    for line in head:
        for part in textwrap.wrap(line, style.width - 2):
            out.write(f"# {part}\n")
    for line in _mapping(document, (), comments):
        out.write(f"{line}\n")


def _mapping(value: Mapping[str, Any], at: Path, comments: Mapping[Path, str]) -> Iterator[str]:
    for key, item in value.items():
        path = (*at, key)
        remark = f"   # {comments[path]}" if path in comments else ""
        flow = _flow(item, path, comments)
        if flow is not None:
            yield f"{scalar_text(key)}: {flow}{remark}"
            continue
        yield f"{scalar_text(key)}:{remark}"
        below = _list if isinstance(item, list) else _mapping
        for line in below(item, path, comments):
            yield f"  {line}"


def _list(value: Sequence[Any], at: Path, comments: Mapping[Path, str]) -> Iterator[str]:
    for index, item in enumerate(value):
        flow = _flow(item, (*at, index), comments)
        if flow is not None:
            yield f"- {flow}"
            continue
        for number, line in enumerate(_mapping(item, (*at, index), comments)):
            yield f"{'  ' if number else '- '}{line}"


def _flow(item: Any, path: Path, comments: Mapping[Path, str]) -> str | None:
    """A plain value, or a short mapping or list of plain values; None for what takes a block."""
    if not isinstance(item, dict | list):
        return scalar_text(item)
    if any(place[: len(path)] == path and len(place) > len(path) for place in comments):
        return None
    if len(path) < 2 or (len(path) == 2 and path[0] == "spec"):
        # The sections of a spec stand one below the other.
        return None if len(item) > 2 or isinstance(item, list) else _short(item)
    return _short(item)


def _short(item: dict[str, Any] | list[Any]) -> str | None:
    parts = item.values() if isinstance(item, dict) else item
    if any(isinstance(part, dict) and any(map(_nested, part.values())) for part in parts):
        return None
    text = _compact(item)
    return text if len(text) <= _FLOW else None


def _nested(item: Any) -> bool:
    return isinstance(item, dict | list)


def _compact(item: Any) -> str:
    if isinstance(item, dict):
        inner = ", ".join(
            f"{scalar_text(key, flow=True)}: {_compact(one)}" for key, one in item.items()
        )
        return f"{{{inner}}}"
    if isinstance(item, list):
        return f"[{', '.join(map(_compact, item))}]"
    return scalar_text(item, flow=True)
