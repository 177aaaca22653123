"""Specs as commands read them: files, directories, standard input, overlays, settings."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from planner.cli.named import unknown_name
from planner.cli.options import Manners, SelectOptions, SpecOptions
from planner.cli.prices import priced
from planner.errors import UsageError

if TYPE_CHECKING:
    from planner.sources import Given
    from planner.spec import Source, Spec

STDIN = "-"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")


@dataclass(frozen=True, kw_only=True)
class NamedOptions(SpecOptions, SelectOptions):
    """Which specs; those that are here can be named in place of files."""

    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="SPEC|NAME",
            help="Spec files, directories, - for standard input; or names of the specs here.",
            show_default="the current directory",
        ),
    ] = field(default_factory=list)


_Asked = TypeVar("_Asked", bound=NamedOptions)


def read(
    options: SpecOptions, manners: Manners, *, overlays: Sequence[Source] = ()
) -> tuple[Spec, ...]:
    """Load what the options name, the current directory where they name nothing.

    `overlays` are laid over all that the options name.
    """
    specs = read_paths(
        options.paths or ["."],
        overlays=[*options.overlay, *overlays],
        sets=options.sets,
        limits=options.limits,
        lock=not options.no_lock if options.lock is None else options.lock,
        manners=manners,
    )
    return priced(specs, options.catalog, manners)


def by_name(options: _Asked) -> _Asked:
    """The same where endpoints of the specs here are named in place of files: `--only` does it."""
    from planner.sources import read_specs

    names = options.paths
    if not names or not all(map(_NAME.fullmatch, names)) or any(map(os.path.exists, names)):
        return options
    from planner.spec import Source

    if not all(isinstance(one, Source) for one in read_specs(["."])):
        return options
    return replace(options, paths=[], only=[*options.only, *names])


def read_paths(
    paths: Sequence[str],
    *,
    overlays: Sequence[str | Source] = (),
    sets: Sequence[str] = (),
    limits: Sequence[str] = (),
    lock: str | bool = True,
    manners: Manners,
) -> tuple[Spec, ...]:
    """Load these paths; `-` stands for standard input and may come up once."""
    if [*paths, *overlays, *limits].count(STDIN) > 1:
        raise UsageError(
            "stdin-twice",
            "standard input can be read once, but `-` is given twice",
            hint="planner plan -",
        )
    from planner import workflow

    started = perf_counter()
    specs = workflow.load(
        [_given(path) for path in paths],
        overlays=[_given(path) for path in overlays],
        sets=sets,
        limits=[_given(path) for path in limits],
        lock=lock,
    )
    seconds = perf_counter() - started
    manners.note(f"loaded {len(specs)} specs in {seconds:.2f} s", level=1)
    return specs


def chosen(specs: tuple[Spec, ...], endpoint: str | None) -> tuple[Spec, ...]:
    """The spec of this name, or all; UsageError with the nearest name where there is none."""
    if endpoint is None:
        return specs
    found = tuple(spec for spec in specs if spec.workload.name == endpoint)
    if not found:
        raise unknown_name(
            "unknown-endpoint",
            f"no spec here is called `{endpoint}`",
            name=endpoint,
            known=(spec.workload.name for spec in specs),
            option="--endpoint",
        )
    return found


def _given(path: str | Source) -> Given:
    if path != STDIN:
        return path
    from planner.spec import Source

    return Source(name="<stdin>", text=sys.stdin.buffer.read() if sys.stdin else b"")


def selected(specs: tuple[Spec, ...], options: SelectOptions) -> tuple[Spec, ...]:
    """The specs that `--only` and `--exclude` leave; UsageError for a pattern that fits none."""
    names = [spec.workload.name for spec in specs]
    for option, patterns in (("--only", options.only), ("--exclude", options.exclude)):
        for pattern in patterns:
            if not any(fnmatchcase(name, pattern) for name in names):
                raise unknown_name(
                    "unknown-endpoint",
                    f"no spec here is called `{pattern}`",
                    name=pattern,
                    known=names,
                    option=option,
                )
    return tuple(
        spec
        for spec in specs
        if (not options.only or _fits(spec, options.only)) and not _fits(spec, options.exclude)
    )


def _fits(spec: Spec, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(spec.workload.name, pattern) for pattern in patterns)
