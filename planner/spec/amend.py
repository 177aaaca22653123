"""One block written into the text of a spec, and nothing else of the text touched."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from planner.model.value import value
from planner.spec.document import compose
from planner.spec.report import Report
from planner.spec.value import Source

_KEY, _AFTER = "calibration", "service_time"
_PLAIN = re.compile(r"(?!(?:null|true|false|yes|no|on|off|y|n)\Z)[a-z][\w.-]*\Z|\d{4}(-\d\d){2}\Z")
"""Text that needs no quotes wherever it stands, for whatever reads it."""


@value
class Spot:
    """Where a model stands: the document of the source, and its place in `spec.models`."""

    document: int
    model: int


def with_calibration(source: Source, spot: Spot, entries: Mapping[str, str | float]) -> str | None:
    """The text with these entries below the model's service time, in place of what was there.

    None where that cannot be told from the text alone: the service time stands elsewhere, or is
    shared with other models by an anchor.
    """
    text = source.text.decode("utf-8-sig")
    before = _compose(source.name, source.text)
    model = _model(before, spot)
    pair = _pair(model, _AFTER)
    if model is None or pair is None:
        return None
    old = _pair(model, _KEY)
    made = _amended(text, model, old or pair, entries, new=old is None)
    after = _compose(source.name, made.encode())
    changed = _model(after, spot)
    found = _pair(changed, _KEY)
    if changed is None or found is None or _said(found[1]) != _wanted(entries):
        return None
    for one in (model, changed):
        one.value = [(key, held) for key, held in one.value if key.value != _KEY]
    return made if list(map(_said, before)) == list(map(_said, after)) else None


def block_of(entries: Mapping[str, str | float], indent: int = 0) -> str:
    """The block as it is written, each line so far indented."""
    pad = " " * indent
    lines = [f"{pad}{_KEY}:", *(f"{pad}  {name}: {_scalar(of)}" for name, of in entries.items())]
    return "\n".join(lines)


def _amended(
    text: str,
    model: MappingNode,
    pair: tuple[Node, Node],
    entries: Mapping[str, str | float],
    *,
    new: bool,
) -> str:
    """After the pair, or in its place where it is an older block."""
    key, held = pair
    lines = text.splitlines(keepends=True)
    last = _end(held)
    if model.flow_style:
        inside = ", ".join(f"{name}: {_scalar(of)}" for name, of in entries.items())
        made = f"{_KEY}: {{{inside}}}"
        end = _offset(lines, *last)
        start = end if new else _offset(lines, key.start_mark.line, key.start_mark.column)
        return text[:start] + (f", {made}" if new else made) + text[end:]
    ending = "\r\n" if "\r\n" in text else "\n"
    block = block_of(entries, key.start_mark.column).replace("\n", ending) + ending
    first = last[0] + 1 if new else key.start_mark.line
    if new and not lines[last[0]].endswith("\n"):
        block = ending + block
    return "".join((*lines[:first], block, *lines[last[0] + 1 :]))


def _end(node: Node) -> tuple[int, int]:
    """Line and column behind the last of it; a block ends with its last member."""
    if isinstance(node, MappingNode) and not node.flow_style and node.value:
        return _end(node.value[-1][1])
    if isinstance(node, SequenceNode) and not node.flow_style and node.value:
        return _end(node.value[-1])
    return node.end_mark.line, node.end_mark.column


def _offset(lines: list[str], line: int, column: int) -> int:
    return sum(map(len, lines[:line])) + column


def _scalar(of: str | float) -> str:
    if isinstance(of, str):
        return of if _PLAIN.match(of) else json.dumps(of, ensure_ascii=False)
    return f"{of:.6g}"


def _wanted(entries: Mapping[str, str | float]) -> dict[str, object]:
    return {name: of if isinstance(of, str) else f"{of:.6g}" for name, of in entries.items()}


def _compose(name: str, text: bytes) -> tuple[Node, ...]:
    return compose(name, text, Report())


def _model(documents: tuple[Node, ...], spot: Spot) -> MappingNode | None:
    node: Node | None = documents[spot.document] if spot.document < len(documents) else None
    for name in ("spec", "models"):
        pair = _pair(node, name)
        node = None if pair is None else pair[1]
    if not isinstance(node, SequenceNode) or spot.model >= len(node.value):
        return None
    found = node.value[spot.model]
    return found if isinstance(found, MappingNode) else None


def _pair(node: Node | None, name: str) -> tuple[Node, Node] | None:
    if not isinstance(node, MappingNode):
        return None
    return next((pair for pair in node.value if pair[0].value == name), None)


def _said(node: Node) -> object:
    """What a tree says, for comparison."""
    match node:
        case MappingNode():
            return {key.value: _said(held) for key, held in node.value}
        case SequenceNode():
            return [_said(item) for item in node.value]
        case ScalarNode():
            return node.value
    return None
