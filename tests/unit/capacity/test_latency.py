import math
import random
from itertools import pairwise

import pytest

from planner.capacity.latency import (
    Pool,
    SplitPool,
    outside_validity,
    smallest_count,
    stable_count,
)
from planner.capacity.queue import Cold
from planner.capacity.service_time import ServiceTime, fit
from planner.model.traffic import Steady
from tests.support.loads import load_of, pool_at, steps, target
from tests.support.simulations import (
    Draw,
    at_random,
    first_come,
    gamma,
    lognormal,
    percentile,
)

NOISE = 0.04
"""Of a simulated percentile, from repeating the runs with other seeds."""


def queue(rate: float, servers: int, scv: float) -> Pool:
    """Requests of 100 ms at `rate`."""
    load = load_of(Steady(rate=rate), service_s=0.1)
    return Pool(load, ServiceTime(0.1, math.sqrt(math.log1p(scv))), overhead_s=0.0)


CASES = ((1, 0.5), (1, 0.8), (4, 0.7), (4, 0.9), (16, 0.9))


def errors(servers: int, rho: float, scv: float, service: Draw) -> tuple[float, float]:
    """Of the predicted p50 and p99, relative to a simulation."""
    rate = rho * servers / 0.1
    enough = int(20_000 / (1.0 - rho))
    times = first_come(rate=rate, servers=servers, service=service, requests=enough, seed=11)
    pool = queue(rate, servers, scv)
    found = [pool.quantile((servers,), q) / percentile(times, q) - 1.0 for q in (0.5, 0.99)]
    return found[0], found[1]


@pytest.mark.parametrize("scv", [0.0, 0.25, 1.0])
@pytest.mark.parametrize(("servers", "rho"), CASES)
def test_percentiles_are_within_the_stated_error(servers: int, rho: float, scv: float) -> None:
    middle, tail = errors(servers, rho, scv, gamma(0.1, scv))
    assert -0.03 - NOISE <= tail <= 0.13 + NOISE
    assert -0.08 <= middle <= 0.05


@pytest.mark.parametrize(("scv", "lowest"), [(0.5, -0.05), (1.0, -0.12)])
@pytest.mark.parametrize(("servers", "rho"), CASES)
def test_a_heavier_tail_than_gamma_is_missed_by_at_most_this(
    servers: int, rho: float, scv: float, lowest: float
) -> None:
    _, tail = errors(servers, rho, scv, lognormal(0.1, scv))
    assert lowest - NOISE <= tail <= 0.13 + NOISE


def test_constant_service_waits_too() -> None:
    # The predicted wait must not vanish where a request takes exactly as long as all others.
    pool = queue(9.0, 1, 0.0)
    assert pool.exceeds((1,), 0.1) == pytest.approx(0.9)
    assert pool.quantile((1,), 0.99) > 0.25


def test_random_routing_waits_as_separate_lines_do() -> None:
    load = load_of(Steady(rate=40.0), service_s=0.1)
    split = SplitPool(load, fit(0.1), overhead_s=0.0, slots=2)
    times = at_random(
        rate=40.0, replicas=4, slots=2, service=lognormal(0.1, 0.1), requests=60_000, seed=2
    )
    error = split.quantile((8,), 0.99) / percentile(times, 0.99) - 1.0
    assert -0.03 - NOISE <= error <= 0.13 + NOISE


def test_random_routing_needs_more_than_pooled() -> None:
    load = load_of(Steady(rate=80.0), service_s=0.1)
    goal = (target("p99", 0.35),)
    pooled = Pool(load, fit(0.1), overhead_s=0.0).smallest(goal, floor=9)
    split = SplitPool(load, fit(0.1), overhead_s=0.0, slots=1).smallest(goal, floor=9)
    assert pooled is not None
    assert split is not None
    assert split > 1.4 * pooled


def test_exponential_service_on_one_server_is_exact() -> None:
    # The sum of an exponential wait and a service time, both known: M/M/1 response is exponential.
    pool = queue(5.0, 1, 1.0)
    assert pool.mean((1,)) == pytest.approx(0.2, rel=1e-6)


def test_percentiles_are_convolved_and_not_added() -> None:
    pool = queue(36.0, 4, 0.1)
    waiting = pool.wait(0, 4)
    added = pool.service.quantile(0.99) - math.log(0.01 / waiting.probability) / waiting.decay
    assert pool.quantile((4,), 0.99) < 0.9 * added


def test_overhead_is_added_to_every_percentile() -> None:
    bare, burdened = pool_at(10, 0.1), pool_at(10, 0.1, overhead_s=0.03)
    for q in (0.5, 0.9, 0.99):
        gap = burdened.quantile((2,), q) - bare.quantile((2,), q)
        assert gap == pytest.approx(0.03, abs=3e-4)


def test_a_share_of_cold_requests_shows_in_the_percentiles_above_it() -> None:
    pool = pool_at(1, 0.1)
    cold = Cold(fraction=0.05, delay_s=8.0)
    assert pool.quantile((20,), 0.90, cold) < 0.2
    assert pool.quantile((20,), 0.99, cold) > 8.0
    assert pool.mean((20,), cold) == pytest.approx(0.1 + 0.05 * 8.0)


@pytest.mark.parametrize(
    ("rate", "servers", "fraction", "delay_s"),
    [(2.0, 1, 0.05, 2.0), (10.0, 3, 0.05, 2.0), (50.0, 8, 0.02, 1.5), (2.0, 4, 0.5, 1.0)],
)
def test_who_loads_a_model_keeps_others_waiting(
    rate: float, servers: int, fraction: float, delay_s: float
) -> None:
    draw = lognormal(0.05, 0.1)

    def service(rng: random.Random) -> float:
        return draw(rng) + (delay_s if rng.random() < fraction else 0.0)

    times = first_come(rate=rate, servers=servers, service=service, requests=80_000, seed=4)
    cold = Cold(fraction=fraction, delay_s=delay_s)
    pool = pool_at(rate, 0.05).loading(cold)
    for q in (0.5, 0.95, 0.99):
        error = pool.quantile((servers,), q, cold) / percentile(times, q) - 1.0
        assert -0.1 <= error <= 0.3
    assert pool.rho((servers,)) == pytest.approx(rate * (0.05 + fraction * delay_s) / servers)


def test_loads_that_take_no_time_change_nothing() -> None:
    pool = pool_at(10.0, 0.05)
    assert pool.loading(Cold(fraction=0.0, delay_s=5.0)) is pool
    busy = pool.loading(Cold(fraction=0.2, delay_s=1.0))
    assert busy.loading(Cold()).wait(0, 2) == pool.wait(0, 2)
    assert busy.wait(0, 4).mean_s > pool.wait(0, 4).mean_s


def test_a_quiet_hour_dilutes_a_busy_one_by_requests_not_by_time() -> None:
    busy = pool_at(36, 0.1)
    load = steps((3600.0, 36.0), (3600.0, 4.0))
    both = Pool(load, fit(0.1), overhead_s=0.0)
    slow = busy.exceeds((4,), 0.4)
    assert both.exceeds((4, 4), 0.4) == pytest.approx(0.9 * slow, rel=0.02)


def test_more_servers_are_never_slower() -> None:
    pool = pool_at(50, 0.1)
    late = [pool.exceeds((n,), 0.25) for n in range(4, 40)]
    assert all(after <= before for before, after in pairwise(late))
    assert late[0] == 1.0


@pytest.mark.parametrize("label", ["mean", "p50", "p99", "max"])
def test_the_smallest_count_meets_and_one_fewer_does_not(label: str) -> None:
    pool = pool_at(50, 0.1)
    goals = (target(label, {"mean": 0.11, "p50": 0.105, "p99": 0.25, "max": 0.4}[label]),)
    count = pool.smallest(goals, floor=1)
    assert count is not None
    assert count > 5
    assert pool.meets(goals, pool.constant(count))
    assert not pool.meets(goals, pool.constant(count - 1))
    assert pool.predicted(goals[0], pool.constant(count)) <= goals[0].seconds * 1.002


def test_a_goal_below_the_service_time_is_met_by_no_count() -> None:
    pool = pool_at(50, 0.1)
    goal = target("p99", 0.15)
    assert pool.smallest((goal,), floor=1) is None
    assert pool.smallest_per_bin((goal,), utilization=0.7) is None
    assert pool.best_case(goal) == pytest.approx(fit(0.1).quantile(0.99), rel=2e-3)


def test_each_bin_alone_gets_what_it_needs() -> None:
    pool = Pool(steps((600.0, 10.0), (600.0, 80.0)), fit(0.1), overhead_s=0.0)
    goals = (target("p99", 0.3),)
    counts = pool.smallest_per_bin(goals, utilization=0.7)
    assert counts is not None
    assert [pool.bin_exceeds(i, n, 0.3) <= 0.01 for i, n in enumerate(counts)] == [True, True]
    assert counts[0] < counts[1]
    assert counts[1] >= math.ceil(8.0 / 0.7)


def test_saturation_is_never_predicted_as_a_number() -> None:
    pool = pool_at(50, 0.1)
    assert pool.quantile((4,), 0.99) == math.inf
    assert pool.mean((5,)) == math.inf


@pytest.mark.parametrize(
    ("offered", "utilization", "expected"),
    [(20, 0.7, 29), (20, 1.0, 21), (0, 0.7, 1), (6.5, 0.65, 10)],
)
def test_a_stable_count(offered: float, utilization: float, expected: int) -> None:
    assert stable_count(offered, utilization) == expected


@pytest.mark.parametrize("threshold", [1, 2, 3, 17, 64, 1000])
def test_bisection_finds_the_first_count_that_holds(threshold: int) -> None:
    assert smallest_count(lambda n: n >= threshold, 1) == threshold
    assert smallest_count(lambda n: n >= threshold, 17) == max(threshold, 17)


def test_where_the_closed_form_does_not_hold_it_says_so() -> None:
    assert outside_validity(fit(0.1), 0.7, 4) == ""
    assert "91 %" not in outside_validity(fit(0.1), 0.9, 4)
    assert "utilisation" in outside_validity(fit(0.1), 0.95, 4)
    assert "SCV" in outside_validity(fit(0.1, 1.0), 0.5, 4)
    assert "constant" in outside_validity(fit(0.1, 0.11), 0.5, 2)
    assert outside_validity(fit(0.1, 0.11), 0.5, 3) == ""
