"""The index of dispersion against processes where it is known."""

from __future__ import annotations

from random import Random
from statistics import fmean, variance

import pytest

from planner.capacity.dispersion import dispersions, index_of_dispersion
from planner.model.traffic import Trace


def recorded(gaps: list[float]) -> Trace:
    at, stamps = 0.0, [0.0]
    for gap in gaps:
        at += gap
        stamps.append(at)
    return Trace(file="t", stamps_s=tuple(stamps))


def test_poisson_arrivals_have_one_at_every_width() -> None:
    random = Random(3)
    trace = recorded([random.expovariate(10.0) for _ in range(100_000)])
    for width in (0.05, 1.0, 10.0):
        assert index_of_dispersion(trace, width) == pytest.approx(1.0, abs=0.15)


def test_of_a_renewal_process_it_is_the_squared_variation_of_the_gaps() -> None:
    random = Random(4)
    trace = recorded([random.gammavariate(0.25, 0.4) for _ in range(200_000)])  # SCV 4
    assert index_of_dispersion(trace, 20.0) == pytest.approx(4.0, rel=0.15)


def test_arrivals_a_fixed_time_apart_have_none() -> None:
    assert index_of_dispersion(recorded([0.1] * 10_000), 1.0) == pytest.approx(0.0, abs=0.01)


def test_counts_at_the_bucket_and_at_multiples_of_it() -> None:
    counts = tuple(float(Random(n).randint(0, 40)) for n in range(600))
    trace = Trace(file="t", counts=counts, bucket_s=20.0)
    assert index_of_dispersion(trace, 20.0) == pytest.approx(variance(counts) / fmean(counts))
    minutes = [sum(counts[i : i + 3]) for i in range(0, 600, 3)]
    assert index_of_dispersion(trace, 60.0) == pytest.approx(variance(minutes) / fmean(minutes))
    assert index_of_dispersion(trace, 10.0) is None
    assert index_of_dispersion(trace, 50.0) is None
    assert [width for width, _ in dispersions(trace, 0.01)] == [20.0, 60.0]


def test_silence_counts_and_what_no_window_fills_does_not() -> None:
    trace = Trace(file="t", stamps_s=(0.0, 0.5, 3.5, 4.1))  # 2, 0, 0, 1 and a part
    assert index_of_dispersion(trace, 1.0) == pytest.approx(variance([2, 0, 0, 1]) / 0.75)
    assert index_of_dispersion(trace, 3.0) is None
