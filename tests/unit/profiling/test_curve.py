"""Curves through points, and the spread of service times."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.capacity.service_time import ServiceTime
from planner.model.workload import ServicePoint
from planner.profiling import Observation
from planner.profiling.curve import fitted, formula, spread_of, tail_off


def points(truth: Callable[[float], float], *counts: int, noise: float = 0.0) -> list[ServicePoint]:
    random = Random(3)
    return [
        ServicePoint(concurrency=n, mean_s=truth(n) * random.uniform(1 - noise, 1 + noise))
        for n in counts
    ]


def test_free_slots_and_then_a_queue() -> None:
    fit = fitted("a", points(lambda n: 0.04 * max(1.0, n / 3.0), 1, 2, 3, 4, 6, 8, 12))
    assert fit.shape.name == "two lines"
    assert fit.shape.knee == pytest.approx(3.0, rel=0.05)
    assert fit.limit_per_s == pytest.approx(75.0, rel=0.02)
    assert fit.at(5) == pytest.approx(0.04 * 5 / 3, rel=0.02)
    assert "max(0, n - " in formula(fit)


def test_a_server_that_is_shared() -> None:
    fit = fitted("a", points(lambda n: 0.02 + 0.008 * (n - 1), 1, 2, 4, 8))
    assert fit.shape.name == "one line"
    assert fit.limit_per_s == pytest.approx(125.0)
    assert fit.off < 1e-9
    assert formula(fit) == "20 ms + 8 ms (n - 1)"


def test_throughput_that_falls_again() -> None:
    fit = fitted(
        "a", points(lambda n: 0.02 + 0.001 * (n - 1) + 0.0005 * n * (n - 1), 1, 2, 4, 8, 12, 16)
    )
    assert fit.shape.name == "universal scalability law"
    best = max(n / fit.at(n) for n in range(1, 200))
    assert fit.limit_per_s == pytest.approx(best, rel=0.02)


def test_company_speeds_nobody_up() -> None:
    fit = fitted("a", points(lambda n: 0.05 - 0.002 * n, 1, 2, 4, 8))
    assert [p.mean_s for p in fit.fitted] == [pytest.approx(fit.fitted[0].mean_s)] * 4
    assert fit.limit_per_s == float("inf")


def test_nothing_is_fitted_beyond_what_was_measured() -> None:
    fit = fitted("a", points(lambda n: 0.02 * n, 2, 12))
    assert [p.concurrency for p in fit.fitted] == [2, 4, 8, 12]
    assert [p.concurrency for p in fitted("a", points(lambda _: 0.02, 4)).fitted] == [4]


def test_scatter_is_smoothed() -> None:
    def truth(n: float) -> float:
        return 0.03 * max(1.0, n / 2.0)

    fit = fitted("a", points(truth, 1, 2, 3, 4, 6, 8, 12, 16, noise=0.05))
    worst = max(abs(p.mean_s / truth(p.concurrency) - 1.0) for p in fit.fitted)
    assert worst < 0.05
    assert fit.left_out is not None


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 400), st.floats(1e-4, 100.0)),
        min_size=1,
        max_size=9,
        unique_by=lambda one: one[0],
    )
)
def test_any_points_have_a_curve_that_rises(given_points: list[tuple[int, float]]) -> None:
    fit = fitted("a", [ServicePoint(concurrency=n, mean_s=s) for n, s in sorted(given_points)])
    seconds = [p.mean_s for p in fit.fitted]
    assert all(one > 0.0 for one in seconds)
    assert all(low <= high * (1 + 1e-9) for low, high in pairwise(seconds))
    assert min(fit.weights) >= 0.0


def alone(**more: object) -> Observation:
    values = {"instance_type": "a", "loop": "closed", "users": 1.0, "mean_s": 0.05, "requests": 500}
    return Observation(**{**values, **more})  # type: ignore[arg-type]


def test_the_spread_is_that_of_requests_nobody_was_served_beside() -> None:
    truth = ServiceTime(0.05, 0.4)
    tail = tuple((name, truth.quantile(q)) for name, q in (("p50", 0.5), ("p99", 0.99)))
    by_percentiles = spread_of([alone(latency=tail)])
    assert by_percentiles is not None
    assert by_percentiles.scv == pytest.approx(truth.scv, rel=1e-6)
    assert by_percentiles.source == "one user, 500 requests"
    by_deviation = spread_of([alone(std_s=0.01)])
    assert by_deviation is not None
    assert by_deviation.scv == pytest.approx(0.04)
    idle = spread_of([alone(loop="open", users=None, throughput_per_s=1.0, std_s=0.01)])
    assert idle is not None
    assert "idle" in idle.source


def test_company_hides_the_spread() -> None:
    tail = (("p50", 0.05), ("p99", 0.2))
    assert spread_of([alone(users=4.0, latency=tail, std_s=0.05)]) is None
    busy = alone(loop="open", users=None, throughput_per_s=10.0, latency=tail)
    assert spread_of([busy]) is None
    assert spread_of([alone(requests=5, std_s=0.01)]) is None


def test_a_tail_that_is_no_log_normal() -> None:
    truth = ServiceTime(0.05, 0.3)
    seen = alone(latency=(("p99", truth.quantile(0.99) * 1.5),))
    assert tail_off(seen, truth.scv) == pytest.approx(1.5)
