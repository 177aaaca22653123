"""Autoscaling by a platform that picks its own target, and events that nobody can schedule."""

from __future__ import annotations

import math

import pytest

from planner.capacity.autoscaling import Demand, demands, track
from planner.capacity.load import build_load
from planner.model.traffic import Diurnal, Spike, Traffic

RATE_PER_REPLICA = 10.0


def needed(rate: float) -> int:
    return max(1, math.ceil(rate / RATE_PER_REPLICA))


def moment(rate: float, seen: float, held: float) -> Demand:
    return Demand(seconds=60.0, rate=rate, seen=seen, held=held, spike="")


@pytest.mark.parametrize("target", [3.0, 7.0, 9.0])
def test_the_count_that_a_given_target_provides_is_never_short(target: float) -> None:
    moments = [moment(rate, seen=0.8 * rate, held=rate) for rate in (5.0, 20.0, 60.0, 95.0)]
    found = track(moments, needed, floor=1, scheduled=False, around_s=0.0, given_target=target)
    for m in moments:
        provided = max(found.minimum, math.ceil(m.seen / target - 1e-9))
        assert min(provided, found.maximum) >= needed(m.rate)
    assert found.maximum >= math.ceil(95.0 / target - 1e-9)


def test_a_target_too_high_to_keep_up_leaves_a_higher_minimum() -> None:
    moments = [moment(10.0, 10.0, 10.0), moment(100.0, seen=50.0, held=100.0)]
    found = track(moments, needed, floor=1, scheduled=False, around_s=0.0, given_target=9.9)
    assert found.minimum == needed(100.0)


def test_an_event_that_cannot_be_scheduled_is_seen_too_late() -> None:
    spike = Spike(
        name="sale", cron="0 12 * * fri", rate=500.0, duration_s=1200.0, starts_s=(388800.0,)
    )
    pattern = Diurnal(base=10.0, peak=100.0, peak_at_s=50400.0, width_s=21600.0, spikes=(spike,))
    load = build_load(Traffic(pattern=pattern), service_s=0.01)
    lags = {"lag_up_s": 480.0, "lag_down_s": 1200.0}
    by_schedule = track(demands(load, **lags), needed, floor=1, scheduled=True, around_s=1680.0)
    too_late = track(
        demands(load, **lags, scheduled=False), needed, floor=1, scheduled=False, around_s=1680.0
    )
    assert by_schedule.minimum < needed(500.0) == by_schedule.spike_minimum
    assert too_late.average > by_schedule.average
    assert too_late.spike_minimum == 0
