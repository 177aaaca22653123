"""Live state: the cloud objects of one endpoint as they are."""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum
from typing import Any

from planner.model.change import Action
from planner.model.value import value


class Health(StrEnum):
    """What an endpoint does now."""

    ABSENT = "absent"
    READY = "ready"
    MOVING = "moving"
    FAILED = "failed"


@value
class LiveObject:
    """One object in the cloud; `body` in the terms of its creation, as far as it can be read.

    `owner` is the `planner:owner` tag, None where it has none or its kind carries no tags; `origin`
    the name that its `planner:self` tag gives, which is another's where tags were copied with the
    object. `protected` objects are never deleted.
    """

    address: str
    kind: str
    name: str
    body: dict[str, Any]
    owner: str | None = None
    origin: str | None = None
    protected: bool = False

    def owned_by(self, owner: str) -> bool:
        """Whether the tags say so, and were made for this very object."""
        return self.owner == owner and self.origin in {None, self.name}

    @property
    def proprietor(self) -> str:
        """Whose it is, for people."""
        if self.origin not in {None, self.name}:
            return f"nobody (its tags were copied from {self.origin})"
        return self.owner or "nobody"


@value
class LiveState:
    """All objects that belong to one endpoint, those it uses and those of its scaling.

    `health` is the endpoint's own, `detail` its status and reason in the cloud's words, `digest`
    that of the desired state that was last applied, `counts` what runs now by variant.
    """

    endpoint: str
    health: Health
    objects: tuple[LiveObject, ...] = ()
    detail: str = ""
    digest: str | None = None
    counts: dict[str, int] = field(default_factory=dict)

    def find(self, address: str) -> LiveObject | None:
        """The object of this address."""
        return next((one for one in self.objects if one.address == address), None)


@value
class Operation:
    """One write: what to do to one object; `body` is its desired creation, empty for a delete."""

    address: str
    kind: str
    name: str
    action: Action
    body: dict[str, Any]
