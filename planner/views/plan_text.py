"""The plan for people: what changes, what it costs, why this and not the next best."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TextIO

from planner.model.candidate import Infeasible
from planner.model.change import Action, Change, ChangeSet, FieldChange
from planner.model.check import Verdict
from planner.model.plan import EndpointPlan, LimitBreach, Pending, Plan
from planner.model.units import format_usd
from planner.views.findings import Places, nowhere
from planner.views.lock_wording import lock_texts
from planner.views.plan_wording import (
    SAID,
    breach_text,
    check_text,
    concurrency_text,
    cost_text,
    latency_text,
    miss_paths,
    miss_texts,
    prices_of,
    reason_text,
    relaxation_texts,
    risk_text,
    scaling_text,
    telling_fields,
    verified_text,
    warming_texts,
    why_not_texts,
)
from planner.views.policy_wording import label_of, place_texts, policy_texts, violation_text
from planner.views.style import Paper, Role, Style
from planner.views.wording import (
    ROLE,
    SYMBOL,
    capacity,
    counted,
    difference,
    is_time,
    margin_text,
)

_FIELDS = 8


def render_plan(plan: Plan, *, out: TextIO, style: Style, places: Places = nowhere) -> None:
    """Write every endpoint, then what is infeasible or over a limit, then the totals.

    What is infeasible is shown with the `places` in its spec that stand in the way.
    """
    paper = Paper(out=out, style=style)
    prices = prices_of(plan.endpoints)
    for endpoint in plan.endpoints:
        _endpoint(paper, endpoint, prices[endpoint.workload])
    for outcome in plan.infeasible:
        _infeasible(paper, outcome, places)
    for breach in plan.breaches:
        _breach(paper, breach)
    for removal in plan.removals:
        _removal(paper, removal)
    _checks(paper, plan)
    _violations(paper, plan)
    _footer(paper, plan)


def _endpoint(paper: Paper, endpoint: EndpointPlan, prices: Sequence[float]) -> None:
    decision = endpoint.decision
    paint = paper.style.paint
    symbol = paint(SYMBOL[endpoint.action], ROLE[endpoint.action])
    headline = f"{decision.hosting} {capacity(decision)}"
    cost = f"{format_usd(decision.cost.monthly_usd)}/month"
    paper.line(f"{symbol} {paint(endpoint.name, 'strong')} {SAID[endpoint.action]}, {cost}")
    paper.entry("where", f"{decision.provider} {decision.region}")
    paper.entry("hosting", headline)
    paper.entry("concurrency", concurrency_text(decision))
    if decision.autoscaling is not None:
        paper.entry("scaling", scaling_text(decision))
    if decision.options:
        paper.entry("options", ", ".join(f"{name} {value}" for name, value in decision.options))
    paper.entry("latency", latency_text(decision), None if decision.met else "bad")
    paper.entry("verified", verified_text(decision), None if decision.verification else "caution")
    others = [margin_text(margin) for margin in decision.margins if not is_time(margin)]
    if others:
        paper.entry("objectives", ", ".join(others))
    paper.entry("cost", cost_text(endpoint))
    for index, text in enumerate(why_not_texts(endpoint, prices)):
        paper.entry("" if index else "why not", text)
    if endpoint.action in {Action.UPDATE, Action.REPLACE}:
        paper.entry("risk", risk_text(endpoint.changes))
    show_changes(paper, endpoint.changes)
    _more(paper, endpoint)
    paper.line()


def _more(paper: Paper, endpoint: EndpointPlan) -> None:
    decision = endpoint.decision
    for text in warming_texts(endpoint):
        paper.entry("test calls", text)
    for note in endpoint.changes.notes:
        paper.entry("note", note)
    for warning in decision.warnings:
        paper.entry("warning", warning, "caution")
    parts = []
    if decision.assumptions:
        parts.append(counted(len(decision.assumptions), "assumption"))
    if decision.advice:
        parts.append(counted(len(decision.advice), "advised rule"))
    if parts:
        paper.entry("more", f"{', '.join(parts)}: see `planner explain`")


def show_changes(paper: Paper, found: ChangeSet, *, label: str = "changes") -> None:
    """Write every change with its fields, and its reason where it is not that of all."""
    changes = found.acting
    reasons = {reason_text(change) for change in changes}
    for index, change in enumerate(changes):
        shared = len(reasons) == 1 and index > 0
        reason = "" if shared else f"  ({reason_text(change)})"
        symbol = SYMBOL[change.action]
        paper.entry("" if index else label, f"{symbol} {change.address}{reason}")
        _fields(paper, change)


def _fields(paper: Paper, change: Change) -> None:
    acting, ignored = telling_fields(change)
    for field in acting[:_FIELDS]:
        paper.entry("", f"    {_field(field, change)}")
    if len(acting) > _FIELDS:
        rest = counted(len(acting) - _FIELDS, "more field")
        paper.entry("", f"    and {rest}: see `-o json`")
    for text in ignored:
        paper.entry("", f"    {text}")


def _field(field: FieldChange, change: Change) -> str:
    text = f"{field.path}: {_value(field.live)} -> {_value(field.desired)}"
    return text if field.reason == change.reason else f"{text}  ({field.reason})"


def _value(value: Any) -> str:
    return "none" if value is None else str(value)


def _infeasible(paper: Paper, outcome: Infeasible, places: Places) -> None:
    paint = paper.style.paint
    paper.line(
        f"{paint('!', 'bad')} {paint(outcome.workload, 'strong')} is infeasible:"
        " nothing in the searched space meets its spec"
    )
    for index, text in enumerate(miss_texts(outcome)):
        paper.entry("" if index else "nearest", text, "bad")
    for index, path in enumerate(miss_paths(outcome)):
        at = places(outcome.workload, path)
        if at is not None:
            paper.entry("" if index else "asked at", f"{at} {path}")
    for index, text in enumerate(relaxation_texts(outcome)):
        paper.entry("" if index else "would do", text, "good")
    paper.line()


def _breach(paper: Paper, breach: LimitBreach) -> None:
    paper.line(f"{paper.style.paint('!', 'bad')} limit exceeded: {breach_text(breach)}")
    paper.entry("source", f"{breach.limit.source}, {breach.limit.as_of}")
    shown = ", ".join(sorted(breach.endpoints)[:_FIELDS])
    more = len(breach.endpoints) - _FIELDS
    paper.entry("endpoints", f"{shown} and {more:,} more" if more > 0 else shown)
    paper.line()


def _removal(paper: Paper, removal: Pending) -> None:
    paint = paper.style.paint
    symbol = paint(SYMBOL[Action.DELETE], ROLE[Action.DELETE])
    name = paint(removal.desired.endpoint, "strong")
    paper.line(f"{symbol} {name} will be deleted: {removal.owner} no longer wants it")
    paper.entry("where", f"{removal.desired.provider} {removal.desired.region}".rstrip())
    show_changes(paper, removal.changes)
    paper.line()


def _checks(paper: Paper, plan: Plan) -> None:
    """What would stop the first write, what could not be looked at, and what is worth a word."""
    for check in plan.checks:
        if check.verdict is Verdict.PASSED:
            if check.hint:
                paper.line(f"{paper.style.paint('note', 'caution')}: {check_text(check)}")
                paper.entry("help", check.hint)
            continue
        stopping = check.verdict in {Verdict.FAILED, Verdict.DENIED}
        role: Role = "bad" if stopping else "caution"
        said = "would fail" if stopping else "not checked"
        paper.line(f"{paper.style.paint('!', role)} {said}: {check_text(check)}")
        if check.hint:
            paper.entry("help", check.hint)
    passed = sum(check.verdict is Verdict.PASSED for check in plan.checks)
    if plan.checks:
        paper.line(f"Checked before the first write: {passed} of {len(plan.checks)} passed.")


def _violations(paper: Paper, plan: Plan) -> None:
    """Where the plan goes against policies, and what they say of the rest."""
    for one in plan.policy.violations if plan.policy is not None else ():
        role: Role = "bad" if one.mandatory else "caution"
        paper.line(f"{paper.style.paint('!', role)} {label_of(one)}: {violation_text(one)}")
        for place in place_texts(one):
            paper.entry("at", place)
    for text in policy_texts(plan):
        paper.line(f"Policy: {text}.")


def _footer(paper: Paper, plan: Plan) -> None:
    counts = dict.fromkeys(Action, 0)
    for endpoint in plan.endpoints:
        counts[endpoint.action] += 1
    counts[Action.DELETE] += len(plan.removals)
    before, after = plan.monthly_usd_before, plan.monthly_usd_after
    summary = (
        f"Plan: {counts[Action.CREATE]:,} to create, {counts[Action.UPDATE]:,} to update,"
        f" {counts[Action.REPLACE]:,} to replace, {counts[Action.DELETE]:,} to delete,"
        f" {counts[Action.NONE]:,} unchanged."
    )
    paper.line(paper.style.paint(summary, "strong"))
    if plan.infeasible:
        paper.line(f"Infeasible: {counted(len(plan.infeasible), 'workload')}.")
    paper.line(
        f"Monthly: {format_usd(before)} -> {format_usd(after)} ({difference(after - before)})"
    )
    for text in lock_texts(plan):
        paper.line(f"Lock: {text}.")
    if plan.strays:
        names = ", ".join(plan.strays[:_FIELDS])
        paper.line(f"No longer wanted, and kept: {names}. `--prune` deletes.")
    if plan.endpoints and not plan.verified:
        paper.line(
            paper.style.paint(
                "Not verified: some latencies rest on the closed form alone.", "caution"
            )
        )
    for stamp in plan.catalogs:
        paper.line(f"Prices: {stamp.provider} {stamp.region}, {stamp.as_of} ({stamp.version})")
    paper.line(f"Fingerprint: {plan.fingerprint}")
