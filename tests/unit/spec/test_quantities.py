"""Field types: what they accept, and that their schema accepts the same."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import TypeAdapter, ValidationError

from planner.spec import quantities as q
from planner.spec.traffic_blocks import PerDay, SizeFor

GOOD: list[tuple[Any, list[Any]]] = [
    (q.Duration, ["50ms", "1m30s", "1h 30m", "PT1H", "P1DT2H", "0", 0, "8.4 ms", ".5s", "3 min"]),
    (q.Size, ["120MiB", "2Gi", "1.5GB", "4096", 4096, "256B", "1,024", "10k", "400 MiB"]),
    (q.Rate, ["1200/s", "90/min", "400/day", 12, 0.5, "12", "1,200/s", "5 / hour"]),
    (q.Fraction, ["65%", "0.65", 0.65, 1, 0, "100%", "99.95 %", ".5"]),
    (q.Ratio, ["120%", "0.5", 1]),
    (q.Money, ["3000 USD", "1,234.50 USD", "5USD"]),
    (q.Clock, ["20:30", "8:05", "24:00", "23:59:59"]),
    (q.Count, [0, 3]),
    (q.Number, [0, 1.5]),
    (q.Text, ["a"]),
    (q.Flag, [True, False]),
    (q.DnsLabel, ["a", "a-1", "fraud-scorer"]),
    (PerDay, ["400/day", "5/h", "1.5/week"]),
    (SizeFor, ["max", "p99", "p99.9"]),
]
BAD: list[tuple[Any, list[Any]]] = [
    (q.Duration, ["50", 50, 5.5, "5 apples", "2M", "", "-1s", "1s5", True, None, ["1s"]]),
    (q.Size, ["5Mb", "x", "-1", "", True, None]),
    (q.Rate, ["5/m", "5 qps", "/s", "", True, None, -1]),
    (q.Fraction, ["65", 65, "120%", "x", "", True, -0.1]),
    (q.Ratio, [2, "2", "x"]),
    (q.Money, ["3000", 3000, "$5", "5 EUR"]),
    (q.Clock, ["25:00", "20:75", 1230, "8pm", "24:30"]),
    (q.Count, [-1, 1.5, "x", True, None]),
    (q.Number, [-1, "x", True, None]),
    (q.Text, ["", 5, True, None, ["a"]]),
    (q.Flag, ["yes", "no", 1, None]),
    (q.DnsLabel, ["A", "a_b", "-a", "a-", "a" * 64, 5]),
    (PerDay, ["400", 400, "0.x/day", True]),
    (SizeFor, ["mean", "p100", 99, "p"]),
]


def flat(table: list[tuple[Any, list[Any]]]) -> list[Any]:
    return [(kind, value) for kind, values in table for value in values]


@pytest.mark.parametrize(("kind", "value"), flat(GOOD))
def test_accepted_by_the_type_and_by_its_schema(kind: Any, value: Any) -> None:
    adapter = TypeAdapter(kind)
    adapter.validate_python(value)
    assert Draft202012Validator(adapter.json_schema()).is_valid(value)


@pytest.mark.parametrize(("kind", "value"), flat(BAD))
def test_refused_by_the_type_and_by_its_schema(kind: Any, value: Any) -> None:
    adapter = TypeAdapter(kind)
    with pytest.raises(ValidationError):
        adapter.validate_python(value)
    assert not Draft202012Validator(adapter.json_schema()).is_valid(value)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (q.PositiveDuration, "0s"),
        (q.PositiveSize, 0),
        (q.PositiveRate, "0/s"),
        (q.PositiveFraction, "0%"),
        (q.PositiveMoney, "0 USD"),
        (q.PositiveNumber, 0),
        (q.PositiveCount, 0),
    ],
)
def test_nothing_is_not_positive(kind: Any, value: Any) -> None:
    with pytest.raises(ValidationError, match="greater than 0"):
        TypeAdapter(kind).validate_python(value)


@pytest.mark.parametrize("kind", [q.Duration, q.Size, q.Rate, q.Fraction, q.Money, q.Clock])
def test_editors_accept_a_substitution(kind: Any) -> None:
    schema = TypeAdapter(kind).json_schema()
    assert Draft202012Validator(schema).is_valid("${env:VALUE}")
