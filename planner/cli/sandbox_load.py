"""`planner sandbox load`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from planner.cli.options import Manners
from planner.cli.sandbox import STATE
from planner.cli.specs import NamedOptions, by_name, read, selected
from planner.errors import ExitCode

_LONGEST_S = 2 * 86_400.0


@dataclass(frozen=True, kw_only=True)
class Options(NamedOptions):
    """Options of `sandbox load`."""

    lasting: Annotated[
        str, typer.Option("--for", metavar="DURATION", help="How long the traffic flows.")
    ] = "3h"
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Right after an update: nothing loaded, none warm.")
    ] = False
    seed: Annotated[
        int, typer.Option("--seed", metavar="N", min=0, help="Seed of all random draws.")
    ] = 0
    state: Annotated[
        str,
        typer.Option("--sandbox-state", metavar="FILE", help="Where the sandbox keeps its state."),
    ] = STATE


def run(options: Options, manners: Manners) -> ExitCode:
    """Let simulated traffic of the specs flow through their endpoints in the sandbox.

    The sandbox's time moves on meanwhile, and its metrics show what a cloud's would. With --set the
    traffic is another than the one that was applied: traffic.rate=2x.
    """
    from planner import checkup
    from planner.cli.doctor import parse_since
    from planner.cli.output import emit_text
    from planner.cli.running import planned_live
    from planner.engine import connected
    from planner.model.units import format_duration, format_number
    from planner.views.wording import counted

    driving = checkup.Driving(
        seconds=parse_since(options.lasting, "--for", _LONGEST_S),
        seed=options.seed,
        fresh=options.fresh,
    )
    options = by_name(options)
    specs = selected(read(options, manners), options)
    with connected(sandbox=options.state) as connections:
        planned = planned_live(specs, connections)
        for one in checkup.driven(planned, connections, driving):
            requests = f"{format_number(one.requests, 4)} requests"
            emit_text(f"{one.endpoint}: {requests} in {format_duration(one.seconds)}\n")
    manners.note(f"the sandbox's time has moved on; {counted(len(specs), 'spec')}", level=1)
    return ExitCode.DONE
