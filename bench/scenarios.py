"""Scenarios of the quality benchmarks: traffic x service x objective, and the spec of each.

The traffic that a plan is graded on comes from the same data as its spec: recorded stamps as they
are, recorded counts spread over their buckets at random, patterns drawn from their rates. Nothing
of the planner but its Python API is used.
"""

from __future__ import annotations

import csv
import math
import random
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml
from replay import Service, poisson

import planner

TYPES = {
    "ml.c5.large": (1, 0.102),
    "ml.m5.large": (1, 0.115),
    "ml.c5.xlarge": (2, 0.196),
    "ml.m5.xlarge": (2, 0.230),
    "ml.c5.2xlarge": (4, 0.380),
}
"""Slots per replica (one per two vCPUs) and USD an hour: prices of our own, cheaper per slot on
larger machines, so that count and type pull against each other."""

SERVICES = {
    "54ms": Service(kind="lognormal", mean_s=0.054, scv=0.001),
    "205ms": Service(kind="lognormal", mean_s=0.205, scv=0.001),
    "2.3s": Service(kind="gamma", mean_s=2.3, scv=0.05),
    "300ms-wide": Service(kind="lognormal", mean_s=0.3, scv=1.0),
}
MULTIPLES = (2, 5)
"""The p99 objective as a multiple of the mean service time."""
WIDE_MULTIPLES = (6, 10)
"""The same for service times that vary widely: their own p99 is 4.9 times the mean."""

DAY_S = 86_400.0


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """What the spec says of it, the file it names ("" for a pattern), and arrivals by seed."""

    name: str
    block: dict[str, Any]
    rows: str
    arrivals: Callable[[int], list[float]]
    warm_s: float = 0.0
    """Requests before are replayed but not graded: a rate that lasts is met in full swing."""


@dataclass(frozen=True, kw_only=True)
class Scenario:
    traffic: Traffic
    service_name: str
    multiple: int
    hosting: str = "dedicated"

    @property
    def name(self) -> str:
        return f"{self.traffic.name} {self.service_name} p99<={self.multiple}x"

    @property
    def service(self) -> Service:
        return SERVICES[self.service_name]

    @property
    def slo_s(self) -> float:
        return self.multiple * self.service.mean_s


# ------------------------------------------------------------------------- recorded traffic


def recorded(stamps: Sequence[float], name: str) -> Traffic:
    """One row per request, graded on the very same stamps."""
    shifted = [round(stamp - stamps[0], 6) for stamp in stamps]
    return Traffic(
        name=name,
        block={"columns": {"timestamp": "t"}},
        rows="t\n" + "".join(f"{stamp:.6f}\n" for stamp in shifted),
        arrivals=lambda _: shifted,
    )


def counted(counts: Sequence[float], bucket_s: float, name: str) -> Traffic:
    """Whole counts per bucket; where a request lies in its bucket is drawn with the seed."""
    whole = [round(count) for count in counts]

    def spread(seed: int) -> list[float]:
        source = random.Random(f"{name} {seed}")
        return [
            (index + share) * bucket_s
            for index, count in enumerate(whole)
            for share in sorted(source.random() for _ in range(count))
        ]

    return Traffic(
        name=name,
        block={"columns": {"timestamp": "t", "count": "n"}, "bucket": f"{bucket_s:g}s"},
        rows="t,n\n" + "".join(f"{i * bucket_s:.0f},{n}\n" for i, n in enumerate(whole)),
        arrivals=spread,
    )


def _rows(directory: Path, name: str) -> list[dict[str, str]]:
    path = directory / name
    if not path.exists():
        sys.exit(f"{path}: no such file; give the directory of the recorded traces")
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _seconds(stamp: str) -> float:
    # Seven digits of a second are one more than datetime reads.
    return datetime.fromisoformat(stamp[:26]).replace(tzinfo=UTC).timestamp()


def azure_stamps(directory: Path) -> list[float]:
    rows = _rows(directory, "azure_llm_2023_conv.csv")
    return sorted(_seconds(row["TIMESTAMP"]) for row in rows)


def mooncake_stamps(directory: Path) -> list[float]:
    """Recorded on a grid of 3 s, which would replay as bursts: each moved by U(0, 3 s)."""
    rows = _rows(directory, "mooncake_fast25_conversation.csv")
    source = random.Random("mooncake")
    return sorted(float(row["t_ms"]) / 1000.0 + 3.0 * source.random() for row in rows)


def bucket_counts(directory: Path, name: str, bucket_s: float = 300.0) -> list[float]:
    """Counts from the first row on; buckets without a row are empty."""
    rows = _rows(directory, name)
    stamps = [_seconds(row["timestamp"]) for row in rows]
    counts = [0.0] * (round((stamps[-1] - stamps[0]) / bucket_s) + 1)
    for stamp, row in zip(stamps, rows, strict=True):
        counts[round((stamp - stamps[0]) / bucket_s)] += float(row["value"])
    return counts


def elb_counts(directory: Path) -> list[float]:
    return bucket_counts(directory, "nab_elb_request_count_8c0756.csv")


def twitter_counts(directory: Path) -> list[float]:
    return bucket_counts(directory, "nab_Twitter_volume_AMZN.csv")


def day(counts: Sequence[float], index: int, scale: float = 1.0) -> list[float]:
    """One day of five-minute counts."""
    return [scale * count for count in counts[index * 288 : (index + 1) * 288]]


# ------------------------------------------------------------------------ generated traffic


def thinned(rate: Callable[[float], float], highest: float, end_s: float, seed: int) -> list[float]:
    """A Poisson process whose rate changes with time."""
    source = random.Random(f"thinned {seed}")
    at, found = 0.0, []
    while True:
        at += source.expovariate(highest)
        if at >= end_s:
            return found
        if source.random() * highest < rate(at):
            found.append(at)


def steady(rate: float, seconds: float) -> Traffic:
    return Traffic(
        name=f"steady-{rate:g}",
        block={"type": "steady", "rate": f"{rate:g}/s"},
        rows="",
        arrivals=lambda seed: poisson(rate, round(rate * seconds), seed),
        warm_s=seconds / 10.0,
    )


def bursty(rate: float, times: float, cycles: int) -> Traffic:
    """Eight minutes of `times` the rate at the end of each hour."""

    def at(second: float) -> float:
        return rate * times if second % 3600.0 >= 3120.0 else rate

    return Traffic(
        name="bursty",
        block={
            "type": "steady",
            "rate": f"{rate:g}/s",
            "burst": {"rate": f"{rate * times:g}/s", "duration": "8m", "every": "1h"},
        },
        rows="",
        arrivals=lambda seed: thinned(at, rate * times, cycles * 3600.0, seed),
    )


def diurnal(base: float, peak: float, *, width_h: float = 8.0, days: int = 1) -> Traffic:
    """A bell around two in the afternoon, at half its height `width_h` / 2 from there."""

    def at(second: float) -> float:
        off = abs(second % DAY_S - 14 * 3600.0)
        off = min(off, DAY_S - off) / (width_h * 1800.0)
        return base + (peak - base) * 0.5 ** (off * off)

    return Traffic(
        name=f"diurnal-{peak:g}",
        block={
            "type": "diurnal",
            "base": f"{base:g}/s",
            "peak": f"{peak:g}/s",
            "peak_at": "14:00",
            "width": f"{width_h:g}h",
        },
        rows="",
        arrivals=lambda seed: thinned(at, peak, days * DAY_S, seed),
    )


def ramp(low: float, high: float) -> Traffic:
    """Forty minutes up, ten minutes there, ten minutes down."""

    def at(second: float) -> float:
        up, down = second / 2400.0, (3600.0 - second) / 600.0
        return low + (high - low) * min(1.0, up, down)

    return Traffic(
        name="ramp",
        block={
            "type": "stages",
            "start": f"{low:g}/s",
            "stages": [
                {"target": f"{high:g}/s", "duration": "40m"},
                {"target": f"{high:g}/s", "duration": "10m"},
                {"target": f"{low:g}/s", "duration": "10m"},
            ],
        },
        rows="",
        arrivals=lambda seed: thinned(at, high, 3600.0, seed),
    )


# --------------------------------------------------------------------------------- the grid


def grid(directory: Path) -> list[Scenario]:
    """Every traffic with the services that make sense for it, at both objectives."""
    elb, twitter = elb_counts(directory), twitter_counts(directory)
    every = ("54ms", "205ms", "2.3s")
    combined: list[tuple[Traffic, tuple[str, ...]]] = [
        (steady(20.0, 3000.0), every),
        (recorded(azure_stamps(directory), "azure-conv"), every),
        (recorded(mooncake_stamps(directory), "mooncake"), every),
        (counted(elb, 300.0, "elb-14d"), ("205ms", "2.3s")),
        (counted(day(elb, 12, 10.0), 300.0, "elb-day-x10"), ("205ms", "2.3s")),
        (counted(day(twitter, 12, 10.0), 300.0, "twitter-day-x10"), ("54ms", "205ms")),
        (diurnal(0.5, 8.0), ("205ms", "2.3s")),
        (bursty(10.0, 4.0, 2), every),
        (steady(300.0, 1200.0), ("54ms", "205ms")),
        (ramp(2.0, 30.0), ("205ms", "2.3s")),
    ]
    usual = [
        Scenario(traffic=traffic, service_name=service, multiple=multiple)
        for traffic, services in combined
        for service in services
        for multiple in MULTIPLES
    ]
    wide = [
        Scenario(traffic=traffic, service_name="300ms-wide", multiple=multiple)
        for traffic, _ in combined
        if traffic.name in ("steady-20", "azure-conv", "bursty")
        for multiple in WIDE_MULTIPLES
    ]
    return usual + wide


# --------------------------------------------------------------------- the spec and its plan


def write_spec(scenario: Scenario, directory: Path) -> Path:
    """A spec as a person would write it, beside its trace."""
    block = dict(scenario.traffic.block)
    if scenario.traffic.rows:
        (directory / "trace.csv").write_text(scenario.traffic.rows)
        block |= {"type": "trace", "file": "trace.csv", "size_for": "max"}
    service = scenario.service
    spec = {
        "models": [
            {
                "name": "model",
                "artifact": "s3://models/model.tar.gz",
                "size": "120MiB",
                "memory": "400MiB",
                "compute": "cpu",
                "service_time": f"{service.mean_s * 1000:.6g}ms",
                "service_time_p99": f"{service.quantile(0.99) * 1000:.6g}ms",
                "reference_instance": "ml.c5.large",
                "vcpus_per_request": 2,
                "load_time": "10s",
            }
        ],
        "payload": {"request": "4KiB", "response": "1KiB"},
        "traffic": block,
        "slo": {
            "latency": {"p99": f"{scenario.slo_s * 1000:.6g}ms"},
            "cold_start": "forbid",
        },
        "constraints": {
            "hosting": [scenario.hosting],
            "instances": {"include": list(TYPES)},
            "utilization": "100%",
        },
        "providers": {
            "sagemaker": {
                "region": "us-east-1",
                "role_arn": "arn:aws:iam::123456789012:role/SageMakerExecution",
                "image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/model:1",
                "overhead": "0s",
                "startup": "5m",
                "prices": {name: f"{price} USD" for name, (_, price) in TYPES.items()},
                "quotas": dict.fromkeys(TYPES, 5000),
            }
        },
    }
    document = {
        "apiVersion": "planner/v1alpha1",
        "kind": "Endpoint",
        "metadata": {"name": "graded"},
        "spec": spec,
    }
    path = directory / "graded.planner.yaml"
    path.write_text(yaml.safe_dump(document, sort_keys=False))
    return path


@dataclass(frozen=True, kw_only=True)
class Planned:
    """What the planner decided, and how long it took; `replicas` least and most."""

    instance_type: str
    slots: int
    replicas: tuple[int, int]
    average: float
    target: float
    usd_per_hour: float
    predicted_s: dict[str, float]
    method: str
    warnings: tuple[str, ...]
    load_s: float
    plan_s: float


def decide(scenario: Scenario, directory: Path, *, verify: bool = True) -> Planned | str:
    """Plan one scenario; a text where nothing was found to be feasible."""
    path = write_spec(scenario, directory)
    started = time.perf_counter()
    specs = planner.load([path])
    loaded = time.perf_counter()
    run = planner.plan(specs, verify=verify)
    done = time.perf_counter()
    outcome = run.outcomes[0]
    if not hasattr(outcome, "decisions"):
        misses = [f"{m.instance_type}: {m.rejection.code}" for m in outcome.misses if m.rejection]
        return f"infeasible ({'; '.join(misses[:3])})"
    decision = outcome.decisions[0]
    latency = decision.latency
    return Planned(
        instance_type=decision.instance_type,
        slots=decision.concurrency.per_replica,
        replicas=(decision.replicas.min, decision.replicas.max),
        average=decision.autoscaling.average if decision.autoscaling else decision.replicas.max,
        target=decision.autoscaling.target if decision.autoscaling else math.inf,
        usd_per_hour=decision.cost.monthly_usd / 730.0,
        predicted_s={"p50": latency.p50_s, "p90": latency.p90_s, "p99": latency.p99_s},
        method=decision.method,
        warnings=decision.warnings,
        load_s=loaded - started,
        plan_s=done - loaded,
    )
