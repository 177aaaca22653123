"""Lock files as commands write them: whole, sorted, with what they do not touch as it was."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from planner.cli.options import Manners, SpecOptions
from planner.cli.output import write_file
from planner.errors import SpecError, UsageError

if TYPE_CHECKING:
    from planner.model.candidate import Outcome
    from planner.model.lock import Lock
    from planner.spec import Spec


def refuse_without_lock(specs: Iterable[Spec], options: SpecOptions) -> None:
    """Raise UsageError for an upgrade of nothing."""
    if options.no_lock or all(spec.lock is None for spec in specs):
        raise UsageError(
            "nothing-locked",
            "--upgrade takes better offers than what is locked, and nothing is locked here",
            hint="planner lock SPEC",
        )


def write_locks(
    specs: Sequence[Spec], outcomes: Sequence[Outcome], options: SpecOptions, manners: Manners
) -> None:
    """Lock what was decided; specs that nothing meets keep the lock they have."""
    decided = dict(zip((spec.workload.name for spec in specs), outcomes, strict=True))
    for file, own in by_file((one for one in specs if one.lock is not None), options).items():
        known = locks_in(file)
        fresh = (lock_of(spec, decided[spec.workload.name]) for spec in own)
        after = {lock.workload: lock for lock in fresh if lock is not None}
        write(file, known, {**known, **after}, manners)


def lock_of(spec: Spec, outcome: Outcome) -> Lock | None:
    """The lock of an outcome, the one there is where it holds that; None where nothing was met."""
    from planner import __version__, locks
    from planner.provider.market import Market

    new = locks.new_lock(spec, outcome, Market().offers(spec), version=__version__)
    old = spec.lock
    if new is None or old is None:
        return new
    return old if (old.input, old.endpoints) == (new.input, new.endpoints) else new


def by_file(specs: Iterable[Spec], options: SpecOptions) -> dict[str, list[Spec]]:
    """Specs by the lock file that holds them."""
    from planner import locks

    found: dict[str, list[Spec]] = {}
    for spec in specs:
        found.setdefault(options.lock or locks.lock_file_of(spec), []).append(spec)
    return found


def locks_in(file: str) -> dict[str, Lock]:
    """What a lock file holds, nothing where there is none; SpecError for a broken one."""
    from planner import locks

    if not Path(file).exists():
        return {}
    known, problems = locks.read_locks(file)
    if problems:
        raise SpecError(problems)
    return known


def write(
    file: str, known: Mapping[str, Lock], after: Mapping[str, Lock], manners: Manners
) -> None:
    """Write a lock file where what it holds is another, and say what moved."""
    from planner.plans.locking import lock_document
    from planner.views.lock_wording import render_lock
    from planner.views.style import Style

    if not after and not Path(file).exists():
        return
    text = StringIO()
    render_lock(lock_document(after), out=text, style=Style())
    data = text.getvalue().encode()
    if Path(file).exists() and Path(file).read_bytes() == data:
        manners.note(f"{file} is up to date")
        return
    write_file(file, data)
    manners.note(f"wrote {file}: {_moved(known, after)}")


def _moved(before: Mapping[str, Lock], after: Mapping[str, Lock]) -> str:
    counts = {
        "added": len(after.keys() - before.keys()),
        "changed": sum(after[name] != before[name] for name in after.keys() & before.keys()),
        "removed": len(before.keys() - after.keys()),
        "kept": sum(after[name] == before[name] for name in after.keys() & before.keys()),
    }
    return ", ".join(f"{count:,} {what}" for what, count in counts.items() if count)
