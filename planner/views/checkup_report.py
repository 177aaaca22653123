"""Checkups for tools that show findings."""

from __future__ import annotations

from collections.abc import Sequence

from planner.model.checkup import Checkup, Condition
from planner.views.checkup_text import SAID
from planner.views.findings import Case, Finding, Places, Report, nowhere


def checkup_report(found: Sequence[Checkup], places: Places = nowhere) -> Report:
    """Every endpoint with its findings; one that was not looked at says why."""
    return Report(cases=tuple(_case(one, places) for one in found))


def _case(one: Checkup, places: Places) -> Case:
    if one.condition in {Condition.UNMEASURED, Condition.ABSENT}:
        return Case(group="doctor", name=one.endpoint, skipped=SAID[one.condition])
    findings = tuple(
        Finding(
            level=each.severity.value,
            code=each.rule,
            message=f"{one.endpoint}: {each.cause} [{each.source_id}]",
            subject=one.endpoint,
            hint="; ".join(filter(None, (each.action, each.command))),
            location=places(one.workload, "metadata.name"),
        )
        for each in one.findings
    )
    return Case(group="doctor", name=one.endpoint, findings=findings)
