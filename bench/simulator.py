"""Requests per second of the simulator against ciw: python bench/simulator.py [--runs N] [--check]

The same queue in the same run, in turn, medians of the ratios. Both draw arrivals and service
times, serve the requests and take four percentiles. Where ciw lacks what is simulated it serves the
same requests on capacity that is always there, which is less work: the table says so.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from random import Random

import ciw
from ciw_runs import QUANTILES, SERVICE_S, Case, network, percentile, responses, services
from measure import table
from simulated import scene_of

from planner.capacity.load import Load, build_load
from planner.capacity.model_cache import CachedModel
from planner.capacity.service_time import ServiceTime
from planner.capacity.simulator.experiment import Replication, Scene
from planner.capacity.simulator.policy import Range, replicas_over
from planner.capacity.simulator.scenes import (
    Demand,
    Fleet,
    FromZero,
    cached_scene,
    on_demand_scene,
)
from planner.capacity.simulator.steps import Step
from planner.capacity.simulator.windows import Stretch, Windows
from planner.model.catalog import Scaling
from planner.model.traffic import Stage, Stages, Traffic

FIXED, MOVING = 30.0, 10.0
"""Times faster than ciw at least: capacity that stays, and capacity or contents that change."""
REQUESTS = 300_000
OF_CIW = 20_000
SCV = 0.25
SERVICE = ServiceTime(SERVICE_S, math.sqrt(math.log1p(SCV)))

Run = Callable[[int], int]
"""Simulates with this seed and returns the number of requests."""


@dataclass(frozen=True, kw_only=True)
class Race:
    """The same requests for both, and how many times faster the planner has to be."""

    name: str
    planner: Run
    ciw: Run
    ciw_does: str
    at_least: float


def replicated(scene: Scene, seed: int) -> int:
    """One pass and its percentiles."""
    done = Replication(scene, scene.windows[0], Random(seed), ())
    for q in QUANTILES:
        done.response.quantile(q)
    return done.simulated


def by_ciw(made: ciw.network.Network, seed: int) -> int:
    times = sorted(responses(made, OF_CIW, seed))
    for q in QUANTILES:
        percentile(times, q)
    return len(times)


def fixed(case: Case, name: str, ciw_does: str) -> Race:
    scene = scene_of(case, budget=REQUESTS)
    return Race(
        name=name,
        planner=lambda seed: replicated(scene, seed),
        ciw=lambda seed: by_ciw(network(case), seed),
        ciw_does=ciw_does,
        at_least=FIXED,
    )


SCALING = Scaling(
    metric="requests per replica",
    period_s=60.0,
    breaches_up=2,
    breaches_down=5,
    start_s=90.0,
    cooldown_up_s=0.0,
    cooldown_down_s=60.0,
    scheduled=False,
    source="bench/simulator.py",
)
WITHIN = Range(minimum=5, maximum=16, target=6.0)


@cache
def swinging() -> Load:
    """Twenty minutes from 20 to 60 requests a second and back, about 48,000 requests."""
    up = (Stage(target=60.0, duration_s=600.0), Stage(target=20.0, duration_s=600.0))
    return build_load(Traffic(pattern=Stages(start=20.0, stages=up)), service_s=SERVICE_S)


def steps_of(seed: int) -> tuple[Step, ...]:
    return replicas_over(swinging(), SCALING, WITHIN, rng=Random(seed))


def autoscaled(seed: int) -> int:
    """The policy over a cycle, and every request of the cycle on what it has up."""
    case = Case(replicas=5, rho=0.7, scv=SCV)
    stretches = [Stretch(s.seconds, s.rate, s.replicas, 1.0) for s in steps_of(seed)]
    requests = sum(s.seconds * s.rate for s in stretches)
    every = Windows(runs=(tuple(stretches),), quiet=0.0, requests=requests)
    return replicated(replace(scene_of(case, budget=REQUESTS), windows=(every,)), seed)


def scheduled(seed: int) -> int:
    """The same cycle in ciw, with the replicas that the policy found as a schedule."""
    steps = steps_of(seed)
    ends, now = [], 0.0
    for step in steps:
        now += step.seconds
        ends.append(now)
    ciw.seed(seed)
    made = ciw.create_network(
        arrival_distributions=[ciw.dists.PoissonIntervals([s.rate for s in steps], ends, now)],
        service_distributions=[services(Case(replicas=5, rho=0.7, scv=SCV))],
        number_of_servers=[ciw.Schedule([s.replicas for s in steps], ends)],
    )
    requests = int(0.95 * sum(s.seconds * s.rate for s in steps))
    times = sorted(responses(made, requests, seed))
    for q in QUANTILES:
        percentile(times, q)
    return len(times)


def demand(rate: float, replicas: int) -> Demand:
    step = Step(seconds=REQUESTS / rate, rate=rate, replicas=replicas)
    return Demand(steps=(step,), overhead_s=0.0, budget=2 * REQUESTS, replayable=0)


def cold_starting() -> Race:
    rate = 40.0
    scene = on_demand_scene(
        demand(rate, 0),
        FromZero(service=SERVICE, idle_s=30.0, cold_s=2.0),
        limit=1000,
        warm=0,
    )
    made = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(rate)],
        service_distributions=[services(Case(replicas=1, rho=0.5, scv=SCV))],
        number_of_servers=[math.inf],
    )
    return Race(
        name="cold starts: 40/s on demand",
        planner=lambda seed: replicated(scene, seed),
        ciw=lambda seed: by_ciw(made, seed),
        ciw_does="endless servers, no starts",
        at_least=MOVING,
    )


def caching(ciw_case: Case, ciw_does: str, at_least: float) -> Race:
    case = Case(replicas=4, slots=2, rho=0.5, scv=SCV)
    models = tuple(
        CachedModel(rate=(rank + 1) ** -1.1, size_bytes=1.0, load_s=0.2) for rank in range(300)
    )
    scene = cached_scene(
        demand(case.rate, case.replicas),
        Fleet(service=SERVICE, slots=case.slots, memory_bytes=40.0, models=models),
    )
    return Race(
        name="cache: 300 models on 4 x 2",
        planner=lambda seed: replicated(scene, seed),
        ciw=lambda seed: by_ciw(network(ciw_case), seed),
        ciw_does=ciw_does,
        at_least=at_least,
    )


def races() -> list[Race]:
    least = Case(replicas=8, rho=0.7, scv=SCV, routing="least")
    routed = Case(replicas=4, slots=2, rho=0.5, scv=SCV, routing="least")
    return [
        fixed(Case(replicas=8, rho=0.7, scv=SCV), "one line: c 8, rho 0.7", "the same"),
        fixed(least, "least outstanding: 8 x 1, rho 0.7", "the same: LoadBalancing"),
        Race(
            name="autoscaling: 5 to 16 replicas",
            planner=autoscaled,
            ciw=scheduled,
            ciw_does="the schedule found",
            at_least=MOVING,
        ),
        cold_starting(),
        caching(routed, "LoadBalancing over 4 x 2, no models", MOVING),
        caching(replace(routed, routing="pooled"), "one line, no replicas, no models", 0.0),
    ]


def per_second(run: Run, seed: int) -> float:
    """By the processor's time: both use one core, and others may use it too."""
    started = time.process_time()
    requests = run(seed)
    return requests / (time.process_time() - started)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--out", type=Path, help="writes the medians as JSON")
    parser.add_argument("--check", action="store_true", help="fail where a ratio is too low")
    options = parser.parse_args()
    rows, found = [], []
    for race in races():
        race.planner(0)
        pairs = [
            (per_second(race.planner, seed), per_second(race.ciw, seed))
            for seed in range(1, options.runs + 1)
        ]
        ratio = statistics.median(pair[0] / pair[1] for pair in pairs)
        ours = statistics.median(pair[0] for pair in pairs)
        theirs = statistics.median(pair[1] for pair in pairs)
        found.append(
            {
                "case": race.name,
                "planner_per_s": ours,
                "ciw_per_s": theirs,
                "ratio": ratio,
                "at_least": race.at_least,
                "ciw_does": race.ciw_does,
            }
        )
        holds = "holds" if ratio >= race.at_least else "BROKEN"
        rows.append(
            [
                race.name,
                f"{ours:,.0f}",
                f"{theirs:,.0f}",
                f"{ratio:.1f}x",
                f">= {race.at_least:.0f}x" if race.at_least else "",
                holds if race.at_least else "",
                race.ciw_does,
            ]
        )
    table(["requests per second", "planner", "ciw", "ratio", "", "", "ciw does"], rows)
    if options.out:
        options.out.write_text(json.dumps(found, indent=1), encoding="utf-8")
    return int(options.check and any(one["ratio"] < one["at_least"] for one in found))


if __name__ == "__main__":
    sys.exit(main())
