"""`planner profile fit`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from planner.cli.options import Format, Manners
from planner.errors import ExitCode

if TYPE_CHECKING:
    from planner.profiling.fitting import Fitted


@dataclass(frozen=True, kw_only=True)
class Options:
    """Options of `profile fit`."""

    file: Annotated[str, typer.Argument(metavar="FILE", help="A profile.")]
    output: Annotated[
        Format,
        typer.Option("--output", "-o", envvar="PLANNER_OUTPUT", help="Format of the result."),
    ] = Format.TABLE
    out: Annotated[
        str | None, typer.Option("--out", metavar="FILE", help="Write the fitted profile to FILE.")
    ] = None
    force: Annotated[bool, typer.Option("--force", help="Overwrite FILE.")] = False


def run(options: Options, manners: Manners) -> ExitCode:
    """Fit a curve to the points of each instance type, and the spread to requests that were alone.

    The fitted profile keeps what was measured beside it.
    """
    from planner.cli.output import show, write_file
    from planner.cli.profiles import head_of, profile_at, profile_text, refuse_overwriting
    from planner.profiling.fitting import fit_document, fitted_profile
    from planner.views.fit_text import render_fits

    refuse_overwriting(
        options.out,
        allowed=options.force,
        hint=f"planner profile fit {options.file} --out {options.out} --force",
    )
    found: Fitted = fitted_profile(profile_at(options.file))
    show(
        options.output,
        document=lambda: fit_document(found),
        text=lambda out, style: render_fits(found, out=out, style=style),
        manners=manners,
    )
    if options.out is not None:
        text = profile_text(found.document, head=head_of(options.file))
        write_file(options.out, text.encode())
        manners.note(f"wrote {options.out}")
    return ExitCode.DONE
