"""The workspace as its operations see it, and one call on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from starlette.responses import Response

from planner.model.value import value
from planner.provider.sandbox.clock import Clock
from planner.provider.sandbox.cloud import Change, Cloud
from planner.provider.sandbox.faults import Rule
from planner.provider.sandbox.store import Document, Key, Store

WORKSPACE_ID = "1234567890123456"
USER = "sandbox@example.com"
REGION = ""
"""A workspace is in one region: nothing in it is kept by region."""


class Mishap(StrEnum):
    """What may become of an endpoint that a request creates or updates."""

    UPDATE_FAILED = "update-failed"
    UPDATE_CANCELED = "update-canceled"
    STUCK = "stuck"
    QUOTA = "quota"


@value
class Pace:
    """How long the workspace takes, in seconds of its clock.

    Databricks takes minutes; a newcomer should not. `window_s` is in which it takes 50 writes.
    """

    create_s: float = 3.0
    update_s: float = 3.0
    statement_s: float = 0.5
    window_s: float = 5.0
    load_s: float = 0.3
    """How long the first query of an entity is answered later, by the wall clock."""


class Workspace(Cloud[Pace]):
    """One workspace: everything that outlives a request."""

    effects = tuple(map(str, Mishap))

    def __init__(
        self, store: Store, clock: Clock, pace: Pace, *, changes: Mapping[str, Change]
    ) -> None:
        super().__init__(store, clock, pace, changes=changes)
        self.writes: list[float] = []
        """When endpoints were created or updated, as long as that counts."""

    def reset(self) -> None:
        """Forget everything but the time."""
        super().reset()
        self.writes.clear()


def key(kind: str, name: str) -> Key:
    """Where an object of the workspace is kept."""
    return Key(region=REGION, kind=kind, name=name)


@value
class Call:
    """One request, its body already read; `path` holds what stands in the place of `{...}`."""

    workspace: Workspace
    operation: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Mapping[str, Any]
    url: str
    """The URL of the workspace as the client knows it."""
    now: float
    token: str = ""
    fault: Rule | None = None

    def found(self, kind: str, name: str) -> Document | None:
        """An object of the workspace."""
        return self.workspace.store.get(key(kind, name))

    def befallen(self, effect: str) -> bool:
        """Whether a fault rule gave this request that effect."""
        return self.fault is not None and self.fault.effect == effect


Handler = Callable[[Call], Mapping[str, Any] | Response]
"""Carries out one operation; raises WorkspaceError."""


def milliseconds(at_s: float) -> int:
    """A time as the REST interface writes it."""
    return round(at_s * 1000)
