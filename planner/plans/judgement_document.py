"""What policies say of a plan, as a JSON value and back."""

from __future__ import annotations

from typing import Any

from planner.diagnostics import Location
from planner.model.policy import Judgement, Level, Violation

Part = dict[str, Any]


def policy_part(judgement: Judgement | None) -> Part | None:
    """Null where nothing was held against the plan; mandatory violations come first."""
    if judgement is None:
        return None
    return {
        "rules": judgement.rules,
        "untold": list(judgement.untold),
        "violations": [_violation_part(one) for one in judgement.violations],
    }


def _violation_part(one: Violation) -> Part:
    return {
        "code": one.code,
        "endpoints": list(one.endpoints),
        "level": one.level.value,
        "message": one.message,
        "place": _place_part(one.place),
        "policy": one.policy,
        "reason": one.reason,
        "rule": one.rule,
        "spec_path": one.spec_path,
        "spec_place": _place_part(one.spec_place),
        "workload": one.workload,
    }


def _place_part(place: Location | None) -> Part | None:
    if place is None:
        return None
    return {"column": place.column, "file": place.file, "line": place.line}


def judgement_of(part: Part | None) -> Judgement | None:
    """The judgement in a document."""
    if part is None:
        return None
    return Judgement(
        rules=part["rules"],
        untold=tuple(part["untold"]),
        violations=tuple(_violation(one) for one in part["violations"]),
    )


def _violation(part: Part) -> Violation:
    return Violation(
        **{
            **part,
            "endpoints": tuple(part["endpoints"]),
            "level": Level(part["level"]),
            "place": _place(part["place"]),
            "spec_place": _place(part["spec_place"]),
        }
    )


def _place(part: Part | None) -> Location | None:
    return None if part is None else Location(**part)
