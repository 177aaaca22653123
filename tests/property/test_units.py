"""What units write, units read; what a person writes never ends in a traceback."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.model import units
from planner.model.units import UnitError

PAIRS: list[tuple[Callable[[float], str], Callable[[Any], float], float, float]] = [
    (units.format_duration, units.parse_duration, 1e-9, 1e9),
    (units.format_size, units.parse_size, 1e3, 1e15),
    (units.format_rate, units.parse_rate, 1e-4, 1e9),
    (units.format_fraction, units.parse_fraction, 1e-6, 0.9999),
]


@pytest.mark.parametrize(("write", "read", "low", "high"), PAIRS)
@given(share=st.floats(0, 1))
def test_what_is_shown_can_be_pasted_back(
    write: Callable[[float], str],
    read: Callable[[Any], float],
    low: float,
    high: float,
    share: float,
) -> None:
    value = low * (high / low) ** share
    if read is units.parse_size:
        value = float(round(value))  # nothing is part of a byte long
    assert read(write(value)) == pytest.approx(value, rel=0.0051)


@given(hours=st.integers(0, 99), minutes=st.integers(0, 59), milliseconds=st.integers(0, 59_999))
def test_parts_of_a_duration_add_up(hours: int, minutes: int, milliseconds: int) -> None:
    text = f"{hours}h{minutes}m{milliseconds}ms"
    assert units.parse_duration(text) == pytest.approx(
        hours * 3600 + minutes * 60 + milliseconds / 1000
    )


@given(count=st.integers(1, 10**6), power=st.sampled_from(["Ki", "Mi", "Gi"]))
def test_binary_sizes_are_exact(count: int, power: str) -> None:
    factor = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30}[power]
    assert units.parse_size(f"{count}{power}") == units.parse_size(f"{count}{power}B")
    assert units.parse_size(f"{count}{power}") == count * factor


READERS = [
    units.parse_duration,
    units.parse_size,
    units.parse_rate,
    units.parse_fraction,
    units.parse_ratio,
    units.parse_money,
    units.parse_clock,
]


@pytest.mark.parametrize("read", READERS)
@given(
    value=st.one_of(
        st.text(alphabet="0123456789.,eE+-/ %:smhdwkKMGiBUSDPT$", max_size=12),
        st.text(max_size=8),
        st.integers(),
        st.floats(),
        st.booleans(),
        st.none(),
    )
)
def test_anything_is_read_or_refused(read: Callable[[Any], float], value: Any) -> None:
    try:
        number = read(value)
    except UnitError as error:
        if not (error.message and error.hint):
            raise AssertionError("a refusal names its cause and a fix") from error
    else:
        assert 0 <= number < float("inf")
