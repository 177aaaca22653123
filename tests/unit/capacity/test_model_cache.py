import math

import pytest

from planner.capacity.model_cache import CacheCurve, CachedModel, grouped
from tests.support.simulations import least_recently_used


def zipf(count: int, exponent: float = 1.0) -> list[float]:
    weights = [1.0 / (rank + 1) ** exponent for rank in range(count)]
    return [weight / sum(weights) for weight in weights]


def models(weights: list[float], sizes: list[float], rate: float = 10.0) -> list[CachedModel]:
    return [
        CachedModel(rate=rate * weight, size_bytes=size, load_s=1.0)
        for weight, size in zip(weights, sizes, strict=True)
    ]


@pytest.mark.parametrize("capacity", [20, 60, 120])
def test_equal_sizes_miss_as_a_simulated_cache_does(capacity: int) -> None:
    weights, sizes = zipf(200), [1.0] * 200
    simulated = least_recently_used(weights, sizes, capacity, requests=60_000, seed=3)
    predicted = CacheCurve(models(weights, sizes)).at(capacity).miss_fraction
    assert predicted == pytest.approx(simulated, abs=0.012)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_unequal_sizes_miss_within_two_points_and_never_much_less(share: float) -> None:
    weights = zipf(60, 0.8)
    sizes = [1.0 + (7 * rank) % 5 for rank in range(60)]
    simulated = least_recently_used(weights, sizes, share * sum(sizes), requests=60_000, seed=5)
    predicted = CacheCurve(models(weights, sizes)).at(share * sum(sizes)).miss_fraction
    assert simulated - 0.01 < predicted < simulated + 0.03


def test_everything_fits() -> None:
    state = CacheCurve(models(zipf(30), [2.0] * 30)).at(60.0)
    assert (state.miss_fraction, state.load_s) == (0.0, 0.0)
    assert state.resident == pytest.approx(30.0)


def test_nothing_fits() -> None:
    state = CacheCurve(models(zipf(30), [2.0] * 30)).at(0.5)
    assert (state.miss_fraction, state.resident) == (1.0, 0.0)


def test_more_memory_never_misses_more() -> None:
    curve = CacheCurve(models(zipf(100), [1.0 + rank % 3 for rank in range(100)]))
    misses = [curve.at(capacity).miss_fraction for capacity in range(1, 200)]
    assert misses == sorted(misses, reverse=True)


def test_the_load_time_is_that_of_the_models_that_miss() -> None:
    hot = CachedModel(rate=100.0, size_bytes=1.0, load_s=30.0)
    rare = CachedModel(rate=0.01, size_bytes=1.0, load_s=2.0, count=50)
    assert CacheCurve([hot, rare]).at(10.0).load_s == pytest.approx(2.0, rel=0.05)


def test_a_table_agrees_with_the_solved_equation() -> None:
    found = models(zipf(2000, 1.1), [1.0] * 2000)
    low, high = 0.0, 1e6
    for _ in range(80):
        middle = (low + high) / 2
        filled = sum(1.0 - math.exp(-m.rate * middle) for m in found)
        low, high = (middle, high) if filled < 299.5 else (low, middle)
    exact = sum(m.rate * math.exp(-m.rate * low) for m in found) / 10.0
    assert CacheCurve(found).at(300.0).miss_fraction == pytest.approx(exact, rel=0.02)


def test_models_nobody_asks_for_do_not_blur_the_others() -> None:
    asked = models(zipf(100), [1.0] * 100)
    silent = CachedModel(rate=1e-12, size_bytes=1.0, load_s=1.0, count=20)
    alone = CacheCurve(asked).at(40.0).miss_fraction
    assert CacheCurve([*asked, silent]).at(40.0).miss_fraction == pytest.approx(alone, rel=0.05)


def test_groups_keep_rate_size_and_number() -> None:
    found = models(zipf(500), [1.0 + rank % 4 for rank in range(500)])
    few = grouped(found, 40)
    assert len(few) <= 40
    assert sum(m.count for m in few) == 500
    assert sum(m.rate * m.count for m in few) == pytest.approx(10.0)
    assert sum(m.size_bytes * m.count for m in few) == pytest.approx(
        sum(m.size_bytes for m in found)
    )
    assert few[:20] == tuple(sorted(found, key=lambda m: -m.rate)[:20])
    assert CacheCurve(few).at(300.0).miss_fraction == pytest.approx(
        CacheCurve(found).at(300.0).miss_fraction, abs=0.01
    )


def test_few_models_stay_as_they_are() -> None:
    found = models(zipf(5), [1.0] * 5)
    assert grouped(found, 5) == tuple(found)
