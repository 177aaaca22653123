"""Closed-loop runs measured on Databricks against what the planner's parts predict.

The rows have the columns date, phase, client_concurrency, requests, ok, http_429, p50_ms, p99_ms
and ok_per_s. Those of a date are predicted from its one-client row alone: the service time from its
p50 and p99, the pause of a client from its throughput. Clients ask again when they are answered,
also when that is 429, which is taken to take as long as one service.
"""

from __future__ import annotations

import csv
import heapq
import math
import random
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from measure import table

from planner.capacity.service_time import ServiceTime
from planner.capacity.simulator.draws import drawing
from planner.capacity.simulator.stations import Pooled

UNITS = 4
WAITING_PER_UNIT = 9
"""Requests that wait for one unit before the next is answered 429."""
WORKSPACE_PER_S = 200.0
MORE_UNITS = 1.15
"""Throughput over that of four units, above which more than four must have answered."""
Z99 = statistics.NormalDist().inv_cdf(0.99)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One measured window."""

    date: str
    phase: str
    clients: int
    ok_per_s: float
    p50_s: float
    p99_s: float
    refused: float


@dataclass(frozen=True, kw_only=True)
class Loop:
    """Throughput, median and share of 429 of clients in a closed loop."""

    ok_per_s: float
    p50_s: float
    refused: float


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """A row with its prediction; `outside` says why four units do not explain it, or is empty."""

    row: Row
    predicted: Loop
    outside: str

    @property
    def throughput_error(self) -> float:
        return self.predicted.ok_per_s / self.row.ok_per_s - 1.0

    @property
    def p50_error(self) -> float:
        return self.predicted.p50_s / self.row.p50_s - 1.0


def read(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Row(
                date=row["date"],
                phase=row["phase"],
                clients=int(row["client_concurrency"]),
                ok_per_s=float(row["ok_per_s"]),
                p50_s=float(row["p50_ms"]) / 1000.0,
                p99_s=float(row["p99_ms"]) / 1000.0,
                refused=int(row["http_429"]) / int(row["requests"]),
            )
            for row in csv.DictReader(file)
        ]


def service_of(alone: Row) -> ServiceTime:
    sigma = math.log(alone.p99_s / alone.p50_s) / Z99
    return ServiceTime(alone.p50_s * math.exp(sigma * sigma / 2.0), sigma)


def closed_loop(
    service: ServiceTime, pause_s: float, clients: int, *, seconds: float = 600.0
) -> Loop:
    """So many clients on four units, each with one request at a time."""
    rng = random.Random(clients)
    station = Pooled(drawing(service, rng), replicas=UNITS, slots=1, queue_limit=WAITING_PER_UNIT)
    turns = [rng.random() * service.mean_s for _ in range(clients)]
    heapq.heapify(turns)
    times: list[float] = []
    refused = 0
    while turns[0] < seconds:
        now = turns[0]
        tally = station.serve((now,))
        response = sum(tally.delays) + tally.busy_s
        if tally.refused:
            refused += 1
            response = service.mean_s
        else:
            times.append(response)
        heapq.heapreplace(turns, now + response + pause_s)
    return Loop(
        ok_per_s=len(times) / seconds,
        p50_s=statistics.median(times),
        refused=refused / (refused + len(times)),
    )


def outcomes(path: Path) -> list[Outcome]:
    """Every row but those of one client, which are what is known."""
    rows = read(path)
    alone = {row.date: row for row in rows if row.clients == 1}
    return [_outcome(row, alone[row.date]) for row in rows if row.clients > 1]


def _outcome(row: Row, alone: Row) -> Outcome:
    service = service_of(alone)
    pause_s = max(0.0, 1.0 / alone.ok_per_s - service.mean_s)
    outside = ""
    if row.ok_per_s >= 0.98 * WORKSPACE_PER_S:
        outside = f"the workspace's cap of {WORKSPACE_PER_S:.0f}/s"
    elif row.ok_per_s > MORE_UNITS * UNITS / service.mean_s:
        outside = "capacity was growing beyond four units"
    return Outcome(row=row, predicted=closed_loop(service, pause_s, row.clients), outside=outside)


def show(found: Sequence[Outcome]) -> None:
    rows = [
        [
            f"{one.row.date} {one.row.phase}",
            f"{one.row.clients}",
            f"{one.row.ok_per_s:.1f}",
            f"{one.predicted.ok_per_s:.1f}",
            f"{one.throughput_error:+.1%}",
            f"{1000 * one.row.p50_s:.0f}",
            f"{1000 * one.predicted.p50_s:.0f}",
            f"{one.p50_error:+.1%}",
            f"{one.row.refused:.0%}",
            f"{one.predicted.refused:.0%}",
            one.outside,
        ]
        for one in found
    ]
    header = ["window", "clients", "ok/s", "predicted", "error", "p50 ms", "predicted", "error"]
    table([*header, "429", "predicted", "outside: "], rows)


def saturation(path: Path, found: Sequence[Outcome]) -> list[tuple[str, float, float]]:
    """What four units answer at most, per second: by prediction, and measured, by date.

    Measured where every unit has at least four clients.
    """
    full = [one.row for one in found if not one.outside and one.row.clients >= 4 * UNITS]
    return [
        (
            alone.date,
            UNITS / service_of(alone).mean_s,
            statistics.fmean(row.ok_per_s for row in full if row.date == alone.date),
        )
        for alone in read(path)
        if alone.clients == 1
    ]


def mean_errors(found: Sequence[Outcome]) -> tuple[float, float]:
    """Of throughput and p50, over the rows that four units explain."""
    inside = [one for one in found if not one.outside]
    return (
        statistics.fmean(abs(one.throughput_error) for one in inside),
        statistics.fmean(abs(one.p50_error) for one in inside),
    )
