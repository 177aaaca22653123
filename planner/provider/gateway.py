"""What a provider's connection to its cloud does: the only place where the network is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from planner.model.live import LiveObject, LiveState, Operation
from planner.model.resource import DesiredState


class Gateway(Protocol):
    """A connection for one provider block; every method may raise ProviderError or AuthError."""

    def read(self, desired: DesiredState, /) -> LiveState:
        """Every object of the endpoint that lives, by its addresses; writes nothing."""
        ...

    def leftovers(self, desired: DesiredState, /, *, owner: str) -> tuple[LiveObject, ...]:
        """What this owner has of the endpoint beside what `read` shows: configs of before."""
        ...

    def write(self, operation: Operation, /) -> None:
        """Make one change; returns when the cloud has taken it, not when it has settled."""
        ...

    def settle(
        self, desired: DesiredState, /, *, timeout_s: float, beat: Callable[[str], None]
    ) -> LiveState:
        """Wait until the endpoint is ready or failed; `beat` is told its state now and then.

        Raises ProviderError `not-settled` after `timeout_s`; nothing is undone then.
        """
        ...
