"""The rules that people size with today, as baselines: six ways to a count, one to a schedule.

B1   provisioned concurrency = QPS x execution time (Databricks), at the mean rate
B1'  the same at the peak minute
B2   peak minute / the most requests that one replica takes at the objective (Inference Recommender)
B3   B2 with the safety factor 0.5 (the SageMaker guide's start)
B4   target tracking at 70 % of what a replica serves, from 1 on
B5   ceil(1.2 x mean QPS / QPS per replica) (llm-d planner)
B6   M/G/c at the mean rate
B6'  M/G/c at the peak minute

Every rule takes the machine that is cheapest by its own count.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from replay import Service, erlang_c, percentile, poisson, replay
from scenarios import TYPES, Scenario

LOAD_TEST = 40_000
"""Requests in one load test of a single replica."""


@dataclass(frozen=True, kw_only=True)
class Rates:
    """What a rule knows of the traffic: requests a second on average and in the peak minute."""

    mean: float
    peak: float


def rates_of(arrivals: Sequence[float]) -> Rates:
    minutes = per_minute(arrivals)
    return Rates(mean=len(arrivals) / arrivals[-1], peak=max(minutes) / 60.0)


def per_minute(arrivals: Sequence[float]) -> list[int]:
    counts = [0] * (int(arrivals[-1] // 60.0) + 1)
    for at in arrivals:
        counts[int(at // 60.0)] += 1
    return counts


def fixed_rules(scenario: Scenario, rates: Rates) -> dict[str, tuple[str, int]]:
    """Type and count of every rule that ends in a fixed count."""
    mean_s = scenario.service.mean_s

    def slots(servers: int) -> tuple[str, int]:
        return _cheapest(lambda k: math.ceil(servers / k))

    def tested(rate: float) -> tuple[str, int]:
        return _cheapest(lambda k: math.ceil(rate / most_per_replica(scenario, k)))

    return {
        "B1 mean QPS x latency": slots(math.ceil(rates.mean * mean_s)),
        "B1' peak QPS x latency": slots(math.ceil(rates.peak * mean_s)),
        "B2 peak / max rps at SLO": tested(rates.peak),
        "B3 B2 / 0.5": tested(rates.peak / 0.5),
        "B5 1.2 x mean / max rps": tested(1.2 * rates.mean),
        "B6 M/G/c at mean": slots(mgc_servers(scenario, rates.mean)),
        "B6' M/G/c at peak": slots(mgc_servers(scenario, rates.peak)),
    }


def _cheapest(count: Callable[[int], int]) -> tuple[str, int]:
    priced = {
        name: (max(1, count(slots)), price * max(1, count(slots)))
        for name, (slots, price) in TYPES.items()
    }
    name = min(priced, key=lambda one: (priced[one][1], one))
    return name, priced[name][0]


def most_per_replica(scenario: Scenario, slots: int) -> float:
    """The most requests a second that one replica takes at the objective, by a load test."""
    service = scenario.service
    return _most(service.kind, service.scv, scenario.multiple, slots) / service.mean_s


@lru_cache(maxsize=64)
def _most(kind: str, scv: float, multiple: int, slots: int) -> float:
    times = Service(kind=kind, mean_s=1.0, scv=scv).draw(LOAD_TEST, 1)
    gaps = poisson(1.0, LOAD_TEST, 1)
    low, high = 0.0, float(slots)
    for _ in range(10):
        rate = (low + high) / 2.0
        found = replay([at / rate for at in gaps], times, 1, slots, routing="pooled")
        holds = percentile(sorted(found), 0.99) <= multiple
        low, high = (rate, high) if holds else (low, rate)
    return max(low, 1e-3)


def mgc_servers(scenario: Scenario, rate: float) -> int:
    """Fewest servers of M/G/c (Cosmetatos and Tijms, exponential tail) that keep the objective."""
    service = scenario.service
    points = [service.quantile((index + 0.5) / 200.0) for index in range(200)]
    servers = math.floor(rate * service.mean_s) + 1
    while True:
        waits, mean = _wait(servers, rate * service.mean_s, service)
        late = sum(
            waits * math.exp(-waits * (scenario.slo_s - point) / mean)
            if point <= scenario.slo_s
            else 1.0
            for point in points
        )
        if late / len(points) <= 0.01:
            return servers
        servers += 1


def _wait(servers: int, offered: float, service: Service) -> tuple[float, float]:
    """Probability of waiting and mean wait; service times here vary less than exponential ones."""
    load = offered / servers
    waits = erlang_c(servers, offered)
    memoryless = waits * service.mean_s / (servers * (1.0 - load))
    spread = (math.sqrt(4.0 + 5.0 * servers) - 2.0) / (16.0 * load * servers)
    constant = 0.5 * memoryless * (1.0 + (1.0 - load) * (servers - 1) * spread)
    mean = service.scv * memoryless + (1.0 - service.scv) * constant
    return max(waits, 1e-300), max(mean, 1e-300)


# ------------------------------------------------------------------------- target tracking


@dataclass(frozen=True, kw_only=True)
class Policy:
    """Target tracking on requests per replica and minute, as CloudWatch alarms drive it."""

    minimum: int
    maximum: int
    per_minute: float
    breaches_up: int = 3
    breaches_down: int = 15
    start_s: float = 300.0
    cooldown_s: float = 300.0
    low: float = 0.9
    """Scale in where the metric stays below this part of the target."""


def schedule(arrivals: Sequence[float], policy: Policy) -> tuple[list[tuple[float, int]], float]:
    """(second, replicas in service) steps and the mean count that is paid for.

    A replica is paid from its order on and serves `start_s` later; one that is given up goes at
    once. It starts with what the first minute asks for.
    """
    minutes = per_minute(arrivals)
    ordered = _bound(math.ceil(minutes[0] / policy.per_minute), policy)
    steps = [(0.0, ordered)]
    paid = 0.0
    above = below = 0
    quiet_until = 0.0
    for index, count in enumerate(minutes):
        paid += ordered
        now = (index + 1) * 60.0
        metric = count / max(1, _serving(steps, now - 60.0))
        above = above + 1 if metric > policy.per_minute else 0
        below = below + 1 if metric < policy.low * policy.per_minute else 0
        wanted = _bound(math.ceil(count / policy.per_minute), policy)
        if above >= policy.breaches_up and wanted > ordered and now >= quiet_until:
            ordered = wanted
            steps.append((now + policy.start_s, ordered))
            quiet_until = now + policy.cooldown_s
        elif below >= policy.breaches_down and wanted < ordered and now >= quiet_until:
            ordered = wanted
            steps = [step for step in steps if step[0] <= now]
            steps.append((now, ordered))
            quiet_until = now + policy.cooldown_s
    return steps, paid / len(minutes)


def _bound(count: int, policy: Policy) -> int:
    return min(policy.maximum, max(policy.minimum, count))


def _serving(steps: Sequence[tuple[float, int]], at: float) -> int:
    return next(count for since, count in reversed(steps) if since <= at)


def tracking(
    scenario: Scenario, slots: int, *, minimum: int, maximum: int, utilization: float
) -> Policy:
    """A policy whose target is a share of what a replica's slots can serve."""
    return Policy(
        minimum=minimum,
        maximum=maximum,
        per_minute=utilization * 60.0 * slots / scenario.service.mean_s,
    )
