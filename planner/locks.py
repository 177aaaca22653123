"""Lock files of a run: found beside the specs, held against what they ask now, written anew.

A lock decides for its spec as long as the spec asks what it asked when it was locked.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import repeat
from pathlib import PurePath

from planner import plans, solver
from planner.diagnostics import Diagnostic
from planner.errors import SpecError
from planner.model.candidate import Decision, Outcome, Solved
from planner.model.catalog import Catalog
from planner.model.effort import Effort
from planner.model.lock import Lock
from planner.model.plan import Locking, LockState, Offer
from planner.model.value import value
from planner.sources import Given, read_files
from planner.spec import Source, Spec

LOCK_FILE = "planner.lock.yaml"
UPGRADE = "planner lock SPEC --upgrade"


@value
class Decided:
    """What was decided for a spec, and the say that its lock had in it; None without a lock."""

    outcome: Outcome
    locking: Locking | None = None

    @property
    def stands(self) -> bool:
        """Whether what runs has no say any more."""
        return self.locking is not None and (
            self.locking.state is LockState.HELD or self.locking.offer is not None
        )


def lock_file_of(spec: Spec) -> str:
    """Where the lock of a spec is looked for, and written, where nobody names a file."""
    return str(PurePath(spec.source).parent / LOCK_FILE)


def locked(
    specs: Iterable[Spec], given: Given | None
) -> tuple[tuple[Spec, ...], tuple[Diagnostic, ...]]:
    """The specs with their locks, and what is wrong in the lock files.

    `given` is the one lock file of all; None looks for one beside each spec.
    """
    files: dict[str, dict[str, Lock]] = {}
    problems: list[Diagnostic] = []

    def locks_in(name: str, file: Given) -> dict[str, Lock]:
        if name not in files:
            found, wrong = read_locks(file)
            files[name] = found
            problems.extend(wrong)
        return files[name]

    found: list[Spec] = []
    for spec in specs:
        file: Given = lock_file_of(spec) if given is None else given
        name = file.name if isinstance(file, Source) else os.fspath(file)
        if given is None and not os.path.exists(name):  # noqa: PTH110  names may be too long
            found.append(spec)
            continue
        known = locks_in(name, file).get(spec.workload.name)
        lock = Lock(workload=spec.workload.name, file=name) if known is None else known
        found.append(replace(spec, lock=lock))
    return tuple(found), tuple(problems)


def read_locks(file: Given) -> tuple[dict[str, Lock], tuple[Diagnostic, ...]]:
    """The locks in a file by their specs, and what is wrong with it."""
    from planner.spec.lock_file import read_lock  # noqa: PLC0415 - few runs have one

    (read,) = read_files([file])
    if isinstance(read, Diagnostic):
        return {}, (read,)
    try:
        return read_lock(read), ()
    except SpecError as error:
        return {}, error.diagnostics


def current(spec: Spec) -> bool:
    """Whether a spec asks what it asked when it was locked."""
    from planner.plans.locking import input_digest  # noqa: PLC0415

    return spec.lock is not None and spec.lock.input == input_digest(spec.workload)


def decided(
    spec: Spec, offers: Mapping[str, Catalog], effort: Effort | None, *, upgrade: bool = False
) -> Decided:
    """The outcome for a spec: the locked one as long as its input is the same.

    `upgrade` takes what saves more than the spec's `objective.stability`, or what is to be had
    where the lock cannot be held. Without it, such a lock is a SpecError at its place.
    """
    best = solver.solve(spec.workload, offers, effort)
    if spec.lock is None:
        return Decided(outcome=best)
    name = spec.workload.name
    if not current(spec):
        reason = "its spec asks for something else now" if spec.lock.input else "it is not in it"
        return Decided(
            outcome=best,
            locking=Locking(workload=name, state=LockState.OUTDATED, reason=reason),
        )
    if not isinstance(best, Solved):
        return Decided(outcome=best, locking=Locking(workload=name, state=LockState.HELD))
    return _held(spec, spec.lock, offers, best, effort, upgrade=upgrade)


def deciding(
    specs: Iterable[Spec],
    offers: Iterable[Mapping[str, Catalog]],
    effort: Effort | None,
    *,
    upgrade: bool = False,
    known: Iterable[Decided | None] | None = None,
) -> Iterator[tuple[Spec, Decided]]:
    """The same for one spec after the other; in the end SpecError with every lock not held.

    What is `known` already, spec by spec, is taken as it is.
    """
    problems: list[Diagnostic] = []
    for spec, offered, early in zip(specs, offers, known or repeat(None), strict=False):
        try:
            yield spec, early or decided(spec, offered, effort, upgrade=upgrade)
        except SpecError as error:
            problems.extend(error.diagnostics)
    if problems:
        raise SpecError(tuple(problems))


def _held(
    spec: Spec,
    lock: Lock,
    offers: Mapping[str, Catalog],
    best: Solved,
    effort: Effort | None,
    *,
    upgrade: bool,
) -> Decided:
    from planner.plans.locking import configuration  # noqa: PLC0415
    from planner.solver.locked import Unheld, held  # noqa: PLC0415

    kept = held(spec.workload, offers, lock, best, read=configuration, effort=effort)
    name = spec.workload.name
    if isinstance(kept, Unheld):
        if not upgrade:
            raise SpecError((problem(lock, kept.code, kept.message, kept.keys),))
        taken = Locking(workload=name, state=LockState.UPGRADED, reason=kept.message)
        return Decided(outcome=best, locking=taken)
    offer = _offer(spec, kept, best)
    if offer is not None and upgrade:
        taken = Locking(workload=name, state=LockState.UPGRADED, offer=offer)
        return Decided(outcome=best, locking=taken)
    return Decided(outcome=kept, locking=Locking(workload=name, state=LockState.HELD, offer=offer))


def _offer(spec: Spec, kept: Solved, best: Solved) -> Offer | None:
    """What would be chosen today, where that saves more than the spec asks of a change."""
    offer = Offer(
        configuration=", ".join(_named(decision) for decision in best.decisions[:3]),
        monthly_usd=best.monthly_usd,
        locked_monthly_usd=kept.monthly_usd,
    )
    return offer if offer.saving > spec.workload.objective.stability else None


def _named(decision: Decision) -> str:
    count = "" if decision.replicas is None else f" x {decision.replicas}"
    if decision.units is not None:
        count = f", {decision.units} units"
    return f"{decision.hosting} {decision.instance_type}{count}"


def problem(lock: Lock, code: str, message: str, keys: tuple[str, ...]) -> Diagnostic:
    """What is wrong with a lock, at its place in the lock file."""
    location, excerpt = lock.places(*keys)
    return Diagnostic(
        code=code,
        message=message,
        hint=UPGRADE,
        path=".".join(("specs", lock.workload, *keys)),
        location=location,
        excerpt=excerpt,
    )


def narrowed(spec: Spec, offers: Mapping[str, Catalog]) -> Mapping[str, Catalog]:
    """What is offered of what is locked; everything where no lock decides."""
    from planner.solver.locked import narrowed as within  # noqa: PLC0415

    return within(offers, spec.lock) if spec.lock is not None and current(spec) else offers


def new_lock(
    spec: Spec, outcome: Outcome, offers: Mapping[str, Catalog], *, version: str
) -> Lock | None:
    """The lock of what was decided; None where nothing meets the spec."""
    from planner.plans.locking import locked as locked_from  # noqa: PLC0415

    if not isinstance(outcome, Solved):
        return None
    stamps = tuple(plans.stamp_of(catalog) for _, catalog in sorted(offers.items()))
    return locked_from(outcome, spec.workload, stamps, version=version)
