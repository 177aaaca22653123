"""Making changes: what has to be agreed to first, taking over, and carrying out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from planner.engine import PARALLEL, Applied, Connections, Job, Manner, Outcome, each
from planner.errors import AuthError, ProviderError, UsageError
from planner.live.read import Owned
from planner.model.change import Action, Risk
from planner.model.check import Check, Verdict
from planner.model.live import LiveState
from planner.model.plan import Pending

CONSENT = (Risk.ONE_WAY, Risk.DOWNTIME)
"""Risks that are taken only by somebody who names them."""


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
        warming=one.warming,
    )


def _kept(job: Job) -> Applied:
    return Applied(
        endpoint=job.endpoint,
        outcome=Outcome.STOPPED,
        left=tuple(f"{one.action.value} {one.address}" for one in job.planned.acting),
        detail="not deleted: what replaces it is not well",
    )
