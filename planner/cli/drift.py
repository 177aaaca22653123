"""`planner drift`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from planner.cli.options import (
    LiveOptions,
    Manners,
    ReportOptions,
    SelectOptions,
    SpecOptions,
    VerifyOptions,
)
from planner.cli.output import save
from planner.cli.plan_views import places_in
from planner.cli.report import Views, failures_shown, show_views
from planner.cli.specs import read, selected
from planner.errors import ExitCode

if TYPE_CHECKING:
    from planner.model.drift import Drift
    from planner.spec import Spec


@dataclass(frozen=True, kw_only=True)
class Options(SpecOptions, SelectOptions, VerifyOptions, LiveOptions, ReportOptions):
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
    from planner.model.drift import Sync
    from planner.plans.drift_document import drift_document

    with failures_shown(options.output, tag=options.comment_tag, kind="drift"):
        specs, found = _found(options, manners)
    save(options.out, lambda: drift_document(found), manners)
    views = _views(found, specs, tag=options.comment_tag)
    show_views(options.output, views, manners)
    moved = any(one.sync in {Sync.DRIFTED, Sync.MISSING} for one in found)
    return ExitCode.CHANGES_PENDING if moved and options.detailed_exitcode else ExitCode.DONE


def _found(options: Options, manners: Manners) -> tuple[tuple[Spec, ...], tuple[Drift, ...]]:
    from planner import live, workflow
    from planner.engine import connected

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
    return specs, live.drifts(owners, planned.standing)


def _views(found: Sequence[Drift], specs: Sequence[Spec], *, tag: str) -> Views:
    from planner.plans.drift_document import drift_document
    from planner.views.drift_markdown import drift_markdown
    from planner.views.drift_text import render_drift
    from planner.views.findings import drift_report

    return Views(
        document=lambda: drift_document(found),
        text=lambda out, style: render_drift(found, out=out, style=style),
        markdown=lambda limit: drift_markdown(found, tag=tag, limit=limit),
        report=lambda: drift_report(found, places_in(specs)),
    )
