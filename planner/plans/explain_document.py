"""One explanation as a JSON value: the decision's arithmetic beside everything it beat."""

from __future__ import annotations

from typing import Any

from planner.model.candidate import Decision, Infeasible, Robustness, Sensitivity, Solved
from planner.model.plan import Explanation
from planner.plans.decision_document import decision_part
from planner.plans.document import (
    FORMAT_VERSION,
    alternatives_part,
    catalog_stamp_part,
    excluded_part,
    infeasible_part,
)
from planner.plans.modes import ModeRow, mode_rows
from planner.plans.numbers import milliseconds, money

Part = dict[str, Any]


def explain_document(explanation: Explanation) -> Part:
    """The whole explanation; decisions are those of the plan document plus `arithmetic`."""
    outcome = explanation.outcome
    solved = outcome if isinstance(outcome, Solved) else None
    return {
        "alternatives": alternatives_part(solved.alternatives) if solved else [],
        "catalogs": [catalog_stamp_part(stamp) for stamp in explanation.catalogs],
        "endpoints": [_endpoint(each) for each in solved.decisions] if solved else [],
        "excluded": excluded_part(outcome.excluded),
        "format_version": FORMAT_VERSION,
        "hosting_modes": [_mode(row) for row in mode_rows(outcome)],
        "infeasible": infeasible_part(outcome) if isinstance(outcome, Infeasible) else None,
        "monthly_usd": money(solved.monthly_usd) if solved else None,
        "robustness": [_robustness(each) for each in explanation.robustness],
        "sensitivities": [_sensitivity(each) for each in explanation.sensitivities],
        "workload": explanation.workload,
    }


def _endpoint(decision: Decision) -> Part:
    return {
        "arithmetic": [
            {
                "expression": step.expression,
                "label": step.label,
                "source": step.source,
                "value": step.value,
            }
            for step in decision.arithmetic
        ],
        "decision": decision_part(decision),
        "name": decision.endpoint,
        "provider": decision.provider,
        "region": decision.region,
    }


def _mode(row: ModeRow) -> Part:
    return {
        "chosen": row.chosen,
        "cold_start_fraction": row.cold_start_fraction,
        "endpoints": row.endpoints,
        "hosting": row.hosting,
        "monthly_usd": money(row.monthly_usd),
        "p99_ms": milliseconds(row.p99_s),
        "provider": row.provider,
        "rejection_code": row.rejection.code if row.rejection else None,
        "what": row.what,
    }


def _sensitivity(sensitivity: Sensitivity) -> Part:
    return {
        "changes_at": sensitivity.changes_at,
        "now": sensitivity.now,
        "subject": sensitivity.subject,
        "to": sensitivity.to,
    }


def _robustness(robustness: Robustness) -> Part:
    return {
        "found": robustness.found,
        "holds": robustness.holds,
        "subject": robustness.subject,
    }
