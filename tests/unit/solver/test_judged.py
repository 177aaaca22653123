"""Verified plans replayed request by request by code that is not the planner's.

A plan that was made with a wrong formula on purpose fails the same judge.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import NamedTuple

import pytest

from planner.model.candidate import Decision, Interval
from planner.model.catalog import Offering
from planner.model.effort import Effort
from planner.model.traffic import Stage, Stages, Steady, Trace, Traffic
from planner.model.workload import Constraints, Pin, Workload
from planner.solver import solve
from tests.support.asks import (
    acme,
    curve,
    latency,
    machine,
    model,
    on_acme,
    solved,
    units,
    workload,
)
from tests.support.replay import clustered, p99_of, responses, spread
from tests.support.simulations import first_come, lognormal, percentile, poisson

EFFORT = Effort(requests=120_000)
MEAN_S, P99_S, SLO_S = 0.05, 0.1, 0.21
SERVICE = spread(MEAN_S, P99_S)
WIDER = 0.05
"""On either side of the stated interval."""
ONE = machine("one", 1, 0.1)
TWO = machine("two", 2, 0.2)
POOLED = replace(units(0.1, step=1), overhead_s=0.005)


@cache
def steady() -> Sequence[float]:
    """Its p99 is still known to 2 % only: seeds differ by as much."""
    return tuple(poisson(2000.0, 2, lambda _: 100.0, 100.0))


@cache
def bursty() -> Sequence[float]:
    return tuple(clustered(1200.0, 100.0, 4.0, 2))


HIGH, LOW = (120.0, 120.0), (600.0, 40.0)
"""(seconds, rate) of a cycle of two steps."""


@cache
def two_steps() -> Sequence[float]:
    cycle = HIGH[0] + LOW[0]
    return tuple(
        poisson(
            3 * cycle, 3, lambda t: HIGH[1] if t % cycle < HIGH[0] else LOW[1], max(HIGH[1], LOW[1])
        )
    )


@cache
def stamped() -> Sequence[float]:
    """Ten minutes that switch between a calm and a busy state every half minute or so."""
    rng, now, times = random.Random(7), 0.0, []
    while now < 600.0:
        rate, end = rng.choice((30.0, 60.0, 110.0)), now + rng.expovariate(1 / 30.0)
        while now < end:
            now += rng.expovariate(rate)
            times.append(now)
    first = times[0]
    return tuple(t - first for t in times if t < 600.0)


def stages() -> Stages:
    return Stages(
        start=HIGH[1],
        stages=tuple(
            stage
            for seconds, rate in (HIGH, LOW)
            for stage in (
                Stage(target=rate, duration_s=0.0),
                Stage(target=rate, duration_s=seconds),
            )
        ),
    )


TRAFFIC = {
    "steady": lambda: Traffic(pattern=Steady(rate=100.0)),
    "bursty": lambda: Traffic(pattern=Steady(rate=100.0), burstiness=2.0),
    "two-steps": lambda: Traffic(pattern=stages()),
    "stamped": lambda: Traffic(pattern=Trace(file="t.csv", stamps_s=stamped(), size_for=1.0)),
}
ARRIVALS = {"steady": steady, "bursty": bursty, "two-steps": two_steps, "stamped": stamped}


class Case(NamedTuple):
    """A kind of traffic on a kind of capacity; every plan has the same service and objective."""

    traffic: str
    offering: Offering = ONE
    routing: str | None = None

    def __str__(self) -> str:
        return f"{self.traffic}-{self.offering.instance_type}-{self.routing or 'usual'}"


SHORT = 40_000
"""Requests that are enough to see a clear miss."""
CASES = [
    *(Case(name) for name in TRAFFIC),
    *(Case(name, TWO) for name in ("steady", "stamped")),
    *(Case(name, POOLED) for name in ("steady", "two-steps", "bursty")),
    *(Case(name, ONE, "random") for name in ("steady", "two-steps")),
]


def asked(case: Case, **goals: float) -> Workload:
    ranker = model(
        curves=(curve(MEAN_S, P99_S, on=case.offering.instance_type),), vcpus_per_request=1.0
    )
    made = workload(
        1.0,
        ranker,
        goals=latency(**(goals or {"p99": SLO_S})),
        constraints=Constraints(utilization=1.0),
        pin=Pin(routing=case.routing),
    )
    return on_acme(replace(made, traffic=TRAFFIC[case.traffic]()))


@cache
def planned(case: Case) -> Decision:
    return solved(solve(asked(case), acme(case.offering), EFFORT)).decisions[0]


def p99_interval(decision: Decision) -> Interval:
    assert decision.verification is not None
    return decision.verification.intervals[-1]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_judge_finds_the_p99_where_the_plan_says_and_the_objective_met(case: Case) -> None:
    decision = planned(case)
    found = p99_of(decision, ARRIVALS[case.traffic](), SERVICE)
    said = p99_interval(decision)
    assert said.low_s * (1 - WIDER) <= found <= said.high_s * (1 + WIDER)
    assert found <= SLO_S


@pytest.mark.parametrize("case", CASES, ids=str)
def test_one_less_misses_where_the_plan_says_that_it_would(case: Case) -> None:
    decision = planned(case)
    assert decision.verification is not None
    assert " simulated, p99 " in decision.verification.fewer
    assert p99_of(decision, ARRIVALS[case.traffic]()[:SHORT], SERVICE, more=-1) > SLO_S * 0.97


# The judge itself.


def test_the_judge_agrees_with_another_one_of_one_line() -> None:
    other = first_come(
        rate=100.0, servers=6, service=lognormal(0.05, 0.11), requests=100_000, seed=3
    )
    own = responses(
        steady()[:90_000],
        ((0.0, 6),),
        slots=1,
        routing="one line",
        service=lognormal(0.05, 0.11),
        seed=4,
    )
    for q in (0.5, 0.9, 0.99):
        assert percentile(sorted(own), q) == pytest.approx(percentile(other, q), rel=0.06)


def test_the_judge_knows_the_wait_at_one_server() -> None:
    """M/D/1 at utilisation 0.8: the mean wait is rho / (1 - rho) / 2 services."""
    arrivals = list(poisson(4000.0, 5, lambda _: 16.0, 16.0))
    for routing in ("one line", "least-outstanding", "random"):
        times = responses(
            arrivals, ((0.0, 1),), slots=1, routing=routing, service=lambda _: 0.05, seed=1
        )
        assert sum(times) / len(times) == pytest.approx(0.05 + 0.05 * 2.0, rel=0.05)


# Faults that are planted on purpose: the judge notices every one.


def fails(decision: Decision, case: Case, *, routing: str | None = None) -> bool:
    """What the first test above would say."""
    found = p99_of(decision, ARRIVALS[case.traffic]()[:SHORT], SERVICE, routing=routing)
    said = p99_interval(decision)
    known = said.low_s * (1 - WIDER) <= found <= said.high_s * (1 + WIDER)
    return not known or found > SLO_S


@pytest.mark.parametrize("name", ["steady", "bursty", "two-steps"])
def test_a_mean_planned_in_place_of_the_p99_is_noticed(name: str) -> None:
    case, tight_s = Case(name), 0.13
    right, wrong = (
        solved(solve(asked(case, **{label: tight_s}), acme(ONE), EFFORT)).decisions[0]
        for label in ("p99", "mean")
    )
    arrivals = ARRIVALS[name]()[:SHORT]
    assert p99_of(right, arrivals, SERVICE) <= tight_s
    assert p99_of(wrong, arrivals, SERVICE) > tight_s


@pytest.mark.parametrize("name", ["steady", "two-steps"])
def test_random_routing_planned_as_one_line_is_noticed(name: str) -> None:
    case = Case(name, POOLED)
    assert fails(planned(case), case, routing="random")


def test_random_routing_planned_as_least_outstanding_is_noticed() -> None:
    case = Case("steady")
    assert p99_of(planned(case), steady()[:SHORT], SERVICE, routing="random") > SLO_S


def test_clusters_planned_as_poisson_are_noticed() -> None:
    assert p99_of(planned(Case("steady")), bursty(), SERVICE) > p99_interval(
        planned(Case("steady"))
    ).high_s * (1 + WIDER)


def test_service_times_planned_without_their_spread_are_noticed() -> None:
    made, tight_s = asked(Case("steady"), p99=0.13), 0.13
    constant = replace(made.models[0], curves=(curve(MEAN_S, MEAN_S, on="one"),))
    wrong = solved(solve(replace(made, models=(constant,)), acme(ONE), EFFORT)).decisions[0]
    found = p99_of(wrong, steady()[:SHORT], SERVICE)
    assert found > p99_interval(wrong).high_s * (1 + WIDER)
    assert found > tight_s


def test_a_size_from_the_mean_rate_is_noticed() -> None:
    """Two steps planned as their mean of 51 requests a second."""
    case = Case("two-steps")
    mean = (HIGH[0] * HIGH[1] + LOW[0] * LOW[1]) / (HIGH[0] + LOW[0])
    made = replace(asked(case), traffic=Traffic(pattern=Steady(rate=mean)))
    wrong = solved(solve(made, acme(ONE), EFFORT)).decisions[0]
    assert p99_of(wrong, two_steps(), SERVICE) > 10 * SLO_S
