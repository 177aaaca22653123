"""What policies say of a plan, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from planner.model.plan import Plan
from planner.model.policy import Violation
from planner.views.wording import counted


def violation_text(violation: Violation) -> str:
    """`costs too much [policy-budget] (production, money): because; policy.yaml:7:5`."""
    reason = f": {violation.reason}" if violation.reason else ""
    return f"{violation.message} ({violation.policy}, {violation.rule}){reason}"


def place_texts(violation: Violation) -> list[str]:
    """Where the rule stands, and where in the spec it is gone against."""
    found = [str(violation.place)] if violation.place is not None else []
    if violation.spec_place is not None:
        found.append(f"{violation.spec_path} at {violation.spec_place}")
    elif violation.spec_path:
        found.append(violation.spec_path)
    return found


def label_of(violation: Violation) -> str:
    """What stands in front of it."""
    return "policy violated" if violation.mandatory else "policy advises otherwise"


def policy_texts(plan: Plan) -> Iterator[str]:
    """How many rules were looked at and hold, and what could not be told."""
    found = plan.policy
    if found is None:
        return
    violated = {(one.policy, one.rule) for one in found.violations}
    yield f"{counted(found.rules, 'rule')}, {len(violated):,} violated"
    for text in found.untold:
        yield f"not looked at: {text}"
