"""A configuration that was decided before, held against what is offered today."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sized
from dataclasses import replace

from planner.model.candidate import Alternative, Outcome, Rejection, Solved
from planner.model.catalog import Catalog, Offering, Refusal
from planner.model.effort import Effort
from planner.model.lock import Lock, LockedEndpoint
from planner.model.value import value
from planner.model.workload import Pin, PinnedScaling, Workload
from planner.solver.solve import solve
from planner.solver.stable import passed_over

Read = Callable[[Solved], tuple[LockedEndpoint, ...]]
"""What of a decision is held."""


@value
class Unheld:
    """Why a lock cannot be held: a code, a sentence, and the keys below its entry to blame."""

    code: str
    message: str
    keys: tuple[str, ...]


def held(
    workload: Workload,
    catalogs: Mapping[str, Catalog],
    lock: Lock,
    best: Solved,
    *,
    read: Read,
    effort: Effort | None,
) -> Solved | Unheld:
    """The locked configuration, met and priced by today's catalogs; `best` itself where it is it.

    What the catalogs would size otherwise today is pinned as it was locked. Where only the closed
    form doubts it, a simulation has the last word.
    """
    if read(best) == lock.endpoints:
        return best
    offered = narrowed(catalogs, lock)
    for one in lock.endpoints:
        if not any(_offers(catalog, one) for catalog in offered.values()):
            what = f"{one.provider} offers no {one.hosting} {one.instance_type} in {one.region}"
            return Unheld(
                code="lock-not-offered",
                message=f"{lock.workload} is locked, but {what} any more",
                keys=("endpoints", one.name, "instance"),
            )
    found: Outcome | None = None
    for asked, made in _attempts(workload, lock, effort):
        found = solve(asked, offered, made)
        if isinstance(found, Solved) and read(found) == lock.endpoints:
            return _with_others(found, best)
    assert found is not None
    return _apart(lock, found, read)


_OTHER = Refusal(code="not-locked", measured="not what is locked", allowed="what is locked")


def narrowed(catalogs: Mapping[str, Catalog], lock: Lock) -> dict[str, Catalog]:
    """The catalogs with everything refused but what is locked.

    Refused, and not left out: what was measured on other types still has to be understood.
    """
    return {
        name: replace(
            catalog,
            offerings=tuple(
                offering
                if any(_is(offering, one) for one in lock.endpoints)
                else replace(offering, refusal=_OTHER)
                for offering in catalog.offerings
            ),
        )
        for name, catalog in catalogs.items()
        if any(one.provider == name for one in lock.endpoints)
    }


def _offers(catalog: Catalog, one: LockedEndpoint) -> bool:
    return any(_is(offering, one) for offering in catalog.offerings)


def _is(offering: Offering, one: LockedEndpoint) -> bool:
    """Whether an offering is what was locked; variants of one type differ in their options."""
    own, known = dict(offering.options), dict(one.options)
    return (
        (offering.provider, offering.region) == (one.provider, one.region)
        and (offering.hosting, offering.instance_type) == (one.hosting, one.instance_type)
        and all(own[name] == known[name] for name in own.keys() & known.keys())
    )


def _attempts(
    workload: Workload, lock: Lock, effort: Effort | None
) -> list[tuple[Workload, Effort | None]]:
    """What to ask for, one after another: sized anew, then pinned, then pinned and simulated."""
    inside = replace(
        workload,
        providers=tuple(
            choice
            for choice in workload.providers
            if any(one.provider == choice.name for one in lock.endpoints)
        ),
    )
    attempts = [(inside, effort)]
    if len(lock.endpoints) == 1:
        pinned = replace(inside, pin=_pin(workload.pin, lock.endpoints[0]))
        attempts.append((pinned, effort))
        if effort is None:
            attempts.append((pinned, Effort()))
    return attempts


def _pin(own: Pin, one: LockedEndpoint) -> Pin:
    """The locked counts as a person would pin them, in the terms of each kind of capacity."""
    pin = replace(own, hosting=one.hosting, instance=one.instance_type, routing=one.routing or None)
    if one.replicas is not None:
        pin = replace(pin, concurrency=one.concurrency.per_replica)
        if one.scaling is None:
            return replace(pin, replicas=one.replicas.max, scaling=None)
        return replace(pin, replicas=None, scaling=_range(one))
    if one.units is not None:
        if one.units.min in {0, one.units.max}:
            return replace(pin, concurrency=one.units.max)
        units = PinnedScaling(minimum=one.units.min, maximum=one.units.max, units=True)
        return replace(pin, concurrency=None, scaling=units)
    warm = int(dict(one.options).get("prewarm", "0"))
    return replace(pin, concurrency=one.concurrency.max, prewarm=warm)


def _range(one: LockedEndpoint) -> PinnedScaling:
    assert one.replicas is not None
    assert one.scaling is not None
    return PinnedScaling(
        minimum=one.replicas.min,
        maximum=one.replicas.max,
        target=one.scaling.target,
        schedule=one.scaling.scheduled,
    )


def _with_others(kept: Solved, best: Solved) -> Solved:
    """What is kept, with what else there is today: what would have been chosen comes first."""
    taken = {(one.provider, one.hosting, one.instance_type) for one in kept.decisions}
    others: list[Alternative] = [passed_over(one) for one in best.decisions]
    others += best.alternatives
    return replace(
        kept,
        alternatives=tuple(
            one for one in others if (one.provider, one.hosting, one.instance_type) not in taken
        ),
        excluded=best.excluded,
    )


def _apart(lock: Lock, found: Outcome, read: Read) -> Unheld:
    """Where the locked configuration falls, or in which value it cannot be had any more."""
    first = lock.endpoints[0]
    at = ("endpoints", first.name)
    if not isinstance(found, Solved):
        reason = next((one.rejection for one in found.misses if one.rejection is not None), None)
        # A pin of ours is no pin of the reader's.
        allowed = "" if reason is None else reason.allowed.replace("pinned", "locked")
        why = f": {reason.measured}, allowed {allowed}" if reason is not None else ""
        what = f"{first.hosting} {first.instance_type}"
        return Unheld(
            code="lock-misses-spec",
            message=f"{lock.workload} is locked to {what}, which no longer meets its spec{why}",
            keys=(*at, _blamed(first, reason)),
        )
    now = {one.name: one.values for one in read(found)}
    for one in lock.endpoints:
        locked, had = one.values, now.get(one.name, {})
        for keys in sorted(locked.keys() | had.keys()):
            before, after = locked.get(keys, "nothing"), had.get(keys, "nothing")
            if before != after:
                return Unheld(
                    code="lock-not-held",
                    message=(
                        f"{one.name} is locked with {'.'.join(keys)} {before}, "
                        f"and comes with {after} today"
                    ),
                    keys=(*("endpoints", one.name), *keys),
                )
    return Unheld(
        code="lock-not-held",
        message=f"{lock.workload} is locked as {_count(lock.endpoints)}, and needs {_count(now)}",
        keys=("endpoints",),
    )


def _blamed(one: LockedEndpoint, reason: Rejection | None) -> str:
    """The key of what is too small, or of the type that cannot do it."""
    if reason is None or reason.code != "pin-too-small":
        return "instance"
    if one.replicas is not None:
        return "replicas"
    return "units" if one.units is not None else "concurrency"


def _count(endpoints: Sized) -> str:
    return f"{len(endpoints)} endpoint{'' if len(endpoints) == 1 else 's'}"
