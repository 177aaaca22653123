"""The stages that read or change a cloud, each over all endpoints of a run at once.

standing   desired states -> what each endpoint needs      (reads)
removals   specs -> what destroying their endpoints needs  (reads)
rollbacks  specs -> what their last configs need           (reads)
checked    changes -> what may stop them                   (reads)
adopt      desired states -> what changed hands            (writes)
carry_out  changes -> how each endpoint ended              (writes)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

from planner import plans, solver
from planner.engine import (
    PARALLEL,
    Applied,
    Connections,
    Job,
    Link,
    Manner,
    Outcome,
    Standing,
    at_once,
    each,
)
from planner.engine.connect import live_provider
from planner.errors import AuthError, PlannerError, ProviderError, UsageError
from planner.model.candidate import Outcome as Decided
from planner.model.candidate import Solved
from planner.model.catalog import Catalog
from planner.model.change import Action, ChangeSet, Risk
from planner.model.check import Check, Verdict
from planner.model.drift import Drift, Sync
from planner.model.live import Health, LiveState
from planner.model.plan import Pending
from planner.model.resource import DesiredState
from planner.model.value import value
from planner.spec import Spec

CONSENT = (Risk.ONE_WAY, Risk.DOWNTIME)
"""Risks that are taken only by somebody who names them."""


@value
class Owned:
    """An endpoint and the name of the workload that it is for."""

    owner: str
    desired: DesiredState


@value
class Reading:
    """How a cloud is read: endpoints at a time, and whether what is not wanted is to go."""

    parallel: int = PARALLEL
    prune: bool = False


@value
class Found:
    """What lives: by endpoint what it needs, and what of these specs is not wanted any more."""

    standing: Mapping[str, Standing]
    removals: tuple[Pending, ...]
    strays: tuple[str, ...]
    checks: tuple[Check, ...]

    @property
    def changes(self) -> dict[str, ChangeSet]:
        """What every endpoint needs, with secrets hidden."""
        return {name: plans.hidden(one.changes) for name, one in self.standing.items()}

    def monthly_usd(
        self, asked: Iterable[tuple[Spec, Mapping[str, Catalog], Decided]]
    ) -> dict[str, float]:
        """What every endpoint costs now where that has a price, under the specs' traffic."""
        before: dict[str, float] = {}
        for spec, offers, outcome in asked:
            for decision in outcome.decisions if isinstance(outcome, Solved) else ():
                now = self.standing[decision.endpoint]
                if now.changes.action is Action.NONE:
                    before[decision.endpoint] = decision.cost.monthly_usd
                    continue
                pins = live_provider(decision.provider).pins(now.live)
                known = solver.monthly_usd(spec.workload, offers, pins) if pins else None
                before[decision.endpoint] = known or 0.0
        return before


def held_against(
    specs: Sequence[Spec],
    desired: Mapping[str, tuple[str, DesiredState]],
    connections: Connections,
    reading: Reading,
) -> Found:
    """What desired states, by endpoint with their owners, need; writes nothing."""
    wanted = [Owned(owner=owner, desired=state) for owner, state in desired.values()]
    found = standing(wanted, connections, parallel=reading.parallel)
    strays = [
        one
        for one in owned(specs, connections)
        if one.desired.endpoint not in desired
        or desired[one.desired.endpoint][1].place != one.desired.place
    ]
    gone = removals(strays, connections, parallel=reading.parallel) if reading.prune else ()
    pending = [
        Pending(owner=one.owner, desired=now.desired, changes=now.changes)
        for one, now in zip(wanted, found, strict=True)
    ]
    return Found(
        standing={one.desired.endpoint: now for one, now in zip(wanted, found, strict=True)},
        removals=gone,
        strays=() if reading.prune else tuple(sorted(one.desired.endpoint for one in strays)),
        checks=checked(pending, connections),
    )


def standing(
    wanted: Sequence[Owned], connections: Connections, *, parallel: int = PARALLEL
) -> list[Standing]:
    """What every endpoint needs, in order; writes nothing."""
    links = [connections.link(one.desired.provider, one.desired.place) for one in wanted]
    asked = list(zip(wanted, links, strict=True))
    return at_once(
        lambda pair: pair[1].needed(pair[0].desired, pair[0].owner), asked, parallel=parallel
    )


def owned(specs: Iterable[Spec], connections: Connections) -> Iterator[Owned]:
    """Every endpoint that carries the owner's tag of one of these specs, as nothing but a name.

    A provider that is only a candidate, and that nobody has credentials for, is passed over.
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
                continue
            for name in names:
                yield Owned(owner=workload.name, desired=_bare(name, choice.name, place))
        if len(refusals) == len(workload.providers):
            raise refusals[0]


def drifts(
    wanted: Sequence[Owned], connections: Connections, *, parallel: int = PARALLEL
) -> tuple[Drift, ...]:
    """How every endpoint stands to what was applied, in order."""
    found = standing(wanted, connections, parallel=parallel)
    return tuple(
        Drift(
            endpoint=one.desired.endpoint,
            workload=one.owner,
            provider=one.desired.provider,
            region=one.desired.region,
            sync=_sync(one.desired, now),
            changes=plans.hidden(now.changes),
        )
        for one, now in zip(wanted, found, strict=True)
    )


def _sync(desired: DesiredState, now: Standing) -> Sync:
    if now.live.health is Health.ABSENT:
        return Sync.MISSING
    if not now.changes.acting:
        return Sync.IN_SYNC
    # The digest of what was last applied stands on the endpoint itself.
    return Sync.DRIFTED if now.live.digest == desired.digest else Sync.PENDING


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
    state = replace(before, provider=one.desired.provider, place=one.desired.place)
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


def refuse_failed(checks: Iterable[Check]) -> None:
    """Raise AuthError or ProviderError for the first check that failed."""
    for one in checks:
        if one.verdict is Verdict.DENIED:
            raise AuthError("check-denied", f"{one.subject}: {one.detail}", hint=one.hint)
        if one.verdict is Verdict.FAILED:
            raise ProviderError("check-failed", f"{one.subject}: {one.detail}", hint=one.hint)


def refuse_risks(pending: Iterable[Pending], accepted: Iterable[Risk], command: str) -> None:
    """Raise UsageError where a change is one that only an explicit word allows."""
    for one in pending:
        if one.changes.action is Action.DELETE:
            continue
        risky = [change for change in one.changes.acting if change.risk in CONSENT]
        for change in risky:
            if change.risk not in set(accepted):
                raise UsageError(
                    "risk-not-accepted",
                    f"{change.address} is {change.risk.value}: {change.reason}",
                    hint=f"{command} --accept {change.risk.value}",
                )


def adoptions(
    wanted: Sequence[Owned], connections: Connections, *, taken_from: str | None
) -> tuple[str, ...]:
    """What adopting these endpoints takes over, in words.

    Raises ProviderError for one that is not there, or that a spec owns which `taken_from` does not
    name.
    """
    return tuple(_adoption(one, _live(one, connections), taken_from) for one in wanted)


def adopt(wanted: Sequence[Owned], connections: Connections) -> Mapping[str, tuple[str, ...]]:
    """Make endpoints the specs' own; gives the addresses that changed hands by endpoint."""
    changed: dict[str, tuple[str, ...]] = {}
    for one in wanted:
        gateway = connections.link(one.desired.provider, one.desired.place).gateway
        changed[one.desired.endpoint] = gateway.claim(_live(one, connections), owner=one.owner)
    return changed


def _live(one: Owned, connections: Connections) -> LiveState:
    return connections.link(one.desired.provider, one.desired.place).gateway.read(one.desired)


def _adoption(one: Owned, live: LiveState, taken_from: str | None) -> str:
    endpoint = next((found for found in live.objects if found.kind == "endpoint"), None)
    name = one.desired.endpoint
    if endpoint is None:
        raise ProviderError(
            "nothing-to-adopt",
            f"there is no endpoint {name} in {one.desired.provider} {one.desired.region}",
            hint="planner apply SPEC creates it",
        )
    owner = endpoint.owner if endpoint.origin in {None, endpoint.name} else None
    if owner not in {None, one.owner, taken_from}:
        raise ProviderError(
            "owned-by-another",
            f"endpoint/{name} is owned by {owner}, not by {one.owner}",
            hint=f"planner adopt SPEC --from {owner}",
        )
    return f"endpoint/{name}, owned by {endpoint.proprietor}, will be owned by {one.owner}"


def carry_out(
    pending: Sequence[Pending],
    connections: Connections,
    manner: Manner,
    *,
    parallel: int = PARALLEL,
) -> tuple[Applied, ...]:
    """Make changes real; one endpoint that fails does not stop the others.

    An endpoint that is to go does so last, and only where all of its owner's others are well.
    """
    jobs = [_job(one, connections) for one in pending]
    staying = [job for job in jobs if job.planned.action is not Action.DELETE]
    going = [job for job in jobs if job.planned.action is Action.DELETE]
    results = each(staying, manner, parallel=parallel)
    bad = {
        job.owner
        for job, result in zip(staying, results, strict=True)
        if result.outcome not in {Outcome.APPLIED, Outcome.UNCHANGED}
    }
    gone = each([job for job in going if job.owner not in bad], manner, parallel=parallel)
    kept = [_kept(job) for job in going if job.owner in bad]
    return (*results, *gone, *kept)


def _job(one: Pending, connections: Connections) -> Job:
    link = connections.link(one.desired.provider, one.desired.place)
    look = link.needed if one.desired.resources else link.removal
    return Job(
        endpoint=one.desired.endpoint,
        owner=one.owner,
        planned=one.changes,
        link=link,
        need=partial(look, one.desired, one.owner),
    )


def _kept(job: Job) -> Applied:
    return Applied(
        endpoint=job.endpoint,
        outcome=Outcome.STOPPED,
        left=tuple(f"{one.action.value} {one.address}" for one in job.planned.acting),
        detail="not deleted: what replaces it is not well",
    )


def _bare(name: str, provider: str, place: Mapping[str, str]) -> DesiredState:
    return DesiredState(
        endpoint=name,
        provider=provider,
        region=place.get("region", ""),
        resources=(),
        place=dict(place),
    )
