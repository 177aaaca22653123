"""Somebody who runs the planner on a world, command by command."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
from threading import Event as Flag

from planner.engine import (
    Applied,
    Connections,
    Event,
    Job,
    Link,
    Manner,
    Outcome,
    Stage,
    Standing,
    applied,
)
from planner.model.change import Action, Change, ChangeSet
from planner.model.live import LiveState
from planner.model.resource import DesiredState
from planner.provider.testing.world import World

SETTLED = (Outcome.APPLIED, Outcome.UNCHANGED)
TIMEOUT_S = 30.0


class Killed(BaseException):
    """The process ends here."""


class Operator:
    """Runs on a world; `events` are what was told.

    With `kill` a run ends after its first write, with `halt_at_wait` it is interrupted when it
    begins to wait, with `halt_at_call` after its first test call.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.halt = Flag()
        self.events: list[Event] = []
        self.kill = False
        self.halt_at_wait = False
        self.halt_at_call = False

    @property
    def owner(self) -> str:
        """Whose the endpoints are."""
        return self.world.states.owner

    def job(self, state: DesiredState, owner: str | None = None) -> Job:
        """What making a state real needs, as `plan` finds it."""
        link = self.world.link()
        return _job(state, owner or self.owner, link, link.needed)

    def removal(self, state: DesiredState, owner: str | None = None) -> Job:
        """What destroying an endpoint needs."""
        link = self.world.link()
        return _job(state, owner or self.owner, link, link.removal)

    def needed(self, state: DesiredState) -> ChangeSet:
        """The changes that a state needs now."""
        return self.job(state).planned

    def live(self, state: DesiredState) -> LiveState:
        """What lives now, as the gateway reads it."""
        return self.world.link().gateway.read(state)

    def carry_out(self, job: Job, *, wait: bool = True, timeout_s: float = TIMEOUT_S) -> Applied:
        """Make a job real by a connection of its own, as `apply` does."""
        return applied(job, self.manner(wait=wait, timeout_s=timeout_s))

    def manner(self, *, wait: bool = True, timeout_s: float = TIMEOUT_S) -> Manner:
        """How this one goes about it."""
        return Manner(tell=self._tell, halt=self.halt, timeout_s=timeout_s, wait=wait)

    def apply(self, state: DesiredState) -> Applied:
        """Plan a state and make it real."""
        return self.carry_out(self.job(state))

    def made(self, *states: DesiredState) -> None:
        """Make states real, one after the other; none may fail."""
        for state in states:
            ended = self.apply(state)
            assert ended.outcome is Outcome.APPLIED, ended

    def destroy(self, state: DesiredState) -> Applied:
        """Plan the removal of an endpoint and make it real."""
        return self.carry_out(self.removal(state))

    def _tell(self, event: Event) -> None:
        self.events.append(event)
        if self.halt_at_wait and event.stage is Stage.WAIT:
            self.halt.set()
        if self.halt_at_call and event.stage is Stage.CALLED:
            self.halt.set()
        if self.kill and event.wrote:
            raise Killed


class OneLink(Connections):
    """Connections of which there is one, whoever asks."""

    def __init__(self, link: Link) -> None:
        super().__init__(ExitStack(), sandbox=None)
        self._only = link

    def link(self, provider: str, place: Mapping[str, str]) -> Link:
        """The one that there is."""
        del provider, place
        return self._only


def _job(
    state: DesiredState, owner: str, link: Link, look: Callable[[DesiredState, str], Standing]
) -> Job:
    need = partial(look, state, owner)
    return Job(endpoint=state.endpoint, owner=owner, planned=need().changes, link=link, need=need)


def fields(changes: ChangeSet) -> set[tuple[str, str]]:
    """Addresses and paths of all fields that changes would write."""
    return {
        (change.address, field.path)
        for change in changes.acting
        for field in change.fields
        if field.action is not Action.NONE
    }


def endpoint_change(changes: ChangeSet) -> Change:
    """The change of the endpoint itself."""
    return next(one for one in changes.changes if one.address.startswith("endpoint/"))
