"""Sentences about one decision and its changes that the plan's views share."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from planner.model.candidate import Alternative, Decision, Infeasible
from planner.model.change import Action, Change, ChangeSet, FieldChange, Risk
from planner.model.check import Check
from planner.model.plan import EndpointPlan, LimitBreach
from planner.model.units import format_duration, format_fraction, format_number, format_usd
from planner.plans.shortlist import shortlist
from planner.views.wording import (
    candidate,
    counted,
    difference,
    is_time,
    margin_text,
    why_not,
    why_rejected,
)

DISAGREE = 0.1
"""Part of a p99 by which simulation and closed form differ before both are told."""
NEAREST = 3
"""Alternatives, misses and relaxations that are told of one endpoint."""
_BOOKKEEPING = "[planner:"
"""What the tags are called by which the planner knows its own objects."""

SAID = {
    Action.NONE: "no change",
    Action.CREATE: "will be created",
    Action.UPDATE: "will be updated",
    Action.REPLACE: "must be replaced",
    Action.DELETE: "will be deleted",
}
"""What becomes of an endpoint."""

_RISK = {
    Risk.NONE: "none: nothing that serves is touched",
    Risk.IN_PLACE: "in place, nothing is restarted",
    Risk.ROLLING: "rolling, without downtime: the old serves until the new is up",
    Risk.ONE_WAY: "one-way: it cannot be undone",
    Risk.DOWNTIME: "downtime: the endpoint is gone until it is made anew",
}


def concurrency_text(decision: Decision) -> str:
    """How many requests it serves at once, and how they are spread."""
    concurrency = decision.concurrency
    per_replica = f"{concurrency.per_replica} per replica, " if decision.replicas else ""
    routing = f", routing {decision.routing}" if decision.routing else ""
    models = f", {counted(len(decision.models), 'model')}" if len(decision.models) > 1 else ""
    return f"{per_replica}{concurrency.max:,} at most{routing}{models}"


def scaling_text(decision: Decision) -> str:
    """What is held where, of a decision that scales by itself."""
    scaling = decision.autoscaling
    assert scaling is not None
    scheduled = counted(len(scaling.scheduled), "scheduled action")
    return (
        f"{scaling.metric} held at {format_number(scaling.target)},"
        f" cooldown {format_duration(scaling.cooldown_up_s)} up"
        f" and {format_duration(scaling.cooldown_down_s)} down"
        f"{f', {scheduled}' if scaling.scheduled else ''}"
    )


def latency_text(decision: Decision) -> str:
    """Every percentile that is asked for, p50 and p99 in any case, and how many wait cold."""
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


def verified_text(decision: Decision) -> str:
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


def cost_text(endpoint: EndpointPlan) -> str:
    """A month, a million requests, and what it is against before."""
    cost = endpoint.decision.cost
    text = f"{format_usd(cost.monthly_usd)} a month"
    if cost.per_million_usd is not None:
        text += f", {format_usd(cost.per_million_usd)} per million requests"
    if endpoint.action not in (Action.CREATE, Action.NONE):
        before = endpoint.monthly_usd_before
        text += f" (before: {format_usd(before)}, {difference(cost.monthly_usd - before)})"
    return text


def risk_text(changes: ChangeSet) -> str:
    """What the changes mean for traffic, and how long they usually take."""
    text = _RISK[changes.risk]
    if changes.expected_s is None:
        return text
    least, most = (format_duration(seconds) for seconds in changes.expected_s)
    return f"{text}; usually takes {least} to {most}"


def reason_text(change: Change) -> str:
    """Why a change is made, and its risk where it has one."""
    quiet = {Risk.NONE, Risk.IN_PLACE}
    return change.reason if change.risk in quiet else f"{change.reason}; {change.risk.value}"


def why_not_texts(endpoint: EndpointPlan, prices: Sequence[float]) -> list[str]:
    """The best of the others, priced as the whole workload: `prices` are those of its endpoints."""
    listed = shortlist(endpoint.alternatives, endpoint.excluded, limit=NEAREST)
    total = sum(prices)
    texts = []
    if listed and len(prices) > 1:
        together = f"{len(prices)} endpoints of {endpoint.workload}, {format_usd(total)} together"
        texts.append(f"instead of the {together}:")
    for alternative in listed:
        what = candidate(alternative)
        if alternative.provider != endpoint.decision.provider:
            what = f"{alternative.provider} {what}"
        texts.append(f"{what}: {why_not(alternative, chosen_usd=total)}")
    return texts


def telling_fields(change: Change) -> tuple[list[FieldChange], list[str]]:
    """Fields that get another value, and a line for each reason that others are ignored for.

    A creation has none unless it takes another's place.
    """
    if change.action is Action.DELETE or all(field.live is None for field in change.fields):
        return [], []
    name = change.address.partition("/")[2]
    moved = [
        field
        for field in change.fields
        if field.desired not in (field.live, name) and _BOOKKEEPING not in field.path
    ]
    creates = change.action is Action.CREATE
    acting = [field for field in moved if creates or field.action is not Action.NONE]
    ignored = [field.reason for field in moved if field not in acting]
    return acting, [
        f"{counted(ignored.count(reason), 'field')} ignored: {reason}"
        for reason in sorted(set(ignored))
    ]


def miss_texts(outcome: Infeasible) -> list[str]:
    """What comes nearest to a spec that nothing meets, and what each lacks."""
    texts = []
    for miss in _nearest(outcome):
        text = f"{miss.provider} {candidate(miss)}"
        if miss.rejection is not None:
            text += f": {why_rejected(miss.rejection)}"
            if 1.0 < miss.rejection.shortfall < float("inf"):
                text += f", off by {format_fraction(miss.rejection.shortfall - 1.0)}"
        texts.append(text)
    return texts


def miss_paths(outcome: Infeasible) -> list[str]:
    """Where the spec asks for what the nearest lack, each place once."""
    paths = (miss.rejection.path for miss in _nearest(outcome) if miss.rejection is not None)
    return list(dict.fromkeys(filter(None, paths)))


def _nearest(outcome: Infeasible) -> Sequence[Alternative]:
    return (outcome.misses or shortlist((), outcome.excluded, limit=NEAREST))[:NEAREST]


def relaxation_texts(outcome: Infeasible) -> list[str]:
    """What would have to be asked instead, the smallest change first."""
    texts = []
    for relaxation in outcome.relaxations[:NEAREST]:
        text = f"{relaxation.path}: {relaxation.current} -> {relaxation.needed}"
        if relaxation.monthly_usd is not None:
            text += f", then {format_usd(relaxation.monthly_usd)} a month"
        texts.append(text)
    return texts


def breach_text(breach: LimitBreach) -> str:
    """Which limit is exceeded where, and by how much."""
    limit = breach.limit
    row = f" [{limit.source_id}]" if limit.source_id else ""
    return (
        f"{limit.name}, {breach.provider} {breach.region}: {format_number(breach.measured)},"
        f" allowed {format_number(limit.value)}{row}"
    )


def check_text(check: Check) -> str:
    """What was looked at before the first write, and what was found."""
    return f"{check.name}, {check.subject}: {check.detail}"


def prices_of(endpoints: Iterable[EndpointPlan]) -> dict[str, list[float]]:
    """What each endpoint of a workload costs a month, by the name of the workload."""
    prices: dict[str, list[float]] = defaultdict(list)
    for endpoint in endpoints:
        prices[endpoint.workload].append(endpoint.decision.cost.monthly_usd)
    return prices


def warming_texts(endpoint: EndpointPlan) -> list[str]:
    """What is called once the endpoint is written; nothing where nothing is."""
    warming = endpoint.to_warm
    if warming is None:
        return []
    asked, count = warming.warm_up, len(warming.targets)
    of = ""
    if warming.served > count:
        each = "the hottest" if count == 1 else f"each of the {count:,} hottest"
        of = f" of {each} of its {warming.served:,} models"
    elif count > 1:
        of = f" of each of its {count:,} models"
    limit = format_duration(asked.timeout_s)
    return [f"up to {asked.requests:,}{of} once it is ready, for {limit} at most"]
