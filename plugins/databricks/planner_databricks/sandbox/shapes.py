"""The JSON that bodies consist of: fields, their types, and what no body may hold.

Fields that are not known are refused; the workspace ignores them. A null is no field at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from planner_databricks.sandbox.errors import invalid, malformed

Shape = Callable[[Any, str], Any]
"""Reads a value at a place in the body; raises WorkspaceError."""


def _of(kind: type, title: str) -> Shape:
    def read(given: Any, place: str) -> Any:
        # True is an int to Python and none to JSON.
        if not isinstance(given, kind) or (isinstance(given, bool) and kind is not bool):
            raise malformed(f"Could not parse request object: {place}: expected {title}")
        return given

    return read


text = _of(str, "a string")
whole = _of(int, "an integer")
flag = _of(bool, "a boolean")
anything = _of(object, "a value")


def number(given: Any, place: str) -> float:
    """Read any number."""
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise malformed(f"Could not parse request object: {place}: expected a number")
    return given


def list_of(shape: Shape) -> Shape:
    """A list whose items have one shape."""

    def read(given: Any, place: str) -> list[Any]:
        if not isinstance(given, list):
            raise malformed(f"Could not parse request object: {place}: expected an array")
        return [shape(item, f"{place}[{index}]") for index, item in enumerate(given)]

    return read


def map_of(shape: Shape) -> Shape:
    """An object with keys of the user's choice."""

    def read(given: Any, place: str) -> dict[str, Any]:
        return {name: shape(one, f"{place}.{name}") for name, one in _object(given, place).items()}

    return read


def one_of(*allowed: str) -> Shape:
    """A string of an enumeration."""

    def read(given: Any, place: str) -> str:
        found: str = text(given, place)
        if found not in allowed:
            raise invalid(f"{place}: {found} is not one of {', '.join(allowed)}")
        return found

    return read


def record(required: tuple[str, ...] = (), /, **fields: Shape) -> Shape:
    """An object with these fields and no others."""

    def read(given: Any, place: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, one in _object(given, place).items():
            where = f"{place}.{name}" if place else name
            if name not in fields:
                raise invalid(f"{where}: unknown field")
            found[name] = fields[name](one, where)
        for name in required:
            if name not in found:
                raise invalid(f"{place}.{name} must be specified".removeprefix("."))
        return found

    return read


def _object(given: Any, place: str) -> Mapping[str, Any]:
    if not isinstance(given, dict):
        where = f"{place}: " if place else ""
        raise malformed(f"Could not parse request object: {where}expected an object")
    return {name: one for name, one in given.items() if one is not None}
