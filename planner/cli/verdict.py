"""The exit code of a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planner.errors import ExitCode

if TYPE_CHECKING:
    from planner.model.candidate import Infeasible, Outcome
    from planner.model.plan import Plan

_BUDGET = "budget"


def verdict(plan: Plan, *, changes_count: bool = False) -> ExitCode:
    """Nothing in the way: 0, or 2 when changes are pending and `changes_count`.

    A spec that something would meet but for its budget, and a mandatory rule of a policy that is
    violated, give 5; any other that nothing meets, and a broken shared limit, 8.
    """
    if plan.breaches or not all(_only_budget(outcome) for outcome in plan.infeasible):
        return ExitCode.INFEASIBLE
    if plan.infeasible or (plan.policy is not None and plan.policy.refused):
        return ExitCode.POLICY
    from planner.model.change import Action

    pending = any(endpoint.action is not Action.NONE for endpoint in plan.endpoints)
    pending |= any(removal.changes.acting for removal in plan.removals)
    return ExitCode.CHANGES_PENDING if pending and changes_count else ExitCode.DONE


def outcome_code(outcome: Outcome) -> ExitCode:
    """The same for one outcome: 0, 5 or 8."""
    from planner.model.candidate import Infeasible

    if not isinstance(outcome, Infeasible):
        return ExitCode.DONE
    return ExitCode.POLICY if _only_budget(outcome) else ExitCode.INFEASIBLE


def _only_budget(outcome: Infeasible) -> bool:
    # The budget is held against what met everything else, so one such miss says it all.
    return any(miss.rejection and miss.rejection.code == _BUDGET for miss in outcome.misses)
