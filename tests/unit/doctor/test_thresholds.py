"""The table of thresholds, the rules and the map of the documents' rows say the same."""

from __future__ import annotations

import ast
import re

import pytest

from planner.alerts import thresholds
from tests.support.code import ROOT
from tests.support.sagemaker_values import decision, render

DOCTOR = ROOT / "planner" / "doctor"
SOURCE = "".join(path.read_text(encoding="utf-8") for path in sorted(DOCTOR.glob("*.py")))
COVERAGE = (ROOT / "docs" / "coverage.md").read_text(encoding="utf-8")
ROWS = {line.split("|")[1].strip(): line for line in COVERAGE.splitlines() if line.startswith("| ")}
LIVE = (
    *("D5", "D6", "D7", "D8", "D9", "D10", "L1", "L2", "L3", "L4"),
    *("M2", "M3", "M4", "M5", "M6", "S5"),
)
"""Rows about running endpoints."""

SCENARIOS = {
    node.name: ast.unparse(node).replace("'", '"')
    for node in ast.parse(
        (ROOT / "tests" / "contract" / "test_doctor_scenarios.py").read_text(encoding="utf-8")
    ).body
    if isinstance(node, ast.FunctionDef)
}


def test_every_threshold_says_what_it_is_and_is_used() -> None:
    for name, one in thresholds().items():
        assert name == one.id
        assert one.value > 0.0
        assert one.row in ROWS, one
        assert one.source
        assert f'"{name}"' in SOURCE, name


def test_alarms_that_roll_back_and_doctor_call_the_same_share_of_errors_too_many() -> None:
    state = render(decision())
    (alarm,) = [one for one in state.resources if one.name.endswith("-5xx")]
    assert thresholds()["error-share"].value == alarm.body["Threshold"]


def test_a_number_of_the_documents_names_them() -> None:
    documented = {name for name, one in thresholds().items() if not one.source.startswith("ours")}
    assert {"error-share", "cpu", "memory"} <= documented


def test_every_row_about_running_endpoints_has_a_rule_and_a_scenario() -> None:
    for row in LIVE:
        assert "`doctor` rule" in ROWS[row], row
        assert "test_doctor_scenarios.py::" in ROWS[row], row


@pytest.mark.parametrize("row", LIVE)
def test_of_every_row_doctor_names_an_ill_endpoint_and_is_silent_about_a_well_one(row: str) -> None:
    own = [body for name, body in SCENARIOS.items() if row.lower() in name.split("_")]
    assert any(f'"{row}"' in body for body in own)
    assert any("== ()" in body for body in own)
    for name in re.findall(r"test_doctor_scenarios\.py::(\w+)", ROWS[row]):
        assert row.lower() in name.split("_"), name


def test_every_scenario_stands_in_the_map() -> None:
    named = {name for name in SCENARIOS if re.match(r"test_[dlms]\d", name)}
    assert len(named) > 20
    told = {name for name in named if f"::{name}" in COVERAGE}
    assert named - told == set()


def test_every_rule_stands_in_the_map_and_the_map_names_no_other() -> None:
    told = {
        rule
        for line in ROWS.values()
        for part in re.findall(r"`doctor` rules? ((?:`[\w-]+`(?:, )?)+)", line)
        for rule in re.findall(r"`([\w-]+)`", part)
    }
    names = set(re.findall(r'rule"?[=:] ?"([\w-]+)"', SOURCE))
    names |= set(re.findall(r'^\s+\("([\w-]+)", "[DLMS]\d+"\),$', SOURCE, re.MULTILINE))
    names |= {f"high-{what}" for what in ("cpu", "memory", "gpu")}
    assert told == names
