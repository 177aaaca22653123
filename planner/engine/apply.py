"""One endpoint at a time: read again, compare with the plan, write in order, wait, verify.

What was done is told by events as it happens; what was not is in the result. Running again goes on
from wherever this ended, because the cloud is the only state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from enum import StrEnum

from planner.diff import Lifecycle
from planner.errors import PlannerError, ProviderError
from planner.model.change import Action, ChangeSet
from planner.model.live import Health, LiveState, Operation
from planner.model.resource import DesiredState
from planner.model.value import value
from planner.provider.gateway import Gateway

ENDPOINT = "endpoint"
"""Kind of the object that clients call, in every provider: what waits and verification look at."""


class Outcome(StrEnum):
    """How an endpoint ended."""

    UNCHANGED = "unchanged"
    APPLIED = "applied"
    ROLLED_BACK = "rolled-back"
    FAILED = "failed"
    STALE = "stale"


@value
class Event:
    """Something that happened to one endpoint's object; `wrote` where it was a change."""

    endpoint: str
    address: str
    text: str
    wrote: bool = False


@value
class Job:
    """One endpoint to make real: what is wanted, what was planned, and the connection."""

    desired: DesiredState
    planned: ChangeSet
    owner: str
    gateway: Gateway
    lifecycle: Lifecycle
    compare: Callable[[DesiredState, LiveState, str], ChangeSet]
    timeout_s: float = 3600.0


@value
class Applied:
    """How one endpoint ended: what was written, and what went wrong in the cloud's words."""

    endpoint: str
    outcome: Outcome
    done: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    detail: str = ""


Tell = Callable[[Event], None]


def applied(job: Job, tell: Tell) -> Applied:
    """Make one endpoint as desired; an error of the cloud is a result, not an exception."""
    name = job.desired.endpoint
    live = job.gateway.read(job.desired)
    changes = job.compare(job.desired, live, job.owner)
    if _acts(changes) != _acts(job.planned):
        return Applied(endpoint=name, outcome=Outcome.STALE, detail=_moved(job.planned, changes))
    operations = list(_operations(job.desired, changes))
    if not operations:
        return Applied(endpoint=name, outcome=Outcome.UNCHANGED)
    return _written(job, operations, tell)


def destroyed(job: Job, tell: Tell) -> Applied:
    """Delete what is the owner's of one endpoint, what depends on others first."""
    live = job.gateway.read(job.desired)
    owned = job.lifecycle.owned
    foreign = [one for one in live.objects if one.kind in owned and one.owner != job.owner]
    ours = [one for one in live.objects if one not in foreign]
    if any(one.kind == ENDPOINT for one in foreign):
        ours = []
    ours += job.gateway.leftovers(job.desired, owner=job.owner)
    order = {resource.kind: index for index, resource in enumerate(job.desired.resources)}
    ours.sort(key=lambda one: -order.get(one.kind, len(order)))
    operations = [
        Operation(address=one.address, kind=one.kind, name=one.name, action=Action.DELETE, body={})
        for one in ours
    ]
    if not operations:
        detail = (
            f"{foreign[0].address} is owned by {foreign[0].owner or 'nobody'}" if foreign else ""
        )
        return Applied(endpoint=job.desired.endpoint, outcome=Outcome.UNCHANGED, detail=detail)
    return _written(job, operations, tell)


def _written(job: Job, operations: Sequence[Operation], tell: Tell) -> Applied:
    done: list[str] = []
    name = job.desired.endpoint
    try:
        for operation in operations:
            job.gateway.write(operation)
            done.append(f"{operation.action.value} {operation.address}")
            text = operation.action.value
            tell(Event(endpoint=name, address=operation.address, text=text, wrote=True))
            if operation.kind == ENDPOINT:
                refused = _settled(job, operation, tell)
                if refused is not None:
                    return _with_rest(refused, done, operations)
    except PlannerError as error:
        failed = Applied(endpoint=name, outcome=Outcome.FAILED, detail=str(error))
        return _with_rest(failed, done, operations)
    return Applied(endpoint=name, outcome=Outcome.APPLIED, done=tuple(done))


def _with_rest(ended: Applied, done: Sequence[str], operations: Sequence[Operation]) -> Applied:
    left = tuple(f"{one.action.value} {one.address}" for one in operations[len(done) :])
    return replace(ended, done=tuple(done), left=left)


def _settled(job: Job, operation: Operation, tell: Tell) -> Applied | None:
    """Wait for the endpoint, and check that it is what was asked for; None where it is."""
    name = job.desired.endpoint

    def beat(text: str) -> None:
        tell(Event(endpoint=name, address=operation.address, text=text))

    live = job.gateway.settle(job.desired, timeout_s=job.timeout_s, beat=beat)
    if operation.action is Action.DELETE:
        gone = live.health is Health.ABSENT
        return None if gone else Applied(endpoint=name, outcome=Outcome.FAILED, detail=live.detail)
    if live.health is not Health.READY:
        return Applied(endpoint=name, outcome=Outcome.FAILED, detail=live.detail)
    return _taken(job, operation, live)


def _taken(job: Job, operation: Operation, live: LiveState) -> Applied | None:
    """A ready endpoint that is not as it was asked to be was rolled back by the cloud."""
    again = job.compare(job.desired, live, job.owner)
    change = next(one for one in again.changes if one.address == operation.address)
    if change.action is Action.NONE:
        return None
    differs = "; ".join(
        f"{field.path} is {field.live}, asked for was {field.desired}"
        for field in change.fields
        if field.action is not Action.NONE
    )
    return Applied(
        endpoint=job.desired.endpoint,
        outcome=Outcome.ROLLED_BACK,
        detail=f"the cloud rolled the update back: {differs}. {live.detail}".strip(),
    )


def _operations(desired: DesiredState, changes: ChangeSet) -> Iterator[Operation]:
    """The writes of a change set, in its order."""
    bodies = {resource.address: resource for resource in desired.resources}
    for change in changes.changes:
        if change.action is Action.NONE:
            continue
        resource = bodies.get(change.address)
        kind, _, name = change.address.partition("/")
        if change.action is Action.REPLACE:
            raise ProviderError(
                "replace-unsupported",
                f"{change.address} can only be replaced: {change.reason}",
                hint="planner destroy, then apply again; the endpoint is down meanwhile",
            )
        yield Operation(
            address=change.address,
            kind=resource.kind if resource else kind,
            name=resource.name if resource else name,
            action=change.action,
            body=resource.body if resource else {},
        )


def _acts(changes: ChangeSet) -> list[tuple[str, Action]]:
    """What a change set would write."""
    return [(c.address, c.action) for c in changes.changes if c.action is not Action.NONE]


def _moved(planned: ChangeSet, now: ChangeSet) -> str:
    before, after = dict(_acts(planned)), dict(_acts(now))
    moved = sorted(set(before.items()) ^ set(after.items()))
    told = [
        f"{action.value} of {address} is {'new' if after.get(address) is action else 'gone'}"
        for address, action in moved
    ]
    return f"the cloud changed since the plan: {', '.join(told)}"


def refused(error: PlannerError, endpoint: str) -> Applied:
    """An endpoint that could not even be read."""
    return Applied(endpoint=endpoint, outcome=Outcome.FAILED, detail=str(error))
