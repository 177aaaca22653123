"""The budget of a simulation, as people write large counts."""

from __future__ import annotations

import pytest

from planner.cli.simulate import parse_budget
from planner.errors import UsageError


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("1", 1),
        ("2000000", 2_000_000),
        ("2,000,000", 2_000_000),
        ("2_000_000", 2_000_000),
        ("2M", 2_000_000),
        ("2m", 2_000_000),
        ("0.5M", 500_000),
        ("500k", 500_000),
        ("2e6", 2_000_000),
        ("1.5E6", 1_500_000),
        ("1G", 1_000_000_000),
    ],
)
def test_a_count(text: str, count: int) -> None:
    assert parse_budget(text) == count


@pytest.mark.parametrize("text", ["", "0", "-1", "many", "2 M", "2MB", "1e", "0.1", "nan", "1e999"])
def test_no_count(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_budget(text)
    assert caught.value.code == "invalid-requests"
    assert caught.value.hint == "--requests 2M"
