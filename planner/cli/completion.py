"""`planner completion`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import typer

from planner.cli.options import Manners
from planner.cli.output import emit_text
from planner.errors import ExitCode


class Shell(StrEnum):
    """Shells with a completion script."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


@dataclass(frozen=True, kw_only=True)
class Options:
    """Options of `completion`."""

    shell: Annotated[Shell, typer.Argument(help="The shell that will read the script.")]


def run(options: Options, manners: Manners) -> ExitCode:  # noqa: ARG001
    """Print the completion script of a shell.

    Source it, or put it where the shell looks.
    """
    from typer.completion import get_completion_script  # type: ignore[attr-defined]

    script = get_completion_script(
        prog_name="planner", complete_var="_PLANNER_COMPLETE", shell=options.shell.value
    )
    emit_text(f"{script}\n")
    return ExitCode.DONE
