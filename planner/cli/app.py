"""The commands and what holds for all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from planner import __version__
from planner.cli import (
    catalog,
    compare,
    completion,
    explain,
    init,
    plan,
    providers,
    render,
    schema,
    validate,
)
from planner.cli.options import Manners, attach

if TYPE_CHECKING:
    from typer.core import TyperGroup

app = typer.Typer(
    name="planner",
    help="From traffic and latency goals to the cheapest serving configuration that meets them.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
catalog_app = typer.Typer(
    help="Prices, hardware and limits, with their sources.", no_args_is_help=True
)

attach(app, "init", init.Options, init.run)
attach(app, "validate", validate.Options, validate.run)
attach(app, "plan", plan.Options, plan.run)
attach(app, "explain", explain.Options, explain.run)
attach(app, "compare", compare.Options, compare.run)
attach(app, "render", render.Options, render.run)
app.add_typer(catalog_app, name="catalog")
attach(catalog_app, "show", catalog.Options, catalog.run)
attach(app, "providers", providers.Options, providers.run)
attach(app, "schema", schema.Options, schema.run)
attach(app, "completion", completion.Options, completion.run)


def command() -> TyperGroup:
    """Build the command tree."""
    built: TyperGroup = typer.main.get_command(app)  # type: ignore[assignment]
    return built


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"planner {__version__}")
        raise typer.Exit


@app.callback()
def _global_options(
    ctx: typer.Context,
    *,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
    no_color: Annotated[
        bool, typer.Option("--no-color", envvar="PLANNER_NO_COLOR", help="Never colour.")
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Nothing on standard error but problems.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Say what is done and how long it takes.")
    ] = False,
    debug: Annotated[
        bool,
        typer.Option(
            "--debug", envvar="PLANNER_DEBUG", help="Show where an internal error comes from."
        ),
    ] = False,
) -> None:
    """Keep the options that hold for every command; `main` reads `--debug` itself."""
    del version, debug
    ctx.obj = Manners(color=False if no_color else None, verbosity=int(verbose) - int(quiet))
