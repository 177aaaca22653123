import math
import random

import pytest

from planner.capacity.cold_start import blocking_limit, instance_cold_fraction, whole_endpoint
from planner.capacity.erlang import BlockingTable
from planner.capacity.load import Load
from planner.model.traffic import Burst, Diurnal, Intermittent, Steady, Trace, WeeklyWindow
from tests.support.loads import load_of, recorded, steps
from tests.support.simulations import cold_share, on_from_zero, poisson

IDLE_S = 600.0
DAY_S = 86_400.0


def steady_share(rate: float, service_s: float, warm: int = 0) -> float:
    load = load_of(Steady(rate=rate), service_s=service_s)
    return instance_cold_fraction(load, service_s=service_s, idle_s=IDLE_S, warm=warm, limit=200)


def simulated(rate: float, service_s: float, warm: int = 0, requests: int = 40_000) -> float:
    arrivals = list(poisson(requests / rate, 4, lambda _: rate, rate))
    return cold_share(arrivals, service_s=service_s, idle_s=IDLE_S, warm=warm)


def test_one_instance_is_cold_after_a_gap_longer_than_it_stays() -> None:
    assert steady_share(1 / 3600, 0.05) == pytest.approx(math.exp(-1 / 6), abs=1e-4)


@pytest.mark.parametrize(
    ("rate", "service_s"),
    [(0.0005, 0.2), (0.002, 0.2), (0.01, 0.2), (0.05, 1.0), (0.5, 0.5), (5.0, 0.2), (20.0, 0.1)],
)
def test_a_simulated_pool_starts_as_often(rate: float, service_s: float) -> None:
    found, judge = steady_share(rate, service_s), simulated(rate, service_s)
    assert found == pytest.approx(judge, abs=0.006)


def test_busy_instances_start_clumped_and_the_formula_stays_within_half_a_point() -> None:
    # Ten requests in service at once: crossings of the rare levels come in runs.
    found, judge = steady_share(20.0, 0.5), simulated(20.0, 0.5, requests=60_000)
    assert abs(found - judge) < 0.005


@pytest.mark.parametrize("warm", [1, 2])
def test_warm_instances_take_away_their_starts(warm: int) -> None:
    found, judge = steady_share(0.02, 5.0, warm), simulated(0.02, 5.0, warm)
    assert found == pytest.approx(judge, abs=0.006)
    assert found < steady_share(0.02, 5.0, warm - 1)


def test_no_more_instances_start_than_the_limit_allows() -> None:
    load = load_of(Steady(rate=5.0), service_s=1.0)
    shares = [
        instance_cold_fraction(load, service_s=1.0, idle_s=1.0, warm=0, limit=limit)
        for limit in (1, 5, 50)
    ]
    assert shares == sorted(shares)
    assert shares[0] < shares[-1]


def test_a_rise_after_a_long_calm_starts_instances_again() -> None:
    load = steps((7200.0, 0.05), (7200.0, 5.0))
    found = instance_cold_fraction(load, service_s=2.0, idle_s=IDLE_S, warm=0, limit=200)
    rates = poisson(8 * 14_400.0, 9, lambda t: 0.05 if t % 14_400 < 7200 else 5.0, 5.0)
    judge = cold_share(list(rates), service_s=2.0, idle_s=IDLE_S)
    assert found == pytest.approx(judge, abs=2e-4)
    assert found > 1.3 * steady_share(5.0, 2.0)


def test_a_calm_shorter_than_instances_stay_starts_none() -> None:
    def share(calm_s: float) -> float:
        load = steps((calm_s, 0.5), (7200.0, 50.0))
        starts = instance_cold_fraction(load, service_s=0.2, idle_s=IDLE_S, warm=0, limit=200)
        return starts * load.mean * load.cycle_s

    assert share(7200.0) > share(300.0) + 10.0


def test_no_requests_no_starts() -> None:
    load = recorded(0, 0, 0)
    assert instance_cold_fraction(load, service_s=1, idle_s=1, warm=0, limit=9) == 0.0
    assert whole_endpoint(load, idle_s=60.0, cold_s=5.0).starts_per_month == 0.0


@pytest.mark.parametrize(("offered", "allowed"), [(0.3, 0.001), (4.0, 0.01), (60.0, 0.001)])
def test_the_concurrency_limit_is_the_fewest_that_lose_no_more(
    offered: float, allowed: float
) -> None:
    found = blocking_limit(offered, allowed, 200)
    assert found is not None
    table = BlockingTable(offered)
    assert table.blocking(found) <= allowed < table.blocking(found - 1)


def test_no_limit_within_the_cap_is_none() -> None:
    assert blocking_limit(217.0, 0.001, 200) is None


@pytest.mark.parametrize("rate", [1 / 7200, 1 / 1800, 1 / 600, 1 / 200])
@pytest.mark.parametrize("cold_s", [15.0, 300.0])
def test_an_endpoint_that_sleeps_is_exact_under_steady_traffic(rate: float, cold_s: float) -> None:
    found = whole_endpoint(load_of(Steady(rate=rate)), idle_s=1800.0, cold_s=cold_s)
    quiet, ahead = math.exp(rate * 1800.0), rate * cold_s
    assert found.cold_fraction == pytest.approx((1 + ahead) / (quiet + ahead))
    assert found.on_fraction == pytest.approx((ahead + quiet - 1) / (quiet + ahead))
    assert found.starts_per_month == pytest.approx(rate / (quiet + ahead) * 730 * 3600)


def judged(load: Load, arrivals: list[float], seconds: float, cold_s: float) -> None:
    """The prediction against a simulation of the same arrivals."""
    cold, on, starts = on_from_zero(arrivals, seconds=seconds, idle_s=1800.0, cold_s=cold_s)
    found = whole_endpoint(load, idle_s=1800.0, cold_s=cold_s)
    assert found.cold_fraction == pytest.approx(cold, abs=0.02)
    assert found.on_fraction == pytest.approx(on, abs=0.02)
    assert found.starts_per_month == pytest.approx(starts * 730 * 3600 / seconds, rel=0.1)


def test_office_hours_sleep_at_night() -> None:
    window = WeeklyWindow(days=(0, 1, 2, 3, 4), start_s=8 * 3600.0, end_s=18 * 3600.0)
    load = load_of(Intermittent(requests_per_day=60.0, windows=(window,)))

    def rate(t: float) -> float:
        day, second = divmod(t % (7 * DAY_S), DAY_S)
        return 60 / 36_000 if day < 5 and 8 * 3600 <= second < 18 * 3600 else 0.0

    seconds = 100 * 7 * DAY_S
    judged(load, list(poisson(seconds, 1, rate, 60 / 36_000)), seconds, 20.0)


@pytest.mark.parametrize("rate", [0.02, 1.0, 30.0])
def test_the_first_request_after_a_silent_night_starts_it_and_those_behind_wait(
    rate: float,
) -> None:
    load = steps((8 * 3600.0, rate), (16 * 3600.0, 0.0))
    found = whole_endpoint(load, idle_s=1800.0, cold_s=23.0)
    assert found.starts_per_month == pytest.approx(730 / 24, rel=1e-3)
    assert found.cold_fraction == pytest.approx((1 + rate * 23.0) / (rate * 8 * 3600.0), rel=1e-3)
    # The half hour after the last request; the night's first minutes are within 0.5 %.
    assert found.on_fraction == pytest.approx(8.5 / 24, rel=5e-3)


def test_a_day_of_many_rates_sleeps_in_its_valley() -> None:
    load = load_of(Diurnal(base=1 / 7200, peak=1 / 120, peak_at_s=12 * 3600.0, width_s=6 * 3600.0))

    def rate(t: float) -> float:
        distance = abs(t % DAY_S - 12 * 3600)
        bell = math.exp(-math.log(2) / (3 * 3600) ** 2 * min(distance, DAY_S - distance) ** 2)
        return 1 / 7200 + (1 / 120 - 1 / 7200) * bell

    seconds = 200 * DAY_S
    judged(load, list(poisson(seconds, 2, rate, 1 / 120)), seconds, 20.0)


@pytest.mark.parametrize("gap_s", [600.0, 1500.0, 4000.0])
def test_a_recording_is_replayed_as_it_came(gap_s: float) -> None:
    rng, now, stamps = random.Random(5), 0.0, []
    while now < 30 * DAY_S:
        now += rng.expovariate(1.0 / gap_s)
        stamps.append(now)
    load = load_of(Trace(file="t", stamps_s=tuple(stamps), size_for=1.0))
    judged(load, stamps, stamps[-1], 20.0)


def test_a_recording_of_minutes_is_replayed_too() -> None:
    counts = [1.0 if minute % 45 == 0 else 0.0 for minute in range(900)]
    found = whole_endpoint(recorded(*counts), idle_s=1800.0, cold_s=10.0)
    assert found.cold_fraction == pytest.approx(1.0)
    assert found.starts_per_month == pytest.approx(730 * 60 / 45)
    assert found.on_fraction == pytest.approx(31 / 45, abs=0.02)


def test_a_cycle_shorter_than_the_idle_time_repeats() -> None:
    burst = Burst(rate=0.02, duration_s=60.0, every_s=600.0)
    found = whole_endpoint(load_of(Steady(rate=0.0001, burst=burst)), idle_s=1800.0, cold_s=10.0)
    assert 0.0 < found.cold_fraction < 0.2
