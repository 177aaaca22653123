"""Cold-start shares: the closed form and a keep-alive simulation against recorded runs.

python bench/cold_starts.py RUNS.csv.gz [--idle 640]

RUNS has the columns experiment, t_s, is_cold and aws_duration_ms, one row per request: the layout
of the AWS Lambda runs published in pacslab/serverless-performance-modeling (MIT).
"""

from __future__ import annotations

import argparse
import csv
import gzip
import heapq
import random
import statistics
import sys
from collections import defaultdict
from pathlib import Path

from planner.capacity.cold_start import instance_cold_fraction
from planner.capacity.load import build_load
from planner.model.traffic import Steady, Traffic

Run = list[tuple[float, bool, float]]


def read(path: Path) -> dict[str, Run]:
    runs: dict[str, Run] = defaultdict(list)
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            seconds = float(row["aws_duration_ms"]) / 1000.0
            runs[row["experiment"]].append((float(row["t_s"]), row["is_cold"] == "1", seconds))
    return runs


def simulate(rate: float, service_s: float, idle_s: float, requests: int = 60_000) -> float:
    """Share of cold requests; the most recently used idle instance answers first."""
    source = random.Random(1)
    now, cold = 0.0, 0
    idle: list[float] = []
    busy: list[float] = []
    for _ in range(requests):
        now += source.expovariate(rate)
        while busy and busy[0] <= now:
            idle.append(heapq.heappop(busy))
        idle = [since for since in sorted(idle) if now - since <= idle_s]
        if idle:
            idle.pop()
        else:
            cold += 1
        heapq.heappush(busy, now + service_s)
    return cold / requests


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", type=Path)
    parser.add_argument("--idle", type=float, default=640.0, help="idle time in seconds")
    given = parser.parse_args()
    if not given.runs.exists():
        sys.exit(f"{given.runs}: no such file; give recorded runs")
    errors: dict[str, list[float]] = {"closed form": [], "simulation": []}
    print(f"{'rate/s':>8} {'service':>8} {'requests':>8} {'measured':>9} {'formula':>8} {'sim':>8}")
    for run in sorted(read(given.runs).values(), key=len):
        rate = len(run) / (run[-1][0] - run[0][0])
        service = statistics.median(seconds for _, _, seconds in run)
        measured = sum(cold for _, cold, _ in run) / len(run)
        load = build_load(Traffic(pattern=Steady(rate=rate)), service_s=service)
        formula = instance_cold_fraction(
            load, service_s=service, idle_s=given.idle, warm=0, limit=50
        )
        simulated = simulate(rate, service, given.idle)
        errors["closed form"].append(abs(formula - measured))
        errors["simulation"].append(abs(simulated - measured))
        print(
            f"{rate:8.4f} {service:7.2f}s {len(run):8} {measured:9.4f} {formula:8.4f} "
            f"{simulated:8.4f}"
        )
    for name, values in errors.items():
        print(f"mean absolute error, {name}: {100 * statistics.fmean(values):.2f} points")


if __name__ == "__main__":
    main()
