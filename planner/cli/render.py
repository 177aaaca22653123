"""`planner render`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from planner.cli.options import Format, Manners, SpecOptions, VerifyOptions
from planner.cli.output import save, show
from planner.cli.specs import chosen, read
from planner.errors import ExitCode


@dataclass(frozen=True, kw_only=True)
class Options(SpecOptions, VerifyOptions):
    """Options of `render`."""

    to: Annotated[
        str, typer.Option("--to", metavar="FORMAT", help="What to render; every provider has api.")
    ] = "api"
    endpoint: Annotated[
        str | None, typer.Option("--endpoint", metavar="NAME", help="Render only this spec.")
    ] = None
    output: Annotated[Format, typer.Option("--output", "-o", help="json or yaml.")] = Format.JSON
    out: Annotated[
        str | None, typer.Option("--out", metavar="FILE", help="Also write the JSON to FILE.")
    ] = None


def run(options: Options, manners: Manners) -> ExitCode:
    """Print the API calls that would make it real.

    Every call in order with its whole body, as JSON. Nothing is printed when a spec has no plan.
    """
    from planner import workflow

    specs = chosen(read(options, manners), options.endpoint)
    run_of_all = workflow.plan(specs, verify=options.verify, effort=options.effort)
    rendered = workflow.render(run_of_all, to=options.to)
    save(options.out, lambda: rendered, manners)
    # A table cannot hold nested bodies: whoever asks for none in particular gets JSON.
    output = Format.JSON if options.output is Format.TABLE else options.output
    show(output, document=lambda: rendered, text=lambda *_: None, manners=manners)
    return ExitCode.DONE
