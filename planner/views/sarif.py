"""Findings as SARIF 2.1.0, for code scanning and editors."""

from __future__ import annotations

from hashlib import sha256
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from planner.diagnostics import Location
from planner.views.findings import Finding, Report

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
RESULTS = 5_000
"""GitHub shows no more of one file; the gravest are kept."""

Part = dict[str, Any]


def sarif(report: Report, *, version: str) -> Part:
    """One run with every finding; `version` is the planner's."""
    findings = report.findings
    kept = findings[:RESULTS]
    codes = sorted({finding.code for finding in kept})
    run: Part = {
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, codes) for finding in kept],
        "tool": {
            "driver": {
                "name": "planner",
                "rules": [_rule(code) for code in codes],
                "semanticVersion": version,
            }
        },
    }
    if len(findings) > RESULTS:
        run["properties"] = {"cut": len(findings) - RESULTS}
    return {"$schema": SCHEMA, "runs": [run], "version": "2.1.0"}


def _rule(code: str) -> Part:
    words = code.replace("-", " ")
    return {
        "fullDescription": {"text": f"{words.capitalize()}."},
        "help": {"text": f"See the message of each result with the code {code}."},
        "id": code,
        "shortDescription": {"text": words},
    }


def _result(finding: Finding, codes: list[str]) -> Part:
    text = f"{finding.message}\n{finding.hint}" if finding.hint else finding.message
    part: Part = {
        "level": finding.level,
        "locations": [one for one in (_location(finding),) if one],
        "message": {"text": text},
        "partialFingerprints": {"planner/v1": _identity(finding)},
        "ruleId": finding.code,
        "ruleIndex": codes.index(finding.code),
    }
    return part


def _identity(finding: Finding) -> str:
    """Stays as it is while numbers in the message move."""
    file = finding.location.file if finding.location is not None else ""
    words = "".join(char for char in finding.message if not char.isdigit())
    content = "\n".join((finding.code, finding.subject, file, words))
    return sha256(content.encode("utf-8", "replace")).hexdigest()[:32]


def _location(finding: Finding) -> Part:
    part: Part = {}
    if finding.location is not None:
        part["physicalLocation"] = _place(finding.location)
    if finding.subject:
        part["logicalLocations"] = [{"fullyQualifiedName": finding.subject, "kind": "resource"}]
    return part


def _place(location: Location) -> Part:
    path = PurePath(location.file)
    if path.is_absolute():
        artifact = {"uri": path.as_uri()}
    else:
        artifact = {"uri": quote(path.as_posix(), errors="replace"), "uriBaseId": "%SRCROOT%"}
    return {
        "artifactLocation": artifact,
        "region": {"startColumn": location.column, "startLine": location.line},
    }
