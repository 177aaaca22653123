"""Answers of AWS as documents that the strict walk can judge, whatever protocol they came in.

JSON is judged as it was sent. XML is turned into a document element by element, so that one that
the service model does not know is found. What stands in headers botocore has read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from xml.etree import ElementTree

from botocore.model import ListShape, Shape, StructureShape

from tests.support.botocore_walk import answer_violations, output_shape

_READ = {
    "integer": int,
    "long": int,
    "float": float,
    "double": float,
    "boolean": lambda text: {"true": True, "false": False}.get(text, text),
}


def answer_faults(
    service: str, operation: str, response: Mapping[str, Any], parsed: Mapping[str, Any]
) -> list[str]:
    """Everything in a successful answer that the service model forbids; of another nothing."""
    if response["status_code"] != 200:
        return []
    shape, body = output_shape(service, operation), response["body"]
    if shape is None:
        return [f"{operation}: an answer where none is known"] if json.loads(body or b"{}") else []
    if any("location" in one.serialization for one in shape.members.values()) and (
        "payload" in shape.serialization or not body
    ):
        return answer_violations(service, operation, _plain(parsed))
    if "xml" in response["headers"]["content-type"]:
        return answer_violations(service, operation, _from_xml(shape, body))
    return answer_violations(service, operation, json.loads(body or b"{}"))


def _plain(parsed: Mapping[str, Any]) -> dict[str, Any]:
    """Without what botocore adds, and with nothing for a body that the test has yet to read."""
    return {key: _plain_value(one) for key, one in parsed.items() if key != "ResponseMetadata"}


def _plain_value(given: Any) -> Any:
    if hasattr(given, "read"):
        return b""
    return given.isoformat() if isinstance(given, datetime) else given


def _from_xml(shape: StructureShape, body: bytes) -> dict[str, Any]:
    root = ElementTree.fromstring(body)
    wrapper = shape.serialization.get("resultWrapper")
    if wrapper is not None:
        [root] = [one for one in root if _tag(one) == wrapper]
    return _structure(shape, root)


def _tag(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _structure(shape: StructureShape, element: ElementTree.Element) -> dict[str, Any]:
    names = {one.serialization.get("name", name): name for name, one in shape.members.items()}
    document: dict[str, Any] = {}
    for child in element:
        name = names.get(_tag(child))
        if name is None:
            document[_tag(child)] = child.text
            continue
        member = shape.members[name]
        if isinstance(member, ListShape) and member.serialization.get("flattened"):
            document.setdefault(name, []).append(_value(member.member, child))
        else:
            document[name] = _value(member, child)
    return document


def _value(shape: Shape, element: ElementTree.Element) -> Any:
    if isinstance(shape, StructureShape):
        return _structure(shape, element)
    if isinstance(shape, ListShape):
        return [_value(shape.member, child) for child in element]
    text = element.text or ""
    return _READ.get(shape.type_name, str)(text)
