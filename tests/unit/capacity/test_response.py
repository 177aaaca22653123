"""Percentiles of delays and service times, against all their sums, sorted."""

from __future__ import annotations

import heapq
import math
from functools import cache
from random import Random

import pytest

from planner.capacity.service_time import ServiceTime
from planner.capacity.simulator.response import Response, cells_of
from planner.capacity.simulator.tally import Tally
from tests.support.simulations import percentile

QUANTILES = (0.5, 0.9, 0.95, 0.99, 0.999)
RUNS, REQUESTS = 5, 20_000


def lognormal(mean_s: float, scv: float) -> ServiceTime:
    return ServiceTime(mean_s, math.sqrt(math.log1p(scv)))


@cache
def delays(servers: int, busy: float) -> tuple[tuple[float, ...], ...]:
    """Of some runs of a line with constant service times of 0.1 s."""
    rng, free = Random(f"{servers}/{busy}"), [0.0] * servers
    now, runs = 0.0, []
    for _ in range(RUNS):
        run = []
        for _ in range(REQUESTS):
            now += rng.expovariate(busy * servers / 0.1)
            start = max(now, free[0])
            heapq.heapreplace(free, start + 0.1)
            run.append(start - now)
        runs.append(tuple(run))
    return tuple(runs)


def tally(run: tuple[float, ...]) -> Tally:
    made = Tally()
    made.served, made.delays = len(run), [delay for delay in run if delay > 0.0]
    return made


def response(servers: int, busy: float, service: ServiceTime, overhead_s: float = 0.0) -> Response:
    cells = [cell for run in delays(servers, busy) for cell in cells_of(1.0, tally(run), [service])]
    return Response(cells, overhead_s=overhead_s)


def sums(servers: int, busy: float, service: ServiceTime) -> list[float]:
    """Every delay with a service time drawn for it."""
    rng = Random(9)
    return sorted(
        delay + math.exp(rng.gauss(service.mu, service.sigma))
        for run in delays(servers, busy)
        for delay in run
    )


@pytest.mark.parametrize("scv", [0.0, 0.05, 1.0])
@pytest.mark.parametrize(("servers", "busy"), [(1, 0.7), (1, 0.95), (5, 0.95), (16, 0.9)])
def test_quantiles_are_those_of_the_sorted_sums(servers: int, busy: float, scv: float) -> None:
    service = lognormal(0.1, scv)
    found, true = response(servers, busy, service), sums(servers, busy, service)
    for q in QUANTILES:
        # Constant service times smooth no group; drawn ones are noisy far out.
        within = 0.05 if scv == 0.0 or q == 0.999 else 0.03
        assert found.quantile(q) == pytest.approx(percentile(true, q), rel=within)
    assert found.mean() == pytest.approx(sum(true) / len(true), rel=0.01)


@pytest.mark.parametrize(("servers", "busy"), [(1, 0.95), (5, 0.95)])
def test_the_p99_of_long_waits_is_told_to_two_percent(servers: int, busy: float) -> None:
    """Wide groups far out would show the mean of the slowest hundredth instead."""
    service = ServiceTime(0.1, 0.0)
    found, true = response(servers, busy, service), sums(servers, busy, service)
    for q in (0.99, 0.995, 0.999):
        assert found.quantile(q) == pytest.approx(percentile(true, q), rel=0.02)


@pytest.mark.parametrize("seconds", [0.05, 0.11, 0.2, 0.5, 1.0])
@pytest.mark.parametrize("scv", [0.0, 0.25])
def test_the_share_beyond_a_limit(seconds: float, scv: float) -> None:
    service = lognormal(0.1, scv)
    true = sums(1, 0.7, service)
    late = sum(1 for each in true if each > seconds) / len(true)
    # Half a group of one run, where the service time smooths none.
    within = 0.006 if scv else 0.02
    assert response(1, 0.7, service).exceeds(seconds) == pytest.approx(late, abs=within)


def test_quantile_and_share_are_each_others_inverse() -> None:
    found = response(5, 0.95, lognormal(0.1, 0.25))
    for q in QUANTILES:
        assert found.exceeds(found.quantile(q)) == pytest.approx(1.0 - q, rel=0.02)


def test_a_guess_changes_the_speed_alone() -> None:
    found = response(1, 0.7, lognormal(0.1, 0.25))
    for q in QUANTILES:
        true = found.quantile(q)
        for guess in (0.0, 0.5 * true, 0.99 * true, true, 1.01 * true, 3.0 * true, 1e9):
            assert found.quantile(q, near_s=guess) == pytest.approx(true, rel=2e-3)


def test_an_overhead_moves_everything_by_as_much() -> None:
    service = lognormal(0.1, 0.25)
    near, far = response(1, 0.7, service), response(1, 0.7, service, overhead_s=0.05)
    assert far.mean() == pytest.approx(near.mean() + 0.05)
    for q in QUANTILES:
        assert far.quantile(q) == pytest.approx(near.quantile(q) + 0.05, rel=2e-3)
    assert far.exceeds(0.04) == 1.0


def test_nothing_waited_is_the_service_time_itself() -> None:
    service = lognormal(0.2, 1.0)
    found = Response([(1000.0, 0.0, service)], overhead_s=0.0)
    for q in QUANTILES:
        assert found.quantile(q) == pytest.approx(service.quantile(q), rel=2e-3)
    assert found.exceeds(0.3) == pytest.approx(service.exceeds(0.3))


def test_no_requests_have_no_latency() -> None:
    empty = Response([], overhead_s=0.1)
    assert (empty.quantile(0.99), empty.mean(), empty.exceeds(0.0)) == (0.0, 0.0, 0.0)


def test_weights_count() -> None:
    """One of ten stands for nine in ten of the cycle."""
    quick, slow = ServiceTime(0.1, 0.0), ServiceTime(0.3, 0.0)
    found = Response([(90.0, 0.0, quick), (10.0, 0.0, slow)], overhead_s=0.0)
    assert found.quantile(0.89) == pytest.approx(0.1, rel=2e-3)
    assert found.quantile(0.91) == pytest.approx(0.3, rel=2e-3)
    assert found.mean() == pytest.approx(0.12)


@pytest.mark.parametrize("weight", [1.0, 37.5])
def test_cells_keep_all_requests_and_all_of_their_waiting(weight: float) -> None:
    service = lognormal(0.1, 0.25)
    for run in delays(1, 0.7):
        made = tally(run)
        cells = cells_of(weight, made, [service])
        assert sum(n for n, _, _ in cells) == pytest.approx(weight * made.served)
        waited = sum(n * delay for n, delay, _ in cells)
        assert waited == pytest.approx(weight * sum(made.delays))
        found = Response(cells, overhead_s=0.0)
        assert found.total == pytest.approx(weight * made.served)
        assert found.mean() == pytest.approx(0.1 + sum(made.delays) / made.served)


def test_many_runs_are_pooled_into_few_cells() -> None:
    service = lognormal(0.1, 0.25)
    cells = [
        cell
        for run in delays(5, 0.95)
        for _ in range(8)
        for cell in cells_of(1.0, tally(run), [service])
    ]
    assert len(cells) > 1000
    assert len(Response(cells, overhead_s=0.0).cells) < 200


def test_a_request_is_as_slow_as_the_concurrency_it_met() -> None:
    services = tuple(ServiceTime(mean_s, 0.0) for mean_s in (0.1, 0.2, 0.4))
    made = Tally()
    made.served, made.at_once, made.delays = 100, [50, 30, 10], [0.05] * 10
    found = Response(cells_of(1.0, made, services), overhead_s=0.0)
    assert found.mean() == pytest.approx((50 * 0.1 + 30 * 0.2 + 10 * 0.4 + 10 * 0.45) / 100)
    assert found.exceeds(0.3) == pytest.approx(0.2)
    assert found.exceeds(0.42) == pytest.approx(0.1)
    assert found.quantile(0.6) == pytest.approx(0.2, rel=2e-3)
