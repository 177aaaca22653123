"""The pages say what is so: links lead on, tests exist, fields are there, examples are valid."""

from __future__ import annotations

import ast
import json
import re
from functools import cache
from inspect import getsource
from pathlib import Path

import pytest

from planner.alerts import thresholds
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


LINES = {
    line.split("|")[1].strip(): line for line in COVERAGE.splitlines() if line.startswith("| ")
}


@cache
def _tests(path: str) -> frozenset[str]:
    """What pytest collects of a file: functions of the module itself."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


def test_the_map_has_every_row_of_the_documents_once_and_no_other() -> None:
    found = re.findall(r"^\| ([A-Z]\d+) \|", COVERAGE, re.MULTILINE)
    assert found == list(ROWS)


@pytest.mark.parametrize("row", ROWS)
def test_every_row_is_held_by_tests_that_are_collected(row: str) -> None:
    _, _, says, does, tests, _ = LINES[row].split("|")
    nodes = NODE.findall(tests)
    assert says.strip()
    assert does.strip()
    assert nodes
    for node in nodes:
        path, _, name = node.partition("::")
        assert Path(path).name.startswith("test_"), node
        assert name in _tests(path), node


def test_every_advice_rule_is_on_its_row_and_the_map_names_no_other() -> None:
    told = {
        (row, name)
        for row in ROWS
        for part in re.findall(r"advice ((?:`[\w-]+`(?:, )?)+)", LINES[row])
        for name in re.findall(r"`([\w-]+)`", part)
    }
    made = {
        (found[1], name)
        for rule in RULES
        if (found := re.match(r"([DLMS]\d+)", rule.__doc__ or ""))
        for name in re.findall(r'rule="([\w-]+)"', getsource(rule))
    }
    assert len(made) == len(RULES)
    assert told == made


def test_every_rejection_that_the_map_names_exists() -> None:
    names = {
        name
        for before, alone in re.findall(r"rejection `([\w-]+)`|\(`([a-z-]+)`\)", COVERAGE)
        for name in (before, alone)
        if name
    }
    assert names == {"memory", "external-rate-limit", "conversion-refused"}
    source = "".join(
        path.read_text(encoding="utf-8")
        for folder in ("planner/solver", "plugins/sagemaker/planner_sagemaker")
        for path in sorted((ROOT / folder).rglob("*.py"))
    )
    assert {name for name in names if f'"{name}"' not in source} == set()


def test_every_alert_is_of_a_row() -> None:
    rules = (ROOT / "planner" / "alerts" / "rules.py").read_text(encoding="utf-8")
    rows = set(re.findall(r'row="(\w+)"', rules)) | {one.row for one in thresholds().values()}
    assert rows
    assert rows <= set(ROWS)


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
