"""Models and configs of an endpoint that nothing uses any more, and the newest of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from planner.model.live import LiveObject, LiveState
from planner.model.resource import DesiredState
from planner_sagemaker.reading import SAGEMAKER, Answer, Ask, Reader
from planner_sagemaker.resources.names import MAX_LENGTH, readable
from planner_sagemaker.resources.tags import OWNER, SELF

Used = Callable[[], frozenset[str]]
"""Names of all configs that any endpoint of the account and region uses."""

_LISTS = {
    "endpoint-config": ("ListEndpointConfigs", "EndpointConfigs", "EndpointConfig"),
    "model": ("ListModels", "Models", "Model"),
}


class Leftovers:
    """Looks through `ask`; `used` is asked only where there is something to delete."""

    def __init__(self, ask: Ask, reader: Reader, used: Used) -> None:
        self._ask = ask
        self._reader = reader
        self._used = used

    def unused(
        self, desired: DesiredState, live: LiveState, *, owner: str, keep: int
    ) -> Iterator[LiveObject]:
        """Configs that no endpoint uses, without the newest `keep`, then models that no config has.

        A name alone proves nothing: the owner's tag has to stand on the object, made for it.
        """
        needed = {resource.address for resource in desired.resources}
        needed |= {one.address for one in live.objects}
        configs = list(self.named("endpoint-config", desired.endpoint, owner))
        old = [one for one in configs if one.address not in needed][keep:]
        if old:
            used = self._used()
            old = [one for one in old if one.name not in used]
        yield from old
        gone = {one.address for one in old}
        models = [
            one for one in self.named("model", desired.endpoint, owner) if one.address not in needed
        ]
        if models:
            held = {name for one in configs if one.address not in gone for name in self._of(one)}
            yield from (one for one in models if one.name not in held)

    def named(self, kind: str, endpoint: str, owner: str) -> Iterator[LiveObject]:
        """An owner's configs or models whose names are made from the endpoint's, newest first."""
        operation, members, noun = _LISTS[kind]
        prefix = readable(endpoint, MAX_LENGTH - 9)
        named = re.compile(rf"{re.escape(prefix)}-[0-9a-f]{{8}}\Z")
        listed = self._ask(SAGEMAKER, operation, {"NameContains": prefix})[members]
        for one in sorted(listed, key=lambda shown: shown["CreationTime"], reverse=True):
            name = one[f"{noun}Name"]
            if named.match(name) and self._owned(one[f"{noun}Arn"], name, owner):
                yield LiveObject(
                    address=f"{kind}/{name}", kind=kind, name=name, body={}, owner=owner
                )

    def _owned(self, arn: str, name: str, owner: str) -> bool:
        tags = {tag["Key"]: tag["Value"] for tag in self._reader.tags(arn) or ()}
        return tags.get(OWNER) == owner and tags.get(SELF) == name

    def _of(self, config: LiveObject) -> Iterator[str]:
        shown = self._reader.describe(config.kind, config.name)
        yield from models_of(shown or {})


def models_of(config: Answer) -> Sequence[str]:
    """Names of the models that a config or its description has."""
    variants: list[Any] = [
        *config.get("ProductionVariants", ()),
        *(config.get("ShadowProductionVariants") or ()),
    ]
    return [one["ModelName"] for one in variants if one.get("ModelName")]
