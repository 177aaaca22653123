"""Random service times and arrivals have the moments that they are asked for."""

from __future__ import annotations

import math
from collections import Counter
from itertools import pairwise
from random import Random
from statistics import fmean, pvariance

import pytest

from planner.capacity.service_time import ServiceTime
from planner.capacity.simulator.draws import (
    STRATA,
    Levels,
    drawing,
    renewal_times,
    spread_times,
)
from tests.support.simulations import percentile

MANY = 200_000


def lognormal(scv: float, mean_s: float = 0.1) -> ServiceTime:
    return ServiceTime(mean_s, math.sqrt(math.log1p(scv)))


def scv_of(values: list[float]) -> float:
    return pvariance(values) / fmean(values) ** 2


@pytest.mark.parametrize(("scv", "within"), [(0.01, 0.02), (0.25, 0.03), (1.0, 0.06), (4.0, 0.25)])
def test_the_mean_and_the_spread_of_service_times(scv: float, within: float) -> None:
    drawn = drawing(lognormal(scv), Random(1))(MANY)
    assert fmean(drawn) == pytest.approx(0.1, rel=0.012)
    assert scv_of(drawn) == pytest.approx(scv, rel=within)


@pytest.mark.parametrize("scv", [0.25, 4.0])
@pytest.mark.parametrize(
    ("q", "within"), [(0.5, 0.01), (0.99, 0.02), (0.9995, 0.1), (0.9999, 0.15)]
)
def test_their_percentiles_up_to_a_heavy_tail(scv: float, q: float, within: float) -> None:
    service = lognormal(scv)
    drawn = sorted(drawing(service, Random(2))(2 * MANY))
    assert percentile(drawn, q) == pytest.approx(service.quantile(q), rel=within)


def test_beyond_the_last_stratum_there_are_as_many_values_as_draws() -> None:
    service = lognormal(4.0)
    drawn = drawing(service, Random(3))(MANY)
    edge = service.quantile(1.0 - 1.0 / STRATA)
    beyond = [x for x in drawn if x > edge]
    assert len(beyond) == pytest.approx(MANY / STRATA, rel=0.2)
    assert len(set(beyond)) == len(beyond)


def test_constant_service_times() -> None:
    assert drawing(ServiceTime(0.3, 0.0), Random(1))(3) == [0.3, 0.3, 0.3]


def test_equal_seeds_draw_alike() -> None:
    one, two = (drawing(lognormal(1.0), Random("7/1"))(100) for _ in range(2))
    assert one == two


def test_levels_look_up_the_concurrency_that_a_request_meets() -> None:
    services = (lognormal(0.25, 0.1), lognormal(1.0, 0.2))
    rows, picks = Levels(services, Random(1)).drawn(MANY, 4)
    assert len(rows) == 4
    assert rows[1] is rows[3]
    for row, service in zip(rows, (*services, services[1], services[1]), strict=True):
        drawn = [row[pick] for pick in picks]
        assert fmean(drawn) == pytest.approx(service.mean_s, rel=0.01)
        assert scv_of(drawn) == pytest.approx(service.scv, rel=0.04)


def test_one_level_draws_exactly() -> None:
    rows, picks = Levels([lognormal(4.0)], Random(5)).drawn(1000, 3)
    assert rows[0] is rows[2]
    assert list(picks) == list(range(1000))
    assert rows[0] == drawing(lognormal(4.0), Random(5))(1000)


# Arrivals.

SCVS = (0.0, 0.3, 1.0, 4.0, 16.0)


@pytest.mark.parametrize("scv", SCVS)
def test_the_rate_and_the_gaps_of_arrivals(scv: float) -> None:
    times = renewal_times(Random(4), start_s=100.0, seconds=20_000.0, rate=10.0, scv=scv)
    assert times == sorted(times)
    assert 100.0 <= times[0] < times[-1] < 20_100.0
    # The index of dispersion says how much a count may be off: three deviations.
    assert len(times) == pytest.approx(200_000.0, abs=3.0 * math.sqrt(scv * 200_000.0) + 1.0)
    gaps = [b - a for a, b in pairwise(times)]
    assert scv_of(gaps) == pytest.approx(scv, rel=0.06, abs=1e-6)


@pytest.mark.parametrize("scv", SCVS)
def test_the_index_of_dispersion_over_long_windows_is_the_scv(scv: float) -> None:
    rate, width, windows = 10.0, 60.0, 1500
    times = renewal_times(Random(5), start_s=0.0, seconds=width * windows, rate=rate, scv=scv)
    counted = Counter(int(t / width) for t in times)
    counts = [float(counted[i]) for i in range(windows)]
    index = pvariance(counts) / fmean(counts)
    assert index == pytest.approx(scv, rel=0.15, abs=0.02)


def test_evenly_spaced_arrivals_start_anywhere() -> None:
    first = {renewal_times(Random(s), start_s=0.0, seconds=9.0, rate=2.0, scv=0.0)[0] for s in "ab"}
    assert len(first) == 2
    assert all(0.0 <= t < 0.5 for t in first)


@pytest.mark.parametrize("scv", SCVS)
@pytest.mark.parametrize("seconds", [0.05, 1.0])
def test_a_short_stretch_has_its_share_of_arrivals(scv: float, seconds: float) -> None:
    """It begins between two arrivals, not with a cluster of its own."""
    rng, expected, many = Random(6), 20.0 * seconds, 4000
    counts = [
        len(renewal_times(rng, start_s=0.0, seconds=seconds, rate=20.0, scv=scv))
        for _ in range(many)
    ]
    deviation = math.sqrt((scv * expected + 0.25) / many)
    assert fmean(counts) == pytest.approx(expected, abs=3.0 * deviation)


@pytest.mark.parametrize(("seconds", "rate"), [(0.0, 5.0), (10.0, 0.0)])
def test_no_time_or_no_rate_has_no_arrivals(seconds: float, rate: float) -> None:
    assert renewal_times(Random(1), start_s=0.0, seconds=seconds, rate=rate) == []


def test_counted_requests_come_anywhere_in_their_stretch() -> None:
    times = spread_times(Random(7), start_s=50.0, seconds=10.0, count=10_000)
    assert times == sorted(times)
    assert (len(times), min(times) >= 50.0, max(times) < 60.0) == (10_000, True, True)
    assert fmean(times) == pytest.approx(55.0, abs=0.1)
    assert pvariance(times) == pytest.approx(100.0 / 12.0, rel=0.03)
