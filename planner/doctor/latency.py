"""Whether the latency is what was asked for, and where on its way is it lost.

One cause is named: the first that explains a missed objective. The order is that in which one
hides the other; queueing makes everything look slow, an update makes everything cold.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from planner.doctor.case import FEW_LATE, Case
from planner.doctor.scaling import queueing
from planner.model.checkup import Finding, Severity
from planner.model.units import format_duration, format_fraction, format_number, format_rate
from planner.model.workload import LatencyTarget

CALIBRATE = "planner profile calibrate"
"""The command that takes the service time from the same metrics."""

_MEASURE = (
    "correct the service time by these metrics, or load-test it (planner render --to k6) and "
    "planner profile import; then plan again"
)


def latency(case: Case) -> Iterator[Finding]:
    """What makes a missed objective; nothing where all are met."""
    target = case.late
    if target is None:
        yield from _drifting(case)
        return
    if _cold(case, target):
        return
    causes = (_settling, _overhead, _filling, _queueing, _outside, _slower, _unlike, _tail)
    for cause in causes:
        found = list(cause(case, target))
        if found:
            yield from found
            return


def _finding(case: Case, target: LatencyTarget, **told: str) -> Finding:
    seen = case.latency(target) or 0.0
    return Finding(
        rule=told["rule"],
        source_id=told["row"],
        severity=Severity.ERROR,
        cause=f"{target.label} is {format_duration(seen)}: {told['cause']}",
        action=told["action"],
        command=told.get("command", ""),
        measured=told.get("measured") or format_duration(seen),
        expected=told.get("expected") or f"at most {format_duration(target.seconds)}",
    )


def _cold(case: Case, target: LatencyTarget) -> bool:
    """Whether cold starts or loads of models alone are more than may be late: their rules tell."""
    allowed = 1.0 - (target.quantile or 0.0)
    hits = case.vitals.hit_rate
    cold = case.vitals.share("cold_starts") or 0.0
    return cold > allowed or (hits is not None and 1.0 - hits > allowed)


def _settling(case: Case, target: LatencyTarget) -> Iterator[Finding]:
    """First calls after an update, slow until routing, caches and connections are warm."""
    updated_s, vitals = case.vitals.updated_s, case.vitals
    if updated_s is None:
        return
    end_s = updated_s + case.limit("settling")
    late = [one.start_s for one in case.late_periods(target)]
    if not late or min(late) + vitals.period_s < updated_s or max(late) > end_s:
        return
    since = [one for one in vitals.periods if updated_s <= one.start_s + vitals.period_s]
    if 2 * len(late) < sum(one.start_s <= max(late) for one in since) or case.heavier(target):
        return
    at = datetime.fromtimestamp(updated_s, UTC).strftime("%H:%M UTC")
    took_s = max(late) + vitals.period_s - updated_s
    yield Finding(
        rule="slow-after-update",
        source_id="M5",
        severity=Severity.WARNING,
        cause=f"calls were slow for {format_duration(took_s)} after the update at {at}",
        action="send a few calls to every model right after an update, before most of its traffic "
        "comes: `apply` does, with rollout.warm_up in the spec",
        measured=format_duration(case.latency(target) or 0.0),
        expected=f"at most {format_duration(target.seconds)}",
    )


def _overhead(case: Case, target: LatencyTarget) -> Iterator[Finding]:
    """What the platform adds: large payloads, rare calls, authentication."""
    overhead, seen = case.vitals.overhead, case.latency(target)
    taken = overhead.at(target.quantile) if overhead is not None else None
    if taken is None or seen is None or taken < case.limit("overhead-share") * seen:
        return
    if taken <= case.limit("slower") * case.conditions.overhead_s:
        return
    row, why, action = _blamed(case)
    yield _finding(
        case,
        target,
        rule="overhead",
        row=row,
        cause=f"{format_fraction(taken / seen)} of it is overhead of the platform, not the "
        f"model; {why}",
        action=action,
        measured=f"overhead {format_duration(taken)}",
        expected=f"overhead {format_duration(case.conditions.overhead_s)}",
    )


def _blamed(case: Case) -> tuple[str, str, str]:
    """Row, reason and action for a high overhead."""
    payload = case.workload.payload
    largest = max(payload.request_bytes, payload.response_bytes)
    if largest >= case.limit("payload"):
        return (
            "L4",
            f"requests or responses have {format_number(largest / 2**20)} MiB",
            "send less: compress, batch less, or pass a place in storage instead of the content",
        )
    per_minute = case.vitals.rate_per_s * 60.0
    if per_minute <= case.limit("rare"):
        return (
            "L4",
            f"calls are rare, {format_rate(case.vitals.rate_per_s)}, and find everything cold",
            "send a call every minute to keep it warm",
        )
    return (
        "L1",
        "neither payload nor rare calls explain it",
        "look at authentication, VPC and the client's connections: the model is not the cause",
    )


def _filling(case: Case, target: LatencyTarget) -> Iterator[Finding]:
    """The model takes longer than the spec says, and for that fills what was planned for it."""
    if not (case.heavier(target) and list(queueing(case, target))):
        return
    outside = list(_outside(case, target))
    if outside:
        yield from outside
        return
    if case.lateness(target) <= FEW_LATE:
        yield from _slower(case, target)
        return
    yield _finding(
        case,
        target,
        rule="service-time",
        row="D8",
        command=CALIBRATE,
        cause="the model takes longer than the spec says: a request keeps the processors busy "
        f"{format_number(case.work)} times as long as planned, or longer, and for that they queue",
        action=_MEASURE,
        measured=f"CPU {format_fraction(case.vitals.mean('cpu') or 0.0)}",
        expected=f"CPU up to {format_fraction(case.forecast.cpu)}",
    )


def _queueing(case: Case, target: LatencyTarget) -> Iterator[Finding]:
    for told in queueing(case, target):
        yield _finding(case, target, **told)


def _outside(case: Case, target: LatencyTarget) -> Iterator[Finding]:
    """The model waits for others: it takes longer, and its processors have no more to do."""
    calls = [call for model in case.models for call in model.external_calls]
    cpu = case.vitals.mean("cpu")
    if not calls or case.slower < case.limit("slower") or cpu is None:
        return
    if cpu > case.forecast.cpu * case.limit("slower"):
        return
    names = ", ".join(sorted({call.name for call in calls}))
    yield _finding(
        case,
        target,
        rule="external-call",
        row="D10",
        cause=f"answers take {format_number(case.slower)} times as long as predicted while the "
        f"processors do no more: the model waits for {names}",
        action="look at the latency, rate limit and errors of what it calls; cache its answers, "
        "call it in parallel, or put it into models[].external_calls as it is",
        measured=f"{format_number(case.slower)} x the predicted median, CPU {format_fraction(cpu)}",
        expected=f"CPU up to {format_fraction(case.forecast.cpu)}",
    )


def _slower(case: Case, target: LatencyTarget) -> Iterator[Finding]:
    """The model takes longer than the spec says: measure, and maybe other hardware."""
    slower, vitals = case.slower, case.vitals
    if slower < case.limit("slower"):
        return
    spread = vitals.model or vitals.total
    median = spread.least(0.5) if spread is not None else None
    told = {
        "measured": f"{format_number(slower)} x the predicted median",
        "expected": "the service time of the spec",
    }
    yield _finding(
        case,
        target,
        rule="service-time",
        row="D8",
        cause=f"the model takes {format_number(slower)} times as long as the spec says",
        command=CALIBRATE,
        action=_MEASURE,
        **told,
    )
    if median is not None and median > target.seconds:
        yield _finding(
            case,
            target,
            rule="slow-model",
            row="L3",
            cause=f"even half of all answers take longer than {format_duration(target.seconds)}, "
            "so that no number of replicas helps",
            action="run it alone to see what it takes; compile it for its processor, or take a "
            "GPU, Inferentia or a faster processor",
        )
        yield _finding(
            case,
            target,
            rule="large-model",
            row="D5",
            cause="the model itself is too slow for the objective",
            action="a smaller, quantized or pruned model; pre- and post-processing elsewhere; "
            "batches on the client",
        )


def _drifting(case: Case) -> Iterator[Finding]:
    """The model takes longer than the spec says, and the objectives are met for now."""
    more = case.vitals.rate_per_s > case.forecast.rate.high * case.limit("slower")
    if more or case.slower < case.limit("slower") or case.vitals.mean("requests") is None:
        return
    yield Finding(
        rule="service-time",
        source_id="D8",
        severity=Severity.NOTE,
        cause=f"the model takes {format_number(case.slower)} times as long as the spec says; the "
        "objectives are met for now",
        action="correct the service time by these metrics, and plan again",
        command=CALIBRATE,
        measured=f"{format_number(case.slower)} x the predicted median",
        expected="the service time of the spec",
    )


def _unlike(case: Case, target: LatencyTarget) -> Iterator[Finding]:
    """Models on one endpoint that differ: one of them is hot, slow or strict."""
    if not case.shared:
        return
    yield _finding(
        case,
        target,
        rule="models-unlike",
        row="M2",
        cause="models are found in memory and half of the answers are as fast as predicted: some "
        "of the models are slower, hotter or larger than the rest",
        action="give such a model a latency objective of its own in models[], so that it gets an "
        "endpoint of its own",
    )


def _tail(case: Case, target: LatencyTarget) -> Iterator[Finding]:
    """Half of the answers are as predicted, and the tail is longer."""
    yield _finding(
        case,
        target,
        rule="tail",
        row="D8",
        cause="half of the answers are as fast as predicted, and the slowest are not",
        action="measure percentiles, not a mean: planner profile import of a load test; look for "
        "requests that are larger than others",
    )
