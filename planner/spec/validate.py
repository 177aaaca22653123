"""Blocks of data to pydantic values; every error becomes a finding at its place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from yaml.nodes import Node

from planner.model.units import UnitError
from planner.spec.nearest import nearest, suggestion
from planner.spec.places import Step, join_path, place_of
from planner.spec.report import Finding, Place, Report
from planner.spec.shape import example_of, keys_at

Block = TypeVar("Block", bound=BaseModel)
_QUOTED = re.compile(r"'([^']*)'")
_KEY = "[key]"


class Sheet:
    """One document on its way: its nodes, its data, and what was found wrong with it."""

    def __init__(self, node: Node, data: Any, report: Report) -> None:
        self.node = node
        self.data = data
        self.report = report
        self.rows: Sequence[Place] = ()
        self._broken: set[tuple[Step, ...]] = set()

    def place(self, steps: Sequence[Step], *, key: bool = False) -> Place:
        """Place of a path; a model out of a file is placed at its row there."""
        if self.rows and tuple(steps[:2]) == ("spec", "models") and len(steps) > 2:
            index = steps[2]
            if isinstance(index, int) and index < len(self.rows):
                return self.rows[index]
        return place_of(self.node, steps, key=key)

    def wrong(self, finding: Finding, steps: Sequence[Step], *, key: bool = False) -> None:
        """Report a finding at a path."""
        named = Finding(finding.code, finding.message, finding.hint, join_path(steps))
        self.report.add(named, self.place(steps, key=key))

    def set_aside(self, steps: Sequence[Step]) -> None:
        """Mark a path as broken: findings that build on it are not independent."""
        self._broken.add(tuple(steps))

    def is_broken(self, steps: Sequence[Step]) -> bool:
        """Tell whether a path, a parent or a child of it is broken."""
        path = tuple(steps)
        return any(path[: len(bad)] == bad or bad[: len(path)] == path for bad in self._broken)


def validate(sheet: Sheet, model: type[Block], data: Any, steps: Sequence[Step]) -> Block | None:
    """Return the value of a block; on errors, of what is left without its broken entries.

    None where even the rest is not valid. Every error is reported.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        explain(sheet, model, error, steps=steps, data=data)
        if not isinstance(data, dict):
            sheet.set_aside(steps)
            return None
        bad = {_first(detail["loc"]) for detail in error.errors(include_url=False)}
    for name in bad:
        sheet.set_aside((*steps, name))
    try:
        return model.model_validate({key: data[key] for key in data if key not in bad})
    except ValidationError:
        sheet.set_aside(steps)
        return None


@lru_cache(maxsize=64)
def default_of(model: type[Block]) -> Block:
    """Return the value of an absent block; all defaults, so that no validator has to be built."""
    return model.model_construct()


def explain(
    sheet: Sheet,
    model: type[BaseModel],
    error: ValidationError,
    *,
    steps: Sequence[Step],
    data: Any,
) -> None:
    """Report each error of one validation at its place, leaving out those that follow another."""
    details = error.errors(include_url=False)
    typos = set(_typos(model, details))
    for detail in details:
        local, on_key = _local(detail["loc"], data, detail["type"])
        if detail["type"] == "missing" and local in typos:
            continue
        if detail["type"] == "too_short" and detail["input"]:
            continue  # pydantic counts the valid members only, and the others have their own error
        finding = _finding(model, detail, local)
        sheet.wrong(finding, (*steps, *local), key=on_key)


def _typos(model: type[BaseModel], details: Iterable[Any]) -> Iterable[tuple[Step, ...]]:
    """Keys that an unknown key was probably meant to be."""
    for detail in details:
        if detail["type"] == "extra_forbidden":
            *parents, name = detail["loc"]
            meant = nearest(str(name), keys_at(model, parents) or ())
            if meant is not None:
                yield (*parents, meant)


def _first(loc: Sequence[Step]) -> Step:
    return loc[0] if loc else ""


def _local(loc: Sequence[Step], data: Any, kind: str) -> tuple[tuple[Step, ...], bool]:
    """Steps of an error without the tags that pydantic puts in for unions; and whether on a key."""
    on_key = bool(loc) and loc[-1] == _KEY
    parts = loc[:-1] if on_key else loc
    steps: list[Step] = []
    value = data
    for index, part in enumerate(parts):
        known = isinstance(value, Mapping) and part in value
        known = known or (isinstance(value, list) and isinstance(part, int))
        if known:
            value = value[part]
            steps.append(part)
        elif kind == "missing" and index == len(parts) - 1:
            steps.append(part)
    return tuple(steps), on_key or kind == "extra_forbidden"


def _finding(model: type[BaseModel], detail: Any, local: tuple[Step, ...]) -> Finding:
    kind: str = detail["type"]
    value = detail.get("input")
    if kind == "missing":
        return _missing(model, local)
    if kind == "extra_forbidden":
        return unknown_key(str(local[-1]), keys_at(model, local[:-1]) or ())
    if kind in {"literal_error", "enum"}:
        return unknown_value(value, _QUOTED.findall(str(detail["ctx"]["expected"])))
    if kind == "value_error":
        return _value_error(detail["ctx"]["error"])
    if kind in _TYPES:
        wanted, hint = _TYPES[kind]
        return Finding("wrong-type", f"must be {wanted}, not {shown(value)}", hint)
    if kind == "too_short":
        return Finding("empty-value", "must not be empty", "give an entry, or remove the key")
    code = "invalid-value" if kind in _PYDANTIC_BOUNDS else kind.replace("_", "-")
    return Finding(code, str(detail["msg"]), "")


_TYPES = {
    "model_type": ("a mapping", "write key: value pairs below it"),
    "model_attributes_type": ("a mapping", "write key: value pairs below it"),
    "dict_type": ("a mapping", "write key: value pairs below it"),
    "tuple_type": ("a list", "put it in brackets: [...]"),
    "list_type": ("a list", "put it in brackets: [...]"),
    "string_type": ("text", "quote it"),
    "int_type": ("a whole number", "write it without quotes"),
    "int_parsing": ("a whole number", "write digits only"),
    "bool_type": ("true or false", "write true or false"),
    "bool_parsing": ("true or false", "write true or false"),
    "float_type": ("a number", "write a number"),
    "float_parsing": ("a number", "write a number"),
}
_PYDANTIC_BOUNDS = {
    "greater_than",
    "greater_than_equal",
    "less_than",
    "less_than_equal",
    "string_pattern_mismatch",
    "string_too_long",
    "string_too_short",
    "too_long",
}


def _missing(model: type[BaseModel], local: tuple[Step, ...]) -> Finding:
    name = str(local[-1])
    example = example_of(model, local)
    return Finding("missing-key", f"the key {name} is missing", f"add {name}: {example}".strip())


def _value_error(error: Exception) -> Finding:
    if isinstance(error, UnitError):
        return Finding(error.code, error.message, error.hint)
    return Finding("invalid-value", str(error), str(getattr(error, "hint", "")))


def unknown_key(name: str, names: Iterable[str]) -> Finding:
    """Return the finding for a key that is not in a closed set."""
    return Finding("unknown-key", f"unknown key {name}", suggestion(name, names))


def unknown_value(value: Any, names: Iterable[str]) -> Finding:
    """Return the finding for a value that is not in a closed set."""
    return Finding(
        "unknown-value", f"{shown(value)} is not valid here", suggestion(str(value), names)
    )


def shown(value: Any) -> str:
    """Name a value in the words of YAML; collections by their kind only."""
    if value is None:
        return "empty"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    return str(value).lower() if isinstance(value, bool) else str(value)
