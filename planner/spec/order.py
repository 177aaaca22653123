"""The order in which keys of each kind of document are written: that of the models."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, get_origin

from pydantic import BaseModel

from planner.spec.places import Step
from planner.spec.quantities import SpecBlock
from planner.spec.sections import EndpointDocument, SettingsModels
from planner.spec.shape import types_at

KeyOrder = Callable[[Sequence[Step]], tuple[str, ...]]
"""Keys of the mapping at a path, in their order; nothing where names are the user's own."""

_PROVIDERS = ("spec", "providers")


def key_order(kind: str | None, settings_models: SettingsModels) -> KeyOrder:
    """The order for a document of a kind; without one it is an overlay of an endpoint."""
    root = _document(kind)

    def order(steps: Sequence[Step]) -> tuple[str, ...]:
        if root is None:
            return ()
        model, below = root, tuple(steps)
        if root is EndpointDocument and below[:2] == _PROVIDERS and len(below) > 2:
            block = settings_models(str(below[2]))
            if block is None:
                return ()
            model, below = block, below[3:]
        return tuple(dict.fromkeys(_names(types_at(model, below))))

    return order


def _document(kind: str | None) -> type[BaseModel] | None:
    if kind in {None, "Endpoint"}:
        return EndpointDocument
    if kind == "Profile":
        from planner.spec.profile_blocks import ProfileDocument  # noqa: PLC0415  few are formatted

        return ProfileDocument
    if kind == "Limits":
        from planner.spec.limits_file import LimitsDocument  # noqa: PLC0415

        return LimitsDocument
    if kind == "Policy":
        from planner.spec.policy_file import PolicyDocument  # noqa: PLC0415

        return PolicyDocument
    return None


def _names(types: Iterator[Any]) -> Iterator[str]:
    """Keys of the blocks that may stand at one place, what all of them share last."""
    shared: list[str] = []
    for one in types:
        if get_origin(one) is dict or not isinstance(one, type):
            continue
        if issubclass(one, BaseModel):
            inherited = _inherited(one)
            yield from (name for name in one.model_fields if name not in inherited)
            shared += [name for name in one.model_fields if name in inherited]
    yield from shared


def _inherited(model: type[BaseModel]) -> frozenset[str]:
    """Fields from a base that has some of its own, such as those of every kind of traffic."""
    bases = (base for base in model.__bases__ if issubclass(base, SpecBlock))
    return frozenset(name for base in bases for name in base.model_fields)
