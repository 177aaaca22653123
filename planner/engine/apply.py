"""One endpoint at a time: look again, hold it against the plan, write in order, wait, verify.

What was done is told by events as it happens; what was not is in the result. Running again goes on
from wherever this ended, because the cloud is the only state.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from enum import StrEnum
from functools import partial
from threading import Event as Flag
from time import monotonic

from planner.engine.link import ENDPOINT, Link, Standing
from planner.engine.stale import moved
from planner.engine.warming import Calls, silence, warmed
from planner.errors import LaterError, PlannerError
from planner.model.change import Action, ChangeSet
from planner.model.live import Health, LiveState, Operation
from planner.model.resource import DesiredState
from planner.model.value import value
from planner.model.warm_up import Warmed, Warming
from planner.plans import hidden
from planner.provider.gateway import Watch

BEAT_S = 5.0
"""How often a wait for the cloud's leave is told."""


class Outcome(StrEnum):
    """How an endpoint ended."""

    UNCHANGED = "unchanged"
    APPLIED = "applied"
    BEGUN = "begun"
    STOPPED = "stopped"
    ROLLED_BACK = "rolled-back"
    FAILED = "failed"
    STALE = "stale"
    UNANSWERED = "unanswered"
    """It is as planned, and a model of it answers no test call."""


class Stage(StrEnum):
    """Where a write is: about to be made, taken by the cloud, waited for, and as it should be.

    And then how far the test calls are: of a model one came back, or all are made.
    """

    BEGIN = "begin"
    WROTE = "wrote"
    WAIT = "wait"
    DONE = "done"
    CALLED = "called"
    WARMED = "warmed"


@value
class Event:
    """What happened to one object of an endpoint; `text` is the action, or what is waited for.

    `warmed` is what the test calls of a model came to.
    """

    endpoint: str
    address: str
    text: str
    stage: Stage
    warmed: Warmed | None = None

    @property
    def wrote(self) -> bool:
        """Whether something was changed just now."""
        return self.stage is Stage.WROTE


Tell = Callable[[Event], None]
Need = Callable[[], Standing]


@value
class Manner:
    """How to go about it: whom to tell, how long to wait for one endpoint, and when to stop.

    Without `wait` an endpoint's write is the last; `halt` ends everything before its next write.
    `warm` is whether endpoints are called for a test, None: those that this run writes.
    """

    tell: Tell
    halt: Flag
    timeout_s: float = 3600.0
    wait: bool = True
    warm: bool | None = None

    def pause(self, seconds: float) -> None:
        """Sleep, and raise StoppedError as soon as there is no more to be begun."""
        if self.halt.wait(seconds):
            raise StoppedError


class StoppedError(Exception):
    """Somebody has had enough."""


@value
class Job:
    """One endpoint to make real: what was planned, and `need`, which looks again.

    `warming` is what to call once it is as planned.
    """

    endpoint: str
    owner: str
    planned: ChangeSet
    link: Link
    need: Need
    warming: Warming | None = None


@value
class Applied:
    """How one endpoint ended: what was written, and what went wrong in the cloud's words.

    `warmed` has each model that was to be called.
    """

    endpoint: str
    outcome: Outcome
    done: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    detail: str = ""
    hint: str = ""
    warmed: tuple[Warmed, ...] = ()


def applied(job: Job, manner: Manner) -> Applied:
    """Make one endpoint as planned; an error of the cloud is a result, not an exception."""
    try:
        manner.pause(0.0)
        return _held(job, manner)
    except StoppedError:
        left = tuple(f"{one.action.value} {one.address}" for one in job.planned.acting)
        return Applied(endpoint=job.endpoint, outcome=Outcome.STOPPED, left=left)
    except PlannerError as error:
        return refused(error, job.endpoint)


def _held(job: Job, manner: Manner) -> Applied:
    """Hold the cloud against the plan, once nothing of an earlier run goes on, and carry it out."""
    now = job.need()
    stale = moved(job.planned, hidden(now.changes))
    moving = now.live.health is Health.MOVING
    if not stale and moving:
        if not manner.wait:
            return _not_waited_for(now)
        job.link.gateway.settle(now.desired, _watch(job, f"{ENDPOINT}/{job.endpoint}", manner))
        now = job.need()
        # What was under way may have been what was planned.
        stale = moved(job.planned, hidden(now.changes), less=True)
    if stale:
        return Applied(endpoint=job.endpoint, outcome=Outcome.STALE, detail=stale)
    operations = list(operations_of(now.desired, now.changes))
    if now.live.health is Health.FAILED and not any(one.kind == ENDPOINT for one in operations):
        return Applied(
            endpoint=job.endpoint,
            outcome=Outcome.FAILED,
            left=tuple(f"{one.action.value} {one.address}" for one in operations),
            detail=now.live.detail,
            hint="planner destroy SPEC, then planner apply SPEC",
        )
    if not operations:
        ended = applied_nothing(job.endpoint)
        return _called(job, now.desired, ended, manner, fresh=moving)
    ended = _Run(job, now.desired, manner).through(operations)
    fresh = any(one.kind == ENDPOINT and one.action is not Action.DELETE for one in operations)
    return _called(job, now.desired, ended, manner, fresh=fresh)


def _called(
    job: Job, desired: DesiredState, ended: Applied, manner: Manner, *, fresh: bool
) -> Applied:
    """The result with that of the test calls, where these are asked for and the endpoint is well.

    Without other word only a `fresh` endpoint is called, which was written or settled just now.
    """
    wanted = fresh if manner.warm is None else manner.warm
    if job.warming is None or not wanted:
        return ended
    if ended.outcome is Outcome.BEGUN:
        return replace(ended, detail=f"{ended.detail}; no test call was made")
    if ended.outcome not in {Outcome.APPLIED, Outcome.UNCHANGED}:
        return ended
    if job.warming.warm_up.sample.body is None:
        told = "no test call was made: the plan was printed, and holds no sample request"
        return replace(ended, detail=told, hint="planner apply SPEC --warm-up")
    found: list[Warmed] = []
    try:
        results = warmed(job.warming, _calls(job, desired, manner, found))
    except StoppedError:
        told = f"the test calls were interrupted after {len(found)} of {len(job.warming.targets)}"
        return replace(ended, warmed=tuple(found), detail=told)
    ended = replace(ended, warmed=results)
    detail, hint = silence(results)
    if not detail:
        return ended
    return replace(ended, outcome=Outcome.UNANSWERED, detail=detail, hint=hint)


def _calls(job: Job, desired: DesiredState, manner: Manner, found: list[Warmed]) -> Calls:
    address = f"{ENDPOINT}/{job.endpoint}"

    def tell(text: str, stage: Stage, result: Warmed | None = None) -> None:
        manner.tell(
            Event(endpoint=job.endpoint, address=address, text=text, stage=stage, warmed=result)
        )

    def done(result: Warmed) -> None:
        found.append(result)
        tell(result.model, Stage.WARMED, result)

    return Calls(
        invoke=partial(job.link.gateway.invoke, desired),
        say=lambda text: tell(text, Stage.CALLED),
        done=done,
        pause=manner.pause,
    )


def _not_waited_for(now: Standing) -> Applied:
    """Something goes on: what this very state began, or somebody else's work."""
    name, detail = now.live.endpoint, f"{now.live.detail}: not waited for"
    if now.live.digest in {None, now.desired.digest}:
        text = f"{detail}; run it again to go on"
        return Applied(endpoint=name, outcome=Outcome.BEGUN, detail=text)
    return Applied(
        endpoint=name,
        outcome=Outcome.FAILED,
        detail=f"{ENDPOINT}/{name} is being changed by somebody else: {detail}",
        hint="planner apply SPEC --wait",
    )


def _watch(job: Job, address: str, manner: Manner) -> Watch:
    def beat(text: str) -> None:
        manner.tell(Event(endpoint=job.endpoint, address=address, text=text, stage=Stage.WAIT))

    return Watch(timeout_s=manner.timeout_s, beat=beat, pause=manner.pause)


def _wait(later: LaterError, seconds: float, watch: Watch) -> None:
    """Sleep in parts, so that it is told that somebody waits."""
    until = monotonic() + seconds
    while (left_s := until - monotonic()) > 0.0:
        watch.beat(f"{later}, asked again in {math.ceil(left_s)} s")
        watch.pause(min(left_s, BEAT_S))


def applied_nothing(endpoint: str) -> Applied:
    """An endpoint that is as it should be."""
    return Applied(endpoint=endpoint, outcome=Outcome.UNCHANGED)


def refused(error: PlannerError, endpoint: str) -> Applied:
    """An endpoint that could not even be read."""
    return Applied(endpoint=endpoint, outcome=Outcome.FAILED, detail=str(error), hint=error.hint)


class _Run:
    """The writes of one endpoint, and what is done of them."""

    def __init__(self, job: Job, desired: DesiredState, manner: Manner) -> None:
        self._job = job
        self._desired = desired
        self._manner = manner
        self._done: list[str] = []
        self._awaited = ""

    def through(self, operations: Sequence[Operation]) -> Applied:
        """Write, wait and verify; ends at the first thing that is not as it should be."""
        try:
            ended = self._written(operations)
        except StoppedError:
            goes_on = f"the cloud goes on with: {self._awaited}" if self._awaited else ""
            ended = self._ended(Outcome.STOPPED, goes_on)
        except PlannerError as error:
            ended = refused(error, self._job.endpoint)
        left = operations[len(self._done) :]
        return replace(
            ended,
            done=tuple(self._done),
            left=tuple(f"{one.action.value} {one.address}" for one in left),
        )

    def _written(self, operations: Sequence[Operation]) -> Applied:
        for operation in operations:
            self._manner.pause(0.0)
            self._tell(operation, Stage.BEGIN)
            stale = self._write(operation)
            if stale:
                return self._ended(Outcome.STALE, stale)
            self._done.append(f"{operation.action.value} {operation.address}")
            self._tell(operation, Stage.WROTE)
            if operation.kind != ENDPOINT:
                self._tell(operation, Stage.DONE)
                continue
            if not self._manner.wait and operation.action is not Action.DELETE:
                return self._ended(Outcome.BEGUN, "not waited for; run it again to go on")
            self._awaited = self._done[-1]
            refusal = self._settled(operation)
            self._awaited = ""
            if refusal is not None:
                return refusal
            self._tell(operation, Stage.DONE)
        return self._ended(Outcome.APPLIED)

    def _write(self, operation: Operation) -> str:
        """Make one change as soon as the cloud takes it; says what others changed meanwhile."""
        job, watch = self._job, _watch(self._job, operation.address, self._manner)
        until = monotonic() + watch.timeout_s
        while True:
            try:
                job.link.gateway.write(operation)
                return ""
            except LaterError as later:
                left_s = until - monotonic()
                if later.after_s is not None and later.after_s < left_s:
                    _wait(later, later.after_s, watch)
                    continue
                if later.after_s is not None or not self._manner.wait or left_s <= 0.0:
                    raise
                watch.beat(str(later))
                job.link.gateway.settle(self._desired, replace(watch, timeout_s=left_s))
            stale = moved(job.planned, hidden(job.need().changes), less=True)
            if stale:
                return stale

    def _settled(self, operation: Operation) -> Applied | None:
        """Wait for the endpoint, and check that it is what was asked for; None where it is."""
        watch = _watch(self._job, operation.address, self._manner)
        live = self._job.link.gateway.settle(self._desired, watch)
        if operation.action is Action.DELETE:
            gone = live.health is Health.ABSENT
            return None if gone else self._ended(Outcome.FAILED, live.detail)
        if live.health is not Health.READY:
            return self._ended(Outcome.FAILED, live.detail)
        return self._taken(operation, live)

    def _taken(self, operation: Operation, live: LiveState) -> Applied | None:
        """A ready endpoint that is not as it was asked to be was rolled back by the cloud."""
        again = self._job.link.compare(self._desired, live, self._job.owner)
        change = next(one for one in again.changes if one.address == operation.address)
        if change.action is Action.NONE:
            return None
        differs = "; ".join(
            f"{field.path} is {field.live}, asked for was {field.desired}"
            for field in change.fields
            if field.action is not Action.NONE
        )
        told = f"the cloud rolled the update back: {differs}. {live.detail}".strip()
        return self._ended(Outcome.ROLLED_BACK, told)

    def _ended(self, outcome: Outcome, detail: str = "") -> Applied:
        return Applied(endpoint=self._job.endpoint, outcome=outcome, detail=detail)

    def _tell(self, operation: Operation, stage: Stage) -> None:
        self._manner.tell(
            Event(
                endpoint=self._job.endpoint,
                address=operation.address,
                text=operation.action.value,
                stage=stage,
            )
        )


def operations_of(desired: DesiredState, changes: ChangeSet) -> Iterator[Operation]:
    """The writes of a change set, in its order; a replacement is a deletion and a creation."""
    bodies = {resource.address: resource for resource in desired.resources}
    for change in changes.acting:
        resource = bodies.get(change.address)
        kind, _, name = change.address.partition("/")
        deleted = Operation(
            address=change.address, kind=kind, name=name, action=Action.DELETE, body={}
        )
        if change.action in {Action.DELETE, Action.REPLACE}:
            yield deleted
        if change.action is Action.DELETE or resource is None:
            continue
        yield Operation(
            address=change.address,
            kind=resource.kind,
            name=resource.name,
            action=Action.CREATE if change.action is Action.REPLACE else change.action,
            body=resource.body,
        )
