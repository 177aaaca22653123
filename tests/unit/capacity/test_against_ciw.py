"""Predicted percentiles against ciw, a queueing simulator by others.

Few and cheap cells; `bench/accuracy.py` judges the whole grid.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from random import Random
from typing import Any, NamedTuple

import ciw
import pytest

from planner.capacity.latency import Pool, SplitPool, outside_validity
from planner.capacity.service_time import ServiceTime
from planner.capacity.simulator.draws import Levels, drawing, renewal_times
from planner.capacity.simulator.response import Response, cells_of
from planner.capacity.simulator.stations import LeastOutstanding, Pooled, Sampled
from planner.capacity.simulator.tally import Station
from planner.model.traffic import Steady
from tests.support.loads import load_of
from tests.support.simulations import percentile

SERVICE_S = 0.1
QUANTILES = (0.50, 0.90, 0.99)
WITHIN_FORMULA = 0.10
WITHIN_SIMULATOR = 0.06
"""Noise of ciw's p99 in these cells, 2 to 3 %, included."""


class Queue(NamedTuple):
    """Replicas of `slots` servers with log-normal service times under Poisson arrivals."""

    replicas: int
    rho: float
    scv: float
    slots: int = 1
    routing: str = "pooled"

    @property
    def servers(self) -> int:
        return self.replicas * self.slots

    @property
    def rate(self) -> float:
        return self.rho * self.servers / SERVICE_S

    @property
    def service(self) -> ServiceTime:
        return ServiceTime(SERVICE_S, math.sqrt(math.log1p(self.scv)))


def name(queue: Queue) -> str:
    return f"{queue.replicas}x{queue.slots}-{queue.rho}-{queue.scv}-{queue.routing}"


POOLED = (Queue(1, 0.6, 0.25), Queue(4, 0.8, 0.25), Queue(16, 0.85, 0.05))
LEAST = Queue(4, 0.7, 0.25, routing="least")
RANDOM = Queue(4, 0.6, 0.25, routing="random")

Percentiles = Mapping[float, float]


class Leaving(ciw.ExitNode):
    """Keeps response times and lets the requests go."""

    def __init__(self) -> None:
        super().__init__()
        self.times: list[float] = []

    def accept(self, next_individual: Any, completed: bool = True) -> None:
        records = next_individual.data_records
        self.times.append(records[-1].exit_date - records[0].arrival_date)
        next_individual.node = -1
        self.number_of_completed_individuals += completed
        self.number_of_individuals += 1


def network(queue: Queue) -> Any:
    """One node for one line; else a door without delay before one node per replica."""
    arrivals = ciw.dists.Exponential(queue.rate)
    service = ciw.dists.Lognormal(queue.service.mu, queue.service.sigma)
    if queue.routing == "pooled":
        return ciw.create_network(
            arrival_distributions=[arrivals],
            service_distributions=[service],
            number_of_servers=[queue.servers],
        )
    n = queue.replicas
    replicas = list(range(2, n + 2))
    door = (
        ciw.routing.LoadBalancing(replicas)
        if queue.routing == "least"
        else ciw.routing.Probabilistic(replicas, [1.0 / n] * n)
    )
    return ciw.create_network(
        arrival_distributions=[arrivals, *[None] * n],
        service_distributions=[ciw.dists.Deterministic(0.0), *[service] * n],
        number_of_servers=[math.inf, *[queue.slots] * n],
        routing=ciw.routing.NetworkRouting([door, *[ciw.routing.Leave()] * n]),
    )


@lru_cache
def measured(queue: Queue) -> Percentiles:
    """What ciw finds."""
    requests = 50_000 if queue.routing == "pooled" else 30_000
    ciw.seed(5)
    simulation = ciw.Simulation(network(queue), exit_node_class=Leaving)
    simulation.simulate_until_max_customers(requests)
    times = sorted(simulation.nodes[-1].times[requests // 20 :])
    return {q: percentile(times, q) for q in QUANTILES}


def pool_of(queue: Queue) -> Pool:
    load = load_of(Steady(rate=queue.rate), service_s=SERVICE_S)
    if queue.routing == "random":
        return SplitPool(load, queue.service, overhead_s=0.0, slots=queue.slots)
    return Pool(load, queue.service, overhead_s=0.0)


def by_formula(queue: Queue) -> Percentiles:
    pool = pool_of(queue)
    return {q: pool.quantile((queue.servers,), q) for q in QUANTILES}


def station_of(queue: Queue, rng: Random) -> Station:
    shape = {"replicas": queue.replicas, "slots": queue.slots}
    if queue.routing == "pooled":
        return Pooled(drawing(queue.service, rng), **shape)
    levels = Levels([queue.service], rng)
    if queue.routing == "least":
        return LeastOutstanding(levels, rng, **shape)
    return Sampled(levels, rng, **shape, choices=1)


def by_simulator(queue: Queue) -> Percentiles:
    rng = Random(3)
    station = station_of(queue, rng)
    end = 200_000 / queue.rate
    station.serve(renewal_times(rng, start_s=0.0, seconds=end / 20, rate=queue.rate))
    tally = station.serve(renewal_times(rng, start_s=end / 20, seconds=end, rate=queue.rate))
    response = Response(cells_of(1.0, tally, [queue.service]), overhead_s=0.0)
    return {q: response.quantile(q) for q in QUANTILES}


def far(predicted: Percentiles, queue: Queue, *, within: float) -> dict[str, float]:
    """Relative errors beyond what is allowed, by percentile."""
    errors = {f"p{100 * q:g}": predicted[q] / measured(queue)[q] - 1.0 for q in QUANTILES}
    return {name: error for name, error in errors.items() if abs(error) > within}


@pytest.mark.parametrize("queue", [*POOLED, RANDOM], ids=name)
def test_the_closed_form_agrees_inside_its_region(queue: Queue) -> None:
    assert outside_validity(queue.service, queue.rho, queue.servers) == ""
    assert far(by_formula(queue), queue, within=WITHIN_FORMULA) == {}


@pytest.mark.parametrize("queue", [*POOLED, LEAST, RANDOM], ids=name)
def test_the_simulator_agrees(queue: Queue) -> None:
    assert far(by_simulator(queue), queue, within=WITHIN_SIMULATOR) == {}


@pytest.mark.parametrize("queue", POOLED, ids=name)
def test_a_mean_in_place_of_the_p99_is_noticed(queue: Queue) -> None:
    wrong = {**by_formula(queue), 0.99: pool_of(queue).mean((queue.servers,))}
    assert list(far(wrong, queue, within=WITHIN_FORMULA)) == ["p99"]


def test_random_routing_predicted_as_one_line_is_noticed() -> None:
    pooled = RANDOM._replace(routing="pooled")
    assert "p99" in far(by_formula(pooled), RANDOM, within=WITHIN_FORMULA)
    assert "p99" in far(by_simulator(pooled), RANDOM, within=WITHIN_SIMULATOR)


def test_the_fewest_outstanding_simulated_as_one_line_is_noticed() -> None:
    pooled = LEAST._replace(routing="pooled")
    assert far(by_simulator(pooled), LEAST, within=WITHIN_SIMULATOR)


@pytest.mark.parametrize("queue", POOLED[:2], ids=name)
def test_service_times_that_do_not_vary_are_noticed(queue: Queue) -> None:
    constant = queue._replace(scv=0.0)
    assert "p99" in far(by_formula(constant), queue, within=WITHIN_FORMULA)
    assert "p99" in far(by_simulator(constant), queue, within=WITHIN_SIMULATOR)
