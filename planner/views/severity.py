"""Which endpoints of a plan a reviewer has to see first."""

from __future__ import annotations

from enum import IntEnum

from planner.model.change import Action, Risk
from planner.model.check import Check, Verdict
from planner.model.drift import Sync
from planner.model.plan import EndpointPlan, Plan

STOPPING = frozenset({Verdict.FAILED, Verdict.DENIED})
"""Verdicts on which nothing would be written."""


class Severity(IntEnum):
    """What is most in need of a look comes first."""

    FAILING = 0
    REPLACED = 1
    ONE_WAY = 2
    DELETED = 3
    MISSING_SLO = 4
    DRIFTED = 5
    UPDATED = 6
    CREATED = 7
    UNCHANGED = 8


def stopping(plan: Plan) -> tuple[Check, ...]:
    """Checks that would keep the plan from being applied."""
    return tuple(check for check in plan.checks if check.verdict in STOPPING)


def ranked(plan: Plan) -> list[tuple[Severity, EndpointPlan]]:
    """Every endpoint, the worst first; within a rank by how much money moves, then by name."""
    failing = {check.subject for check in stopping(plan)}
    found = [(severity(endpoint, failing), endpoint) for endpoint in plan.endpoints]
    return sorted(found, key=_order)


def _order(pair: tuple[Severity, EndpointPlan]) -> tuple[Severity, float, str]:
    rank, endpoint = pair
    moved = abs(endpoint.monthly_usd_after - endpoint.monthly_usd_before)
    return rank, -round(moved, 2), endpoint.name


def severity(endpoint: EndpointPlan, failing: set[str]) -> Severity:
    """The worst that is true of an endpoint; `failing` are the subjects of checks that stop."""
    risk, action = endpoint.changes.risk, endpoint.action
    true = (
        (Severity.FAILING, endpoint.name in failing),
        (Severity.REPLACED, action is Action.REPLACE or risk is Risk.DOWNTIME),
        (Severity.ONE_WAY, risk is Risk.ONE_WAY),
        (Severity.DELETED, action is Action.DELETE),
        (Severity.MISSING_SLO, not endpoint.decision.met),
        (Severity.DRIFTED, endpoint.sync is Sync.DRIFTED),
        (Severity.UPDATED, action is Action.UPDATE),
        (Severity.CREATED, action is Action.CREATE),
    )
    return next((rank for rank, holds in true if holds), Severity.UNCHANGED)
