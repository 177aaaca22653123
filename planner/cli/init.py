"""`planner init`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from planner.cli.named import named_by_option
from planner.cli.options import Manners
from planner.cli.output import emit_text, write_file
from planner.cli.specs import STDIN
from planner.cli.starter import Pattern, starter_text
from planner.errors import ExitCode, PlannerError


@dataclass(frozen=True, kw_only=True)
class Options:
    """Options of `init`."""

    file: Annotated[
        str, typer.Argument(metavar="[FILE]", help="The spec to write; - prints it.")
    ] = "planner.yaml"
    pattern: Annotated[Pattern, typer.Option("--pattern", help="How the traffic behaves.")] = (
        Pattern.STEADY
    )
    provider: Annotated[
        list[str],
        typer.Option(
            "--provider",
            metavar="NAME",
            help="A provider to plan for; may be repeated. Default: every one installed.",
        ),
    ] = field(default_factory=list)
    force: Annotated[bool, typer.Option("--force", help="Overwrite FILE.")] = False


def run(options: Options, manners: Manners) -> ExitCode:
    """Write a commented spec to start from.

    It can be planned as it stands; only the trace pattern needs a file of yours beside it.
    """
    text = starter_text(
        file="planner.yaml" if options.file == STDIN else options.file,
        pattern=options.pattern,
        blocks=_blocks(options.provider),
    )
    if options.file == STDIN:
        emit_text(text)
        return ExitCode.DONE
    if Path(options.file).exists() and not options.force:
        raise PlannerError(
            "file-exists",
            f"{options.file}: is there already; it was not touched",
            hint=f"planner init {options.file} --force",
        )
    write_file(options.file, text.encode())
    manners.note(f"wrote {options.file}; next: planner plan {options.file} --offline")
    return ExitCode.DONE


def _blocks(wanted: list[str]) -> dict[str, str]:
    from planner.provider import registry

    if wanted:
        with named_by_option():
            return {name: registry.get(name).starter() for name in dict.fromkeys(wanted)}
    return {name: registry.get(name).starter() for name in registry.working()}
