"""What a test of conformance needs of a cloud: a connection to it, and a hand behind its back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Protocol

from planner.engine import Link
from planner.model.change import Change
from planner.model.resource import DesiredState
from planner.model.value import value
from planner.model.warm_up import Sample


class Fault(StrEnum):
    """What goes wrong with one mutating call.

    The first two befall any call; the others become of an endpoint that a call creates or updates.
    """

    REFUSED = "refused"
    """Nothing is done, and the cloud says so."""
    LOST_ANSWER = "lost-answer"
    """It is carried out, and nobody hears of it."""
    ROLLBACK = "rollback"
    """The update is begun and undone by the cloud; the endpoint is well again."""
    FAILURE = "failure"
    """The creation is begun and fails."""


@value
class States:
    """Desired states of one endpoint, each told by how it differs from `first`.

    `second` and `third` change only what is rolled out, `in_place` only what is not; `replaced`
    takes deletion and creation, and `bare` has nothing of the `tied` kinds that `first` has, where
    a cloud knows such. `fleet` has other endpoints with their owners.
    """

    owner: str
    first: DesiredState
    second: DesiredState
    third: DesiredState
    in_place: DesiredState
    fleet: tuple[tuple[str, DesiredState], ...]
    replaced: DesiredState | None = None
    bare: DesiredState | None = None


@value
class Meddling:
    """Something that somebody else does to the endpoint of `first`, which is there and well.

    `field` is the address and the path of the one field that moves; None for what is no drift.
    """

    name: str
    make: Callable[[], None]
    field: tuple[str, str] | None = None


class World(Protocol):
    """A cloud of which nothing lives yet, reached as users reach it.

    What happens behind the planner's back goes through the cloud's own interface, not the gateway.
    """

    states: States
    meddlings: Sequence[Meddling]
    sample: Sample
    """A request that the models of all states take."""

    def link(self) -> Link:
        """A new connection, as each command has one: nothing is kept from the last."""
        ...

    def reset(self) -> None:
        """Empty the cloud, forget faults and recorded calls, and be quick again."""
        ...

    def writes(self) -> Sequence[str]:
        """Every mutating call that the cloud got since the reset, refused ones too, in order.

        `fail` takes and `calls_of` gives the same texts.
        """
        ...

    def calls_of(self, change: Change) -> Sequence[str]:
        """The mutating calls that a change of a plan leads to, in order."""
        ...

    def inventory(self) -> Mapping[str, Any]:
        """Everything that lives, whosoever's, with all that does not differ between two runs."""
        ...

    def fail(self, fault: Fault, call: str, nth: int = 1) -> None:
        """Strike the `nth` call like this from now on, once; what has struck is over.

        Several may be asked for before the next call.
        """
        ...

    def slow(self) -> None:
        """What is begun from now on takes longer than any test."""
        ...

    def mute(self) -> None:
        """No model answers any more: the fault is the models', not that of the requests."""
        ...

    def calm(self) -> None:
        """Lift all faults, let everything end that goes on, and be quick again."""
        ...

    def retag(self, owner: str | None, *, copied_from: str | None = None) -> None:
        """Give the endpoint of `first` and what it uses to another owner, or to nobody.

        The tags are made for each object, or as if they had been copied with another.
        """
        ...

    def protect(self) -> None:
        """Put the tag `planner:protect` on the endpoint of `first`."""
        ...

    def borrow(self) -> str:
        """Let somebody else's endpoint use what that of `first` uses now.

        Gives the key in the inventory of what is shared, "" where this cloud shares nothing.
        """
        ...
