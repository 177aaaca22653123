"""`planner fmt`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import unified_diff
from typing import TYPE_CHECKING, Annotated

import typer

from planner.cli.options import Manners
from planner.cli.output import emit_bytes, write_file
from planner.cli.specs import STDIN
from planner.errors import ExitCode, SpecError

if TYPE_CHECKING:
    from planner.diagnostics import Diagnostic
    from planner.spec import Source


@dataclass(frozen=True, kw_only=True)
class Options:
    """Options of `fmt`."""

    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH",
            help="Specs, overlays, profiles, limits, policies; directories; - formats a stream.",
            show_default="the current directory",
        ),
    ] = field(default_factory=list)
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit with 1 where something would.")
    ] = False
    diff: Annotated[bool, typer.Option("--diff", help="The same, and show what would change.")] = (
        False
    )


def run(options: Options, manners: Manners) -> ExitCode:
    """Put the keys of specs into the order of their documentation.

    Comments move with their keys, values stay as they are written, names that are your own keep
    their order. Directories are searched for specs, not below them.

    Exits with 1 for --check and --diff where a file would change.
    """
    done, problems = _formatted(options.paths or ["."])
    if options.paths.count(STDIN) and not (options.check or options.diff):
        emit_bytes("".join(text for source, text in done if source.name == _STREAM).encode())
    changed = [(source, text) for source, text in done if source.text != text.encode()]
    if options.diff:
        emit_bytes("".join(_difference(source, text) for source, text in changed).encode())
    for source, text in changed:
        if source.name == _STREAM and not (options.check or options.diff):
            continue
        if options.check or options.diff:
            manners.note(f"would reformat {source.name}")
        else:
            write_file(source.name, text.encode())
            manners.note(f"reformatted {source.name}")
    if problems:
        raise SpecError(tuple(problems))
    stays = len(done) - len(changed)
    manners.note(f"{stays:,} unchanged, {len(changed):,} changed", level=1)
    return ExitCode.ERROR if changed and (options.check or options.diff) else ExitCode.DONE


_STREAM = "<stdin>"


def _formatted(paths: Sequence[str]) -> tuple[list[tuple[Source, str]], list[Diagnostic]]:
    """Every file with its formatted text, and what is wrong with the others."""
    from planner.provider import registry
    from planner.sources import read_specs
    from planner.spec import Source
    from planner.spec.layout import formatted

    given = [
        Source(name=_STREAM, text=sys.stdin.buffer.read() if sys.stdin else b"")
        if path == STDIN
        else path
        for path in dict.fromkeys(paths)
    ]
    done: list[tuple[Source, str]] = []
    problems: list[Diagnostic] = []
    for read in read_specs(given):
        if not isinstance(read, Source):
            problems.append(read)
            continue
        try:
            done.append((read, formatted(read, lambda name: registry.get(name).settings_model())))
        except SpecError as error:
            problems.extend(error.diagnostics)
    return done, problems


def _difference(source: Source, text: str) -> str:
    before = source.text.decode("utf-8", "replace").splitlines(keepends=True)
    after = text.splitlines(keepends=True)
    found = unified_diff(before, after, source.name, source.name)
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in found)
