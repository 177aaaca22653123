"""`planner rollback`."""

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
    """Options of `rollback`."""


def run(options: Options, manners: Manners) -> ExitCode:
    """Put back what the specs' endpoints ran before their last update.

    Nothing is planned: the config of before is still there, and is put in place as it is. The
    specs stay as they are, so that `plan` shows the way forward again. Exits as `apply` does, and
    with 1 where nothing of before is kept.
    """
    return journaled(options.output, "rollback", lambda journal: _acted(options, manners, journal))


def _acted(options: Options, manners: Manners, journal: Journal) -> ExitCode:
    from planner import live
    from planner.engine import connected
    from planner.views.changes_text import render_changes

    specs = selected(read(options, manners), options)
    with connected(sandbox=options.state) as connections:
        found = endpoints_of(specs, connections, manners)
        pending, without = live.rollbacks(found, connections, parallel=options.parallelism)
        journal.pending(pending)
        emit_view(lambda out, style: render_changes(pending, out=out, style=style), manners)
        for name in without:
            emit_text(f"{name}: nothing of before is kept\n")
        if not any(one.changes.acting for one in pending):
            emit_text("Nothing to roll back to.\n")
            return ExitCode.ERROR
        return carried_out(pending, connections, options, manners, verb="rollback", journal=journal)
