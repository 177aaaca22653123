"""`planner destroy`."""

from __future__ import annotations

from dataclasses import dataclass

from planner.cli.acting import carried_out
from planner.cli.journal import Journal, journaled
from planner.cli.options import ActOptions, Manners
from planner.cli.output import emit_text, emit_view
from planner.cli.owned import endpoints_of
from planner.cli.specs import read, selected
from planner.errors import ExitCode


@dataclass(frozen=True, kw_only=True)
class Options(ActOptions):
    """Options of `destroy`."""


def run(options: Options, manners: Manners) -> ExitCode:
    """Delete what the specs' endpoints have in the cloud.

    Only what carries a spec's owner tag goes; everything else stays, and so does what carries
    planner:protect. Nothing is planned anew: a spec that cannot be met any more can be destroyed.
    Exits as `apply` does.
    """
    return journaled(options.output, "destroy", lambda journal: _acted(options, manners, journal))


def _acted(options: Options, manners: Manners, journal: Journal) -> ExitCode:
    from planner import live
    from planner.engine import connected
    from planner.views.changes_text import render_changes

    specs = selected(read(options, manners), options)
    with connected(sandbox=options.state) as connections:
        found = endpoints_of(specs, connections, manners)
        pending = live.removals(found, connections, parallel=options.parallelism)
        journal.pending(pending)
        emit_view(lambda out, style: render_changes(pending, out=out, style=style), manners)
        if not any(one.changes.acting for one in pending):
            emit_text("Nothing to destroy.\n")
            return ExitCode.DONE
        return carried_out(pending, connections, options, manners, verb="destroy", journal=journal)
