import random

import pytest

from planner.capacity.load import DAY_S, MAX_BINS, WEEK_S, Load, Segment, build_load
from planner.model.traffic import (
    Burst,
    Diurnal,
    Intermittent,
    Spike,
    Stage,
    Stages,
    Steady,
    Trace,
    Traffic,
    WeeklyWindow,
)
from tests.support.loads import load_of, recorded, steps

HOUR = 3600.0


def rate_at(load: Load, second: float) -> float:
    return segment_at(load, second).rate


def segment_at(load: Load, second: float) -> Segment:
    at = 0.0
    for segment in load.segments:
        at += segment.seconds
        if second < at:
            return segment
    raise AssertionError("beyond the cycle")


def stamps(rate: float, seconds: float, seed: int = 1) -> tuple[float, ...]:
    rng, now, found = random.Random(seed), 0.0, []
    while (now := now + rng.expovariate(rate)) < seconds:
        found.append(now)
    return tuple(found)


def test_steady_traffic_is_one_segment() -> None:
    load = load_of(Steady(rate=20.0))
    assert (load.mean, load.peak, load.beyond) == (20.0, 20.0, 0.0)
    assert [(b.rate, b.share_time, b.share_requests) for b in load.bins] == [(20.0, 1.0, 1.0)]
    assert load.monthly_requests == pytest.approx(20 * 730 * 3600)


def test_a_burst_has_its_share_of_time_and_of_requests() -> None:
    load = load_of(Steady(rate=10.0, burst=Burst(rate=30.0, duration_s=900.0, every_s=3600.0)))
    assert load.cycle_s == 3600.0
    assert load.mean == pytest.approx(15.0)
    assert [b.share_time for b in load.bins] == pytest.approx([0.75, 0.25])
    assert [b.share_requests for b in load.bins] == pytest.approx([0.5, 0.5])


def test_a_burst_shorter_than_a_minute_counts_within_a_minute() -> None:
    load = load_of(Steady(rate=10.0, burst=Burst(rate=100.0, duration_s=30.0, every_s=3600.0)))
    assert load.peak == pytest.approx(55.0)


def test_a_long_stretch_after_a_short_one_keeps_its_own_rate() -> None:
    assert steps((50.0, 10.0), (120.0, 100.0)).peak == pytest.approx(100.0)


def test_office_hours_hold_all_the_requests_of_a_day() -> None:
    window = WeeklyWindow(days=(0, 1, 2, 3, 4), start_s=8 * HOUR, end_s=18 * HOUR)
    load = load_of(Intermittent(requests_per_day=400.0, windows=(window,)))
    assert load.cycle_s == WEEK_S
    assert rate_at(load, 9 * HOUR) == pytest.approx(400 / 36_000)
    assert [rate_at(load, day * DAY_S + 12 * HOUR) > 0 for day in range(7)] == [True] * 5 + [
        False
    ] * 2
    assert rate_at(load, 7.99 * HOUR) == rate_at(load, 18.01 * HOUR) == 0.0
    assert load.mean * WEEK_S == pytest.approx(2000.0)


def test_a_window_past_midnight_belongs_to_its_first_day_and_wraps_the_week() -> None:
    window = WeeklyWindow(days=(6,), start_s=22 * HOUR, end_s=4 * HOUR)
    load = load_of(Intermittent(requests_per_day=360.0, windows=(window,)))
    assert rate_at(load, 6 * DAY_S + 23 * HOUR) == pytest.approx(360 / (6 * HOUR))
    assert rate_at(load, 3 * HOUR) == pytest.approx(360 / (6 * HOUR))
    assert rate_at(load, 5 * HOUR) == 0.0
    assert load.mean * WEEK_S == pytest.approx(360.0)


def test_two_windows_of_a_day_share_its_requests() -> None:
    windows = (
        WeeklyWindow(days=(0,), start_s=8 * HOUR, end_s=12 * HOUR),
        WeeklyWindow(days=(0,), start_s=13 * HOUR, end_s=17 * HOUR),
    )
    load = load_of(Intermittent(requests_per_day=800.0, windows=windows))
    assert rate_at(load, 9 * HOUR) == rate_at(load, 14 * HOUR) == pytest.approx(800 / (8 * HOUR))
    assert rate_at(load, 12.5 * HOUR) == 0.0


def test_a_day_is_a_bell_that_is_half_way_up_half_its_width_from_the_peak() -> None:
    load = load_of(Diurnal(base=40.0, peak=600.0, peak_at_s=20 * HOUR, width_s=6 * HOUR))
    assert load.peak == pytest.approx(600.0, rel=1e-3)
    assert rate_at(load, 20 * HOUR) == pytest.approx(600.0, rel=1e-3)
    assert rate_at(load, 17 * HOUR) == pytest.approx(320.0, rel=0.02)
    assert rate_at(load, 23 * HOUR - 300) == pytest.approx(320.0, rel=0.02)
    assert rate_at(load, 8 * HOUR) == pytest.approx(40.0, rel=0.02)


def test_a_bell_reaches_around_midnight() -> None:
    load = load_of(Diurnal(base=0.0, peak=100.0, peak_at_s=0.0, width_s=6 * HOUR))
    assert rate_at(load, DAY_S - HOUR) == pytest.approx(rate_at(load, DAY_S + HOUR - 300))
    assert rate_at(load, DAY_S - HOUR) > 90


def test_the_weekend_is_scaled() -> None:
    load = load_of(
        Diurnal(base=40.0, peak=600.0, peak_at_s=20 * HOUR, width_s=6 * HOUR, weekend=0.5)
    )
    for day, factor in enumerate([1, 1, 1, 1, 1, 0.5, 0.5]):
        assert rate_at(load, day * DAY_S + 20 * HOUR) == pytest.approx(600 * factor, rel=1e-3)


def spiked(start_s: float, rate: float, duration_s: float = 1200.0) -> Load:
    spike = Spike(
        name="push", cron="0 12 * * fri", rate=rate, duration_s=duration_s, starts_s=(start_s,)
    )
    return load_of(
        Diurnal(base=40.0, peak=600.0, peak_at_s=20 * HOUR, width_s=6 * HOUR, spikes=(spike,))
    )


def test_a_spike_replaces_the_rate_under_its_name() -> None:
    start = 4 * DAY_S + 12 * HOUR + 100
    load = spiked(start, 1500.0)
    assert segment_at(load, start + 1).spike == "push"
    assert rate_at(load, start + 1199) == 1500.0
    assert segment_at(load, start - 1).spike == segment_at(load, start + 1201).spike == ""
    assert load.peak == 1500.0
    assert sum(s.seconds for s in load.segments if s.spike) == pytest.approx(1200.0)


def test_a_spike_over_sunday_midnight_goes_on_on_monday() -> None:
    load = spiked(WEEK_S - 600.0, 1500.0)
    assert rate_at(load, WEEK_S - 1) == rate_at(load, 599) == 1500.0
    assert segment_at(load, 601).spike == ""


def test_a_spike_below_the_rate_lowers_nothing() -> None:
    assert all(not s.spike for s in spiked(4 * DAY_S + 20 * HOUR, 30.0).segments)


def test_a_ramp_is_steps_that_are_never_below_it() -> None:
    load = load_of(
        Stages(
            start=0.0,
            stages=(Stage(target=60.0, duration_s=600.0), Stage(target=60.0, duration_s=60.0)),
        )
    )
    assert load.cycle_s == pytest.approx(660.0)
    for second in range(0, 660, 7):
        assert rate_at(load, second) >= min(second / 10, 60.0) - 1e-9
    assert load.mean == pytest.approx((30.5 * 600 + 60 * 60) / 660, rel=0.02)
    assert load.peak == 60.0


def test_a_stage_without_duration_is_a_jump() -> None:
    load = steps((300.0, 5.0), (300.0, 50.0))
    assert [(s.seconds, s.rate) for s in load.segments] == [(300.0, 5.0), (300.0, 50.0)]


def test_counts_are_rates_per_bucket() -> None:
    load = recorded(60, 120, 120, 0)
    assert [(s.seconds, s.rate) for s in load.segments] == [(60, 1.0), (120, 2.0), (60, 0.0)]
    assert load.mean == pytest.approx(300 / 240)
    assert load.recorded


def test_a_trace_can_be_scaled() -> None:
    load = load_of(Trace(file="t", counts=(60.0, 120.0), scale=1.5, size_for=1.0))
    assert (load.mean, load.peak) == (2.25, 3.0)


def test_stamps_count_in_windows_of_ten_service_times() -> None:
    trace = Traffic(pattern=Trace(file="t", stamps_s=(0.0, 0.5, 4.9, 5.1, 9.9), size_for=1.0))
    load = build_load(trace, service_s=0.5)
    assert [(s.seconds, s.rate) for s in load.segments] == [(5.0, 0.6), (5.0, 0.4)]
    assert next(s.seconds for s in build_load(trace, service_s=0.001).segments) == 1.0


def test_every_recorded_request_is_counted() -> None:
    times = stamps(3.0, 1800.0)
    load = load_of(Trace(file="t", stamps_s=times, size_for=1.0))
    assert load.mean * load.cycle_s == pytest.approx(len(times))
    assert load.beyond == 0.0


def test_sizing_for_most_minutes_leaves_out_busy_minutes_and_not_busy_seconds() -> None:
    times = stamps(20.0, 3600.0)
    every = load_of(Trace(file="t", stamps_s=times, size_for=1.0))
    most = load_of(Trace(file="t", stamps_s=times, size_for=0.9))
    assert 0.05 < most.beyond < 0.12
    assert most.peak < every.peak
    # Within the minutes that count, a second may still be twice as busy as its minute.
    assert most.bins[-1].rate > 1.6 * most.peak


def test_the_quantile_is_of_time() -> None:
    counts = [60.0] * 90 + [600.0] * 9 + [6000.0]
    load = recorded(*counts, size_for=0.99)
    assert load.peak == 10.0
    assert load.beyond == pytest.approx(6000 / sum(counts))
    assert recorded(*counts, size_for=0.9).peak == 1.0


def test_silent_minutes_do_not_count_for_the_quantile() -> None:
    counts = [0.0] * 990 + [60.0] * 9 + [600.0]
    assert recorded(*counts, size_for=0.9).peak == 1.0
    assert recorded(*counts, size_for=0.9).beyond == pytest.approx(600 / 1140)
    assert recorded(0, 0, 0, size_for=0.9).peak == 0.0


def test_bins_keep_shares_and_stand_at_the_highest_rate_they_hold() -> None:
    load = load_of(Diurnal(base=1.0, peak=977.0, peak_at_s=HOUR, width_s=5 * HOUR))
    assert len(load.bins) <= MAX_BINS
    assert sum(b.share_time for b in load.bins) == pytest.approx(1.0)
    assert sum(b.share_requests for b in load.bins) == pytest.approx(1.0)
    assert [b.rate for b in load.bins] == sorted(b.rate for b in load.bins)
    assert load.bins[-1].rate == max(s.rate for s in load.segments)
    assert sum(b.rate * b.share_time for b in load.bins) >= load.mean


def test_scaling_keeps_the_shape() -> None:
    load = load_of(Diurnal(base=10.0, peak=90.0, peak_at_s=HOUR, width_s=5 * HOUR))
    double = load.scaled(2.0)
    assert (double.mean, double.peak) == pytest.approx((2 * load.mean, 2 * load.peak))
    assert [b.share_time for b in double.bins] == [b.share_time for b in load.bins]
    assert load.scaled(1.0) is load


def test_the_spread_of_arrivals_is_carried() -> None:
    def scv(**more: object) -> float:
        return build_load(Traffic(pattern=Steady(rate=1.0), **more), service_s=0.01).arrival_scv  # type: ignore[arg-type]

    assert (scv(), scv(burstiness=2.0), scv(arrival="uniform")) == (1.0, 4.0, 0.0)


def test_buckets_narrower_than_a_window_are_windows_of_several() -> None:
    trace = Trace(file="t", counts=(0.0, 2.0, 1.0, 1.0, 4.0), bucket_s=0.5, size_for=1.0)
    load = load_of(trace)
    assert [(s.seconds, s.rate) for s in load.segments] == [(2.0, 2.0), (0.5, 8.0)]


def test_traces_that_differ_in_the_middle_only_are_told_apart() -> None:
    stamps = tuple(n / 10 for n in range(1000))
    moved = (*stamps[:500], 49.95, *stamps[501:])
    one, same, other = (Trace(file="t", stamps_s=s) for s in (stamps, (*stamps,), moved))
    assert hash(one) == hash(same)
    assert one == same
    assert one != other
    assert load_of(one) == load_of(same)
    assert load_of(one) != load_of(other)
