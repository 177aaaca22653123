"""A cloud that is stood in for: everything of it that outlives a request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from planner.provider.sandbox.calls import Calls
from planner.provider.sandbox.clock import Clock
from planner.provider.sandbox.faults import Faults, read_rules
from planner.provider.sandbox.store import Document, Key, Store

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Pace = TypeVar("Pace", bound="DataclassInstance")
"""A cloud's own dataclass of how long things take, all of them numbers."""

Change = Callable[[Any, Key, Document], None]
"""Brings a document whose moment has come up to the clock of the cloud it is given."""


class Cloud(Generic[Pace]):
    """State, time, faults and recorded calls; a provider adds what its operations need.

    `effects` are the faults that only this cloud has.
    """

    effects: tuple[str, ...] = ()

    def __init__(
        self, store: Store, clock: Clock, pace: Pace, *, changes: Mapping[str, Change]
    ) -> None:
        self.store = store
        self.clock = clock
        self.pace = pace
        self.faults = Faults()
        self.calls = Calls()
        self._changes = changes

    def fail_by(self, rules: str) -> None:
        """Put the rules of a YAML or JSON text in force; ValueError says what is wrong in it."""
        self.faults.replace(read_rules(rules, self.effects))

    def pass_time(self) -> None:
        """Bring every document that is due up to the clock, the earliest first."""
        for key, document in self.store.due(self.clock.now()):
            self._changes[key.kind](self, key, document)

    def advance(self, seconds: float) -> None:
        """Move the clock forward, let what is due happen, and keep the time for the next start."""
        self.clock.advance(seconds)
        self.store.remember("advanced_s", str(self.clock.advanced_s))
        self.pass_time()

    def reset(self) -> None:
        """Forget state, faults and recorded requests; the clock keeps its time."""
        self.store.clear()
        self.faults.replace([])
        self.calls.clear()
        self.store.remember("advanced_s", str(self.clock.advanced_s))
