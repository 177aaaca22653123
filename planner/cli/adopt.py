"""`planner adopt`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from planner.cli.acting import approve
from planner.cli.options import Manners, WriteOptions
from planner.cli.output import emit_text
from planner.cli.specs import read, selected
from planner.errors import ExitCode


@dataclass(frozen=True, kw_only=True)
class Options(WriteOptions):
    """Options of `adopt`."""

    taken_from: Annotated[
        str | None,
        typer.Option("--from", metavar="OWNER", help="Take over from this spec."),
    ] = None


def run(options: Options, manners: Manners) -> ExitCode:
    """Take over endpoints that were made by other means, or for another spec.

    Sets the owner's tags, and changes nothing else; `plan` then shows what the spec would change.
    Exits with 1, before the first write, where there is no such endpoint or another spec owns it.
    """
    from planner import live, workflow
    from planner.engine import connected

    specs = selected(read(options, manners), options)
    desired = workflow.plan(specs, verify=False).desired_by_owner
    wanted = [live.Owned(owner=owner, desired=state) for owner, state in desired]
    with connected(sandbox=options.state) as connections:
        for line in live.adoptions(wanted, connections, taken_from=options.taken_from):
            emit_text(f"{line}\n")
        approve(options, "adopt")
        for endpoint, addresses in live.adopt(wanted, connections).items():
            emit_text(f"{endpoint}: {', '.join(addresses) or 'was its own already'}\n")
    return ExitCode.DONE
