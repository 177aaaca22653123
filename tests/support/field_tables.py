"""Documents held against tables of the fields that a tool knows; each table names its source.

In a table a text is a type, with `!` where the field is required; a mapping holds the fields of a
block, which may stand once or in a list.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent / "fields"
TYPES = {
    "string": str,
    "number": (int, float),
    "integer": int,
    "bool": bool,
    "boolean": bool,
    "map": dict,
    "set": list,
    "list": list,
    "any": object,
}
META = {"provider", "lifecycle", "depends_on"}


@cache
def table(name: str, part: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))[part]
    return found


def terraform(document: dict[str, Any], tool: str) -> list[str]:
    """What a configuration has that the resources of a provider do not take."""
    known = table(tool, "resources")
    return [
        wrong
        for kind, resources in document["resource"].items()
        for label, body in resources.items()
        for wrong in _block(
            known[kind], {k: v for k, v in body.items() if k not in META}, f"{kind}.{label}"
        )
    ]


def kubernetes(document: dict[str, Any]) -> list[str]:
    """What a manifest has that its custom resource definition does not."""
    kind = f"{document['apiVersion']} {document['kind']}"
    return list(_block(table("ack", "kinds")[kind], document["spec"], kind))


def _block(fields: dict[str, Any], value: Any, place: str) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _block(fields, item, place)
        return
    if not isinstance(value, dict):
        yield f"{place}: {type(value).__name__} instead of a block"
        return
    known = {name.rstrip("!"): inner for name, inner in fields.items()}
    required = {name.rstrip("!") for name, inner in fields.items() if _required(name, inner)}
    yield from (f"{place}.{name}: missing" for name in required - value.keys())
    for name, item in value.items():
        if name in known:
            yield from _field(known[name], item, f"{place}.{name}")
        else:
            yield f"{place}.{name}: unknown"


def _required(name: str, inner: Any) -> bool:
    return name.endswith("!") or (isinstance(inner, str) and inner.endswith("!"))


def _field(inner: Any, value: Any, place: str) -> Iterator[str]:
    if isinstance(inner, dict):
        yield from _block(inner, value, place)
    elif isinstance(inner, list):
        if not isinstance(value, list):
            yield f"{place}: {type(value).__name__} instead of a list"
            return
        for item in value:
            yield from _field(inner[0], item, place)
    else:
        expected = TYPES[inner.rstrip("!")]
        wrong = isinstance(value, bool) and inner.rstrip("!") in ("number", "integer")
        # Terraform takes a number where it wants text; whole numbers stand for both.
        loose = inner.rstrip("!") == "string" and isinstance(value, int) and "capacity" in place
        if wrong or not (isinstance(value, expected) or loose):
            yield f"{place}: {value!r} is no {inner}"
