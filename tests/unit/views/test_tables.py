from collections import Counter
from io import StringIO

import pytest

from planner.views.style import Style
from planner.views.tables import Column, render_table

COLUMNS = (
    Column(title="hosting"),
    Column(title="a month", number=True),
    Column(title="never filled"),
    Column(title="why not", prose=True),
)
ROWS = [
    ("cloud single-model", "$1,234,567.89", "", "a reason that goes on for a while " * 4),
    ("cloud serverless", "-", "", f"spec.{'very.' * 20}long.path"),
]


def shown(width: int) -> str:
    out = StringIO()
    render_table(COLUMNS, ROWS, out=out, style=Style(width=width))
    return out.getvalue()


def test_what_fits_stands_on_one_line() -> None:
    lines = shown(400).splitlines()
    assert len(lines) == 4
    assert lines[0].split() == ["hosting", "a", "month", "why", "not"]
    assert set(lines[1]) == {"-"}


@pytest.mark.parametrize("width", [40, 60, 100])
def test_what_does_not_fit_is_wrapped_and_nothing_is_lost(width: int) -> None:
    narrow = shown(width)
    assert max(map(len, narrow.splitlines())) <= width
    assert "$1,234,567.89" in narrow
    letters = [Counter(char for char in text if char.isalnum()) for text in (narrow, shown(400))]
    assert letters[0] == letters[1]


def test_even_an_absurd_width_ends() -> None:
    assert max(map(len, shown(12).splitlines())) <= 12


def test_markup_in_a_value_is_text() -> None:
    out = StringIO()
    render_table((Column(title="x"),), [("[red]:smile:[/red]",)], out=out, style=Style())
    assert "[red]:smile:[/red]" in out.getvalue()


def test_colour_only_where_it_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "10")
    assert "\x1b" not in shown(100)
    monkeypatch.setenv("NO_COLOR", "1")
    out = StringIO()
    render_table(COLUMNS, ROWS, out=out, style=Style(color=True))
    assert "\x1b[1m" in out.getvalue()
