import math
import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.capacity.erlang import BlockingTable
from planner.capacity.simulator.on_demand import OnDemand, Sleeping
from tests.support.simulations import cold_share, on_from_zero, percentile, poisson

Draw = Callable[[int], list[float]]


def always(seconds: float) -> Draw:
    return lambda n: [seconds] * n


def exponential(mean_s: float, seed: int) -> Draw:
    rng = random.Random(seed)
    return lambda n: [rng.expovariate(1.0 / mean_s) for _ in range(n)]


def arrivals(rate: float, seconds: float, seed: int) -> list[float]:
    return list(poisson(seconds, seed, lambda _: rate, rate))


@pytest.mark.parametrize("warm", [0, 1, 3])
@pytest.mark.parametrize(("rate", "service_s"), [(0.003, 0.1), (0.05, 4.0), (1.0, 2.0)])
def test_as_many_cold_starts_as_a_replay_finds(rate: float, service_s: float, warm: int) -> None:
    times = arrivals(rate, 20_000.0 / rate, 11)
    station = OnDemand(always(service_s), limit=100_000, warm=warm, idle_s=600.0, cold_s=0.0)
    tally = station.serve(times)
    judged = cold_share(times, service_s=service_s, idle_s=600.0, warm=warm)
    assert tally.cold / len(times) == pytest.approx(judged, abs=1e-12)
    assert (tally.served, tally.refused, tally.delays) == (len(times), 0, [])


def test_the_state_lasts_from_run_to_run() -> None:
    times = arrivals(0.4, 50_000.0, 3)
    whole = OnDemand(always(3.0), limit=4, warm=1, idle_s=20.0, cold_s=1.5)
    parts = OnDemand(always(3.0), limit=4, warm=1, idle_s=20.0, cold_s=1.5)
    at_once, tally = whole.serve(times), parts.serve(times[:7000])
    tally.add(parts.serve(times[7000:7001]))
    tally.add(parts.serve([]))
    tally.add(parts.serve(times[7001:]))
    assert at_once.cold > 100
    assert at_once.refused > 100
    assert (tally.cold, tally.refused, tally.served) == (
        at_once.cold,
        at_once.refused,
        at_once.served,
    )
    assert tally.delays == at_once.delays == [1.5] * at_once.cold
    assert parts.up_s(60_000.0) == pytest.approx(whole.up_s(60_000.0))


@pytest.mark.parametrize("draw", [always(1.0), exponential(1.0, 5)])
@pytest.mark.parametrize(("offered", "limit"), [(2.0, 3), (10.0, 12), (40.0, 40)])
def test_refusals_are_those_of_erlang(offered: float, limit: int, draw: Draw) -> None:
    times = arrivals(offered, 400_000.0 / offered, 7)
    station = OnDemand(draw, limit=limit, idle_s=math.inf, cold_s=0.0)
    tally = station.serve(times)
    blocking = BlockingTable(offered).blocking(limit)
    assert tally.refused / len(times) == pytest.approx(blocking, rel=0.03)
    assert tally.cold == limit
    assert tally.busy_s / times[-1] == pytest.approx(offered * (1.0 - blocking), rel=0.02)


def test_a_request_that_waits_for_a_start_holds_concurrency() -> None:
    station = OnDemand(always(1.0), limit=2, idle_s=100.0, cold_s=5.0)
    tally = station.serve([0.0, 1.0, 2.0, 5.5, 6.0, 7.0])
    # The first two start instances until 6 and 7; the third and fourth find no concurrency left.
    assert (tally.served, tally.refused, tally.cold) == (4, 2, 2)
    assert tally.delays == [5.0, 5.0]
    assert tally.busy_s == pytest.approx(4 * 1.0 + 2 * 5.0)


def test_warm_instances_are_up_all_the_time_and_others_while_needed() -> None:
    station = OnDemand(always(2.0), limit=10, warm=1, idle_s=10.0, cold_s=3.0)
    assert station.serve([0.0, 1.0]).cold == 1
    # The second lives from 1 through start and service to 6, idle until 16... unless the first,
    # free since 2, is the one that leaves: at 12.
    assert station.up_s(100.0) == pytest.approx(12.0 + 99.0)


def test_what_stays_can_be_changed() -> None:
    station = OnDemand(always(1.0), limit=10, warm=0, idle_s=10.0, cold_s=3.0)
    station.resize(100.0, 3)
    assert station.serve([200.0] * 4).cold == 1
    station.resize(1000.0, 1)
    assert station.serve([1000.0] * 2).cold == 1
    # Three stayed after the fourth left; one of them is kept from 1000 on, none from 2000 on.
    station.resize(2000.0, 0)
    assert station.serve([2000.0]).cold == 1


def test_up_is_what_is_billed_however_warm_changes() -> None:
    station = OnDemand(always(1.0), limit=10, warm=0, idle_s=10.0, cold_s=3.0)
    station.resize(100.0, 3)
    assert station.up_s(300.0) == pytest.approx(600.0)
    station.resize(300.0, 1)
    assert station.up_s(500.0) == pytest.approx(800.0)


@pytest.mark.parametrize("rate", [0.0005, 0.002, 0.01])
def test_an_endpoint_that_sleeps_delays_what_a_replay_delays(rate: float) -> None:
    seconds = 10_000.0 / rate
    times = arrivals(rate, seconds, 5)
    station = Sleeping(always(0.0), servers=1, idle_s=600.0, cold_s=90.0)
    tally = station.serve(times)
    delayed, on, starts = on_from_zero(times, seconds=seconds, idle_s=600.0, cold_s=90.0)
    assert tally.cold == len(tally.delays)
    assert (tally.cold / len(times), station.starts) == (pytest.approx(delayed, abs=1e-12), starts)
    assert station.on_s(math.inf) / seconds == pytest.approx(on, rel=1e-9)


@pytest.mark.parametrize(("offered", "servers"), [(0.7, 1), (6.0, 8)])
def test_awake_it_is_one_line_for_all_servers(offered: float, servers: int) -> None:
    times = arrivals(offered, 300_000.0 / offered, 9)
    station = Sleeping(exponential(1.0, 2), servers=servers, idle_s=1e6, cold_s=0.0)
    tally = station.serve(times)
    waiting = BlockingTable(offered).waiting(servers)
    assert len(tally.delays) / len(times) == pytest.approx(waiting, rel=0.04)
    # Who waits does so exponentially, at the rate of what the servers have to spare.
    assert percentile(sorted(tally.delays), 0.9) == pytest.approx(
        math.log(10.0) / (servers - offered), rel=0.08
    )


def test_all_who_come_during_the_start_wait_for_it() -> None:
    station = Sleeping(always(4.0), servers=2, idle_s=100.0, cold_s=10.0)
    tally = station.serve([0.0, 3.0, 9.0, 11.0, 17.0, 200.0])
    # Two begin at 10, the third and fourth at 14 when those end, the fifth at 18.
    assert tally.delays == [10.0, 7.0, 5.0, 3.0, 1.0, 10.0]
    assert (tally.cold, station.starts) == (4, 2)
    assert station.on_s(400.0) == pytest.approx(117.0 + 110.0)


def test_the_line_is_limited_during_the_start_too() -> None:
    station = Sleeping(always(4.0), servers=1, idle_s=100.0, cold_s=10.0, queue_limit=2)
    tally = station.serve([0.0, 1.0, 2.0, 11.0, 12.0, 14.5])
    assert (tally.served, tally.refused) == (4, 2)
    assert tally.delays == [10.0, 13.0, 7.0, 7.5]
    two = Sleeping(always(4.0), servers=2, idle_s=100.0, cold_s=10.0, queue_limit=2)
    assert two.serve([0.0, 1.0, 2.0, 3.0, 4.0]).refused == 1


def test_it_stays_awake_for_a_request_longer_than_its_idle_time() -> None:
    station = Sleeping(always(50.0), servers=2, idle_s=20.0, cold_s=5.0)
    assert station.serve([0.0, 54.0, 100.0]).cold == 1
    assert station.starts == 1


def test_servers_can_be_added_and_taken_away() -> None:
    station = Sleeping(always(10.0), servers=1, idle_s=100.0, cold_s=0.0)
    assert station.serve([0.0, 1.0]).delays == [9.0]
    station.resize(2.0, 3)
    assert station.serve([2.0, 3.0, 4.0]).delays == [8.0]
    station.resize(60.0, 1)
    assert station.serve([60.0, 61.0]).delays == [9.0]


gaps = st.lists(st.floats(0.0, 30.0), min_size=1, max_size=60)


def summed(gaps: list[float]) -> list[float]:
    now, times = 0.0, []
    for gap in gaps:
        now += gap
        times.append(now)
    return times


@given(gaps, st.integers(1, 5), st.integers(0, 4), st.floats(0.0, 40.0), st.floats(0.0, 9.0))
def test_more_concurrency_refuses_no_more(
    gaps: list[float], limit: int, warm: int, idle_s: float, cold_s: float
) -> None:
    times = summed(gaps)
    small = OnDemand(always(6.0), limit=limit, warm=warm, idle_s=idle_s, cold_s=cold_s)
    tally = small.serve(times)
    assert tally.served + tally.refused == len(times)
    assert tally.cold <= tally.served
    kept = OnDemand(always(6.0), limit=limit, warm=limit, idle_s=idle_s, cold_s=cold_s)
    assert kept.serve(times).cold == 0
    unlimited = OnDemand(always(6.0), limit=len(times), warm=warm, idle_s=idle_s, cold_s=cold_s)
    assert unlimited.serve(times).refused == 0
    up = small.up_s(times[-1] + 1e6) - 1e6 * min(warm, limit)
    assert up >= tally.busy_s - min(warm, limit) * (tally.busy_s + cold_s) - 1e-6


@given(gaps, st.integers(1, 4), st.floats(0.0, 40.0), st.floats(0.5, 40.0))
def test_no_request_waits_longer_than_the_start_and_all_before_it(
    gaps: list[float], servers: int, idle_s: float, cold_s: float
) -> None:
    times = summed(gaps)
    station = Sleeping(always(6.0), servers=servers, idle_s=idle_s, cold_s=cold_s)
    tally = station.serve(times)
    assert tally.served == len(times)
    assert max(tally.delays, default=0.0) <= cold_s + 6.0 * len(times) / servers + 1e-6
    assert 1 <= station.starts <= tally.cold
    end = times[-1] + 1e6
    assert tally.busy_s / servers <= station.on_s(end) + 1e-6 <= end
