"""Values as XML, led by the shapes of the service model: what Query and REST-XML answer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape

from planner_sagemaker.sandbox.service_models import Shape


def xml_of(shape: Shape, given: Any) -> Iterator[str]:
    """The text of a value in pieces; members that the shape does not know are left out."""
    if shape.kind == "structure":
        for name, member in shape.members.items():
            if given.get(name) is not None and name not in shape.places:
                yield from _member(name, member, given[name])
    elif shape.kind == "list" and shape.item is not None:
        for one in given:
            yield from _element("member", shape.item, one)
    elif shape.kind == "map" and shape.item is not None and shape.key is not None:
        for key, one in given.items():
            pair = [*_element("key", shape.key, key), *_element("value", shape.item, one)]
            yield f"<entry>{''.join(pair)}</entry>"
    else:
        yield _scalar(shape, given)


def _member(name: str, shape: Shape, given: Any) -> Iterator[str]:
    if shape.kind == "list" and shape.flattened and shape.item is not None:
        for one in given:
            yield from _element(name, shape.item, one)
    else:
        yield from _element(name, shape, given)


def _element(name: str, shape: Shape, given: Any) -> Iterator[str]:
    yield f"<{name}>{''.join(xml_of(shape, given))}</{name}>"


def _scalar(shape: Shape, given: Any) -> str:
    if shape.kind == "timestamp":
        return datetime.fromtimestamp(given, UTC).isoformat(timespec="milliseconds")
    if shape.kind == "boolean":
        return "true" if given else "false"
    return escape(str(given))
