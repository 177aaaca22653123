"""`planner sandbox serve`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from planner.cli.options import LiveOptions, Manners
from planner.errors import ExitCode

if TYPE_CHECKING:
    from planner.provider.interface import Sandbox

STATE = LiveOptions.sandbox_state
PORT = 4566


@dataclass(frozen=True, kw_only=True)
class Options:
    """Options of `sandbox serve`."""

    provider: Annotated[
        str | None,
        typer.Option("--provider", metavar="NAME", help="Whose cloud, if there are several."),
    ] = None
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Port on the loopback; 0 takes any.")
    ] = PORT
    state: Annotated[
        str,
        typer.Option(
            "--state", metavar="FILE", help="Where it keeps what it has; :memory: forgets."
        ),
    ] = STATE
    faults: Annotated[
        str | None,
        typer.Option("--faults", metavar="FILE", help="Rules by which the cloud fails, in YAML."),
    ] = None


def run(options: Options, manners: Manners) -> ExitCode:
    """Serve a stand-in for a provider's cloud until it is interrupted.

    The clouds' own client libraries and command lines work on it.
    """
    from planner.cli.output import emit_text

    sandbox = _sandbox(options.provider)

    def ready(url: str) -> None:
        emit_text(f"{url}\n")
        manners.note("the sandbox is up; Ctrl-C ends it")
        for hint in sandbox.hints(url):
            manners.note(f"  {hint}")

    try:
        sandbox.serve(options.state, port=options.port, faults=options.faults, ready=ready)
    except KeyboardInterrupt:
        manners.note(f"ended; {options.state} keeps its state", level=1)
    return ExitCode.DONE


def _sandbox(name: str | None) -> Sandbox:
    """The sandbox of the named provider, or of the one that has any."""
    from planner.cli.named import named_by_option
    from planner.errors import UsageError
    from planner.provider import registry

    with named_by_option():
        names = (name,) if name is not None else registry.working()
        found = {
            one: provider for one in names if hasattr(provider := registry.get(one), "sandbox")
        }
    if not found:
        raise UsageError(
            "no-sandbox",
            f"{' and '.join(names) or 'no provider'} has no sandbox",
            hint="planner providers",
        )
    if len(found) > 1:
        raise UsageError(
            "which-sandbox",
            f"{' and '.join(found)} have sandboxes; say which",
            hint=f"planner sandbox serve --provider {min(found)}",
        )
    ((_, provider),) = found.items()
    sandbox: Sandbox = provider.sandbox()
    return sandbox
