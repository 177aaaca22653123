"""The pages say what is so: links lead on, tests exist, fields are there, examples are valid."""

from __future__ import annotations

import ast
import json
import re
from functools import cache
from pathlib import Path

import pytest

from planner.solver.advice import RULES
from tests.support.code import ROOT
from tests.support.command import planner
from tests.support.specs import STEADY

DOCS = ROOT / "docs"
COVERAGE = (DOCS / "coverage.md").read_text(encoding="utf-8")
SPEC = (DOCS / "spec.md").read_text(encoding="utf-8")
ROWS = (
    *(f"D{n}" for n in range(1, 11)),
    *(f"L{n}" for n in range(1, 5)),
    *(f"M{n}" for n in range(1, 8)),
    *(f"S{n}" for n in range(1, 9)),
)
NODE = re.compile(r"tests/[\w/]+\.py::test_\w+")


@cache
def _functions(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return frozenset(
        node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)
    )


def _line(row: str) -> str:
    (found,) = re.findall(rf"^\| {row} \|.*$", COVERAGE, re.MULTILINE)
    return str(found)


@pytest.mark.parametrize("row", ROWS)
def test_every_row_is_held_by_a_test_that_exists_or_says_not_yet(row: str) -> None:
    nodes = NODE.findall(_line(row))
    assert nodes or "not yet" in _line(row)
    for node in nodes:
        path, _, name = node.partition("::")
        assert (ROOT / path).exists(), node
        assert name in _functions(path), node


def test_every_advice_rule_is_on_its_row() -> None:
    named = {re.match(r"([DLMS]\d+)", rule.__doc__ or "") for rule in RULES}
    rows = {match[1] for match in named if match}
    assert len(rows) == len(RULES)
    assert all("advice" in _line(row) for row in rows)


def test_every_field_of_the_schema_is_on_the_page() -> None:
    schema = json.loads((ROOT / "schemas" / "endpoint.v1alpha1.json").read_text())
    fields = {
        name
        for block in (schema, *schema["$defs"].values())
        for name in block.get("properties", {})
    }
    assert len(fields) > 100
    code = " ".join(re.findall(r"`([^`]+)`", SPEC))
    words = set(re.findall(r"\w+", code))
    assert sorted(fields - words) == []


def test_the_files_shown_beside_a_spec_are_valid(tmp_path: Path) -> None:
    pages = re.findall(r"```yaml\n(.*?)```", SPEC, re.DOTALL)
    shown = {re.findall(r"kind: (\w+)", text)[0]: text for text in pages}
    (tmp_path / "profile.yaml").write_text(shown["Profile"])
    (tmp_path / "limits.yaml").write_text(shown["Limits"])
    spec = STEADY.replace("      service_time: 6ms\n", "      profile: profile.yaml\n")
    spec = spec.replace("      reference_instance: ml.c7i.large\n", "")
    (tmp_path / "planner.yaml").write_text(spec)
    done = planner("-q", "plan", "--offline", "--limits", "limits.yaml", cwd=tmp_path)
    assert (done.code, done.err) == (0, "")


PAGES = (ROOT / "README.md", ROOT / "plugins" / "README.md", *sorted(DOCS.rglob("*.md")))


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []
