"""Rules of report formats, as far as we write them, from what their owners publish.

Every object is closed: a key that SARIF 2.1.0 does not have is found as well as one that it wants.
"""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from jsonschema import Draft202012Validator, FormatChecker

_TEXT = {"type": "string", "minLength": 1}


def _closed(required: tuple[str, ...] = (), **members: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": members,
        "required": list(required),
        "additionalProperties": False,
    }


_MESSAGE = _closed(("text",), text=_TEXT)
_COUNT = {"type": "integer", "minimum": 1}
_SARIF = _closed(
    ("version", "runs"),
    **{"$schema": {"type": "string", "format": "uri"}},
    version={"const": "2.1.0"},
    runs={
        "type": "array",
        "items": _closed(
            ("tool",),
            columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
            properties={"type": "object"},
            results={
                "type": "array",
                "items": _closed(
                    ("message",),
                    level={"enum": ["none", "note", "warning", "error"]},
                    locations={
                        "type": "array",
                        "items": _closed(
                            physicalLocation=_closed(
                                ("artifactLocation",),
                                artifactLocation=_closed(
                                    uri={"type": "string", "format": "uri-reference"},
                                    uriBaseId=_TEXT,
                                ),
                                region=_closed(startColumn=_COUNT, startLine=_COUNT),
                            ),
                            logicalLocations={
                                "type": "array",
                                "items": _closed(fullyQualifiedName=_TEXT, kind=_TEXT),
                            },
                        ),
                    },
                    message=_MESSAGE,
                    partialFingerprints={"type": "object", "additionalProperties": _TEXT},
                    ruleId=_TEXT,
                    ruleIndex={"type": "integer", "minimum": 0},
                ),
            },
            tool=_closed(
                ("driver",),
                driver=_closed(
                    ("name",),
                    name=_TEXT,
                    semanticVersion=_TEXT,
                    rules={
                        "type": "array",
                        "uniqueItems": True,
                        "items": _closed(
                            ("id",),
                            id=_TEXT,
                            fullDescription=_MESSAGE,
                            shortDescription=_MESSAGE,
                            help=_MESSAGE,
                        ),
                    },
                ),
            ),
        ),
    },
)
_CASE = {"skipped": {"message"}, "failure": {"message", "type"}, "system-out": set[str]()}
_SUITE = {"name", "tests", "failures", "errors", "skipped"}


def sarif_faults(log: Any) -> list[str]:
    """What SARIF 2.1.0 forbids in a log, and rules that results do not fit."""
    found = [
        f"{error.json_path}: {error.message}"
        for error in Draft202012Validator(_SARIF, format_checker=FormatChecker()).iter_errors(log)
    ]
    for run in log["runs"]:
        rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
        found += [
            f"rule {one['ruleIndex']} is not {one['ruleId']}"
            for one in run["results"]
            if rules[one["ruleIndex"]] != one["ruleId"]
        ]
    return found


def junit_faults(text: str | bytes) -> list[str]:
    """What readers of JUnit's XML do not know, and counts that are not those of the cases."""
    root = ElementTree.fromstring(text)
    found = [] if root.tag == "testsuites" else [root.tag]
    found += _miscounted(root, list(root.iter("testcase")))
    for suite in root:
        cases = list(suite)
        found += [] if (suite.tag, set(suite.attrib)) == ("testsuite", _SUITE) else [suite.tag]
        found += _miscounted(suite, cases)
        for case in cases:
            if (case.tag, set(case.attrib)) != ("testcase", {"name", "classname"}):
                found.append(case.tag)
            found += [part.tag for part in case if _CASE.get(part.tag) != set(part.attrib)]
    return found


def _miscounted(element: ElementTree.Element, cases: list[ElementTree.Element]) -> list[str]:
    counts = {
        "tests": len(cases),
        "failures": sum(case.find("failure") is not None for case in cases),
        "errors": 0,
        "skipped": sum(case.find("skipped") is not None for case in cases),
    }
    return [
        f"{name} of {element.get('name')}"
        for name, count in counts.items()
        if element.get(name, str(count)) != str(count)
    ]
