"""Report formats by the schemas that their owners publish, and Microsoft's validator of SARIF.

The rest is what no schema can see: counts of JUnit's XML.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from jsonschema import Draft4Validator

from tests.support.tools import Tools

JUNIT = """
import json, sys
from lxml import etree
schema = etree.XMLSchema(etree.parse(sys.argv[1]))
found = []
for text in json.load(sys.stdin):
    schema.validate(etree.fromstring(text.encode()))
    found += [f"line {error.line}: {error.message}" for error in schema.error_log]
print(json.dumps(found))
"""
ADVICE = {
    "SARIF2005",  # a driver says where on the web it is at home: there is no such place
}
"""Warnings of the validator that we do not follow."""


@dataclass(frozen=True, kw_only=True)
class Reports:
    """Judges of reports; each gives what is wrong."""

    python: str
    junit_schema: Path
    sarif_schema: Draft4Validator

    def sarif(self, log: Any) -> list[str]:
        """By OASIS' schema of SARIF 2.1.0."""
        errors = self.sarif_schema.iter_errors(log)
        return [f"{error.json_path}: {error.message}" for error in errors]

    def junit(self, *texts: str) -> list[str]:
        """By the schema that Jenkins publishes for JUnit's XML, and the cases counted."""
        done = subprocess.run(
            [self.python, "-c", JUNIT, str(self.junit_schema)],
            input=json.dumps(texts),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        found: list[str] = json.loads(done.stdout)
        return found + [wrong for text in texts for wrong in miscounted(text)]


@pytest.fixture(scope="session")
def reports(tools: Tools) -> Reports:
    """Judges of reports; skips where `tools` does."""
    (schema,) = tools.home.glob("lib/python*/site-packages/sarif-schema.json")
    return Reports(
        python=tools.python,
        junit_schema=tools.source("pytest-*/testing/example_scripts/junit-10.xsd"),
        sarif_schema=Draft4Validator(json.loads(schema.read_text(encoding="utf-8"))),
    )


@pytest.fixture(scope="session")
def multitool(node_tools: Path) -> Path:
    """Microsoft's validator of SARIF; skips where it is not for this platform."""
    program = node_tools / "node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool"
    if not program.exists() or platform.machine() != "x86_64":
        pytest.skip("the validator does not exist for this platform")
    program.chmod(0o755)
    return program


def validated(multitool: Path, directory: Path) -> set[tuple[str, str, str]]:
    """File, rule and place of what the validator has against the logs of a directory."""
    judged = directory / "judged.json"
    asked = ["--level", "Error;Warning", "--rule-kind", "Sarif;Ghas", "--output", str(judged)]
    done = subprocess.run(
        [str(multitool), "validate", str(directory / "*.sarif"), *asked],
        env={**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (run,) = json.loads(judged.read_bytes())["runs"]
    return set(_told(run["results"]))


def _told(results: Iterable[dict[str, Any]]) -> Iterable[tuple[str, str, str]]:
    for one in results:
        if one["ruleId"] not in ADVICE:
            place = one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
            yield Path(place).name, one["ruleId"], one["message"]["arguments"][0]


def miscounted(text: str) -> list[str]:
    """Counts that are not those of the cases."""
    root = ElementTree.fromstring(text)
    return [wrong for element in (root, *root) for wrong in _miscounted(element)]


def _miscounted(element: ElementTree.Element) -> list[str]:
    cases = list(element.iter("testcase"))
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
