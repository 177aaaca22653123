"""The commands and what holds for all of them."""

from __future__ import annotations

from importlib import import_module
from keyword import iskeyword
from typing import TYPE_CHECKING, Annotated

import typer

from planner import __version__
from planner.cli.options import Manners, attach

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typer.core import TyperGroup

COMMANDS = (
    "init",
    "validate",
    "fmt",
    "lock",
    "plan",
    "show",
    "apply",
    "destroy",
    "drift",
    "doctor",
    "rollback",
    "adopt",
    "import",
    "explain",
    "compare",
    "simulate",
    "render",
)
GROUPS = {
    "catalog": (
        {"show": "catalog", "refresh": "catalog_refresh"},
        "Prices, hardware and limits, with their sources.",
    ),
    "profile": (
        {one: f"profile_{one}" for one in ("import", "fit", "show", "calibrate")},
        "Measured service times: from load tests and endpoints, for the plan.",
    ),
    "trace": ({"import": "trace_import"}, "Recorded traffic: from logs and clouds, for the plan."),
    "sandbox": (
        {"serve": "sandbox", "load": "sandbox_load"},
        "Stand-ins for the clouds, to try and to test.",
    ),
}
"""Commands of a group with the modules that have them, and what the group is about."""
MORE_COMMANDS = ("providers", "schema", "completion")


def command(arguments: Sequence[str]) -> TyperGroup:
    """Build the command tree, or of it only the command that the arguments name.

    Each command has a module of its name here, with `Options` and `run`; a word of Python's own
    has an underscore behind it there.
    """
    named = next((one for one in arguments if not one.startswith("-")), None)
    everything = (*COMMANDS, *GROUPS, *MORE_COMMANDS)
    app = _bare_app()
    for name in (named,) if named in everything else everything:
        if name in GROUPS:
            _attach_group(app, name)
        elif name is not None:
            module = import_module(f"planner.cli.{name}{'_' * iskeyword(name)}")
            attach(app, name, module.Options, module.run)
    built: TyperGroup = typer.main.get_command(app)  # type: ignore[assignment]
    return built


def _bare_app() -> typer.Typer:
    app = typer.Typer(
        name="planner",
        help="From traffic and latency goals to the cheapest configuration that meets them.",
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    app.callback()(_global_options)
    return app


def _attach_group(app: typer.Typer, name: str) -> None:
    commands, title = GROUPS[name]
    group = typer.Typer(help=title, no_args_is_help=True)
    for command, place in commands.items():
        module = import_module(f"planner.cli.{place}")
        attach(group, command, module.Options, module.run)
    app.add_typer(group, name=name)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"planner {__version__}")
        raise typer.Exit


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
