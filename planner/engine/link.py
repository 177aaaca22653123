"""One connection to a cloud, and what an endpoint behind it needs to become as desired."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from planner.diff import ForeignObjectError, Lifecycle, compared
from planner.errors import ProviderError
from planner.model.change import Action, Change, ChangeSet, Risk
from planner.model.drift import Sync
from planner.model.live import Health, LiveObject, LiveState
from planner.model.resource import DesiredState
from planner.model.value import value
from planner.provider.gateway import Gateway
from planner.provider.interface import Live

ENDPOINT = "endpoint"
"""Kind of the object that clients call, in every provider: what waits and verification look at."""

_ENDING = {Action.DELETE, Action.REPLACE}


@value
class Standing:
    """An endpoint now: what is wanted of it, in the names that live, and what that needs."""

    desired: DesiredState
    live: LiveState
    changes: ChangeSet

    @property
    def sync(self) -> Sync:
        """How the endpoint stands to what was last applied."""
        if self.live.health is Health.ABSENT:
            return Sync.MISSING
        if not self.changes.acting:
            return Sync.IN_SYNC
        # The digest of what was last applied stands on the endpoint itself.
        return Sync.DRIFTED if self.live.digest == self.desired.digest else Sync.PENDING


@value
class Link:
    """A connection to one account and region or workspace, and what its provider knows."""

    provider: str
    gateway: Gateway
    lifecycle: Lifecycle
    rules: Live

    def needed(self, desired: DesiredState, owner: str) -> Standing:
        """What an endpoint needs to become as desired, read now; nothing is written.

        Raises ProviderError for somebody else's endpoint and for changes the cloud never makes.
        """
        return self.against(desired, self.gateway.read(desired), owner)

    def against(self, desired: DesiredState, live: LiveState, owner: str) -> Standing:
        """The same against what was read a moment ago."""
        wanted = self.rules.aligned(desired, live)
        changes = self.compare(wanted, live, owner)
        ending = {one.address for one in changes.changes if one.action in _ENDING}
        _refuse_protected(one for one in live.objects if one.address in ending)
        if changes.acting and changes.action is not Action.CREATE:
            changes = self._with_leftovers(changes, wanted, live, owner)
        expected_s = self.lifecycle.expected_s(changes)
        return Standing(desired=wanted, live=live, changes=replace(changes, expected_s=expected_s))

    def compare(self, desired: DesiredState, live: LiveState, owner: str) -> ChangeSet:
        """What differs, by the provider's rules and in an order that its cloud takes."""
        try:
            found = compared(desired, live, self.lifecycle, owner=owner)
        except ForeignObjectError as error:
            raise ProviderError(
                "foreign-endpoint",
                f"{error}, not by {owner}: nothing of it is touched",
                hint="planner adopt SPEC takes it over; another metadata.name leaves it alone",
            ) from error
        return self.rules.ordered(found, desired, live)

    def removal(self, desired: DesiredState, owner: str) -> Standing:
        """What is to go so that nothing of the owner's is left of an endpoint.

        Somebody else's endpoint keeps everything; raises ProviderError for a protected one.
        """
        live = self.gateway.read(desired)
        owned = self.lifecycle.owned
        foreign = [o for o in live.objects if o.kind in owned and not o.owned_by(owner)]
        ours = [one for one in live.objects if one not in foreign]
        if any(one.kind == ENDPOINT for one in foreign):
            ours = []
        _refuse_protected(ours)
        shared = self._shared(ours, live)
        ours = [one for one in ours if one.address not in shared]
        ours += self.gateway.leftovers(desired, live, owner=owner, keep=0)
        ours.sort(key=lambda one: -self.lifecycle.rank(one.kind))
        notes = (
            *(f"{one.address} is owned by {one.proprietor}: left alone" for one in foreign),
            *(f"{address} is used by another endpoint: left alone" for address in sorted(shared)),
        )
        changes = ChangeSet(
            endpoint=desired.endpoint,
            action=Action.DELETE if ours else Action.NONE,
            changes=tuple(_deletion(one, "is to be destroyed", Risk.DOWNTIME) for one in ours),
            notes=notes,
        )
        return Standing(desired=replace(desired, resources=()), live=live, changes=changes)

    def _shared(self, ours: Iterable[LiveObject], live: LiveState) -> frozenset[str]:
        """What of ours has to stay because another endpoint uses it, too."""
        kept = {one.address for one in ours if one.kind in self.lifecycle.kept}
        return self.gateway.shared(live) & kept if kept else frozenset()

    def _with_leftovers(
        self, changes: ChangeSet, desired: DesiredState, live: LiveState, owner: str
    ) -> ChangeSet:
        """The same changes, and then away with what is older than the last rollback target."""
        wanted = {resource.address for resource in desired.resources}
        replaced = any(
            one.kind in self.lifecycle.kept and one.address not in wanted for one in live.objects
        )
        old = self.gateway.leftovers(desired, live, owner=owner, keep=0 if replaced else 1)
        gone = (
            _deletion(one, "unused, and not the newest of before", Risk.NONE)
            for one in old
            if not one.protected
        )
        return replace(changes, changes=(*changes.changes, *gone))


def _refuse_protected(objects: Iterable[LiveObject]) -> None:
    for one in objects:
        if one.protected:
            raise ProviderError(
                "protected",
                f"{one.address} carries the tag planner:protect: it is not deleted",
                hint="remove the tag planner:protect from it first",
            )


def _deletion(one: LiveObject, reason: str, risk: Risk) -> Change:
    return Change(address=one.address, action=Action.DELETE, reason=reason, risk=risk)
