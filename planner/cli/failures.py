"""Failures as a person reads them on standard error, and as the exit code a program reads."""

from __future__ import annotations

import sys
from contextlib import suppress
from io import StringIO
from typing import TYPE_CHECKING

import typer

from planner.diagnostics import Diagnostic
from planner.errors import ExitCode, PlannerError, PolicyError, SpecError

if TYPE_CHECKING:
    from collections.abc import Iterable

_TYPER_USAGE = 2
"""What typer calls a usage error; for us 2 means that changes are pending."""

_BARE_GROUP = "Usage: "
"""Start of the message when `planner` or `planner catalog` stand alone: it is their whole help."""


def report(error: Exception, *, debug: bool, color: bool | None) -> ExitCode:
    """Print what went wrong and return its exit code; a traceback only where `debug` asks."""
    if isinstance(error, typer.TyperException) and error.format_message().startswith(_BARE_GROUP):
        write_error(f"{error.format_message()}\n")
        return ExitCode.USAGE
    if debug and _is_internal(error):
        import traceback

        traceback.print_exception(error)
    print_diagnostics(diagnostics_of(error), color=color)
    return exit_code_of(error)


def print_diagnostics(diagnostics: Iterable[Diagnostic], *, color: bool | None) -> None:
    """Write diagnostics to standard error."""
    from planner.cli.output import style_of
    from planner.views.diagnostic_text import render_diagnostics

    text = StringIO()
    render_diagnostics(diagnostics, out=text, style=style_of(sys.stderr, color=color))
    write_error(text.getvalue())


def write_error(text: str) -> None:
    """Write to standard error; where nobody reads it the exit code still tells."""
    with suppress(OSError):
        sys.stderr.write(text)
        sys.stderr.flush()


def _is_internal(error: Exception) -> bool:
    return not isinstance(error, PlannerError | typer.TyperException | typer.Abort)


def exit_code_of(error: Exception) -> ExitCode:
    """What a failure exits with."""
    match error:
        case PlannerError():
            return error.exit_code
        case typer.TyperException():
            return ExitCode.USAGE if error.exit_code == _TYPER_USAGE else ExitCode.ERROR
        case _:
            return ExitCode.ERROR


def diagnostics_of(error: Exception) -> tuple[Diagnostic, ...]:
    """What a failure says."""
    match error:
        case SpecError() | PolicyError():
            return error.diagnostics
        case PlannerError():
            return (Diagnostic(code=error.code, message=error.message, hint=error.hint),)
        case typer.TyperException():
            context = getattr(error, "ctx", None)
            command = context.command_path if context is not None else "planner"
            message = error.format_message().replace("Value error, ", "")
            return (Diagnostic(code="usage", message=message, hint=f"{command} --help"),)
        case typer.Abort():
            return (Diagnostic(code="aborted", message="the input ended before the answer"),)
        case _:
            return (
                Diagnostic(
                    code="internal-error",
                    message=f"{type(error).__name__}: {error}",
                    hint="run `planner --debug ...` again and report what it shows",
                ),
            )
