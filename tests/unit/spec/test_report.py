"""Findings with their places."""

from __future__ import annotations

import pytest

from planner.diagnostics import Diagnostic
from planner.errors import SpecError
from planner.spec.nearest import nearest, suggestion
from planner.spec.report import Finding, Place, Report


def found(report: Report) -> tuple[Diagnostic, ...]:
    with pytest.raises(SpecError) as raised:
        report.raise_any()
    return raised.value.diagnostics


def test_nothing_found_raises_nothing() -> None:
    Report().raise_any()


def test_findings_come_in_the_order_of_files_and_places() -> None:
    report = Report()
    report.open("b.yaml", b"one\ntwo\n")
    report.open("a.yaml", b"three\n")
    report.add(Finding("last", "m"), Place("a.yaml", 1, 1))
    report.add(Finding("second", "m"), Place("b.yaml", 2, 1))
    report.add(Finding("first", "m"), Place("b.yaml", 1, 2))
    report.add(Finding("first", "m"), Place("b.yaml", 1, 2))
    assert [diagnostic.code for diagnostic in found(report)] == ["first", "second", "last"]


def test_the_excerpt_has_carets_under_the_span() -> None:
    report = Report()
    report.open("a", b"\tkey: wert\n")
    report.add(Finding("c", "m"), Place("a", 1, 7, 4))
    assert found(report)[0].excerpt == " key: wert\n      ^^^^"


def test_a_long_line_is_cut_around_the_span() -> None:
    report = Report()
    report.open("a", b"x" * 500 + b"HERE" + b"y" * 500)
    report.add(Finding("c", "m"), Place("a", 1, 501, 4))
    line, carets = found(report)[0].excerpt.split("\n")
    assert len(line) == 96
    assert line[carets.index("^") :][:4] == "HERE"
    assert carets.strip() == "^^^^"


def test_nothing_that_moves_a_terminal_is_quoted() -> None:
    report = Report()
    report.open("a", b"name: \x1b[31mred\n")
    report.add(Finding("c", "bad \x1b[2J value"), Place("a", 1, 7, 3))
    diagnostic = found(report)[0]
    assert "\x1b" not in diagnostic.excerpt + diagnostic.message


def test_long_messages_are_cut() -> None:
    report = Report()
    report.add(Finding("c", "x" * 100_000))
    assert len(found(report)[0].message) == 400


@pytest.mark.parametrize(
    ("name", "names", "expected"),
    [
        ("raet", ["rate", "burst"], "rate"),
        ("single_model", ["single-model", "multi-model"], "single-model"),
        ("CPU", ["cpu", "gpu"], "cpu"),
        ("repl", ["replicas", "zones"], "replicas"),
        ("xyz", ["rate", "burst"], None),
    ],
)
def test_nearest_name(name: str, names: list[str], expected: str | None) -> None:
    assert nearest(name, names) == expected


def test_a_name_near_to_none_gets_the_whole_set() -> None:
    assert suggestion("xyz", ["b", "a"]) == "valid here: a, b"
    assert suggestion("xyz", [f"n{i}" for i in range(20)]).endswith("and 8 more")
    assert suggestion("xyz", []) == "remove it"
