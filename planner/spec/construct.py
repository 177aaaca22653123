"""Node trees to plain data: the core schema of YAML 1.2, and `${env:X}` in scalars."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from planner.spec.document import NULLS, TEXT_TAGS, span
from planner.spec.nearest import nearest
from planner.spec.report import Finding, Report

_SUBSTITUTION = re.compile(r"\$\$\{|\$\{(?:env:([A-Za-z_][A-Za-z0-9_]*)\})?")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_INT = re.compile(r"[-+]?[0-9]+\Z")
_WORDS: dict[str, Any] = {
    **dict.fromkeys(NULLS),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
_MAX_DIGITS = 300


class Constructor:
    """Reads node trees; a node that many aliases share is read once."""

    def __init__(self, report: Report, env: Mapping[str, str]) -> None:
        self._report = report
        self._env = env
        self._shared: dict[int, Any] = {}

    def data(self, node: Node) -> Any:
        """Return the plain value of a sound tree."""
        if isinstance(node, ScalarNode):
            return self._scalar(node)
        known = self._shared.get(id(node))
        if known is None:
            if isinstance(node, MappingNode):
                known = {key.value: self.data(value) for key, value in node.value}
            else:
                assert isinstance(node, SequenceNode)
                known = [self.data(item) for item in node.value]
            self._shared[id(node)] = known
        return known

    def _scalar(self, node: ScalarNode) -> Any:
        text: str = node.value
        if "${" in text:
            text = self._substitute(node)
        return text if node.tag in TEXT_TAGS else plain_value(text)

    def _substitute(self, node: ScalarNode) -> str:
        def value(match: re.Match[str]) -> str:
            if match[0] == "$${":
                return "${"
            if match[1] in self._env:
                return self._env[match[1]]
            self._missing(node, match[1])
            return match[0]

        return _SUBSTITUTION.sub(value, node.value)

    def _missing(self, node: ScalarNode, name: str | None) -> None:
        if name is None:
            finding = Finding(
                "unknown-substitution",
                f"only ${{env:NAME}} is replaced: {node.value}",
                "write ${env:NAME}, or $${ for a plain ${",
            )
        else:
            near = nearest(name, self._env)
            meant = f", or did you mean {near}?" if near else ""
            finding = Finding(
                "env-missing",
                f"the environment variable {name} is not set",
                f"export {name}=...{meant}",
            )
        self._report.settle(finding, span(node))


@lru_cache(maxsize=4096)
def plain_value(text: str) -> Any:
    """Return what the core schema reads from an unquoted scalar; what it does not know is text."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "0123456789+-." or len(text) > _MAX_DIGITS:
        return text
    if _INT.match(text):
        return int(text)
    if _FLOAT.match(text):
        return float(text)
    return _based(text)


def _based(text: str) -> Any:
    base = {"0x": 16, "0o": 8}.get(text[:2])
    if base is None:
        return text
    try:
        return int(text[2:], base)
    except ValueError:
        return text
