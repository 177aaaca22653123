"""Quantities as people write them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from planner.model.units import (
    UnitError,
    format_duration,
    format_fraction,
    format_number,
    format_rate,
    format_size,
    format_usd,
    parse_clock,
    parse_duration,
    parse_fraction,
    parse_money,
    parse_rate,
    parse_ratio,
    parse_size,
)

READ: list[tuple[Callable[[Any], float], Any, float]] = [
    (parse_duration, "50ms", 0.05),
    (parse_duration, "8.4 ms", 0.0084),
    (parse_duration, "9ms", 0.009),
    (parse_duration, "250us", 250e-6),
    (parse_duration, "250µs", 250e-6),
    (parse_duration, "10ns", 1e-8),
    (parse_duration, "1m30s", 90),
    (parse_duration, "1h 30m", 5400),
    (parse_duration, "3 min", 180),
    (parse_duration, "2d", 172800),
    (parse_duration, "1w", 604800),
    (parse_duration, "PT1H", 3600),
    (parse_duration, "P1DT1M0.5S", 86460.5),
    (parse_duration, "0", 0),
    (parse_duration, 0, 0),
    (parse_size, "120MiB", 125829120),
    (parse_size, "2Gi", 2147483648),
    (parse_size, "1.5GB", 1500000000),
    (parse_size, "10k", 10000),
    (parse_size, "256B", 256),
    (parse_size, "0.3", 1),
    (parse_size, 4096, 4096),
    (parse_size, "1,024", 1024),
    (parse_rate, "1200/s", 1200),
    (parse_rate, "1,200/s", 1200),
    (parse_rate, "90/min", 1.5),
    (parse_rate, "36 / h", 0.01),
    (parse_rate, "86400/day", 1),
    (parse_rate, "604800/week", 1),
    (parse_rate, 12, 12),
    (parse_rate, 0.5, 0.5),
    (parse_fraction, "65%", 0.65),
    (parse_fraction, "99.95 %", 0.9995),
    (parse_fraction, 0.65, 0.65),
    (parse_fraction, 1, 1),
    (parse_fraction, 1e-05, 1e-05),
    (parse_ratio, "120%", 1.2),
    (parse_money, "3000 USD", 3000),
    (parse_money, "1,234.50 USD", 1234.5),
    (parse_clock, "20:30", 73800),
    (parse_clock, "8:05:30", 29130),
    (parse_clock, "24:00", 86400),
]


@pytest.mark.parametrize(("parse", "text", "expected"), READ)
def test_reads(parse: Callable[[Any], float], text: Any, expected: float) -> None:
    assert parse(text) == expected


REFUSED: list[tuple[Callable[[Any], float], Any, str, str]] = [
    (parse_duration, "50", "needs a unit", "write 50ms or 50s"),
    (parse_duration, 50, "needs a unit", "write 50ms or 50s"),
    (parse_duration, "2M", "neither minutes nor months", "write 2m for minutes"),
    (parse_duration, "2months", "no fixed length", "30d"),
    (parse_duration, "1y", "no fixed length", "365d"),
    (parse_duration, "5sec", "unknown unit", "write 5s"),
    (parse_duration, "5minutes", "unknown unit", "write 5min"),
    (parse_duration, "5 fortnights", "unknown unit", "units of a duration"),
    (parse_duration, "1s5", "cannot be read", "50ms"),
    (parse_duration, "P1M", "cannot be read", "months and years"),
    (parse_duration, "PT", "cannot be read", "PT1H"),
    (parse_duration, "-1s", "cannot be negative", "50ms"),
    (parse_duration, "", "is empty", "50ms"),
    (parse_duration, True, "not true", "50ms"),
    (parse_duration, None, "not null", "50ms"),
    (parse_duration, ["1s"], "not a list", "50ms"),
    (parse_size, "500m", "thousandth", "500Mi"),
    (parse_size, "5Mb", "unknown unit", "write 5MB"),
    (parse_size, "5 apples", "unknown unit", "MiB"),
    (parse_size, "1,5GB", "decimal comma", "write 1.5GB"),
    (parse_size, "1e999", "too large", "120MiB"),
    (parse_rate, "12 qps", "unknown unit", "write 12/s"),
    (parse_rate, "5/m", "minutes to some", "write 5/min"),
    (parse_rate, "5/month", "no fixed length", "400/day"),
    (parse_rate, "5/fortnight", "unknown unit", "5/s"),
    (parse_rate, "fast", "cannot be read", "1200/s"),
    (parse_rate, float("nan"), "cannot be read", "1200/s"),
    (parse_fraction, 65, "percent sign", "write 65% or 0.65"),
    (parse_fraction, "120%", "at most 100%", "100% or less"),
    (parse_fraction, "6 percent", "unknown unit", "write 6%"),
    (parse_ratio, "1.2", "percent sign", "write 1.2% or 0.012"),
    (parse_money, "3000", "currency", "write 3000 USD"),
    (parse_money, "$3,000", "not clear", "write 3000 USD"),
    (parse_money, "30 EUR", "USD only", "write 30 USD"),
    (parse_clock, "25:00", "no such time", "24:00"),
    (parse_clock, "10:75", "no such time", "24:00"),
    (parse_clock, 1230, "cannot be read", "20:30"),
    (parse_clock, "8pm", "cannot be read", "20:30"),
]


@pytest.mark.parametrize(("parse", "text", "message", "hint"), REFUSED)
def test_refuses_with_a_fix(
    parse: Callable[[Any], float], text: Any, message: str, hint: str
) -> None:
    with pytest.raises(UnitError) as raised:
        parse(text)
    assert message in raised.value.message
    assert hint in raised.value.hint


SHOWN: list[tuple[Callable[[float], str], float, str]] = [
    (format_duration, 0, "0 s"),
    (format_duration, 0.0084, "8.4 ms"),
    (format_duration, 0.9996, "1 s"),
    (format_duration, 1.2, "1.2 s"),
    (format_duration, 90, "90 s"),
    (format_duration, 180, "3 min"),
    (format_duration, 7200, "2 h"),
    (format_duration, 1e6, "11.6 d"),
    (format_duration, 5e-7, "500 ns"),
    (format_duration, 5e-5, "50 us"),
    (format_size, 256, "256 B"),
    (format_size, 419430400, "400 MiB"),
    (format_size, 1.5 * 2**30, "1.5 GiB"),
    (format_size, 2**50, "1,024 TiB"),
    (format_size, 1023.9, "1 KiB"),
    (format_rate, 1200, "1,200/s"),
    (format_rate, 0.5, "30/min"),
    (format_rate, 0.01, "36/h"),
    (format_rate, 1 / 86400, "1/day"),
    (format_rate, 0, "0/s"),
    (format_fraction, 0.65, "65 %"),
    (format_fraction, 0.9995, "99.95 %"),
    (format_fraction, 0.99999, "99.999 %"),
    (format_fraction, 0.005, "0.5 %"),
    (format_fraction, 1, "100 %"),
    (format_usd, 1234.5, "$1,234.50"),
    (format_usd, 0.0000464, "$0.0000464"),
    (format_usd, 0, "$0.00"),
    (format_usd, -5, "-$5.00"),
    (format_number, 1234567.8, "1,234,568"),
    (format_number, 0.00123456, "0.00123"),
    (format_number, 1e-9, "0.000000001"),
    (format_number, float("inf"), "inf"),
]


@pytest.mark.parametrize(("write", "value", "expected"), SHOWN)
def test_writes(write: Callable[[float], str], value: float, expected: str) -> None:
    assert write(value) == expected
