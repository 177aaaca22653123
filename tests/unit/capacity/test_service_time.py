import math
import random

import pytest

from planner.capacity.service_time import DEFAULT_SCV, ServiceTime, fit


def test_a_fit_has_the_mean_and_the_percentile_it_was_given() -> None:
    service = fit(0.040, 0.090)
    assert service.mean_s == 0.040
    assert service.quantile(0.99) == pytest.approx(0.090)
    assert service.exceeds(0.090) == pytest.approx(0.01)


def test_a_mean_alone_takes_the_assumed_spread() -> None:
    assert fit(0.006).scv == pytest.approx(DEFAULT_SCV)
    assert fit(0.006).quantile(0.99) / 0.006 == pytest.approx(1.96, abs=0.02)


def test_equal_mean_and_percentile_is_a_constant() -> None:
    service = fit(0.05, 0.05)
    assert service.scv == 0.0
    assert service.quantile(0.5) == service.quantile(0.999) == 0.05
    assert (service.exceeds(0.0499), service.exceeds(0.05)) == (1.0, 0.0)
    assert service.points() == ((1.0, 0.05),)


def test_a_percentile_no_lognormal_reaches_gives_the_widest() -> None:
    widest = fit(0.01, 10.0)
    assert widest == fit(0.01, 20.0)
    assert widest.quantile(0.99) / 0.01 == pytest.approx(math.exp(2.326348**2 / 2), rel=1e-4)


def test_percentiles_are_those_of_a_lognormal() -> None:
    service = fit(0.1, 0.3)
    rng = random.Random(7)
    draws = sorted(rng.lognormvariate(service.mu, service.sigma) for _ in range(40_000))
    for q in (0.5, 0.9, 0.99):
        assert service.quantile(q) == pytest.approx(draws[int(q * len(draws))], rel=0.04)
    assert sum(draws) / len(draws) == pytest.approx(0.1, rel=0.02)


def test_the_points_of_a_convolution_keep_share_and_mean() -> None:
    service = fit(0.1, 0.25)
    assert sum(share for share, _ in service.points()) == pytest.approx(1.0)
    mean = sum(share * seconds for share, seconds in service.points())
    assert mean == pytest.approx(0.1, rel=0.01)


def test_a_constant_more_keeps_the_absolute_spread() -> None:
    service = fit(0.1, 0.25)
    longer = service.plus(0.2)
    assert longer.mean_s == pytest.approx(0.3)
    assert longer.scv * 0.3**2 == pytest.approx(service.scv * 0.1**2)
    assert service.plus(0.0) is service


def test_slower_by_a_factor_keeps_the_relative_spread() -> None:
    service = fit(0.1, 0.25)
    assert service.times(3.0) == ServiceTime(pytest.approx(0.3), service.sigma)
