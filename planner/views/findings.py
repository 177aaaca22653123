"""What a plan, a drift or a spec has to say to tools that show findings: a level, a code, a place.

Annotations, SARIF and JUnit are made of these.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal

from planner.diagnostics import Diagnostic, Location
from planner.model.candidate import Infeasible
from planner.model.change import Action, Risk
from planner.model.check import Check, Verdict
from planner.model.drift import Drift, Sync
from planner.model.plan import EndpointPlan, LimitBreach, Locking, LockState, Plan
from planner.model.value import value
from planner.views.endpoint_markdown import total_text
from planner.views.lock_wording import lock_text
from planner.views.plan_wording import (
    SAID,
    breach_text,
    check_text,
    latency_text,
    miss_texts,
    relaxation_texts,
    risk_text,
)
from planner.views.policy_wording import label_of, place_texts, violation_text
from planner.views.severity import STOPPING, ranked
from planner.views.wording import capacity

Level = Literal["error", "warning", "note"]
LEVELS: tuple[Level, ...] = ("error", "warning", "note")
"""By falling severity."""

_CAVEAT = "caveat"

Places = Callable[[str, str], Location | None]
"""Where a path such as `spec.slo` stands, by the name of the workload; None where nobody knows."""


@value
class Finding:
    """One thing to look at; `subject` is the endpoint, spec or account it is about."""

    level: Level
    code: str
    message: str
    subject: str = ""
    hint: str = ""
    location: Location | None = None


@value
class Case:
    """One thing that was looked at, with what was found; `skipped` says why it was not."""

    group: str
    name: str
    findings: tuple[Finding, ...] = ()
    skipped: str = ""


@value
class Report:
    """Everything that was looked at, in order."""

    cases: tuple[Case, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, errors first; what is only to be borne in mind is last of its level."""
        found = (finding for case in self.cases for finding in case.findings)
        return tuple(sorted(found, key=lambda one: (LEVELS.index(one.level), one.code == _CAVEAT)))


def nowhere(workload: str, path: str) -> Location | None:  # noqa: ARG001
    """The places of a plan whose specs are not at hand."""
    return None


def plan_report(plan: Plan, places: Places = nowhere) -> Report:
    """What is wrong with a plan, what is dangerous about it, and what it changes."""
    cases = [
        *(_infeasible_case(outcome, places) for outcome in plan.infeasible),
        *(_breach_case(breach) for breach in plan.breaches),
        *(_check_case(check) for check in plan.checks),
        *(_endpoint_case(endpoint, places) for _, endpoint in ranked(plan)),
        *(_removal_case(one.desired.endpoint, one.owner, places) for one in plan.removals),
        *(_lock_case(lock, places) for lock in plan.locks),
        *_policy_cases(plan),
    ]
    return Report(cases=tuple(cases))


def _infeasible_case(outcome: Infeasible, places: Places) -> Case:
    name = outcome.workload
    nearest, instead = miss_texts(outcome), relaxation_texts(outcome)
    paths = [one.path for one in outcome.relaxations]
    paths += [miss.rejection.path for miss in outcome.misses if miss.rejection is not None]
    message = f"{name}: nothing in the searched space meets its spec"
    if nearest:
        message += f"; nearest: {nearest[0]}"
    finding = Finding(
        level="error",
        code="infeasible",
        message=message,
        subject=name,
        hint=instead[0] if instead else "",
        location=places(name, next(filter(None, paths), "metadata.name")),
    )
    return Case(group="endpoints", name=name, findings=(finding,))


def _breach_case(breach: LimitBreach) -> Case:
    finding = Finding(
        level="error",
        code="limit-exceeded",
        message=f"limit exceeded: {breach_text(breach)}",
        subject=f"{breach.provider} {breach.region}",
        hint=f"{breach.limit.source}, {breach.limit.as_of}",
    )
    name = f"{breach.limit.name}, {breach.provider} {breach.region}"
    return Case(group="limits", name=name, findings=(finding,))


def _check_case(check: Check) -> Case:
    name = f"{check.name}, {check.subject}"
    if check.verdict is Verdict.PASSED:
        return Case(group="checks", name=name)
    stops = check.verdict in STOPPING
    finding = Finding(
        level="error" if stops else "note",
        code=f"check-{check.name.replace(' ', '-')}",
        message=f"{'would fail' if stops else 'not checked'}: {check_text(check)}",
        subject=check.subject,
        hint=check.hint,
    )
    return Case(
        group="checks", name=name, findings=(finding,), skipped="" if stops else check.detail
    )


def _endpoint_case(endpoint: EndpointPlan, places: Places) -> Case:
    at = places(endpoint.workload, "metadata.name")
    found = tuple(
        Finding(level=level, code=code, message=message, subject=endpoint.name, location=at)
        for level, code, message in _said(endpoint)
    )
    return Case(group="endpoints", name=endpoint.name, findings=found)


def _said(endpoint: EndpointPlan) -> Iterator[tuple[Level, str, str]]:
    name, decision, changes = endpoint.name, endpoint.decision, endpoint.changes
    if not decision.met:
        yield "error", "slo-missed", f"{name} misses its SLO: {latency_text(decision)}"
    if endpoint.sync is Sync.DRIFTED:
        yield "warning", "drifted", f"{name} was changed outside of the planner"
    if endpoint.action is not Action.NONE:
        grave = endpoint.action in {Action.REPLACE, Action.DELETE} or changes.risk in _GRAVE
        money = total_text(endpoint.monthly_usd_before, endpoint.monthly_usd_after)
        what = f"{name} {SAID[endpoint.action]}: {decision.hosting} {capacity(decision)}, {money}"
        risk = "" if endpoint.action is Action.CREATE else f"; risk: {risk_text(changes)}"
        yield "warning" if grave else "note", f"to-{endpoint.action.value}", what + risk
    for warning in decision.warnings:
        yield "note", _CAVEAT, f"{name}: {warning}"


_GRAVE = {Risk.ONE_WAY, Risk.DOWNTIME}


def _removal_case(name: str, owner: str, places: Places) -> Case:
    finding = Finding(
        level="warning",
        code="to-delete",
        message=f"{name} will be deleted: {owner} no longer wants it",
        subject=name,
        location=places(owner, "metadata.name"),
    )
    return Case(group="endpoints", name=name, findings=(finding,))


def _policy_cases(plan: Plan) -> Iterator[Case]:
    for one in plan.policy.violations if plan.policy is not None else ():
        finding = Finding(
            level="error" if one.mandatory else "warning",
            code=one.code,
            message=f"{label_of(one)}: {violation_text(one)}",
            subject=", ".join(one.endpoints[:3]),
            hint="; ".join(place_texts(one)),
            location=one.spec_place or one.place,
        )
        yield Case(group="policy", name=f"{one.policy}, {one.rule}", findings=(finding,))


def _lock_case(lock: Locking, places: Places) -> Case:
    text = lock_text(lock)
    finding = Finding(
        level="warning" if lock.state is LockState.OUTDATED else "note",
        code=f"lock-{'offer' if lock.state is LockState.HELD else lock.state.value}",
        message=f"lock: {text}",
        subject=lock.workload,
        location=places(lock.workload, "metadata.name"),
    )
    return Case(group="locks", name=lock.workload, findings=(finding,) if text else ())


def drift_report(found: Sequence[Drift], places: Places = nowhere) -> Report:
    """Endpoints that drifted or are missing as errors, those whose spec is ahead as notes."""
    return Report(cases=tuple(_drift_case(one, places) for one in found))


_DRIFT: dict[Sync, tuple[Level, str]] = {
    Sync.DRIFTED: ("error", "was changed outside of the planner"),
    Sync.MISSING: ("error", "does not exist"),
    Sync.PENDING: ("note", "differs, and its spec is not what was last applied"),
}


def _drift_case(one: Drift, places: Places) -> Case:
    if one.sync not in _DRIFT:
        return Case(group="drift", name=one.endpoint)
    level, said = _DRIFT[one.sync]
    moved = ", ".join(drift_fields(one))
    finding = Finding(
        level=level,
        code=one.sync.value,
        message=f"{one.endpoint} {said}{f': {moved}' if moved else ''}",
        subject=one.endpoint,
        hint="planner plan SPEC"
        if one.sync is not Sync.DRIFTED
        else "planner apply SPEC undoes it",
        location=places(one.workload, "metadata.name"),
    )
    return Case(group="drift", name=one.endpoint, findings=(finding,))


def drift_fields(one: Drift) -> list[str]:
    """`endpoint/a Count: is 3, applied was 2` for every field that moved, by a rule that counts."""
    if one.sync is not Sync.DRIFTED:
        return []
    return [
        f"{change.address} {field.path}: is {field.live}, applied was {field.desired}"
        for change in one.changes.acting
        for field in change.fields
        if field.action is not Action.NONE
    ]


def diagnostic_report(diagnostics: Iterable[Diagnostic], fine: Iterable[str] = ()) -> Report:
    """Diagnostics by their files, and the files in which nothing is wrong."""
    by_file: dict[str, list[Finding]] = {name: [] for name in sorted(set(fine))}
    for one in diagnostics:
        file = one.location.file if one.location is not None else ""
        by_file.setdefault(file, []).append(
            Finding(
                level=one.severity,
                code=one.code,
                message=f"{one.message} ({one.path})" if one.path else one.message,
                subject=file,
                hint=one.hint,
                location=one.location,
            )
        )
    return Report(
        cases=tuple(
            Case(group="specs", name=name or "planner", findings=tuple(found))
            for name, found in by_file.items()
        )
    )
