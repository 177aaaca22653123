"""`planner drift`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from planner.cli.options import (
    LiveOptions,
    Manners,
    ResultOptions,
    SelectOptions,
    SpecOptions,
    VerifyOptions,
)
from planner.cli.output import save, show
from planner.cli.specs import read, selected
from planner.errors import ExitCode


@dataclass(frozen=True, kw_only=True)
class Options(SpecOptions, SelectOptions, VerifyOptions, LiveOptions, ResultOptions):
    """Options of `drift`."""

    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit with 2 when something drifted.")
    ] = False


def run(options: Options, manners: Manners) -> ExitCode:
    """Tell what was changed in the cloud since the specs were applied.

    Counts that autoscaling moved, values that the cloud fills in and tags of others are no drift.
    Where the spec itself was changed since, `plan` shows what that needs. Writes nothing.

    With --detailed-exitcode exits with 2 when an endpoint drifted or is missing.
    """
    from planner import live, workflow
    from planner.engine import connected
    from planner.model.drift import Sync
    from planner.plans.drift_document import drift_document
    from planner.views.drift_text import render_drift

    specs = selected(read(options, manners), options)
    with connected(sandbox=options.state) as connections:
        planned = workflow.plan(
            specs,
            verify=options.verify,
            effort=options.effort,
            connections=connections,
            live=live.Reading(parallel=options.parallelism),
        )
    owners = {endpoint.name: endpoint.workload for endpoint in planned.plan.endpoints}
    found = live.drifts(owners, planned.standing)
    save(options.out, lambda: drift_document(found), manners)
    show(
        options.output,
        document=lambda: drift_document(found),
        text=lambda out, style: render_drift(found, out=out, style=style),
        manners=manners,
    )
    moved = any(one.sync in {Sync.DRIFTED, Sync.MISSING} for one in found)
    return ExitCode.CHANGES_PENDING if moved and options.detailed_exitcode else ExitCode.DONE
