"""A strict judge of AWS requests: every constraint that botocore's service model states.

botocore's own validator looks at names and types only; this one also applies enum, pattern (the
whole text), length, least and greatest value, and one member per union.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StringShape, StructureShape

_TYPES = {
    "string": str,
    "integer": int,
    "long": int,
    "float": (int, float),
    "double": (int, float),
    "boolean": bool,
    "structure": dict,
    "map": dict,
    "list": list,
    "timestamp": (str, int, float),
    "blob": (str, bytes),
}
_SURROGATES = r"\uD800\uDC00-\uDBFF\uDFFF"
_JAVA = {
    _SURROGATES: "\U00010000-\U0010ffff",
    r"\p{L}": r"\w",
    r"\p{N}": r"\d",
    r"\p{Z}": r" ",
    r"\p{Print}": r"[\x20-\x7e]",
    r"\p{ASCII}": r"[\x00-\x7f]",
}


def violations(service: str, operation: str, request: dict[str, Any]) -> list[str]:
    """Everything in a request that the service model forbids, with its place."""
    shape = _service(service).operation_model(operation).input_shape
    if shape is None:
        return [f"{operation}.{name}: unknown" for name in request]
    return list(_walk(shape, request, operation))


def answer_violations(service: str, operation: str, answer: dict[str, Any]) -> list[str]:
    """Everything in a JSON answer that the service model forbids, with its place."""
    shape = output_shape(service, operation)
    return list(_walk(shape, answer, operation)) if shape is not None else []


def output_shape(service: str, operation: str) -> StructureShape | None:
    """What an operation answers; None for nothing."""
    shape: StructureShape | None = _service(service).operation_model(operation).output_shape
    return shape


@cache
def _service(name: str) -> ServiceModel:
    return ServiceModel(Loader().load_service_model(name, "service-2"), name)


def _walk(shape: Shape, value: Any, place: str) -> Iterator[str]:
    expected = _TYPES[shape.type_name]
    if not isinstance(value, expected) or (isinstance(value, bool) and expected is not bool):
        yield f"{place}: {type(value).__name__} instead of {shape.type_name}"
        return
    yield from _bounds(shape, value, place)
    if isinstance(shape, StringShape):
        yield from _text(shape, value, place)
    elif isinstance(shape, StructureShape):
        yield from _structure(shape, value, place)
    elif isinstance(shape, ListShape):
        for index, item in enumerate(value):
            yield from _walk(shape.member, item, f"{place}[{index}]")
    elif isinstance(shape, MapShape):
        for key, item in value.items():
            yield from _walk(shape.key, key, f"{place}.{key} (key)")
            yield from _walk(shape.value, item, f"{place}.{key}")


def _bounds(shape: Shape, value: Any, place: str) -> Iterator[str]:
    size = value if isinstance(value, int | float) else len(value)
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and size < least:
        yield f"{place}: {size} is below the least, {least}"
    if most is not None and size > most:
        yield f"{place}: {size} is above the most, {most}"


def _text(shape: StringShape, value: str, place: str) -> Iterator[str]:
    if shape.enum and value not in shape.enum:
        yield f"{place}: {value!r} is no member of {shape.name}"
    pattern = shape.metadata.get("pattern")
    if pattern is not None and not _compiled(pattern).fullmatch(value):
        yield f"{place}: {value!r} does not match {pattern}"


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    for java, python in _JAVA.items():
        pattern = pattern.replace(java, python)
    # Python has \Z for \z, and needs no brackets inside of brackets.
    return re.compile(re.sub(r"\[\[(.+?)\]\]", r"[\1]", pattern).replace(r"\z", r"\Z"))


def _structure(shape: StructureShape, value: dict[str, Any], place: str) -> Iterator[str]:
    for name in shape.required_members:
        if name not in value:
            yield f"{place}.{name}: missing"
    if getattr(shape, "is_tagged_union", False) and len(value) != 1:
        yield f"{place}: {len(value)} members of a union"
    for name, item in value.items():
        if name in shape.members:
            yield from _walk(shape.members[name], item, f"{place}.{name}")
        else:
            yield f"{place}.{name}: unknown"
