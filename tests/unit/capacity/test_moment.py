"""What rate belongs to a moment."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from planner.capacity.load import build_load
from planner.capacity.moment import Course
from planner.model.traffic import Burst, Diurnal, Pattern, Steady, Traffic

HOUR, DAY, WEEK = 3600.0, 86_400.0, 7 * 86_400.0
HILL = Diurnal(base=10.0, peak=100.0, peak_at_s=20 * HOUR, width_s=4 * HOUR, weekend=0.5)


def course(pattern: Pattern, zone: str = "UTC") -> Course:
    traffic = Traffic(pattern=pattern, timezone=zone)
    return Course(traffic, build_load(traffic, service_s=0.01))


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def test_a_day_has_its_peak_where_the_calendar_says() -> None:
    hill = course(HILL)
    assert hill.anchored
    peak = hill.expected(at("2026-03-02T19:30:00"), HOUR)  # a Monday
    assert peak.low == peak.mean == peak.high == pytest.approx(100.0, rel=0.03)
    assert hill.expected(at("2026-03-02T08:00:00"), HOUR).mean == pytest.approx(10.0, rel=0.01)
    saturday = hill.expected(at("2026-03-07T19:30:00"), HOUR)
    assert saturday.mean == pytest.approx(peak.mean / 2.0)


def test_the_clock_is_that_of_the_traffic_also_after_it_was_put_forward() -> None:
    york = course(HILL, "America/New_York")
    assert york.place(at("2026-03-07T01:00:00")) == 4 * DAY + 20 * HOUR  # Friday 20:00 in winter
    assert york.place(at("2026-03-10T00:00:00")) == 20 * HOUR  # Monday 20:00 in summer


def test_a_week_has_what_its_days_have_from_wherever_it_is_counted() -> None:
    hill = course(HILL)
    days = sum(hill.requests(day * DAY, DAY) for day in range(7))
    for start in (0.0, 3.3 * DAY, WEEK - 1.0):
        assert hill.requests(start, WEEK) == pytest.approx(days)


def test_a_burst_whose_moment_nobody_knows_is_a_range() -> None:
    burst = course(Steady(rate=10.0, burst=Burst(rate=100.0, duration_s=60.0, every_s=600.0)))
    assert not burst.anchored
    short = burst.expected(1_000.0, 60.0)
    assert (short.low, short.high) == (pytest.approx(10.0), pytest.approx(100.0, rel=0.05))
    long = burst.expected(1_000.0, 6_000.0)
    assert long.low == pytest.approx(long.high) == pytest.approx(19.0)
