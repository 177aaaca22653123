"""Specs as commands read them: files, directories, standard input, overlays, settings."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from time import perf_counter
from typing import TYPE_CHECKING

from planner.cli.named import unknown_name
from planner.cli.options import Manners, SpecOptions
from planner.errors import UsageError

if TYPE_CHECKING:
    from planner.sources import Given
    from planner.spec import Source, Spec

STDIN = "-"


def read(
    options: SpecOptions, manners: Manners, *, overlays: Sequence[Source] = ()
) -> tuple[Spec, ...]:
    """Load what the options name, the current directory where they name nothing.

    `overlays` are laid over all that the options name.
    """
    return read_paths(
        options.paths or ["."],
        overlays=[*options.overlay, *overlays],
        sets=options.sets,
        limits=options.limits,
        manners=manners,
    )


def read_paths(
    paths: Sequence[str],
    *,
    overlays: Sequence[str | Source] = (),
    sets: Sequence[str] = (),
    limits: Sequence[str] = (),
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
