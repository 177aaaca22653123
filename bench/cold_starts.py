"""Cold-start shares: the closed form and the simulator against recorded runs.

python bench/cold_starts.py RUNS.csv.gz [--idle 640]

RUNS has the columns experiment, t_s, is_cold, client_elapsed_s and aws_duration_ms, one row per
request: the layout of the AWS Lambda runs published in pacslab/serverless-performance-modeling
(MIT). An idle time of 640 s is what these runs show: no warm answer comes after 656 s of silence.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import random
import statistics
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from measure import table

from planner.capacity.cold_start import instance_cold_fraction
from planner.capacity.load import build_load
from planner.capacity.service_time import ServiceTime
from planner.capacity.simulator.draws import drawing, renewal_times
from planner.capacity.simulator.on_demand import OnDemand
from planner.model.traffic import Steady, Traffic

IDLE_S = 640.0
LIMIT = 1000
"""Concurrent requests that the platform allows by default."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """One recorded run: Poisson requests for a day."""

    name: str
    times_s: Sequence[float]
    cold: float
    service_s: float
    start_s: float

    @property
    def rate(self) -> float:
        return (len(self.times_s) - 1) / (self.times_s[-1] - self.times_s[0])


@dataclass(frozen=True, kw_only=True)
class Share:
    """Cold shares of one run: measured, by formula, simulated, and simulated on its own stamps."""

    run: str
    rate: float
    requests: int
    measured: float
    formula: float
    simulated: float
    replayed: float


def read(path: Path) -> list[Run]:
    rows: dict[str, list[dict[str, str]]] = defaultdict(list)
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            rows[row["experiment"]].append(row)
    return sorted((_run(name, of) for name, of in rows.items()), key=lambda run: run.rate)


def _run(name: str, rows: Sequence[dict[str, str]]) -> Run:
    elapsed: dict[str, list[float]] = {"0": [], "1": []}
    for row in rows:
        elapsed[row["is_cold"]].append(float(row["client_elapsed_s"]))
    return Run(
        name=name,
        times_s=[float(row["t_s"]) for row in rows],
        cold=len(elapsed["1"]) / len(rows),
        service_s=statistics.median(float(row["aws_duration_ms"]) for row in rows) / 1000.0,
        start_s=statistics.median(elapsed["1"]) - statistics.median(elapsed["0"]),
    )


def shares(path: Path, idle_s: float = IDLE_S, requests: int = 200_000) -> list[Share]:
    """Every run, by rising rate."""
    return [_share(run, idle_s, requests) for run in read(path)]


def _share(run: Run, idle_s: float, requests: int) -> Share:
    load = build_load(Traffic(pattern=Steady(rate=run.rate)), service_s=run.service_s)
    rng = random.Random(1)
    times = renewal_times(rng, start_s=0.0, seconds=requests / run.rate, rate=run.rate)
    return Share(
        run=run.name,
        rate=run.rate,
        requests=len(run.times_s),
        measured=run.cold,
        formula=instance_cold_fraction(
            load, service_s=run.service_s, idle_s=idle_s, warm=0, limit=LIMIT
        ),
        simulated=_simulated(run, times, idle_s),
        replayed=_simulated(run, run.times_s, idle_s),
    )


def _simulated(run: Run, times_s: Sequence[float], idle_s: float) -> float:
    draw = drawing(ServiceTime(run.service_s, 0.0), random.Random(1))
    station = OnDemand(draw, limit=LIMIT, idle_s=idle_s, cold_s=run.start_s)
    tally = station.serve(times_s)
    return tally.cold / tally.served


WAYS = ("formula", "simulated", "replayed")


def mean_error(found: Sequence[Share], way: str) -> float:
    return statistics.fmean(abs(getattr(share, way) - share.measured) for share in found)


def show(found: Sequence[Share]) -> None:
    """A table in percentage points."""
    columns = ("measured", *WAYS)
    rows = [
        [
            f"{share.rate:.4f}",
            f"{share.requests}",
            *[f"{100 * getattr(share, column):.2f}" for column in columns],
        ]
        for share in found
    ]
    table(["rate/s", "requests", *columns], rows)
    for way in WAYS:
        print(f"  mean absolute error, {way}: {100 * mean_error(found, way):.2f} points")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", type=Path)
    parser.add_argument("--idle", type=float, default=IDLE_S, help="idle time in seconds")
    given = parser.parse_args()
    if not given.runs.exists():
        sys.exit(f"{given.runs}: no such file; give recorded runs")
    show(shares(given.runs, given.idle))


if __name__ == "__main__":
    main()
