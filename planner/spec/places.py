"""Paths such as `spec.models[0].size` and where they stand in a node tree."""

from __future__ import annotations

import re
from collections.abc import Sequence

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from planner.spec.document import span
from planner.spec.report import Place

Step = str | int
_STEP = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]")


def parse_path(path: str) -> tuple[Step, ...]:
    """Split `a.b[0].c` into its steps; raises ValueError for what is no path."""
    steps: list[Step] = []
    end = 0
    for match in _STEP.finditer(path):
        if match.start() != end:
            break
        steps.append(match[1] if match[2] is None else int(match[2]))
        end = match.end()
    if end != len(path) or not steps or path.startswith("."):
        raise ValueError(path)
    return tuple(steps)


def join_path(steps: Sequence[Step]) -> str:
    """Write steps as a path."""
    text = ""
    for step in steps:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{step}" if text else step
    return text


def place_of(root: Node, steps: Sequence[Step], *, key: bool = False) -> Place:
    """Place of the value at a path, or of the nearest parent that exists.

    A key after a list of one member is looked for in that member: `spec.models.memory`.
    A block mapping or list is placed at its key, where a reader looks for it; `key` asks for the
    key in every case.
    """
    node: Node = root
    name: Node | None = None
    for step in steps:
        found = _step(node, step)
        if found is None:
            return span(name if name is not None else node)
        name, node = found
    if name is not None and (key or not isinstance(node, ScalarNode)):
        return span(name)
    return span(node)


def _step(node: Node, step: Step) -> tuple[Node | None, Node] | None:
    """Return key and value one step down; a member of a list has no key."""
    if isinstance(node, MappingNode):
        for key, value in node.value:
            if key.value == step:
                return key, value
    if isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.value):
        return None, node.value[step]
    if isinstance(node, SequenceNode) and isinstance(step, str) and len(node.value) == 1:
        return _step(node.value[0], step)
    return None
