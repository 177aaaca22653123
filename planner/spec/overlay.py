"""Deep merge of node trees: the overlay's values and places win."""

from __future__ import annotations

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from planner.spec.document import NULLS, PLAIN


def merge(base: Node, overlay: Node) -> Node:
    """Return `base` with `overlay` laid over it; neither is changed.

    Mappings merge by key, lists whose members all have a `name` merge by that name, anything else
    is replaced; null removes a key. A mapping with another `type` is another kind of thing: it
    replaces the old one, whose fields would mean nothing in it.
    """
    if isinstance(base, MappingNode) and isinstance(overlay, MappingNode):
        return _mappings(base, overlay)
    if isinstance(base, SequenceNode) and isinstance(overlay, SequenceNode):
        return _lists(base, overlay)
    return overlay


def child(node: Node, key: str) -> Node | None:
    """Return the value of a key, or None."""
    if isinstance(node, MappingNode):
        for name, value in node.value:
            if name.value == key:
                return value  # type: ignore[no-any-return]
    return None


def text_of(node: Node | None) -> str | None:
    """Return the text of a scalar, or None."""
    return node.value if isinstance(node, ScalarNode) else None


def is_null(node: Node) -> bool:
    """Tell whether a node is an unquoted null."""
    return isinstance(node, ScalarNode) and node.tag == PLAIN and node.value in NULLS


def remake(node: MappingNode | SequenceNode, value: list[object]) -> Node:
    """Return a collection with other members at the same place."""
    return type(node)(node.tag, value, node.start_mark, node.end_mark, node.flow_style)


def _mappings(base: MappingNode, overlay: MappingNode) -> Node:
    kind, other = text_of(child(base, "type")), text_of(child(overlay, "type"))
    if kind is not None and other is not None and kind != other:
        return overlay
    merged = {key.value: (key, value) for key, value in base.value}
    for key, value in overlay.value:
        if is_null(value) and key.value in merged:
            del merged[key.value]
        elif key.value in merged:
            old_key, old = merged[key.value]
            new = merge(old, value)
            merged[key.value] = (key if new is value else old_key, new)
        else:
            merged[key.value] = (key, value)
    return remake(base, list(merged.values()))


def _lists(base: SequenceNode, overlay: SequenceNode) -> Node:
    names = [text_of(child(item, "name")) for item in base.value]
    others = [text_of(child(item, "name")) for item in overlay.value]
    if not names or not others or None in names or None in others:
        return overlay
    merged = dict(zip(names, base.value, strict=True))
    for name, item in zip(others, overlay.value, strict=True):
        merged[name] = merge(merged[name], item) if name in merged else item
    return remake(base, list(merged.values()))
