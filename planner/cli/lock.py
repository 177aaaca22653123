"""`planner lock`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from planner.cli.locking import by_file, lock_of, locks_in, write
from planner.cli.options import Manners, SelectOptions, SpecOptions, VerifyOptions
from planner.cli.output import emit_text
from planner.cli.specs import read, selected
from planner.cli.verdict import outcome_code
from planner.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from planner.model.candidate import Outcome
    from planner.model.lock import Lock
    from planner.spec import Spec


@dataclass(frozen=True, kw_only=True)
class Options(SpecOptions, SelectOptions, VerifyOptions):
    """Options of `lock`."""

    check: Annotated[
        bool,
        typer.Option("--check", help="Write nothing; exit with 2 where a lock is out of date."),
    ] = False
    upgrade: Annotated[
        bool, typer.Option("--upgrade", help="Take better offers than what is locked.")
    ] = False


def run(options: Options, manners: Manners) -> ExitCode:
    """Write down what is decided, so that the same spec gives the same plan from now on.

    planner.lock.yaml beside the specs is to be committed. Only specs that are not in it, or that
    ask for something else now, are decided; --upgrade looks for something better for the others
    too. Reads no cloud: `plan --upgrade` writes what has regard to what runs. Entries of specs that
    are gone go where only directories are named.

    --check decides nothing and exits with 2 where something would change. Exits with 5 or 8 where
    a spec has no configuration to lock.
    """
    if options.check and options.upgrade:
        raise UsageError(
            "check-and-upgrade", "--check writes nothing", hint="planner lock SPEC --upgrade"
        )
    specs = selected(read(_readable(options), manners), options)
    files = by_file(specs, options)
    if options.check:
        return _checked(files, options)
    outcomes = _outcomes(specs, options)
    for file, own in files.items():
        known = locks_in(file)
        write(file, known, _after(known, own, outcomes, options), manners)
    for spec in specs:
        outcome = outcomes.get(spec.workload.name)
        if outcome is not None and outcome_code(outcome) is not ExitCode.DONE:
            manners.note(f"{spec.workload.name}: nothing meets its spec: nothing to lock", level=-1)
    return max((outcome_code(one) for one in outcomes.values()), default=ExitCode.DONE)


def _readable(options: Options) -> Options:
    """A lock file that is to be written for the first time is not read."""
    missing = options.lock is not None and not Path(options.lock).exists()
    return replace(options, lock=None, no_lock=True) if missing else options


def _outcomes(specs: Sequence[Spec], options: Options) -> dict[str, Outcome]:
    """Outcomes of the specs that are to be locked anew."""
    from planner import locks
    from planner.provider.market import Market
    from planner.provider.together import offers_to

    anew = [spec for spec in specs if options.upgrade or not locks.current(spec)]
    offers = offers_to(anew, Market())
    effort = options.effort if options.verify else None
    decided = locks.deciding(anew, offers, effort, upgrade=options.upgrade)
    return {spec.workload.name: one.outcome for spec, one in decided}


def _after(
    known: Mapping[str, Lock],
    own: Sequence[Spec],
    outcomes: Mapping[str, Outcome],
    options: Options,
) -> dict[str, Lock]:
    names = {spec.workload.name for spec in own}
    found = {name: lock for name, lock in known.items() if name in names or not _whole(options)}
    for spec in own:
        name = spec.workload.name
        if name in outcomes:
            lock = lock_of(spec, outcomes[name])
            found.pop(name, None)
            found.update({} if lock is None else {name: lock})
    return found


def _whole(options: Options) -> bool:
    """Whether all specs of a lock file are here, so that what else it holds is of none."""
    everything = all(Path(path).is_dir() for path in options.paths)
    return everything and not options.only and not options.exclude


def _checked(files: Mapping[str, Sequence[Spec]], options: Options) -> ExitCode:
    found = [line for file, own in files.items() for line in _stale(file, own, options)]
    count = sum(len(own) for own in files.values())
    emit_text("".join(f"{line}\n" for line in found) or f"ok  {count:,} as locked\n")
    return ExitCode.CHANGES_PENDING if found else ExitCode.DONE


def _stale(file: str, own: Sequence[Spec], options: Options) -> Iterator[str]:
    from planner import locks

    known = locks_in(file)
    for spec in own:
        name = spec.workload.name
        if name not in known:
            yield f"{file}: {name} is not locked"
        elif not locks.current(replace(spec, lock=known[name])):
            where, _ = known[name].places("input")
            yield f"{where}: {name} asks for something else than when it was locked"
    if _whole(options):
        names = {spec.workload.name for spec in own}
        for name in sorted(known.keys() - names):
            where, _ = known[name].places()
            yield f"{where}: no spec is called {name}"
