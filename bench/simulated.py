"""The planner's simulator on the cases that ciw answers, asked as a plan asks it."""

from __future__ import annotations

import multiprocessing
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from ciw_runs import SERVICE_S, Case, label

from planner.capacity.service_time import ServiceTime
from planner.capacity.simulator.experiment import Scene, experiment
from planner.capacity.simulator.scenes import Demand, Queue, queue_scene
from planner.capacity.simulator.steps import Step
from planner.model.candidate import Interval
from planner.model.effort import Effort
from planner.solver.caveats import settled

LONG = 4_000_000
"""Requests at most for one case where the model is judged and not how long a plan takes."""
OF_A_PLAN = Effort().requests
PASSES = 32
WEEK_S = 7 * 86_400.0


@dataclass(frozen=True, kw_only=True)
class Simulated:
    """Percentiles in seconds by percent, their confidence intervals, and the mean."""

    percentiles: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    mean_s: float
    requests: int

    @property
    def settled(self) -> bool:
        """False where a plan warns that its simulation does not settle."""
        return all(
            settled(Interval(name=name, low_s=low, high_s=high))
            for name, (low, high) in self.intervals.items()
        )

    def quantile(self, q: float) -> float:
        return self.percentiles[label(q)]


def service_of(case: Case) -> ServiceTime:
    return ServiceTime(SERVICE_S, case.sigma)


def scene_of(case: Case, budget: int) -> Scene:
    """A week of one rate, of which the simulator chooses how much it looks at."""
    step = Step(seconds=WEEK_S, rate=case.rate, replicas=case.replicas)
    demand = Demand(
        steps=(step,),
        overhead_s=0.0,
        budget=budget,
        replayable=0,
        arrival_scv=case.arrival_scv,
    )
    routing = {"pooled": "one line", "least": "least-outstanding", "random": "random"}[case.routing]
    return queue_scene(
        demand, Queue(services=(service_of(case),), slots=case.slots, routing=routing)
    )


def simulate(case: Case, budget: int) -> Simulated:
    """What the simulator predicts for one case from at most so many requests."""
    seed = zlib.crc32(case.name.encode()) + 1
    found = experiment(scene_of(case, budget // PASSES), targets=(), seed=seed, budget=budget)
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


def simulate_all(cases: Iterable[Case], budget: int, workers: int) -> dict[Case, Simulated]:
    """All of them, in processes of their own."""
    wanted = list(dict.fromkeys(cases))
    with multiprocessing.Pool(workers) as pool:
        found = pool.map(partial(simulate, budget=budget), wanted, chunksize=1)
    return dict(zip(wanted, found, strict=True))


def predicting(found: dict[Case, Simulated]) -> Callable[[Case], Callable[[float], float]]:
    return lambda case: found[case].quantile
