"""YAML text to node trees."""

from __future__ import annotations

from pathlib import Path

import pytest

from planner.errors import SpecError
from planner.spec.construct import Constructor, plain_value
from planner.spec.document import MAX_NODES, PythonComposer, compose
from planner.spec.places import place_of
from planner.spec.report import Report

BASES = Path(__file__).parents[2] / "cases" / "spec" / "bases"


def codes(text: str, **options: object) -> list[str]:
    report = Report()
    compose("a.yaml", text.encode(), report, **options)  # type: ignore[arg-type]
    try:
        report.raise_any()
    except SpecError as error:
        return [diagnostic.code for diagnostic in error.diagnostics]
    return []


@pytest.mark.parametrize("base", sorted(BASES.glob("*.yaml")), ids=lambda path: path.stem)
def test_both_composers_read_the_same(base: Path) -> None:
    text = base.read_bytes() + b"---\nb: &x {n: 1, t: '1'}\nc: [*x, {<<: *x, n: 2}]\n"
    report = Report()
    fast = compose("a.yaml", text, report)
    slow = compose("a.yaml", text, report, composer=PythonComposer)
    reader = Constructor(report, {})
    assert [reader.data(node) for node in fast] == [reader.data(node) for node in slow]
    assert len(fast) == 2
    steps = ("c", 1, "n")
    assert place_of(fast[1], steps) == place_of(slow[1], steps)
    assert report.count == 0


def test_the_slow_composer_reports_as_well() -> None:
    assert codes("a: b: c", composer=PythonComposer) == ["yaml-syntax"]
    assert codes("[" * 5000, composer=PythonComposer) == ["yaml-too-deep"]


def test_deep_nesting_is_refused_before_the_stack_ends() -> None:
    assert codes("[" * 100_000) == ["yaml-too-deep"]
    assert codes("{a: " * 100_000) == ["yaml-too-deep"]


def test_aliases_of_aliases_are_counted_and_not_expanded() -> None:
    lines = ["l0: &l0 [x, x]"]
    lines += [f"l{n}: &l{n} [*l{n - 1}, *l{n - 1}]" for n in range(1, 400)]
    assert codes("\n".join(lines)) == ["yaml-alias-limit"]


def test_megabytes_of_aliases_are_refused() -> None:
    assert codes("x: &a x\ny:\n" + "- *a\n" * (MAX_NODES + 1)) == ["yaml-alias-limit"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("no", "no"),
        ("on", "on"),
        ("20:30", "20:30"),
        ("2026-10-01", "2026-10-01"),
        ("1_000", "1_000"),
        ("true", True),
        ("FALSE", False),
        ("~", None),
        ("", None),
        ("12", 12),
        ("-12", -12),
        ("0o17", 15),
        ("0x1F", 31),
        ("0xZZ", "0xZZ"),
        ("1.5e3", 1500.0),
        (".5", 0.5),
        ("1.", 1.0),
        ("-.inf", float("-inf")),
        ("+", "+"),
        ("1.2.3", "1.2.3"),
    ],
)
def test_scalars_mean_what_the_core_schema_says(text: str, expected: object) -> None:
    value = plain_value(text)
    assert value == expected
    assert type(value) is type(expected)


def test_digits_beyond_reason_stay_text() -> None:
    digits = "9" * 5000
    assert plain_value(digits) == digits
