"""While an answer is late nobody sends: what users saw of a closed loop decides nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.profiling import Observation
from planner.profiling.conversion import converted
from planner.profiling.document import profile_of
from planner.profiling.fitting import fitted_profile
from planner.spec.profile_blocks import ProfileDocument

NAMES = ("min", "p50", "p90", "p95", "p99", "p99.9", "max")
MEANS = st.floats(0.001, 2.0)
TAILS = st.lists(st.floats(1e-4, 60.0), min_size=len(NAMES), max_size=len(NAMES))


def closed(users: int, mean_s: float, seconds: list[float], std_s: float | None) -> Observation:
    return Observation(
        instance_type="a",
        loop="closed",
        users=float(users),
        mean_s=mean_s,
        std_s=std_s,
        latency=tuple(zip(NAMES, sorted(seconds), strict=True)),
        requests=500,
        tool="k6",
        date="2026-11-21",
    )


@st.composite
def runs(draw: st.DrawFn) -> list[Observation]:
    """Load tests of several users who do not pause, and what they saw."""
    levels = sorted(draw(st.sets(st.integers(2, 64), min_size=1, max_size=5)))
    spread = st.one_of(st.none(), st.floats(1e-4, 5.0))
    return [closed(users, draw(MEANS), draw(TAILS), draw(spread)) for users in levels]


def profile(observations: list[Observation]) -> ProfileDocument:
    return profile_of("p", None, converted(observations), observations)


@given(runs())
@settings(max_examples=60, deadline=None)
def test_percentiles_of_users_who_wait_are_kept_and_decide_nothing(
    observations: list[Observation],
) -> None:
    bare = [replace(one, latency=(), std_s=None) for one in observations]
    with_them, without = profile(observations), profile(bare)
    assert with_them.spec.points == without.spec.points
    assert {point.p99 for point in with_them.spec.points} == {None}
    kept = [list(one.latency.items()) for one in with_them.spec.observations]
    assert kept == [list(one.latency) for one in observations]
    fit, other = fitted_profile(with_them).document, fitted_profile(without).document
    assert fit.spec.points == other.spec.points
    assert {(point.p99, point.scv) for point in fit.spec.points} == {(None, None)}


@given(runs(), st.floats(0.5, 20.0), MEANS, TAILS)
@settings(max_examples=40, deadline=None)
def test_beside_an_open_loop_they_stay_out(
    observations: list[Observation], rate: float, mean_s: float, seconds: list[float]
) -> None:
    """One closed point is enough for none of the points to have a percentile."""
    opened = replace(
        closed(1, mean_s, seconds, None), loop="open", users=None, throughput_per_s=rate
    )
    found = converted([opened, *observations])
    assert {point.p99_s for one in found for point in one.points} == {None}


def test_a_single_user_waits_for_nobody() -> None:
    alone = closed(1, 0.04, [0.02, 0.039, 0.05, 0.055, 0.06, 0.061, 0.065], 0.008)
    found = fitted_profile(profile([alone, closed(4, 0.08, [0.08] * 7, 0.03)])).document
    assert [point.scv for point in found.spec.points] == pytest.approx([0.04] * 3)
