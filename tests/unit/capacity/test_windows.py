"""What is simulated stands for the whole cycle: every request once, none twice."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import pairwise

import pytest

from planner.capacity.simulator.steps import Step
from planner.capacity.simulator.windows import (
    LEAST,
    STABLE,
    VARIANTS,
    Capacity,
    Run,
    Windows,
    first,
    replay,
    sampled,
    spans,
    whole,
    windows,
)

ONE_S = Capacity(slots=1, service_s=1.0)
"""A replica serves one request a second."""


def cycle(*triples: tuple[float, float, int]) -> tuple[Step, ...]:
    return tuple(
        Step(seconds=seconds, rate=rate, replicas=replicas) for seconds, rate, replicas in triples
    )


def requests(steps: Iterable[Step]) -> float:
    return sum(step.seconds * step.rate for step in steps)


def stood_for(run: Run) -> float:
    return sum(s.seconds * s.rate * s.weight for s in run)


def simulated(found: Windows) -> float:
    return sum(s.seconds * s.rate for run in found.runs for s in run)


def all_of(found: Windows) -> float:
    runs = sum(stood_for(run) for run in found.runs)
    return runs + found.quiet + sum(n for n, _ in found.flood) + found.lost


DAY = cycle((40_000.0, 2.0, 5), (30_000.0, 3.5, 5), (16_400.0, 0.4, 5), (10_000.0, 0.0, 5))
RUSH = cycle((3600.0, 2.0, 5), (300.0, 8.0, 5), (3600.0, 2.0, 5), (600.0, 4.9, 5))
NIGHT = cycle((3600.0, 0.001, 20), (3600.0, 6.0, 20), (3600.0, 12.0, 20))


@pytest.mark.parametrize("steps", [DAY, RUSH, NIGHT], ids=["day", "rush", "night"])
@pytest.mark.parametrize("budget", [200, 4000, 10**6])
@pytest.mark.parametrize("one_line", [True, False])
def test_every_request_of_the_cycle_is_stood_for_once(
    steps: tuple[Step, ...], budget: int, one_line: bool
) -> None:
    found = windows(steps, ONE_S, budget=budget, one_line=one_line)
    assert found.requests == pytest.approx(requests(steps))
    assert all_of(found) == pytest.approx(found.requests)
    assert found.lost == 0.0


@pytest.mark.parametrize("budget", [1000, 4000, 20_000])
def test_a_chain_takes_about_its_budget(budget: int) -> None:
    found = windows(DAY, ONE_S, budget=budget)
    (run,) = found.runs
    assert 0.8 * budget <= simulated(found) <= 2.0 * budget + LEAST * len(run)
    assert [s.weight == 0.0 for s in run] == [True, False, False, False]
    assert [s.rate for s in run[1:]] == [0.4, 2.0, 3.5]


def test_a_step_is_never_simulated_for_longer_than_it_lasts() -> None:
    for run in windows(DAY, ONE_S, budget=10**7).runs:
        assert all(s.weight == 0.0 or s.weight >= 1.0 - 1e-9 for s in run)


def test_more_is_simulated_where_more_is_at_stake() -> None:
    (run,) = windows(DAY, ONE_S, budget=4000).runs
    low, middle, high = run[1:]
    assert low.weight > middle.weight > high.weight


def test_nearly_equal_rates_are_one_level_at_the_mean_rate_of_its_requests() -> None:
    steps = cycle((1000.0, 3.50, 5), (1000.0, 3.51, 5), (1000.0, 3.51, 6))
    (run,) = windows(steps, ONE_S, budget=1000).runs
    assert [s.replicas for s in run] == [5, 5, 6]
    assert run[1].rate == pytest.approx((3.5**2 + 3.51**2) / 7.01)


# Quiet.


def test_capacity_that_nobody_ever_waits_at_is_only_counted() -> None:
    steps = cycle((1000.0, 4.0, 40), (1000.0, 0.0, 40))
    found = windows(steps, ONE_S, budget=1000)
    assert (found.runs, found.quiet) == ((), 4000.0)


def test_no_load_is_too_light_for_random_routing() -> None:
    found = windows(cycle((1000.0, 4.0, 40)), ONE_S, budget=1000, one_line=False)
    assert found.quiet == 0.0
    assert len(found.runs) == 1


@pytest.mark.parametrize("busy", [0.01, 1.0, 10.0, 400.0])
def test_quiet_is_said_only_where_waiting_is_hopelessly_rare(busy: float) -> None:
    servers = 1
    while not ONE_S.quiet(Step(1.0, busy, servers)):
        servers += 1
    assert _all_busy(busy, servers) < 1e-8
    clustered = Capacity(slots=1, service_s=1.0, arrival_scv=9.0)
    assert busy < 1.0 or not clustered.quiet(Step(1.0, busy, servers))


def _all_busy(busy: float, servers: int) -> float:
    """P(N >= servers) of a Poisson number of requests in service."""
    term = math.exp(-busy + servers * math.log(busy) - math.lgamma(servers + 1))
    total = 0.0
    for n in range(servers, servers + 200):
        total += term
        term *= busy / (n + 1)
    return total


# Overload.


def test_an_overload_is_replayed_from_the_step_before_until_its_backlog_is_gone() -> None:
    steps = cycle(
        (500.0, 1.0, 5), (100.0, 8.0, 5), (50.0, 2.0, 5), (150.0, 2.0, 5), (500.0, 1.0, 5)
    )
    found = windows(steps, ONE_S, budget=5000)
    (calm, rush) = found.runs
    assert [s.rate for s in rush] == [1.0, 8.0, 2.0, 2.0]
    assert all(s.weight == 1.0 for s in rush)
    assert [s.rate for s in calm[1:]] == [1.0]


def test_two_overloads_are_two_runs() -> None:
    one = ((500.0, 1.0, 5), (100.0, 8.0, 5), (500.0, 1.5, 5))
    found = windows(cycle(*one, *one), ONE_S, budget=10_000)
    assert [[s.rate for s in run] for run in found.runs] == [[1.0, 8.0, 1.5]] * 2


RISE = cycle((100.0, 1.0, 10), (1000.0, 20.0, 10), (2000.0, 5.0, 10), (1000.0, 1.0, 10))
TEN = Capacity(slots=1, service_s=1.0, arrival_scv=0.0, service_scv=0.0)


def test_a_flood_is_the_fluid_that_one_computes_by_hand() -> None:
    """20 a second come, 10 are served: 10,000 wait after 1,000 s, gone after another 2,000 s."""
    found = windows(RISE, TEN, budget=100)
    assert found.lost == 0.0
    assert max(delay for _, delay in found.flood) == pytest.approx(1000.0, rel=0.03)
    delayed = sum(n * delay for n, delay in found.flood)
    # The triangle over the requests: up to 1,000 s over 20,000, down over 10,000.
    assert delayed == pytest.approx(20_000 * 500.0 + 10_000 * 500.0, rel=1e-3)


def test_what_no_line_has_room_for_is_lost() -> None:
    limited = Capacity(slots=1, service_s=1.0, arrival_scv=0.0, service_scv=0.0, queue_limit=20)
    found = windows(RISE, limited, budget=100)
    # 200 wait at most: 10 a second are served, another 200 stay, all others go.
    assert found.lost == pytest.approx(1000.0 * 20.0 - 1000.0 * 10.0 - 200.0)
    assert max(delay for _, delay in found.flood) == pytest.approx(20.0)
    assert all_of(found) == pytest.approx(found.requests)


@pytest.mark.parametrize("busy", [0.98, 0.99])
def test_a_flood_that_just_fits_waits_as_long_as_its_queue_does(busy: float) -> None:
    """M/M/5 in heavy traffic: who waits, waits for 1 / (5 (1 - rho)) services on average."""
    steps = cycle((604_800.0, 5.0 * busy, 5))
    found = windows(steps, ONE_S, budget=1000)
    assert not found.runs
    mean = sum(n * delay for n, delay in found.flood) / found.requests
    assert mean == pytest.approx(busy / 5.0 / (1.0 - busy), rel=0.05)
    late = sum(n for n, delay in found.flood if delay > 4.0 * mean) / found.requests
    assert late == pytest.approx(math.exp(-4.0), rel=0.6)


def test_a_flood_at_exactly_one_grows_with_the_square_root_of_time() -> None:
    def waits(seconds: float) -> float:
        found = windows(cycle((seconds, 5.0, 5)), ONE_S, budget=100)
        return max(delay for _, delay in found.flood)

    assert waits(400_000.0) > 100.0
    assert waits(400_000.0) == pytest.approx(2.0 * waits(100_000.0), rel=0.01)


def test_chance_adds_little_to_a_real_overload() -> None:
    fluid = max(delay for _, delay in windows(RISE, TEN, budget=100).flood)
    chance = max(delay for _, delay in windows(RISE, ONE_S, budget=100).flood)
    assert fluid <= chance < 1.02 * fluid


def test_below_the_limit_of_stability_nothing_is_a_flood() -> None:
    found = windows(cycle((10**6, 5.0 * STABLE - 0.01, 5)), ONE_S, budget=1000)
    assert (len(found.runs), found.flood) == (1, ())


# In order of time.


def test_a_sample_in_order_cuts_calm_steps_and_keeps_what_is_overloaded() -> None:
    found = sampled(RUSH, ONE_S, budget=6000)
    (run,) = found.runs
    assert stood_for(run) == pytest.approx(requests(RUSH))
    assert [s.start_s for s in run] == [0.0, 3600.0, 3900.0, 7500.0]
    assert [s.weight == 1.0 for s in run] == [False, True, False, True]
    assert simulated(found) == pytest.approx(6000.0)


@pytest.mark.parametrize("budget", [100, 10**7])
def test_a_sample_takes_no_more_than_its_budget_or_the_cycle(budget: int) -> None:
    found = sampled(RUSH, ONE_S, budget=budget)
    assert simulated(found) == pytest.approx(min(budget, requests(RUSH)))
    assert stood_for(found.runs[0]) == pytest.approx(requests(RUSH))


# Spans.


def test_a_short_cycle_is_one_span_after_its_own_end() -> None:
    (found,) = spans(DAY, budget=10**6, lead_s=15_000.0)
    (run,) = found.runs
    lead = [s for s in run if s.weight == 0.0]
    assert sum(s.seconds for s in lead) == pytest.approx(15_000.0)
    assert [s.rate for s in lead] == [0.4, 0.0]
    assert stood_for(run) == pytest.approx(requests(DAY))
    assert found == whole(DAY, lead_s=15_000.0)


@pytest.mark.parametrize("parts", [2, 6])
def test_spans_of_equal_requests_stand_for_the_cycle_in_every_variant(parts: int) -> None:
    found = spans(DAY, budget=6000, lead_s=600.0, parts=parts)
    assert len(found) == VARIANTS
    starts = set()
    for one in found:
        assert len(one.runs) == parts
        for run in one.runs:
            assert stood_for(run) == pytest.approx(requests(DAY) / parts, rel=1e-6)
            assert run[0].weight == 0.0
            starts.add(run[0].start_s)
        assert simulated(one) <= 6000.0 * (1 + 1e-6)
    assert len(starts) == VARIANTS * parts


def test_a_warm_up_before_a_span_is_as_long_as_asked_and_its_moments_are_real() -> None:
    for one in spans(DAY, budget=60_000, lead_s=600.0):
        for run in one.runs:
            lead = [s for s in run if s.weight == 0.0]
            assert sum(s.seconds for s in lead) == pytest.approx(600.0)
            for before, after in pairwise(run):
                assert after.start_s == pytest.approx(before.start_s + before.seconds)
            rates = {0.0: 2.0, 40_000.0: 3.5, 70_000.0: 0.4, 86_400.0: 0.0}
            for s in run:
                assert s.rate == rates[max(at for at in rates if at <= s.start_s + 1e-6)]


def test_the_first_requests_of_a_cycle_are_its_first() -> None:
    found = first(DAY, budget=100_000)
    (run,) = found.runs
    assert sum(s.seconds for s in run) == pytest.approx(40_000.0 + 20_000.0 / 3.5)
    assert all(s.weight == 1.0 for s in run)
    assert first(DAY, budget=10**7) == whole(DAY)


# Recordings.


def test_a_recording_comes_as_it_was_on_capacity_that_changes() -> None:
    stamps = (0.0, 0.5, 9.999, 10.0, 10.0, 25.0)
    found = replay(stamps, cycle((10.0, 0.3, 1), (10.0, 0.2, 2), (10.0, 0.1, 1)))
    (run,) = found.runs
    assert [[s.start_s + t for t in s.times_s or ()] for s in run] == [
        [0.0, 0.5, 9.999],
        [10.0, 10.0],
        [25.0],
    ]
    assert [s.replicas for s in run] == [1, 2, 1]
    assert found.requests == 6.0
