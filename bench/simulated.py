"""The planner's simulator on the cases that ciw answers, asked as a plan asks it."""

from __future__ import annotations

import multiprocessing
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ciw_runs import SERVICE_S, Case, label

from planner.capacity.service_time import ServiceTime
from planner.capacity.simulator.experiment import Scene, experiment
from planner.capacity.simulator.scenes import ONE_LINE, Demand, Queue, queue_scene
from planner.capacity.simulator.steps import Step

PASS = 200_000
BUDGET = 4_000_000
"""Requests of one pass and in all: passes end earlier where percentiles are known to 2 %."""
WEEK_S = 7 * 86_400.0


@dataclass(frozen=True, kw_only=True)
class Simulated:
    """Percentiles in seconds by percent, their confidence intervals, and the mean."""

    percentiles: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    mean_s: float
    requests: int

    def quantile(self, q: float) -> float:
        return self.percentiles[label(q)]


def service_of(case: Case) -> ServiceTime:
    return ServiceTime(SERVICE_S, case.sigma)


def scene_of(case: Case, budget: int = PASS) -> Scene:
    """A week of one rate, of which the simulator chooses how much it looks at."""
    step = Step(seconds=WEEK_S, rate=case.rate, replicas=case.replicas)
    demand = Demand(steps=(step,), overhead_s=0.0, budget=budget, arrival_scv=case.arrival_scv)
    routing = {"pooled": ONE_LINE, "least": "least-outstanding", "random": "random"}[case.routing]
    return queue_scene(
        demand, Queue(services=(service_of(case),), slots=case.slots, routing=routing)
    )


def simulate(case: Case) -> Simulated:
    """What the simulator predicts for one case."""
    seed = zlib.crc32(case.name.encode()) + 1
    found = experiment(scene_of(case), targets=(), seed=seed, budget=BUDGET)
    latency = found.latency
    return Simulated(
        percentiles={
            "p50": latency.p50_s,
            "p90": latency.p90_s,
            "p95": latency.p95_s,
            "p99": latency.p99_s,
        },
        intervals={one.name: (one.low_s, one.high_s) for one in found.intervals},
        mean_s=latency.mean_s,
        requests=found.simulated,
    )


def simulate_all(cases: Iterable[Case], workers: int) -> dict[Case, Simulated]:
    """All of them, in processes of their own."""
    wanted = list(dict.fromkeys(cases))
    with multiprocessing.Pool(workers) as pool:
        return dict(zip(wanted, pool.map(simulate, wanted, chunksize=1), strict=True))


def predicting(found: dict[Case, Simulated]) -> Callable[[Case], Callable[[float], float]]:
    return lambda case: found[case].quantile
