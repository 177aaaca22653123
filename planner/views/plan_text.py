"""The plan for people: what changes, what it costs, why this and not the next best."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, TextIO

from planner.model.candidate import Decision, Infeasible
from planner.model.change import Action, Change, ChangeSet, FieldChange, Risk
from planner.model.check import Verdict
from planner.model.plan import EndpointPlan, LimitBreach, Pending, Plan
from planner.model.units import format_duration, format_fraction, format_number, format_usd
from planner.plans.shortlist import shortlist
from planner.views.style import Paper, Role, Style
from planner.views.wording import (
    ROLE,
    SYMBOL,
    candidate,
    capacity,
    counted,
    difference,
    is_time,
    margin_text,
    why_not,
    why_rejected,
)

DISAGREE = 0.1
"""Part of a p99 by which simulation and closed form differ before both are told."""
_ALTERNATIVES = 3
_FIELDS = 8
_BOOKKEEPING = "[planner:"
"""What the tags are called by which the planner knows its own objects."""

_SAID = {
    Action.NONE: "no change",
    Action.CREATE: "will be created",
    Action.UPDATE: "will be updated",
    Action.REPLACE: "must be replaced",
    Action.DELETE: "will be deleted",
}


_RISK = {
    Risk.NONE: "none: nothing that serves is touched",
    Risk.IN_PLACE: "in place, nothing is restarted",
    Risk.ROLLING: "rolling, without downtime: the old serves until the new is up",
    Risk.ONE_WAY: "one-way: it cannot be undone",
    Risk.DOWNTIME: "downtime: the endpoint is gone until it is made anew",
}


def render_plan(plan: Plan, *, out: TextIO, style: Style) -> None:
    """Write every endpoint, then what is infeasible or over a limit, then the totals."""
    paper = Paper(out=out, style=style)
    prices: dict[str, list[float]] = defaultdict(list)
    for endpoint in plan.endpoints:
        prices[endpoint.workload].append(endpoint.decision.cost.monthly_usd)
    for endpoint in plan.endpoints:
        _endpoint(paper, endpoint, prices[endpoint.workload])
    for outcome in plan.infeasible:
        _infeasible(paper, outcome)
    for breach in plan.breaches:
        _breach(paper, breach)
    for removal in plan.removals:
        _removal(paper, removal)
    _checks(paper, plan)
    _footer(paper, plan)


def _endpoint(paper: Paper, endpoint: EndpointPlan, prices: Sequence[float]) -> None:
    decision = endpoint.decision
    paint = paper.style.paint
    symbol = paint(SYMBOL[endpoint.action], ROLE[endpoint.action])
    headline = f"{decision.hosting} {capacity(decision)}"
    cost = f"{format_usd(decision.cost.monthly_usd)}/month"
    paper.line(f"{symbol} {paint(endpoint.name, 'strong')} {_SAID[endpoint.action]}, {cost}")
    paper.entry("where", f"{decision.provider} {decision.region}")
    paper.entry("hosting", headline)
    paper.entry("concurrency", _concurrency(decision))
    if decision.autoscaling is not None:
        paper.entry("scaling", _scaling(decision))
    if decision.options:
        paper.entry("options", ", ".join(f"{name} {value}" for name, value in decision.options))
    paper.entry("latency", _latency(decision), None if decision.met else "bad")
    paper.entry("verified", _verified(decision), None if decision.verification else "caution")
    others = [margin_text(margin) for margin in decision.margins if not is_time(margin)]
    if others:
        paper.entry("objectives", ", ".join(others))
    paper.entry("cost", _cost(endpoint))
    _alternatives(paper, endpoint, prices)
    if endpoint.action in {Action.UPDATE, Action.REPLACE}:
        paper.entry("risk", _risk(endpoint.changes))
    show_changes(paper, endpoint.changes)
    for note in endpoint.changes.notes:
        paper.entry("note", note)
    for warning in decision.warnings:
        paper.entry("warning", warning, "caution")
    _more(paper, decision)
    paper.line()


def _more(paper: Paper, decision: Decision) -> None:
    parts = []
    if decision.assumptions:
        parts.append(counted(len(decision.assumptions), "assumption"))
    if decision.advice:
        parts.append(counted(len(decision.advice), "advised rule"))
    if parts:
        paper.entry("more", f"{', '.join(parts)}: see `planner explain`")


def _concurrency(decision: Decision) -> str:
    concurrency = decision.concurrency
    per_replica = f"{concurrency.per_replica} per replica, " if decision.replicas else ""
    routing = f", routing {decision.routing}" if decision.routing else ""
    models = f", {counted(len(decision.models), 'model')}" if len(decision.models) > 1 else ""
    return f"{per_replica}{concurrency.max:,} at most{routing}{models}"


def _scaling(decision: Decision) -> str:
    scaling = decision.autoscaling
    assert scaling is not None
    scheduled = counted(len(scaling.scheduled), "scheduled action")
    return (
        f"{scaling.metric} held at {format_number(scaling.target)},"
        f" cooldown {format_duration(scaling.cooldown_up_s)} up"
        f" and {format_duration(scaling.cooldown_down_s)} down"
        f"{f', {scheduled}' if scaling.scheduled else ''}"
    )


def _latency(decision: Decision) -> str:
    asked = sorted((each for each in decision.margins if is_time(each)), key=lambda m: m.objective)
    texts = [margin_text(margin).removeprefix("latency ") for margin in asked]
    labels = {text.partition(" ")[0] for text in texts}
    for label, seconds in (("p50", decision.latency.p50_s), ("p99", decision.latency.p99_s)):
        if label not in labels:
            texts.append(f"{label} {format_duration(seconds)}")
    texts.sort()
    if decision.cold_start_fraction > 0:
        texts.append(f"{format_fraction(decision.cold_start_fraction)} cold")
    return ", ".join(texts)


def _verified(decision: Decision) -> str:
    """How sure the percentiles are, and what one less would lack."""
    verification = decision.verification
    if verification is None:
        return "no: the closed form alone, nothing simulated"
    interval = next(each for each in verification.intervals if each.name == "p99")
    text = "nobody ever waits, nothing to simulate"
    if verification.simulated:
        low, high = format_duration(interval.low_s), format_duration(interval.high_s)
        span = f"{low} to {high}" if low != high else low
        confidence = format_fraction(verification.confidence)
        text = f"{counted(verification.simulated, 'request')} simulated, p99 {span} at {confidence}"
        formula = verification.closed_form.p99_s
        if abs(decision.latency.p99_s - formula) > DISAGREE * formula:
            text += f" (closed form: {format_duration(formula)})"
    return f"{text}; with {verification.fewer}" if verification.fewer else text


def _cost(endpoint: EndpointPlan) -> str:
    cost = endpoint.decision.cost
    text = f"{format_usd(cost.monthly_usd)} a month"
    if cost.per_million_usd is not None:
        text += f", {format_usd(cost.per_million_usd)} per million requests"
    if endpoint.action not in (Action.CREATE, Action.NONE):
        before = endpoint.monthly_usd_before
        text += f" (before: {format_usd(before)}, {difference(cost.monthly_usd - before)})"
    return text


def _alternatives(paper: Paper, endpoint: EndpointPlan, prices: Sequence[float]) -> None:
    """The best of the others, priced as the whole workload: `prices` are those of its endpoints."""
    listed = shortlist(endpoint.alternatives, endpoint.excluded, limit=_ALTERNATIVES)
    label, total = "why not", sum(prices)
    if listed and len(prices) > 1:
        together = f"{len(prices)} endpoints of {endpoint.workload}, {format_usd(total)} together"
        paper.entry(label, f"instead of the {together}:")
        label = ""
    for index, alternative in enumerate(listed):
        what = candidate(alternative)
        if alternative.provider != endpoint.decision.provider:
            what = f"{alternative.provider} {what}"
        reason = why_not(alternative, chosen_usd=total)
        paper.entry("" if index else label, f"{what}: {reason}")


def show_changes(paper: Paper, found: ChangeSet, *, label: str = "changes") -> None:
    """Write every change with its fields, and its reason where it is not that of all."""
    changes = found.acting
    reasons = {_reason(change) for change in changes}
    for index, change in enumerate(changes):
        shared = len(reasons) == 1 and index > 0
        reason = "" if shared else f"  ({_reason(change)})"
        symbol = SYMBOL[change.action]
        paper.entry("" if index else label, f"{symbol} {change.address}{reason}")
        _fields(paper, change)


def _risk(changes: ChangeSet) -> str:
    """What the changes mean for traffic, and how long they usually take."""
    text = _RISK[changes.risk]
    if changes.expected_s is None:
        return text
    least, most = (format_duration(seconds) for seconds in changes.expected_s)
    return f"{text}; usually takes {least} to {most}"


def _reason(change: Change) -> str:
    quiet = {Risk.NONE, Risk.IN_PLACE}
    return change.reason if change.risk in quiet else f"{change.reason}; {change.risk.value}"


def _fields(paper: Paper, change: Change) -> None:
    """Fields that get another value; a creation has none unless it takes another's place."""
    if change.action is Action.DELETE or all(field.live is None for field in change.fields):
        return
    name = change.address.partition("/")[2]
    moved = [
        field
        for field in change.fields
        if field.desired not in (field.live, name) and _BOOKKEEPING not in field.path
    ]
    creates = change.action is Action.CREATE
    acting = [field for field in moved if creates or field.action is not Action.NONE]
    for field in acting[:_FIELDS]:
        paper.entry("", f"    {_field(field, change)}")
    if len(acting) > _FIELDS:
        rest = counted(len(acting) - _FIELDS, "more field")
        paper.entry("", f"    and {rest}: see `-o json`")
    reasons = sorted({field.reason for field in moved if field not in acting})
    for reason in reasons:
        ignored = sum(field.reason == reason for field in moved if field not in acting)
        paper.entry("", f"    {counted(ignored, 'field')} ignored: {reason}")


def _field(field: FieldChange, change: Change) -> str:
    text = f"{field.path}: {_value(field.live)} -> {_value(field.desired)}"
    return text if field.reason == change.reason else f"{text}  ({field.reason})"


def _value(value: Any) -> str:
    return "none" if value is None else str(value)


def _infeasible(paper: Paper, outcome: Infeasible) -> None:
    paint = paper.style.paint
    paper.line(
        f"{paint('!', 'bad')} {paint(outcome.workload, 'strong')} is infeasible:"
        " nothing in the searched space meets its spec"
    )
    nearest = outcome.misses or shortlist((), outcome.excluded, limit=_ALTERNATIVES)
    for index, miss in enumerate(nearest[:_ALTERNATIVES]):
        what = f"{miss.provider} {candidate(miss)}"
        reason = "" if miss.rejection is None else f": {why_rejected(miss.rejection)}"
        if miss.rejection is not None and 1.0 < miss.rejection.shortfall < float("inf"):
            reason += f", off by {format_fraction(miss.rejection.shortfall - 1.0)}"
        paper.entry("" if index else "nearest", f"{what}{reason}", "bad")
    for index, relaxation in enumerate(outcome.relaxations[:_ALTERNATIVES]):
        text = f"{relaxation.path}: {relaxation.current} -> {relaxation.needed}"
        if relaxation.monthly_usd is not None:
            text += f", then {format_usd(relaxation.monthly_usd)} a month"
        paper.entry("" if index else "would do", text, "good")
    paper.line()


def _breach(paper: Paper, breach: LimitBreach) -> None:
    limit = breach.limit
    row = f" [{limit.source_id}]" if limit.source_id else ""
    paper.line(
        f"{paper.style.paint('!', 'bad')} limit exceeded: {limit.name}, {breach.provider}"
        f" {breach.region}: {format_number(breach.measured)},"
        f" allowed {format_number(limit.value)}{row}"
    )
    paper.entry("source", f"{limit.source}, {limit.as_of}")
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
    """What would stop the first write, and what could not be looked at."""
    for check in plan.checks:
        if check.verdict is Verdict.PASSED:
            continue
        stopping = check.verdict in {Verdict.FAILED, Verdict.DENIED}
        role: Role = "bad" if stopping else "caution"
        said = "would fail" if stopping else "not checked"
        paper.line(
            f"{paper.style.paint('!', role)} {said}: {check.name}, {check.subject}: {check.detail}"
        )
        if check.hint:
            paper.entry("help", check.hint)
    passed = sum(check.verdict is Verdict.PASSED for check in plan.checks)
    if plan.checks:
        paper.line(f"Checked before the first write: {passed} of {len(plan.checks)} passed.")


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
