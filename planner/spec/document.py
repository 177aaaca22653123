"""YAML 1.2 text to node trees that know their places.

libyaml composes the nodes; the meaning of scalars is decided later by the core schema of YAML 1.2,
so `no`, `on` and `20:30` stay text. `compose` checks what makes a tree sound before anything reads
it: keys are unique text, merge keys are resolved, tags are standard, aliases do not explode.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any, cast

import yaml
from yaml.composer import Composer
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.scanner import Scanner

from planner.spec.report import Finding, Place, Report

PLAIN = "?"
QUOTED = "!"
TAGS = {f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null")}
TEXT_TAGS = {QUOTED, "tag:yaml.org,2002:str"}
NULLS = frozenset({"", "~", "null", "Null", "NULL"})
"""What an unquoted scalar says that says nothing."""

_SHAPES = {"m", "s", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"}
_MERGE = "<<"

MAX_DEPTH = 40
MAX_NODES = 1_000_000


class _TooDeepError(yaml.YAMLError):
    """Nesting beyond anything a spec has; the composer would recurse through the C stack."""


class _Rules:
    """Answers of the composer's questions: tags are settled later, depth is bounded here."""

    depth = 0

    def resolve(self, kind: type[Node], _value: Any, implicit: tuple[bool, bool]) -> str:
        if kind is ScalarNode:
            return PLAIN if implicit[0] else QUOTED
        return "m" if kind is MappingNode else "s"

    def descend_resolver(self, _parent: Any, _index: Any) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise _TooDeepError

    def ascend_resolver(self) -> None:
        self.depth -= 1


class PythonComposer(_Rules, Reader, Scanner, Parser, Composer):
    """The composer in pure Python: the same trees, some twenty times slower."""

    def __init__(self, stream: BytesIO) -> None:
        Reader.__init__(self, stream)
        Scanner.__init__(self)
        Parser.__init__(self)
        Composer.__init__(self)


# libyaml is an option of PyYAML's build; where it is absent, specs only load slower.
_COMPOSER: type[Any] = PythonComposer
if getattr(yaml, "__with_libyaml__", False):
    _COMPOSER = type("LibyamlComposer", (_Rules, yaml.cyaml.CParser), {})  # type: ignore[attr-defined]


class _Named(BytesIO):
    """A stream whose name stands in every mark."""

    def __init__(self, text: bytes, name: str) -> None:
        super().__init__(text)
        self.name = name


def span(node: Node) -> Place:
    """Place of a node's text; the first line only."""
    start, end = node.start_mark, node.end_mark
    width = end.column - start.column if end.line == start.line else 1
    return Place(start.name, start.line + 1, start.column + 1, max(1, width))


def compose(
    name: str, text: bytes, report: Report, *, composer: type[Any] | None = None
) -> tuple[Node, ...]:
    """Return the sound documents of one YAML text; what is wrong goes to the report.

    Documents before a syntax error are returned, so that their own errors are found in one run.
    Empty documents are left out.
    """
    report.open(name, b"" if b"\0" in text else text)
    if not _is_utf8(name, text, report):
        return ()
    documents: list[Node] = []
    for node in _nodes(name, text, report, composer or _COMPOSER):
        if isinstance(node, ScalarNode) and node.tag == PLAIN and node.value in {"", "null", "~"}:
            continue
        if _Check(report).sound(node):
            documents.append(node)
    return tuple(documents)


def _nodes(name: str, text: bytes, report: Report, composer: type[Any]) -> Iterator[Node]:
    loader = None
    try:
        # The constructor itself reads ahead and may already fail.
        loader = composer(_Named(text, name))
        while loader.check_node():
            yield cast("Node", loader.get_node())
    except _TooDeepError:
        where = Place(name)
        finding = Finding(
            "yaml-too-deep", f"nested deeper than {MAX_DEPTH} levels", "flatten the document"
        )
        report.add(finding, where)
    except yaml.YAMLError as error:
        report.add(*_syntax(name, text, error))
    finally:
        if loader is not None:
            loader.dispose()


def _is_utf8(name: str, text: bytes, report: Report) -> bool:
    """Report what is no UTF-8 text before a parser guesses at it."""
    if b"\0" in text:
        report.add(
            Finding(
                "binary-file",
                "this is a binary file, or text that is not UTF-8",
                "give a YAML file, saved as UTF-8",
            ),
            Place(name),
        )
        return False
    try:
        text.decode("utf-8")
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        before = text[text.rfind(b"\n", 0, error.start) + 1 : error.start]
        column = len(before.decode("utf-8", "replace")) + 1
        report.add(
            Finding(
                "not-utf8",
                f"byte 0x{text[error.start]:02x} is not UTF-8",
                "save the file as UTF-8",
            ),
            Place(name, line, column),
        )
        return False
    return True


_PLAINER = {
    "mapping values are not allowed in this context": (
        "a second ': ' in one line, or wrong indentation",
        "quote text that contains ': ', or indent by two spaces",
    ),
    "found character that cannot start any token": (
        "a tab cannot indent, and @ or ` cannot begin a value",
        "indent with spaces, and quote text that begins with @ or `",
    ),
    "found unexpected end of stream": ("a quote is not closed", "close it with the same sign"),
    "did not find expected ',' or '}'": (
        "expected , or } inside { }",
        "separate entries with commas, and quote text that contains { } or ,",
    ),
    "did not find expected ',' or ']'": (
        "expected , or ] inside [ ]",
        "separate entries with commas, and quote text that contains [ ] or ,",
    ),
    "found undefined alias": (
        "this alias has no anchor before it",
        "quote text that begins with *, or define the anchor with &",
    ),
}


def _syntax(name: str, text: bytes, error: yaml.YAMLError) -> tuple[Finding, Place]:
    """Turn the parser's complaint into one cause, a place and a fix."""
    problem = str(getattr(error, "problem", None) or "")
    context = str(getattr(error, "context", None) or "")
    mark = getattr(error, "problem_mark", None)
    if "end of stream" in problem and getattr(error, "context_mark", None) is not None:
        mark = error.context_mark  # type: ignore[attr-defined]
    place = Place(name)
    if mark is not None:
        place = Place(name, mark.line + 1, mark.column + 1)
    elif isinstance(position := getattr(error, "position", None), int):
        head = text[:position]
        place = Place(name, head.count(b"\n") + 1, position - (head.rfind(b"\n") + 1) + 1)
        problem = f"{getattr(error, 'reason', '')}"
    message, hint = _PLAINER.get(problem, (problem, "check the indentation and the quotes"))
    if context.startswith("second occurrence") or "duplicate anchor" in context:
        message, hint = "this anchor is defined twice", "rename one of the anchors"
    if "${" in _line(text, place.line):
        hint = 'quote what holds a substitution: "${env:NAME}"'
    return Finding("yaml-syntax", f"not valid YAML: {message}", hint), place


def _line(text: bytes, number: int) -> str:
    lines = text.splitlines()
    return lines[number - 1].decode("utf-8", "replace") if number <= len(lines) else ""


class _Check:
    """One pass over a tree: sound keys, tags and sizes, and merge keys put in place."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._before = report.count
        self._sizes: dict[int, int] = {}

    def sound(self, root: Node) -> bool:
        """Tell whether the tree can be read; reasons against it are in the report."""
        size = self._size(root)
        if size > MAX_NODES:
            self._refuse_aliases(root)
        return self._report.count == self._before

    def _refuse_aliases(self, node: Node) -> None:
        self._add(
            "yaml-alias-limit",
            f"aliases expand this document to more than {MAX_NODES:,} values",
            "write the values out, or use models_from with a csv file",
            node,
        )

    def _size(self, node: Node) -> int:
        """Count the values below a node as if aliases were written out; each node seen once."""
        if isinstance(node, ScalarNode):
            if node.tag not in (PLAIN, QUOTED) and node.tag not in TAGS:
                self._tag(node)
            return 1
        known = self._sizes.get(id(node))
        if known is not None:
            if known < 0:
                self._add(
                    "yaml-alias-loop", "an alias contains itself", "write the value out", node
                )
            return abs(known)
        self._sizes[id(node)] = -1
        if node.tag not in _SHAPES:
            self._tag(node)
        if isinstance(node, MappingNode):
            size = self._mapping(node)
        else:
            size = 1 + sum(map(self._size, node.value))
        self._sizes[id(node)] = size
        return size

    def _mapping(self, node: MappingNode) -> int:
        seen: dict[str, Node] = {}
        merges: list[Node] = []
        size = 1
        for key, value in node.value:
            size += self._size(value)
            if not isinstance(key, ScalarNode) or not _is_text(key):
                self._key(key)
            elif key.value == _MERGE and key.tag == PLAIN:
                merges.append(value)
            elif key.value in seen:
                self._duplicate(key, seen[key.value])
            else:
                seen[key.value] = key
        if merges:
            size += self._merge(node, merges, set(seen))
        return size

    def _merge(self, node: MappingNode, merges: list[Node], taken: set[str]) -> int:
        """Put merged entries behind the mapping's own, which win; earlier sources win."""
        pairs = [pair for pair in node.value if pair[0].value != _MERGE or pair[0].tag != PLAIN]
        before = len(pairs)
        for merged in merges:
            sources = merged.value if isinstance(merged, SequenceNode) else [merged]
            for source in sources:
                if not isinstance(source, MappingNode):
                    self._add("yaml-merge", "<< merges mappings only", "write <<: *anchor", source)
                    continue
                for key, value in source.value:
                    if key.value not in taken:
                        taken.add(key.value)
                        pairs.append((key, value))
        node.value = pairs
        return len(pairs) - before

    def _duplicate(self, key: ScalarNode, first: Node) -> None:
        where = f"{first.start_mark.line + 1}:{first.start_mark.column + 1}"
        self._add(
            "yaml-duplicate-key",
            f"the key {key.value} stands here twice; the first is at {where}",
            "remove one of the two",
            key,
        )

    def _key(self, key: Node) -> None:
        shown = key.value if isinstance(key, ScalarNode) else "a list or mapping"
        hint = (
            f'quote it: "{shown}"' if isinstance(key, ScalarNode) else "write one text as the key"
        )
        self._add("yaml-key-type", f"a key must be text, not {shown}", hint, key)

    def _tag(self, node: Node) -> None:
        self._add("yaml-tag", f"the tag {node.tag} is not supported", "remove the tag", node)

    def _add(self, code: str, message: str, hint: str, node: Node) -> None:
        self._report.add(Finding(code, message, hint), span(node))


_NOT_TEXT = NULLS | {"true", "True", "TRUE", "false", "False", "FALSE"}


def _is_text(node: ScalarNode) -> bool:
    """Tell whether the core schema reads this scalar as text; enough for keys."""
    if node.tag == PLAIN:
        if node.value in _NOT_TEXT:
            return False
        return node.value[0] not in "0123456789+-." or not _is_number(node.value)
    return node.tag in TEXT_TAGS


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return text[:2] in {"0x", "0o"}
    return True
