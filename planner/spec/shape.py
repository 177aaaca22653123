"""Which keys and values a block may have, read off the pydantic models."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from planner.spec.places import Step
from planner.spec.quantities import Quantity


def keys_at(model: type[BaseModel], steps: Sequence[Step]) -> tuple[str, ...] | None:
    """Names valid below a path, sorted; None where any name is, or where there are none."""
    found = tuple(types_at(model, steps))
    if any(get_origin(one) is dict for one in found):
        return None
    models = [one for one in found if isinstance(one, type) and issubclass(one, BaseModel)]
    return tuple(sorted({name for one in models for name in one.model_fields})) or None


def exists(model: type[BaseModel], steps: Sequence[Step]) -> bool:
    """Tell whether a path may be written at all."""
    return any(True for _ in types_at(model, steps))


def example_of(model: type[BaseModel], steps: Sequence[Step]) -> str:
    """Return an example of the quantity at a path, or nothing."""
    *parents, last = steps
    for one in types_at(model, parents):
        if isinstance(one, type) and issubclass(one, BaseModel) and last in one.model_fields:
            return _example(one.model_fields[str(last)])
    return ""


def _example(info: FieldInfo) -> str:
    for extra in info.metadata:
        if isinstance(extra, Quantity):
            return extra.example
    return ""


def types_at(model: type[BaseModel], steps: Sequence[Step]) -> Iterator[Any]:
    """Every type that may stand at a path; several where there is a union."""
    current: list[Any] = [model]
    for step in steps:
        current = [below for one in current for below in _below(one, step)]
    return iter(current)


def _below(one: Any, step: Step) -> Iterator[Any]:
    if isinstance(one, type) and issubclass(one, BaseModel):
        if step in one.model_fields:
            yield from _plain(one.model_fields[str(step)].annotation)
    elif get_origin(one) is dict and isinstance(step, str):
        yield from _plain(get_args(one)[1])
    elif get_origin(one) in (tuple, list) and isinstance(step, int):
        yield from _plain(get_args(one)[0])


def _plain(annotation: Any) -> Iterator[Any]:
    """Take unions and annotations apart."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _plain(get_args(annotation)[0])
    elif origin in (Union, UnionType):
        for part in get_args(annotation):
            yield from _plain(part)
    elif annotation is not type(None):
        yield annotation
