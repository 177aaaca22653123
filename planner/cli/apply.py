"""`planner apply`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from planner.cli.acting import carried_out
from planner.cli.journal import Journal, journaled
from planner.cli.options import ActOptions, Manners, PolicyOptions, PruneOptions, VerifyOptions
from planner.cli.output import emit_view
from planner.cli.specs import read, selected
from planner.cli.typed import retyped
from planner.cli.verdict import verdict
from planner.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from planner.engine import Connections
    from planner.model.plan import Pending, Plan
    from planner.plans.saved import SavedPlan


@dataclass(frozen=True, kw_only=True)
class Options(ActOptions, VerifyOptions, PruneOptions, PolicyOptions):
    """Options of `apply`."""

    warm_up: Annotated[
        bool | None,
        typer.Option(
            "--warm-up/--no-warm-up",
            help="Make the test calls of the specs also where nothing is written, or never.",
            show_default="where the endpoint is written",
        ),
    ] = None

    @property
    def warming(self) -> bool | None:
        """As it was said."""
        return self.warm_up


def run(options: Options, manners: Manners) -> ExitCode:
    """Make every spec's plan real, or a plan that `plan --out` wrote.

    Shows the plan, looks for what may stop it, asks, writes in order, waits for each endpoint and
    checks that it is as planned. Running it again goes on from wherever it ended, and writes
    nothing where nothing is to do. A plan file is applied as it was reviewed, or not at all. A spec
    with rollout.warm_up has the models of what was written called until their latency settles.

    Exits with 6 when the cloud moved since the plan was made, 7 when an endpoint failed or was
    rolled back or a model answers no test call, and as `plan` does otherwise.
    """
    return journaled(options.output, "apply", lambda journal: _applied(options, manners, journal))


def _applied(options: Options, manners: Manners, journal: Journal) -> ExitCode:
    from planner.engine import connected
    from planner.live import checked, refuse_failed

    saved = _saved(options)
    if saved is not None:
        options = replace(options, auto_approve=True)  # it was looked at when it was made
    with connected(sandbox=options.state) as connections:
        if saved is not None:
            journal.planned(saved.summary, mode=saved.mode.value, fingerprint=saved.fingerprint)
            refuse_failed(checked(saved.pending, connections))
            return _acted(saved.pending, connections, options, manners, journal)
        plan = _planned(options, connections, manners, journal)
        code = verdict(plan)
        if code is not ExitCode.DONE:
            return code
        return _acted(plan.pending, connections, options, manners, journal)


def _acted(
    pending: tuple[Pending, ...],
    connections: Connections,
    options: Options,
    manners: Manners,
    journal: Journal,
) -> ExitCode:
    from planner.engine import applied_nothing
    from planner.views.apply_text import render_applied

    called = bool(options.warm_up) and any(one.warming is not None for one in pending)
    if called or any(one.changes.acting for one in pending):
        return carried_out(pending, connections, options, manners, verb="apply", journal=journal)
    results = [applied_nothing(one.desired.endpoint) for one in pending]
    journal.outcomes(results)
    emit_view(lambda out, style: render_applied(results, out=out, style=style), manners)
    return ExitCode.DONE


def _planned(
    options: Options, connections: Connections, manners: Manners, journal: Journal
) -> Plan:
    from planner import policies, workflow
    from planner.live import Reading, refuse_failed
    from planner.plans.document import summary_part
    from planner.views.plan_text import render_plan

    rules = policies.read_rules(options.policy)
    specs = selected(read(options, manners), options)
    plan = workflow.plan(
        specs,
        verify=options.verify,
        effort=options.effort,
        connections=connections,
        live=Reading(parallel=options.parallelism, prune=options.prune),
    ).plan
    plan = policies.judged(plan, rules, specs)
    journal.planned(summary_part(plan), mode=plan.mode.value, fingerprint=plan.fingerprint)
    emit_view(lambda out, style: render_plan(plan, out=out, style=style), manners)
    refuse_failed(plan.checks)
    return plan


def _saved(options: Options) -> SavedPlan | None:
    """The plan file that is to be applied; UsageError where it is made for another cloud."""
    from planner import policies
    from planner.model.plan import Mode
    from planner.plans.reading import plan_of
    from planner.plans.saved import read_document, read_plan

    texts = {path: text for path in options.paths if (text := _plan_text(path))}
    if not texts:
        return None
    ((name, text), *_) = texts.items()
    _refuse_changing(name, options)
    saved = read_plan(text, name)
    policies.refuse_violating(saved.policy)
    if options.policy:
        rules, plan = policies.read_rules(options.policy), plan_of(read_document(text, name))
        policies.refuse_violating(policies.judged(plan, rules).policy)
    if (saved.mode is Mode.SANDBOX) != options.sandbox:
        made = "its sandbox" if saved.mode is Mode.SANDBOX else "the cloud"
        left = {"auto_approve", "sandbox", "sandbox_state"}
        again = retyped(options, "apply", without=left)
        raise UsageError(
            "plan-for-another",
            f"{name} was made for {made}",
            hint=again if options.sandbox else f"{again} --sandbox",
        )
    return saved


def _plan_text(path: str) -> str:
    """The text of a plan file, nothing of what is none."""
    from planner.plans.saved import is_plan

    if path == "-" or not Path(path).is_file():
        return ""
    text = Path(path).read_text(encoding="utf-8", errors="replace")
    return text if is_plan(text) else ""


def _refuse_changing(name: str, options: Options) -> None:
    """Raise UsageError for what would have a say in a plan that was reviewed."""
    given = {
        "another SPEC": len(options.paths) > 1,
        "--overlay": options.overlay,
        "--set": options.sets,
        "--limits": options.limits,
        "--only": options.only,
        "--exclude": options.exclude,
        "--prune": options.prune,
    }
    for what in (one for one, there in given.items() if there):
        raise UsageError(
            "plan-as-it-is",
            f"{name} is applied as it was reviewed, and {what} would change that",
            hint=f"planner apply {name}, or planner plan with {what} first",
        )
