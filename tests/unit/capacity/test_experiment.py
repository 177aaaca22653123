"""Intervals hold what they say they hold; passes end when the question is decided."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from random import Random

import pytest

from planner.capacity.service_time import ServiceTime
from planner.capacity.simulator.draws import drawing
from planner.capacity.simulator.experiment import (
    Estimate,
    Experiment,
    Scene,
    Share,
    arrivals,
    experiment,
    play,
)
from planner.capacity.simulator.scenes import Demand, Queue, queue_scene
from planner.capacity.simulator.stations import Pooled
from planner.capacity.simulator.steps import Step
from planner.capacity.simulator.tally import Station, Tally
from planner.capacity.simulator.windows import Capacity, Run, Stretch, Windows, windows
from planner.model.candidate import Interval
from tests.support.loads import target

SEEDS = range(60)
CONSTANT = ServiceTime(0.1, 0.0)
STEADY = (Step(seconds=604_800.0, rate=7.0, replicas=1),)


def demand(steps: Sequence[Step] = STEADY, **changed: object) -> Demand:
    made = Demand(steps=tuple(steps), overhead_s=0.0, budget=2000, replayable=0)
    return replace(made, **changed)


def line(
    steps: Sequence[Step] = STEADY, *, service: ServiceTime = CONSTANT, **more: object
) -> Scene:
    return queue_scene(demand(steps, **more), Queue(services=(service,), slots=1, routing="line"))


def exponential(rate: float, mean_s: float) -> Scene:
    """M/M/1, of which the wait alone is looked at: the answer comes at once after it."""

    def station(rng: Random, _: Run) -> Station:
        return Pooled(lambda n: [rng.expovariate(1.0 / mean_s) for _ in range(n)], replicas=1)

    steps = (Step(seconds=604_800.0, rate=rate, replicas=1),)
    chosen = windows(steps, Capacity(slots=1, service_s=mean_s), budget=2000)
    return Scene(
        windows=(chosen,), station=station, services=(ServiceTime(1e-9, 0.0),), overhead_s=0.0
    )


def p99(found: Estimate) -> Interval:
    return found.intervals[-1]


def waits_of_constant(seconds: float, *, rate: float, service_s: float) -> float:
    """P(wait <= t) in M/D/1 (Erlang 1909)."""
    total = 0.0
    for k in range(int(seconds / service_s) + 1):
        x = rate * (k * service_s - seconds)
        total += math.exp(-x) * x**k / math.factorial(k)
    return (1.0 - rate * service_s) * total


def exact_constant_p99(rate: float, service_s: float) -> float:
    low, high = 0.0, 40.0 * service_s
    for _ in range(60):
        middle = (low + high) / 2.0
        below = waits_of_constant(middle, rate=rate, service_s=service_s) < 0.99
        low, high = (middle, high) if below else (low, middle)
    return service_s + high


@pytest.mark.parametrize("rho", [0.5, 0.7])
def test_the_interval_covers_the_exact_p99_of_constant_services(rho: float) -> None:
    exact = exact_constant_p99(10.0 * rho, 0.1)
    scene = line([Step(604_800.0, 10.0 * rho, 1)])
    found = [p99(experiment(scene, targets=(), seed=s, budget=20_000)) for s in SEEDS]
    # Percentiles are told to 0.1 %, and grouped to about 1 %.
    covered = sum(i.low_s * 0.99 <= exact <= i.high_s * 1.01 for i in found)
    assert covered >= 0.85 * len(SEEDS)
    assert sum(i.low_s > exact * 1.05 or i.high_s < exact * 0.95 for i in found) <= 1
    width = sum(i.high_s - i.low_s for i in found) / len(found)
    assert width < 0.6 * exact


@pytest.mark.parametrize("rho", [0.5, 0.8])
def test_the_interval_covers_the_exact_p99_of_exponential_services(rho: float) -> None:
    exact = math.log(100.0 * rho) * 0.1 / (1.0 - rho)
    scene = exponential(10.0 * rho, 0.1)
    found = [p99(experiment(scene, targets=(), seed=s, budget=20_000)) for s in SEEDS]
    covered = sum(i.low_s * 0.99 <= exact <= i.high_s * 1.01 for i in found)
    assert covered >= 0.85 * len(SEEDS)
    # And it is no interval that covers everything.
    assert sum(i.low_s <= 0.5 * exact or i.high_s >= 2.0 * exact for i in found) < 6


def test_all_estimates_together_have_no_bias() -> None:
    exact = exact_constant_p99(7.0, 0.1)
    found = [experiment(line(), targets=(), seed=s, budget=20_000).latency for s in range(30)]
    assert sum(each.p99_s for each in found) / 30 == pytest.approx(exact, rel=0.02)
    # Pollaczek and Khinchine.
    mean = 0.1 + 0.1 * 0.7 / 0.3 / 2.0
    assert sum(each.mean_s for each in found) / 30 == pytest.approx(mean, rel=0.015)


def test_more_budget_is_a_narrower_interval() -> None:
    near, far = (
        p99(experiment(line(), targets=(), seed=1, budget=budget)) for budget in (12_000, 80_000)
    )
    assert far.high_s - far.low_s < near.high_s - near.low_s


def test_equal_seeds_give_equal_estimates() -> None:
    one, two, other = (
        experiment(line(), targets=(target("p99", 0.5),), seed=s, budget=12_000) for s in (3, 3, 4)
    )
    assert one == two
    assert one != other


# Verdicts.


@pytest.mark.parametrize(("seconds", "met"), [(0.35, False), (0.9, True)])
def test_a_clear_question_is_decided_by_few_passes(seconds: float, met: bool) -> None:
    asked = Experiment(line(), (target("p99", seconds),), seed=1)
    found = asked.run(10**6, precise=False)
    assert (found.met, found.decided) == (met, True)
    assert found.simulated < 20_000
    # The percentiles themselves take more, and what was simulated is not thrown away.
    sure = asked.run(10**6)
    assert sure.simulated > found.simulated
    assert p99(sure).high_s - p99(sure).low_s < p99(found).high_s - p99(found).low_s


def test_a_share_is_met_with_confidence_only() -> None:
    assert Share(mean=0.005, half=0.001, allowed=0.01).met
    assert not Share(mean=0.0099, half=0.002, allowed=0.01).met
    assert not Share(mean=0.0099, half=0.002, allowed=0.01).decided
    assert Share(mean=0.02, half=0.002, allowed=0.01).decided
    assert not Share(mean=0.02, half=0.002, allowed=0.01).met


def test_a_mean_is_held_against_a_mean() -> None:
    tight, loose = (
        experiment(line(), targets=(target("mean", s),), seed=1, budget=20_000)
        for s in (0.18, 0.26)
    )
    assert (tight.met, loose.met) == (False, True)
    assert loose.at == (loose.latency.mean_s,)


def test_several_targets_are_answered_in_their_order() -> None:
    asked = (target("p99", 0.9), target("p50", 0.12), target("mean", 0.5))
    found = experiment(line(), targets=asked, seed=1, budget=20_000)
    assert [share.met for share in found.late] == [True, False, True]
    assert found.at == (found.latency.p99_s, found.latency.p50_s, found.latency.mean_s)
    assert not found.met


# What requests meet.


def test_quiet_requests_need_no_simulation() -> None:
    found = experiment(
        line([Step(1000.0, 2.0, 60)], service=ServiceTime(1.0, 0.5)), targets=(), seed=0, budget=10
    )
    assert (found.simulated, found.waited) == (0, 0.0)
    assert found.latency.p99_s == pytest.approx(ServiceTime(1.0, 0.5).quantile(0.99), rel=2e-3)
    assert found.held_s == pytest.approx(1.0)
    assert p99(found).low_s == p99(found).high_s


def test_a_slot_is_held_as_long_as_a_service_takes() -> None:
    found = experiment(line(service=ServiceTime(0.1, 0.3)), targets=(), seed=0, budget=40_000)
    assert found.held_s == pytest.approx(0.1, rel=0.02)
    assert found.waited == pytest.approx(0.7, abs=0.03)


def test_what_a_full_line_refuses_is_told() -> None:
    """M/D/1 with one place to wait."""
    queue = Queue(services=(CONSTANT,), slots=1, routing="line", queue_limit=1)
    steps = (Step(604_800.0, 9.0, 1),)
    found = experiment(queue_scene(demand(steps), queue), targets=(), seed=0, budget=40_000)
    times, free, waiting, refused = _poisson(9.0, 200_000), 0.0, 0.0, 0
    for now in times:
        if now < waiting:
            refused += 1
            continue
        waiting = free if free > now else 0.0
        free = max(now, free) + 0.1
    assert found.refused.mean == pytest.approx(refused / len(times), rel=0.05)
    assert not found.met
    generous = experiment(
        queue_scene(demand(steps), queue), targets=(), seed=0, budget=40_000, refusable=0.9
    )
    assert generous.met


def _poisson(rate: float, count: int) -> list[float]:
    rng, now, times = Random(5), 0.0, []
    for _ in range(count):
        now += rng.expovariate(rate)
        times.append(now)
    return times


def test_what_a_flood_loses_is_refused() -> None:
    queue = Queue(services=(CONSTANT,), slots=1, routing="line", queue_limit=5)
    steps = (Step(100_000.0, 20.0, 1),)
    found = experiment(queue_scene(demand(steps), queue), targets=(), seed=0, budget=1000)
    assert found.refused.mean == pytest.approx(0.5, abs=0.001)
    assert found.latency.p99_s == pytest.approx(0.6, rel=0.02)


# A run.


def test_counted_loads_hold_the_requests_that_came() -> None:
    scene = replace(line(), counted=True)
    stretch = Stretch(seconds=60.0, rate=2.5, replicas=1, weight=1.0)
    for seed in range(20):
        times = arrivals(stretch, 100.0, scene, Random(seed))
        assert len(times) == 150
        assert 100.0 <= min(times) <= max(times) < 160.0
    half = Stretch(seconds=1.0, rate=0.5, replicas=1, weight=1.0)
    many = [len(arrivals(half, 0.0, scene, Random(seed))) for seed in range(2000)]
    assert sum(many) / 2000 == pytest.approx(0.5, abs=0.04)


class Recorder:
    """A station that remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[object] = []

    def serve(self, times_s: Sequence[float]) -> Tally:
        self.told.append(tuple(times_s))
        made = Tally()
        made.served = len(times_s)
        return made

    def resize(self, now_s: float, replicas: int) -> None:
        self.told.append((now_s, replicas))


def test_a_run_is_played_in_order_and_resized_where_capacity_changes() -> None:
    recorder = Recorder()
    scene = Scene(
        windows=(), station=lambda _rng, _run: recorder, services=(CONSTANT,), overhead_s=0.0
    )
    run = (
        Stretch(10.0, 0.2, 1, 0.0, 0.0, (1.0, 9.0)),
        Stretch(10.0, 0.1, 1, 1.0, 10.0, (0.0,)),
        Stretch(10.0, 0.1, 1, 1.0, 20.0, (5.0,)),
        Stretch(10.0, 0.1, 3, 1.0, 30.0, (2.0,)),
    )
    played = list(play(scene, run, Random(1)))
    assert recorder.told == [(1.0, 9.0), (10.0, 25.0), (30.0, 3), (32.0,)]
    assert [stretch.weight for stretch, _ in played] == [0.0, 1.0, 1.0]


def test_a_warm_up_counts_for_nothing() -> None:
    busy = Stretch(1000.0, 9.9, 1, 0.0)
    calm = Stretch(10_000.0, 1.0, 1, 1.0)
    chosen = Windows(runs=((busy, calm),), quiet=0.0, requests=10_000.0)
    scene = Scene(
        windows=(chosen,),
        station=lambda rng, _run: Pooled(drawing(CONSTANT, rng), replicas=1),
        services=(CONSTANT,),
        overhead_s=0.0,
    )
    found = experiment(scene, targets=(), seed=0, budget=1000)
    assert found.waited == pytest.approx(0.1, abs=0.02)
    assert found.simulated > 5 * 19_000
