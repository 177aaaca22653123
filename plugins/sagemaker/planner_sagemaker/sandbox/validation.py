"""Judges a request by every constraint of its service model, in the words of the cloud.

botocore checks names and types before it sends; the cloud also applies enum, pattern, length and
bounds, and reports all it finds in one message. Paths are written as the cloud writes them:
`productionVariants.1.member.instanceType`.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from typing import Any

from planner_sagemaker.sandbox.errors import CloudError, violated
from planner_sagemaker.sandbox.service_models import Shape

_PYTHON: Mapping[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "long": int,
    "float": (int, float),
    "double": (int, float),
    "boolean": bool,
    "structure": dict,
    "map": dict,
    "list": list,
    "timestamp": (int, float),
    "blob": (bytes, str),
}
_TOKEN = {str: "STRING_VALUE", bool: "TRUE_VALUE", dict: "START_OBJECT", list: "START_ARRAY"}
_NUMBERS = {"integer", "long", "float", "double"}
_COUNTED = {"string", "list", "map", "blob"}


def check(shape: Shape | None, request: Mapping[str, Any], *, code: str) -> None:
    """Raise the SerializationException that a request deserves, or all it violates by a code."""
    if shape is None:
        return
    found = list(_walk(shape, request, ""))
    if found:
        raise violated(found, code)


def _walk(shape: Shape, given: Any, path: str) -> Iterator[str]:
    _check_type(shape, given, path)
    if shape.kind == "structure":
        yield from _structure(shape, given, path)
        return
    yield from (_failed(given, path, text) for text in _broken(shape, given))
    if shape.kind == "list" and shape.item is not None:
        for number, item in enumerate(given, start=1):
            yield from _walk(shape.item, item, f"{path}.{number}.member")
    elif shape.kind == "map" and shape.item is not None and shape.key is not None:
        yield from _map(shape, given, path)


def _check_type(shape: Shape, given: Any, path: str) -> None:
    expected = _PYTHON[shape.kind]
    if isinstance(given, expected) and (not isinstance(given, bool) or expected is bool):
        if shape.kind == "blob" and isinstance(given, str):
            _check_base64(given, path)
        return
    token = "TRUE_VALUE" if given is True else _TOKEN.get(type(given), "NUMBER_VALUE")
    wanted = {"boolean": "Boolean", "string": "String"}.get(shape.kind, shape.kind.capitalize())
    raise _unreadable(f"{token} can not be converted to {_article(wanted)} {wanted}")


def _article(noun: str) -> str:
    return "an" if noun[0] in "AEIOU" else "a"


def _check_base64(given: str, path: str) -> None:
    try:
        base64.b64decode(given, validate=True)
    except binascii.Error:
        raise _unreadable(f"the bytes at '{path}' are not base64") from None


def _structure(shape: Shape, given: Mapping[str, Any], path: str) -> Iterator[str]:
    for name in given:
        if name not in shape.members:
            # The cloud ignores what it does not know; a client that sends it has a fault.
            raise _unreadable(f"{shape.name} has no member {name}")
    if shape.union and len(given) != 1:
        raise _unreadable(f"the union {shape.name} takes exactly one member, not {len(given)}")
    for name in shape.required:
        if given.get(name) is None:
            yield _failed(None, _below(path, name), "Member must not be null")
    for name, item in given.items():
        if item is not None:
            yield from _walk(shape.members[name], item, _below(path, name))


def _below(path: str, name: str) -> str:
    own = name[:1].lower() + name[1:]
    return f"{path}.{own}" if path else own


def _map(shape: Shape, given: Mapping[str, Any], path: str) -> Iterator[str]:
    assert shape.key is not None
    assert shape.item is not None
    for key, item in given.items():
        of_key = list(_broken(shape.key, key))
        if of_key:
            yield _failed(given, path, f"Map keys must satisfy constraint: [{', '.join(of_key)}]")
        if shape.item.kind != "string":
            yield from _walk(shape.item, item, f"{path}.{key}.member")
            continue
        _check_type(shape.item, item, f"{path}.{key}.member")
        of_item = list(_broken(shape.item, item))
        if of_item:
            text = f"Map value must satisfy constraint: [{', '.join(of_item)}]"
            yield _failed(given, path, text)


def _broken(shape: Shape, given: Any) -> Iterator[str]:
    """The constraints that a value breaks, as the cloud states them."""
    if shape.enum and given not in shape.enum:
        yield f"Member must satisfy enum value set: [{', '.join(shape.enum)}]"
    if shape.regex is not None and not shape.regex.fullmatch(given):
        yield f"Member must satisfy regular expression pattern: {shape.pattern}"
    size, noun = _measured(shape, given)
    if size is None:
        return
    if shape.most is not None and size > shape.most:
        yield f"Member must have {noun} less than or equal to {_plain(shape.most)}"
    if shape.least is not None and size < shape.least:
        yield f"Member must have {noun} greater than or equal to {_plain(shape.least)}"


def _measured(shape: Shape, given: Any) -> tuple[float | None, str]:
    if shape.kind in _NUMBERS:
        return given, "value"
    return (len(given), "length") if shape.kind in _COUNTED else (None, "")


def _failed(given: Any, path: str, text: str) -> str:
    shown = "null" if given is None else f"'{_java(given)}'"
    return f"Value {shown} at '{path}' failed to satisfy constraint: {text}"


def _java(given: Any) -> str:
    """A value as Java prints it, which is what the cloud's messages show."""
    if isinstance(given, bool):
        return str(given).lower()
    if isinstance(given, dict):
        return "{" + ", ".join(f"{key}={_java(item)}" for key, item in given.items()) + "}"
    if isinstance(given, list):
        return "[" + ", ".join(_java(item) for item in given) + "]"
    return str(given)


def _plain(bound: float) -> str:
    return f"{bound:g}" if abs(bound) < 1e6 else f"{bound:.0f}"


def _unreadable(message: str) -> CloudError:
    return CloudError("SerializationException", message)
