"""Stations against exact formulas and hand-made arrivals; more against ciw in test_against_ciw."""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random

import pytest

from planner.capacity.service_time import ServiceTime
from planner.capacity.simulator.draws import Levels, renewal_times
from planner.capacity.simulator.stations import LeastOutstanding, Pooled, Sampled
from planner.capacity.simulator.tally import Station, Tally

REQUESTS = 200_000
SECOND = ServiceTime(1.0, 0.0)


def exponential(rng: Random) -> Callable[[int], list[float]]:
    return lambda n: [rng.expovariate(1.0) for _ in range(n)]


def erlang_c(servers: int, offered: float) -> float:
    terms = [offered**k / math.factorial(k) for k in range(servers)]
    last = offered**servers / math.factorial(servers) * servers / (servers - offered)
    return last / (sum(terms) + last)


@pytest.mark.parametrize(("servers", "rho"), [(1, 0.7), (3, 0.8), (10, 0.9)])
def test_one_line_waits_as_erlang_says(servers: int, rho: float) -> None:
    rng = Random(1)
    station = Pooled(exponential(rng), replicas=servers)
    rate = rho * servers
    tally = station.serve(renewal_times(rng, start_s=0.0, seconds=REQUESTS / rate, rate=rate))
    probability = erlang_c(servers, rate)
    assert len(tally.delays) / tally.served == pytest.approx(probability, rel=0.04)
    mean = sum(tally.delays) / len(tally.delays)
    assert mean == pytest.approx(1.0 / (servers * (1.0 - rho)), rel=0.08)
    assert tally.busy_s / tally.served == pytest.approx(1.0, rel=0.01)


@pytest.mark.parametrize(("slots", "limit"), [(1, 0), (4, 0), (2, 3)])
def test_a_limited_line_refuses_as_erlang_says(slots: int, limit: int) -> None:
    """M/M/c with `limit` places to wait for each server: 0 is the loss formula."""
    rng, offered = Random(2), 0.9 * slots
    station = Pooled(exponential(rng), replicas=1, slots=slots, queue_limit=limit)
    times = renewal_times(rng, start_s=0.0, seconds=REQUESTS / offered, rate=offered)
    tally = station.serve(times)
    terms = [offered**k / math.factorial(k) for k in range(slots + 1)]
    for _ in range(limit * slots):
        terms.append(terms[-1] * offered / slots)
    assert tally.refused / len(times) == pytest.approx(terms[-1] / sum(terms), rel=0.05)
    assert tally.served + tally.refused == len(times)


def levels(rng: Random) -> Levels:
    return Levels([SECOND], rng)


STATIONS: dict[str, Callable[[int, int], Station]] = {
    "pooled": lambda replicas, slots: Pooled(lambda n: [1.0] * n, replicas=replicas, slots=slots),
    "least": lambda replicas, slots: LeastOutstanding(
        levels(Random(1)), Random(2), replicas=replicas, slots=slots
    ),
    "two-choices": lambda replicas, slots: Sampled(
        levels(Random(1)), Random(2), replicas=replicas, slots=slots, choices=2
    ),
    "random": lambda replicas, slots: Sampled(
        levels(Random(1)), Random(2), replicas=replicas, slots=slots, choices=1
    ),
}
AWARE = ("pooled", "least")


@pytest.fixture(params=STATIONS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_one_replica_is_one_line_whatever_the_routing(name: str) -> None:
    station = STATIONS[name](1, 2)
    tally = station.serve([0.0, 0.1, 0.2, 0.3, 5.0])
    assert tally.delays == pytest.approx([0.8, 0.8])
    assert (tally.served, tally.busy_s, tally.refused) == (5, 5.0, 0)


def test_the_state_lasts_from_one_call_to_the_next(name: str) -> None:
    station = STATIONS[name](1, 1)
    assert station.serve([0.0]).delays == []
    assert station.serve([0.25]).delays == pytest.approx([0.75])
    assert station.serve([]).served == 0
    assert station.serve([1.5]).delays == pytest.approx([0.5])


@pytest.mark.parametrize("which", AWARE)
def test_a_free_replica_is_found(which: str) -> None:
    station = STATIONS[which](3, 1)
    assert station.serve([0.0, 0.1, 0.2]).delays == []
    assert station.serve([1.0, 1.1, 1.2]).delays == []


def test_random_routing_does_not_look(name: str) -> None:
    """Two at a time for two replicas: random routing sends half of the pairs to one of them."""
    times = [t for k in range(2000) for t in (5.0 * k, 5.0 * k)]
    waited = len(STATIONS[name](2, 1).serve(times).delays) / 2000
    # Two choices miss where both draws show the busy one: a quarter.
    expected = {"random": 0.5, "two-choices": 0.25}.get(name, 0.0)
    assert waited == pytest.approx(expected, abs=0.035)


def test_added_replicas_are_free_at_once(name: str) -> None:
    station = STATIONS[name](1, 1)
    station.serve([0.0, 0.0, 0.0])
    station.resize(1.0, 200)
    tally = station.serve([1.0, 1.0, 1.0])
    # By lot, the busy one of two hundred is hardly ever hit.
    assert tally.delays == []


def test_of_replicas_taken_away_the_idle_go_and_one_stays(name: str) -> None:
    station = STATIONS[name](5, 1)
    station.serve([0.0])
    station.resize(10.0, 1)
    tally = station.serve([10.0, 10.0, 10.0])
    assert tally.delays == pytest.approx([1.0, 2.0])


@pytest.mark.parametrize("which", AWARE)
def test_the_busy_replica_is_the_one_that_stays(which: str) -> None:
    """Its requests are not lost, and the next one waits for them."""
    station = STATIONS[which](3, 1)
    station.serve([0.0])
    station.resize(0.5, 1)
    assert station.serve([0.5]).delays == pytest.approx([0.5])


def test_up_and_down_again_serves_everybody(name: str) -> None:
    rng, served = Random(3), 0
    station = STATIONS[name](2, 2)
    now = 0.0
    for replicas in (4, 1, 6, 6, 2, 3, 1, 5):
        station.resize(now, replicas)
        times = sorted(now + 20.0 * rng.random() for _ in range(60))
        tally = station.serve(times)
        assert tally.served + tally.refused == 60
        assert all(0.0 < delay <= 60.0 for delay in tally.delays)
        served += tally.served
        now += 20.0
    assert served == 480


def test_a_request_is_as_slow_as_the_others_it_meets() -> None:
    services = [ServiceTime(1.0, 0.0), ServiceTime(3.0, 0.0)]
    for station in (
        LeastOutstanding(Levels(services, Random(1)), Random(2), replicas=1, slots=2),
        Sampled(Levels(services, Random(1)), Random(2), replicas=1, slots=2, choices=1),
    ):
        tally = station.serve([0.0, 0.5, 0.6])
        # Alone until 1; with another until 3.5; the third waits until 1 and takes 3 as well.
        assert (tally.at_once, tally.busy_s) == ([1, 1], 7.0)
        assert tally.delays == pytest.approx([0.4])


def test_ties_are_broken_by_lot() -> None:
    """Always the first would let the slots of the others idle: seen where one stays behind."""
    first = set()
    for seed in range(20):
        station = LeastOutstanding(levels(Random(1)), Random(seed), replicas=2, slots=1)
        station.serve([0.0])
        first.add(station._outstanding.index(1))
    assert first == {0, 1}


def test_tallies_add_up() -> None:
    one, two = Tally(), Tally()
    one.served, one.delays, one.at_once, one.busy_s = 3, [0.5], [1, 1], 2.0
    two.served, two.delays, two.at_once, two.refused, two.cold = 4, [0.1, 0.2], [0, 1, 1], 2, 1
    one.add(two)
    assert (one.served, one.delays, one.at_once) == (7, [0.5, 0.1, 0.2], [1, 2, 1])
    assert (one.refused, one.cold, one.busy_s) == (2, 1, 2.0)
