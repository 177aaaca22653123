"""What was looked at as JUnit's XML: a suite for each group, a case for each thing."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape, quoteattr

from planner.views.findings import Case, Finding, Report

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 has no way to write."""


def junit(report: Report) -> str:
    """Errors are failures, everything else is output of its case; no time stands in it."""
    groups = list(dict.fromkeys(case.group for case in report.cases))
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    lines.append(f"<testsuites{_counts(report.cases)}>")
    for group in groups:
        cases = tuple(case for case in report.cases if case.group == group)
        skipped = sum(bool(case.skipped) for case in cases)
        lines.append(f'  <testsuite name={_attribute(group)}{_counts(cases)} skipped="{skipped}">')
        for case in cases:
            lines += _case(case)
        lines.append("  </testsuite>")
    lines.append("</testsuites>")
    return "\n".join(lines) + "\n"


def _counts(cases: tuple[Case, ...]) -> str:
    failed = sum(any(one.level == "error" for one in case.findings) for case in cases)
    return f' tests="{len(cases)}" failures="{failed}" errors="0"'


def _case(case: Case) -> list[str]:
    name = f"<testcase name={_attribute(case.name)} classname={_attribute(f'planner.{case.group}')}"
    inner = []
    if case.skipped:
        inner.append(f"      <skipped message={_attribute(case.skipped)}/>")
    errors = [one for one in case.findings if one.level == "error"]
    others = [one for one in case.findings if one.level != "error" and not case.skipped]
    # Readers show one failure of a case, so that all of them stand in it.
    if errors:
        text = "\n".join(map(_text, errors))
        attributes = f"message={_attribute(errors[0].message)} type={_attribute(errors[0].code)}"
        inner.append(f"      <failure {attributes}>{_inner(text)}</failure>")
    if others:
        text = "\n".join(map(_text, others))
        inner.append(f"      <system-out>{_inner(text)}</system-out>")
    return [f"    {name}>", *inner, "    </testcase>"] if inner else [f"    {name}/>"]


def _text(finding: Finding) -> str:
    place = f"{finding.location}: " if finding.location is not None else ""
    hint = f"\n  help: {finding.hint}" if finding.hint else ""
    return f"{place}{finding.level}[{finding.code}]: {finding.message}{hint}"


def _inner(text: str) -> str:
    return escape(_FORBIDDEN.sub("?", text))


def _attribute(text: str) -> str:
    return quoteattr(_FORBIDDEN.sub("?", text), {"\n": "&#10;"})
