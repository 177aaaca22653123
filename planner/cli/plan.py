"""`planner plan`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Annotated

import typer

from planner.cli.locking import refuse_without_lock, write_locks
from planner.cli.options import (
    LiveOptions,
    Manners,
    PlanViewOptions,
    PolicyOptions,
    PruneOptions,
    SelectOptions,
    SpecOptions,
    VerifyOptions,
)
from planner.cli.output import save
from planner.cli.plan_views import places_in, plan_views
from planner.cli.report import failures_shown, show_views
from planner.cli.specs import read, selected
from planner.cli.verdict import verdict
from planner.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from planner.spec import Spec
    from planner.workflow import PlanRun


@dataclass(frozen=True, kw_only=True)
class Options(
    SpecOptions,
    SelectOptions,
    VerifyOptions,
    LiveOptions,
    PruneOptions,
    PolicyOptions,
    PlanViewOptions,
):
    """Options of `plan`."""

    offline: Annotated[
        bool,
        typer.Option(
            "--offline", envvar="PLANNER_OFFLINE", help="Read no live state: everything is new."
        ),
    ] = False
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit with 2 when changes are pending.")
    ] = False
    upgrade: Annotated[
        bool, typer.Option("--upgrade", help="Take better offers than what is locked, and lock.")
    ] = False


def run(options: Options, manners: Manners) -> ExitCode:
    """Find the cheapest configuration that meets each spec, and what it changes.

    Reads what lives in the cloud and writes nothing. Shows the decision, its price, the best
    alternatives, every change with its reason, and what may stop it. What planner.lock.yaml holds
    is taken as it stands there; --upgrade writes that file.

    Exits with 3 for an invalid spec, 5 when only the budget or a policy is in the way, 8 when
    nothing meets a spec or when the endpoints together exceed a limit of the cloud.
    """
    if options.offline and options.sandbox:
        raise UsageError(
            "offline-and-sandbox",
            "--offline reads nothing that lives, and --sandbox says where to read",
            hint="planner plan SPEC --sandbox",
        )
    from planner.plans import document
    from planner.policies import judged, read_rules

    with failures_shown(options.output, tag=options.comment_tag):
        rules = read_rules(options.policy)
        specs = selected(read(options, manners), options)
        started = perf_counter()
        planned = _planned(options, specs)
    plan = judged(planned.plan, rules, specs)
    manners.note(f"planned {len(specs)} specs in {perf_counter() - started:.2f} s", level=1)
    save(options.out, lambda: document(plan, bodies=True), manners)
    views = plan_views(plan, tag=options.comment_tag, places=places_in(specs))
    show_views(options.output, views, manners)
    if options.upgrade:
        write_locks(planned.specs, planned.outcomes, options, manners)
    return verdict(plan, changes_count=options.detailed_exitcode)


def _planned(options: Options, specs: Sequence[Spec]) -> PlanRun:
    from planner import workflow

    if options.upgrade:
        refuse_without_lock(specs, options)
    if options.offline:
        return workflow.plan(
            specs, verify=options.verify, effort=options.effort, upgrade=options.upgrade
        )
    from planner.engine import connected
    from planner.live import Reading

    with connected(sandbox=options.state) as connections:
        return workflow.plan(
            specs,
            verify=options.verify,
            effort=options.effort,
            connections=connections,
            live=Reading(parallel=options.parallelism, prune=options.prune),
            upgrade=options.upgrade,
        )
