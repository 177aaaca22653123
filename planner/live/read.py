"""What lives: how endpoints stand to what is asked of them. Nothing here writes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from planner import plans
from planner.engine import PARALLEL, Connections, Link, Standing, at_once
from planner.engine.connect import live_provider
from planner.errors import AuthError, PlannerError, ProviderError
from planner.model.change import Action
from planner.model.check import Check, Verdict
from planner.model.drift import Drift
from planner.model.plan import Pending
from planner.model.resource import DesiredState
from planner.model.value import value
from planner.spec import Spec

_ONLY_PLANS = {"not-live", "no-sandbox"}


@value
class Owned:
    """An endpoint and the name of the workload that it is for."""

    owner: str
    desired: DesiredState

    @property
    def where(self) -> tuple[str, ...]:
        """What tells it from one of the same name in another account, region or cloud."""
        place = (f"{key}={value}" for key, value in sorted(self.desired.place.items()))
        return (self.desired.endpoint, self.desired.provider, *place)


def owned(
    specs: Iterable[Spec], connections: Connections, *, unseen: list[Check] | None = None
) -> Iterator[Owned]:
    """Every endpoint that carries the owner's tag of one of these specs, as nothing but a name.

    A provider that is only a candidate, and that nobody has credentials for, is passed over; then
    `unseen` is told that nobody could look there.
    """
    for spec in specs:
        workload = spec.workload
        refusals: list[PlannerError] = []
        for choice in workload.providers:
            try:
                place = live_provider(choice.name).place(choice.settings)
                names = connections.link(choice.name, place).gateway.endpoints(workload.name)
            except (AuthError, ProviderError) as error:
                refusals.append(error)
                if unseen is not None:
                    unseen.extend(_unseen(choice.name, workload.name, error))
                continue
            for name in names:
                yield Owned(owner=workload.name, desired=bare(name, choice.name, place))
        if len(refusals) == len(workload.providers):
            raise refusals[0]


def _unseen(provider: str, owner: str, error: PlannerError) -> Iterator[Check]:
    """That something may run where nobody can look; nothing does where a provider only plans."""
    if error.code in _ONLY_PLANS:
        return
    yield Check(
        name="elsewhere",
        subject=owner,
        verdict=Verdict.UNKNOWN,
        detail=f"whether {owner} has endpoints on {provider}: {error}",
        hint=error.hint,
    )


def drifts(owners: Mapping[str, str], standing: Mapping[str, Standing]) -> tuple[Drift, ...]:
    """How every endpoint stands to what was applied, by name; `owners` are the specs' names."""
    return tuple(
        Drift(
            endpoint=name,
            workload=owners[name],
            provider=now.desired.provider,
            region=now.desired.region,
            sync=now.sync,
            changes=plans.hidden(now.changes),
        )
        for name, now in sorted(standing.items())
    )


def removals(
    found: Iterable[Owned], connections: Connections, *, parallel: int = PARALLEL
) -> tuple[Pending, ...]:
    """What is to be deleted of these endpoints; raises ProviderError for a protected one."""
    asked = [(one, connections.link(one.desired.provider, one.desired.place)) for one in found]
    gone = at_once(
        lambda pair: pair[1].removal(pair[0].desired, pair[0].owner), asked, parallel=parallel
    )
    return tuple(
        Pending(owner=one.owner, desired=standing.desired, changes=standing.changes)
        for (one, _), standing in zip(asked, gone, strict=True)
    )


def rollbacks(
    found: Iterable[Owned], connections: Connections, *, parallel: int = PARALLEL
) -> tuple[tuple[Pending, ...], tuple[str, ...]]:
    """What putting back the last configs needs, and the endpoints of which none is kept."""
    asked = [(one, connections.link(one.desired.provider, one.desired.place)) for one in found]
    ways = at_once(_way_back, asked, parallel=parallel)
    back = tuple(way for way in ways if way is not None)
    without = [one for (one, _), way in zip(asked, ways, strict=True) if way is None]
    return back, tuple(one.desired.endpoint for one in without)


def _way_back(pair: tuple[Owned, Link]) -> Pending | None:
    one, link = pair
    before = link.gateway.previous(link.gateway.read(one.desired), owner=one.owner)
    if before is None:
        return None
    state = replace(
        before,
        provider=one.desired.provider,
        region=one.desired.region,
        place=one.desired.place,
    )
    found = link.needed(state, one.owner)
    return Pending(owner=one.owner, desired=found.desired, changes=plans.hidden(found.changes))


def checked(pending: Iterable[Pending], connections: Connections) -> tuple[Check, ...]:
    """What may stop these changes, looked at over all of an account or workspace together."""
    work: dict[int, tuple[Link, list[Pending]]] = {}
    for one in pending:
        if one.changes.acting and one.changes.action is not Action.DELETE:
            link = connections.link(one.desired.provider, one.desired.place)
            work.setdefault(id(link), (link, []))[1].append(one)
    found: list[Check] = []
    for link, several in work.values():
        found.extend(link.gateway.checks([(one.desired, one.changes) for one in several]))
    return tuple(found)


def bare(name: str, provider: str, place: Mapping[str, str]) -> DesiredState:
    """An endpoint as nothing but a name: whatever it has is looked for."""
    return DesiredState(
        endpoint=name,
        provider=provider,
        region=place.get("region", ""),
        resources=(),
        place=dict(place),
    )
