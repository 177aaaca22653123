"""YAML text in canonical order: keys move with their comments, and no value is written anew.

Lines and pieces of lines change places; nothing else does but blank space at the ends of lines,
more than one blank line, and the end of the file. What the text means is compared before and after.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Any

import yaml
from yaml.events import AliasEvent
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from planner.model.value import record
from planner.spec.document import compose
from planner.spec.order import KeyOrder, key_order
from planner.spec.places import Step
from planner.spec.report import Finding, Place, Report
from planner.spec.sections import SettingsModels
from planner.spec.value import Source

_MERGE = "<<"
_MARK = re.compile(r"(---|\.\.\.)(\s+#.*|\s*)\Z")
_BROKEN = re.compile("[\x85\u2028\u2029]|\r(?!\n)")
"""Line breaks to YAML that are none to anybody else."""


def formatted(source: Source, settings_models: SettingsModels) -> str:
    """The text of a file in canonical order; SpecError where it is no sound YAML."""
    nodes = _sound(source)
    text = source.text.decode("utf-8-sig").replace("\r\n", "\n")
    if _BROKEN.search(text):
        return text
    done = "".join(_documents(source.name, text, settings_models))
    after = _sound(Source(name=source.name, text=done.encode()))
    if [_meaning(node) for node in nodes] != [_meaning(node) for node in after] or (
        Counter(done) - Counter(text) - Counter(" \n")
    ):
        report = Report()
        report.open(source.name, source.text)
        finding = Finding(
            "cannot-format",
            "its keys stand on their order: nothing was changed",
            "write anchors before the keys that use them, or leave it out",
        )
        report.add(finding, Place(source.name))
        report.raise_any()
    return done


def _sound(source: Source) -> tuple[Node, ...]:
    report = Report()
    nodes = compose(source.name, source.text, report)
    report.raise_any()
    return nodes


def _meaning(node: Node) -> object:
    """What a tree says, whatever order its keys are in."""
    match node:
        case MappingNode():
            pairs = [(_meaning(key), _meaning(value)) for key, value in node.value]
            return ("map", node.tag, sorted(pairs, key=repr))
        case SequenceNode():
            return ("list", node.tag, [_meaning(item) for item in node.value])
        case _:
            return ("scalar", node.tag, node.value)


def _documents(name: str, text: str, settings_models: SettingsModels) -> Iterator[str]:
    """Each document in its order, the marks between them as they are."""
    chunk: list[str] = []
    for line in text.split("\n"):
        if _MARK.match(line):
            yield _document(name, chunk, settings_models)
            yield f"{line.rstrip()}\n"
            chunk = []
        else:
            chunk.append(line)
    yield _document(name, chunk, settings_models)


def _document(name: str, lines: list[str], settings_models: SettingsModels) -> str:
    report = Report()
    nodes = compose(name, "\n".join(lines).encode(), report)
    if report.count or len(nodes) != 1:
        # Directives, comments alone, or what only makes sense with its marks.
        return _text(lines, frozenset())
    root = nodes[0]
    if not isinstance(root, MappingNode) or _has_alias(lines):
        return _text(lines, _within_scalars(root))
    arranged = _Page(lines, root, key_order(_kind(root), settings_models)).arranged(root)
    again = compose(name, "\n".join(arranged).encode(), Report())
    return _text(arranged, _within_scalars(again[0]) if again else frozenset())


def _has_alias(lines: Sequence[str]) -> bool:
    """Such a document keeps its order, in which what an alias stands for comes first."""
    text = "\n".join(lines)
    if "*" not in text:
        return False
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return any(isinstance(event, AliasEvent) for event in yaml.parse(text, Loader=loader))


def _kind(root: MappingNode) -> str | None:
    for key, value in root.value:
        if key.value == "kind" and isinstance(value, ScalarNode):
            return str(value.value)
    return None


def _text(lines: Sequence[str], kept: frozenset[int]) -> str:
    """Lines without blank space at their ends, and one blank line at a time; `kept` as they are."""
    found: list[str] = []
    for number, line in enumerate(lines):
        if number in kept:
            found.append(line)
        elif line.strip() or (found and found[-1].strip()):
            found.append(line.rstrip())
    while found and not found[-1].strip():
        found.pop()
    return "".join(f"{line}\n" for line in found)


def _within_scalars(root: Node) -> frozenset[int]:
    """Lines that stand within a text of several lines, where blank space has a meaning."""
    found: set[int] = set()
    for node in _scalars(root):
        end = node.end_mark.line - (1 if node.end_mark.column == 0 else 0)
        found.update(range(node.start_mark.line + 1, end + 1))
        if end > node.start_mark.line and node.style not in {"|", ">"}:
            found.add(node.start_mark.line)
    return frozenset(found)


def _scalars(node: Node) -> Iterator[ScalarNode]:
    match node:
        case ScalarNode():
            yield node
        case MappingNode():
            for key, value in node.value:
                yield from _scalars(key)
                yield from _scalars(value)
        case SequenceNode():
            for item in node.value:
                yield from _scalars(item)


class _Page:
    """The lines of one document, whose keys are put into their order.

    Mappings in braces first: within them pieces of text change places, and the text keeps its
    length. Then lines.
    """

    def __init__(self, lines: list[str], root: Node, order: KeyOrder) -> None:
        self._order = order
        self._text = "\n".join(lines)
        self._starts = list(accumulate((len(line) + 1 for line in lines), initial=0))
        self._lines = self._braced(root, (), (0, len(self._text))).split("\n")
        self._kept = _within_scalars(root)

    def arranged(self, root: Node) -> list[str]:
        """All lines; what is said above the first key and below the last stays there."""
        if not isinstance(root, MappingNode) or root.flow_style or not root.value:
            return self._lines
        first = root.value[0][0].start_mark.line
        end = len(self._lines)
        while end > first and self._loose(end - 1) and not self._lines[end - 1].startswith(" "):
            end -= 1
        body = self._mapping(root, (), (first, end))
        return [*self._lines[:first], *body, *self._lines[end:]]

    def _at(self, mark: Any) -> int:
        return int(self._starts[mark.line] + mark.column)

    def _braced(self, node: Node, steps: tuple[Step, ...], span: tuple[int, int]) -> str:
        """The text of a span, of which a node is part, with the mappings in braces in order."""
        spans = [
            (self._at(child.start_mark), self._at(child.end_mark)) for _, child in _children(node)
        ]
        texts = [
            self._braced(child, (*steps, below), one)
            for (below, child), one in zip(_children(node), spans, strict=True)
        ]
        if (
            isinstance(node, MappingNode)
            and node.flow_style
            and "#" not in self._text[slice(*span)]
        ):
            keys = [self._at(key.start_mark) for key, _ in node.value]
            texts = [
                self._text[key : one[0]] + text
                for key, one, text in zip(keys, spans, texts, strict=True)
            ]
            spans = [(key, one[1]) for key, one in zip(keys, spans, strict=True)]
            texts = [texts[index] for index in _sorted(node, self._order(steps))]
        found, at = "", span[0]
        for (start, end), text in zip(spans, texts, strict=True):
            found += self._text[at:start] + text
            at = end
        return found + self._text[at : span[1]]

    def _loose(self, number: int) -> bool:
        """Whether a line is blank or a comment."""
        line = self._lines[number].strip()
        return number not in self._kept and (not line or line.startswith("#"))

    def _lead(self, line: int, low: int, column: int) -> int:
        """Where what is said above a key begins; deeper comments are of what is above them."""
        begin = line
        while begin > low and self._loose(begin - 1):
            begin -= 1
        for number in range(line - 1, begin - 1, -1):
            text = self._lines[number]
            if text.strip() and len(text) - len(text.lstrip()) > column:
                return number + 1
        return begin

    def _value(self, node: Node, steps: tuple[Step, ...], span: tuple[int, int]) -> list[str]:
        """The lines of a span, of which a node is the last part, with its keys in order."""
        if isinstance(node, MappingNode) and not node.flow_style and node.value:
            return self._mapping(node, steps, span)
        if isinstance(node, SequenceNode) and not node.flow_style and node.value:
            return self._sequence(node, steps, span)
        return self._lines[slice(*span)]

    def _sequence(
        self, node: SequenceNode, steps: tuple[Step, ...], span: tuple[int, int]
    ) -> list[str]:
        column = node.start_mark.column
        dashes = [self._dash(item.start_mark.line, column) for item in node.value]
        begins = [span[0], *(self._lead(at, dashes[0], column) for at in dashes[1:]), span[1]]
        return [
            line
            for index, item in enumerate(node.value)
            for line in self._value(item, (*steps, index), (begins[index], begins[index + 1]))
        ]

    def _dash(self, line: int, column: int) -> int:
        """The line of the dash of an item that begins on a line, or below its dash."""
        while line > 0 and self._lines[line][column : column + 1] != "-":
            line -= 1
        return line

    def _mapping(
        self, node: MappingNode, steps: tuple[Step, ...], span: tuple[int, int]
    ) -> list[str]:
        column = node.value[0][0].start_mark.column
        keys = [key.start_mark.line for key, _ in node.value]
        dash = self._lines[keys[0]][:column]
        first = keys[0] if dash.strip() else self._lead(keys[0], span[0], len(self._text))
        # What is said at the end of a block is about the block.
        end = self._lead(span[1], keys[-1] + 1, column)
        begins = [first, *(self._lead(at, keys[0], column) for at in keys[1:]), end]
        entries = [
            _Entry(
                above=[] if index == 0 and dash.strip() else self._lines[begins[index] : at],
                below=[
                    " " * column + self._lines[at][column:],
                    *self._value(value, (*steps, key.value), (at + 1, begins[index + 1])),
                ],
            )
            for index, (at, (key, value)) in enumerate(zip(keys, node.value, strict=True))
        ]
        wanted = [entries[index] for index in _sorted(node, self._order(steps))]
        body = _joined(wanted, [entry.gap for entry in entries], dash)
        return [*self._lines[span[0] : first], *body, *self._lines[end : span[1]]]


@record
class _Entry:
    """A key with what is said above it, and the lines of its value."""

    above: list[str]
    below: list[str]

    @property
    def gap(self) -> int:
        """Blank lines above all of it: they are of its place and do not move."""
        found = 0
        while found < len(self.above) and not self.above[found].strip():
            found += 1
        return found


def _joined(entries: Sequence[_Entry], gaps: Sequence[int], dash: str) -> Iterator[str]:
    """The lines of entries, the first behind the dash of their item, where there is one."""
    for index, (entry, gap) in enumerate(zip(entries, gaps, strict=True)):
        above = entry.above[entry.gap :]
        if index == 0 and dash.strip():
            margin = dash[: len(dash) - len(dash.lstrip())]
            yield from (margin + line.strip() for line in above)
            yield dash + entry.below[0][len(dash) :]
        else:
            yield from [""] * gap
            yield from above
            yield entry.below[0]
        yield from entry.below[1:]


def _children(node: Node) -> list[tuple[Step, Node]]:
    if isinstance(node, MappingNode):
        return [(key.value, value) for key, value in node.value]
    if isinstance(node, SequenceNode):
        return list(enumerate(node.value))
    return []


def _sorted(node: MappingNode, order: Sequence[str]) -> list[int]:
    """Positions of the entries in their order, what it does not know last and as it is."""
    ranks = {_MERGE: -1, **{name: rank for rank, name in enumerate(order)}}
    names = [str(key.value) for key, _ in node.value]
    return sorted(range(len(names)), key=lambda index: ranks.get(names[index], len(order)))
