import math
import random

import pytest

from planner.capacity.autoscaling import Bounds, Demand, demands, track
from planner.capacity.load import Load
from planner.model.traffic import Diurnal, Spike
from tests.support.loads import load_of, steps
from tests.support.policy import Needed, Policy


def per_ten(rate: float) -> int:
    return max(1, math.ceil(rate / 10.0))


def bounds_of(
    load: Load,
    *,
    lag_up_s: float,
    lag_down_s: float = 600.0,
    needed: Needed = per_ten,
    floor: int = 1,
    scheduled: bool = True,
) -> Bounds:
    return track(
        demands(load, lag_up_s=lag_up_s, lag_down_s=lag_down_s),
        needed,
        floor=floor,
        scheduled=scheduled,
        around_s=lag_up_s + lag_down_s,
    )


def some_loads(seed: int) -> Load:
    rng = random.Random(seed)
    return steps(
        *(
            (60.0 * rng.randint(2, 30), rng.choice([3.0, 8.0, 15.0, 22.0, 40.0, 71.0]))
            for _ in range(rng.randint(2, 7))
        )
    )


@pytest.mark.parametrize("seed", range(40))
def test_the_bounds_keep_up_at_every_minute_and_nothing_cheaper_does(seed: int) -> None:
    load = some_loads(seed)
    lag_up_s, lag_down_s = 60.0 * (1 + seed % 8), 60.0 * (seed % 5)
    policy = Policy(load, lag_up_s=lag_up_s, lag_down_s=lag_down_s)
    found = bounds_of(load, lag_up_s=lag_up_s, lag_down_s=lag_down_s)
    most = max(per_ten(rate) for rate in policy.rates)
    assert found.maximum <= most
    assert policy.keeps_up(found.minimum, found.target, found.maximum, per_ten)
    assert found.average == pytest.approx(policy.cheapest(per_ten, floor=1))


def test_a_long_calm_holds_what_came_before_no_longer_than_the_lags() -> None:
    load = steps((21_600.0, 20.0), (600.0, 50.0), (21_000.0, 80.0))
    found = bounds_of(load, lag_up_s=60.0, lag_down_s=1200.0)
    assert (found.minimum, found.maximum) == (5, 8)
    # The early target asks for all 8 at 50/s; the calm holds them for 1,260 s of its 21,600.
    assert found.average == pytest.approx(
        (8 * (1260 + 600 + 21_000) + 5 * (21_600 - 1260)) / 43_200
    )


def test_bursts_shorter_than_the_lag_are_not_autoscaled() -> None:
    found = bounds_of(steps((3480.0, 20.0), (120.0, 80.0)), lag_up_s=480.0, lag_down_s=1200.0)
    assert found.minimum == found.maximum == 8
    assert found.target == math.inf


def test_a_slow_day_is_autoscaled() -> None:
    day = load_of(Diurnal(base=5.0, peak=100.0, peak_at_s=12 * 3600.0, width_s=4 * 3600.0))
    found = bounds_of(day, lag_up_s=480.0, lag_down_s=1200.0)
    assert found.minimum == 1
    assert found.maximum == 10
    assert found.average < 5.0


def test_the_maximum_is_what_is_needed_however_low_the_target() -> None:
    climb = steps((3600.0, 10.0), (3600.0, 40.0), (3600.0, 100.0), (36_000.0, 5.0))
    found = bounds_of(climb, lag_up_s=600.0)
    assert found.target < 10.0
    assert found.maximum == 10


def test_steady_load_is_fixed() -> None:
    found = bounds_of(load_of(Diurnal(base=50, peak=50, peak_at_s=0, width_s=3600)), lag_up_s=300.0)
    assert (found.minimum, found.maximum, found.average) == (5, 5, 5.0)


def test_the_floor_holds() -> None:
    found = bounds_of(steps((36_000.0, 1.0), (3600.0, 100.0)), lag_up_s=300.0, floor=3)
    assert found.minimum >= 3


def test_nothing_is_seen_before_a_rise_from_zero() -> None:
    found = bounds_of(steps((36_000.0, 0.0), (7200.0, 100.0)), lag_up_s=300.0)
    assert found.minimum == 10


def campaign(*, rate: float, duration_s: float = 1200.0) -> Load:
    spike = Spike(
        name="push",
        cron="0 3 * * fri",
        rate=rate,
        duration_s=duration_s,
        starts_s=(4 * 86_400 + 3 * 3600.0,),
    )
    return load_of(
        Diurnal(base=20.0, peak=60.0, peak_at_s=15 * 3600.0, width_s=8 * 3600.0, spikes=(spike,))
    )


def test_a_known_event_is_covered_by_schedule() -> None:
    found = bounds_of(campaign(rate=200.0), lag_up_s=480.0, lag_down_s=1200.0)
    assert (found.spike_minimum, found.maximum) == (20, 20)
    assert found.minimum < 6


def test_a_known_event_is_paid_for_with_its_lead_and_what_is_held_after_it() -> None:
    calm = Demand(seconds=9000.0, rate=20.0, seen=20.0, held=20.0, spike="")
    event = Demand(seconds=1000.0, rate=200.0, seen=20.0, held=20.0, spike="push")
    found = track((calm, event), per_ten, floor=1, scheduled=True, around_s=500.0)
    assert (found.minimum, found.spike_minimum, found.maximum) == (2, 20, 20)
    assert found.average == pytest.approx(2 + 0.15 * 18)


def test_without_schedules_the_event_raises_the_minimum() -> None:
    found = bounds_of(campaign(rate=200.0), lag_up_s=480.0, scheduled=False)
    assert found.spike_minimum == 0
    assert found.maximum == 20
    assert found.average > 15.0


def test_alike_moments_are_one_and_no_second_is_lost() -> None:
    load = campaign(rate=200.0)
    moments = demands(load, lag_up_s=480.0, lag_down_s=1200.0)
    assert sum(m.seconds for m in moments) == pytest.approx(load.cycle_s)
    assert len(moments) < len(load.segments)
    assert all(m.seen <= m.rate <= m.held for m in moments if not m.spike)


def test_a_lag_as_long_as_the_cycle_sees_only_its_lowest_rate() -> None:
    moments = demands(steps((600.0, 10.0), (600.0, 30.0)), lag_up_s=5000.0, lag_down_s=0.0)
    assert {m.seen for m in moments} == {10.0}
    assert {m.held for m in moments} == {30.0}
