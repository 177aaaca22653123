"""Findings as annotations of a GitHub workflow, and what a step hands to the next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from planner.model.change import Action
from planner.model.plan import Plan
from planner.views.findings import LEVELS, Finding, Level, Report

ANNOTATIONS = 10
"""GitHub shows so many of a level for one step, and drops the others without a word."""
SUMMARY_LIMIT = 340_000
"""Characters of a step's summary, of up to three bytes: one of over 1 MiB is dropped whole."""

_COMMAND: dict[Level, str] = {"error": "error", "warning": "warning", "note": "notice"}


def annotated(report: Report) -> str:
    """Workflow commands, the gravest first; the last of a level with more counts the rest."""
    lines: list[str] = []
    for level in LEVELS:
        lines += _of_level(level, [one for one in report.findings if one.level == level])
    return "".join(f"{line}\n" for line in lines)


def _of_level(level: Level, findings: Sequence[Finding]) -> Iterator[str]:
    cut = len(findings) > ANNOTATIONS
    for finding in findings[: ANNOTATIONS - 1] if cut else findings:
        text = f"{finding.message}\n{finding.hint}" if finding.hint else finding.message
        yield f"::{_COMMAND[level]} {_properties(finding)}::{_data(text)}"
    if cut:
        rest = findings[ANNOTATIONS - 1 :]
        codes = sorted({finding.code for finding in rest})
        text = f"{len(rest):,} more of this level ({', '.join(codes)}): see the summary"
        yield f"::{_COMMAND[level]} title=planner::{_data(text)}"


def _properties(finding: Finding) -> str:
    pairs = [("title", f"planner ({finding.code})")]
    if finding.location is not None:
        at = finding.location
        pairs += [("file", at.file), ("line", str(at.line)), ("col", str(at.column))]
    return ",".join(f"{name}={_property(item)}" for name, item in pairs)


def _data(text: str) -> str:
    # The runner reads these three back, and no others, in a message.
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def outputs(plan: Plan) -> str:
    """`name=value` lines of what later steps decide by."""
    before, after = plan.monthly_usd_before, plan.monthly_usd_after
    actions = Counter(endpoint.action for endpoint in plan.endpoints)
    actions[Action.DELETE] += len(plan.removals)
    values = {
        "changes": str(plan.changing).lower(),
        "feasible": str(plan.complete).lower(),
        "fingerprint": plan.fingerprint,
        "monthly-cost": f"{after:.2f}",
        "monthly-cost-before": f"{before:.2f}",
        "monthly-cost-delta": f"{round(after - before, 2) + 0.0:.2f}",
        "to-create": actions[Action.CREATE],
        "to-delete": actions[Action.DELETE],
        "to-replace": actions[Action.REPLACE],
        "to-update": actions[Action.UPDATE],
        "unchanged": actions[Action.NONE],
    }
    return "".join(f"{name}={item}\n" for name, item in values.items())
