"""Plans on traffic that has been, graded on traffic that came after.

python bench/held_out.py TRACES_DIR [--out FILE] [--quick] [--seeds N]

Every recorded trace, and generated ones taken as recordings, is planned from its first half and
replayed on its second; twenty days of a spiky count are each planned from the day before. Nobody
promises that tomorrow is like today: the table shows what a headroom of 10 and 25 % more traffic,
or a week seen in place of a day, buys and costs next to the oracle of what came.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from measure import table
from oracle import Grader
from quality import SUMMARY, in_parallel, shared, summary, summary_cells
from scenarios import (
    TYPES,
    Planned,
    Scenario,
    Traffic,
    azure_stamps,
    bursty,
    counted,
    day,
    decide,
    diurnal,
    elb_counts,
    mooncake_stamps,
    recorded,
    steady,
    twitter_counts,
)

DAYS = range(8, 28)


@dataclass(frozen=True, kw_only=True)
class Split:
    """What a plan sees, and what it meets."""

    group: str
    seen: dict[str, Scenario]
    met: Scenario

    @property
    def name(self) -> str:
        return self.met.name


def halves(directory: Path) -> list[Split]:
    """First half seen, second half met."""
    traffics = [
        (_stamps(azure_stamps(directory), "azure-conv"), ("205ms", "2.3s")),
        (_stamps(mooncake_stamps(directory), "mooncake"), ("205ms", "2.3s")),
        (_counts(elb_counts(directory), "elb-7d"), ("205ms", "2.3s")),
        (_generated(steady(20.0, 6000.0)), ("205ms", "2.3s")),
        (_generated(bursty(10.0, 4.0, 4)), ("205ms", "2.3s")),
        (_generated(diurnal(0.5, 8.0, days=2)), ("205ms", "2.3s")),
    ]
    return [
        Split(
            group="halves",
            seen=_widened(Scenario(traffic=seen, service_name=service, multiple=2)),
            met=Scenario(traffic=met, service_name=service, multiple=2),
        )
        for (seen, met), services in traffics
        for service in services
    ]


def days(directory: Path) -> list[Split]:
    """Each day met, the day before it seen."""
    counts = twitter_counts(directory)

    def scenario(first: int, last: int) -> Scenario:
        found = [count for index in range(first, last + 1) for count in day(counts, index, 10.0)]
        traffic = counted(found, 300.0, f"twitter-x10 day {last}")
        return Scenario(traffic=traffic, service_name="2.3s", multiple=2)

    return [
        Split(
            group="days",
            seen=_widened(scenario(index - 1, index - 1))
            | {"last 7 days": scenario(index - 7, index - 1)},
            met=scenario(index, index),
        )
        for index in DAYS
    ]


def _widened(seen: Scenario) -> dict[str, Scenario]:
    """As it was, and with more traffic."""

    def scaled(factor: float) -> Scenario:
        block = seen.traffic.block | {"scale": factor}
        return replace(seen, traffic=replace(seen.traffic, block=block))

    return {"as seen": seen, "+10 %": scaled(1.1), "+25 %": scaled(1.25)}


def _stamps(stamps: Sequence[float], name: str) -> tuple[Traffic, Traffic]:
    middle = bisect_left(stamps, (stamps[0] + stamps[-1]) / 2.0)
    return recorded(stamps[:middle], name), recorded(stamps[middle:], name)


def _counts(counts: Sequence[float], name: str) -> tuple[Traffic, Traffic]:
    middle = len(counts) // 2
    return counted(counts[:middle], 300.0, name), counted(counts[middle:], 300.0, name)


def _generated(traffic: Traffic) -> tuple[Traffic, Traffic]:
    return _stamps(traffic.arrivals(1), traffic.name)


def study(index: int) -> dict[str, Any]:
    """One split: each plan of what was seen, graded on what was met."""
    split: Split = shared("splits")[index]
    grader = Grader(split.met, seeds=shared("seeds"))
    plans = {}
    for label, seen in split.seen.items():
        with tempfile.TemporaryDirectory() as directory:
            plans[label] = decide(seen, Path(directory))
    best = grader.best(max((_servers(one) for one in plans.values()), default=1))
    row: dict[str, Any] = {
        "name": split.name,
        "group": split.group,
        "oracle": asdict(best) | {"servers": best.servers},
        "plans": {},
    }
    for label, planned in plans.items():
        if isinstance(planned, str):
            row["plans"][label] = {"feasible": False, "why": planned}
            continue
        count, price = planned.replicas[1], TYPES[planned.instance_type][1]
        grade = grader.grade(count, planned.slots)
        row["plans"][label] = {
            "feasible": grade.feasible,
            "late": grade.late,
            "ratio": count * price / best.usd_per_hour,
            "replicas": count,
            "instance_type": planned.instance_type,
            "method": planned.method,
        }
    return row


def _servers(planned: Planned | str) -> int:
    return 1 if isinstance(planned, str) else planned.replicas[1] * planned.slots


def print_tables(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Late requests and cost over the oracle's per split, then both over each group."""
    found: dict[str, Any] = {}
    for group, title in (("halves", "second half"), ("days", "next day")):
        chosen = [row for row in rows if row["group"] == group]
        if not chosen:
            continue
        labels = list(chosen[0]["plans"])
        header = [title, "oracle servers", *(c for label in labels for c in (label, "cost"))]
        lines = [
            [
                row["name"],
                str(row["oracle"]["servers"]),
                *(cell for label in labels for cell in _cells(row["plans"][label])),
            ]
            for row in chosen
        ]
        table(header, lines)
        print()
        found[title] = {label: summary([row["plans"][label] for row in chosen]) for label in labels}
        lines = [[label, *summary_cells(one)] for label, one in found[title].items()]
        table([f"{title}, planned on", *SUMMARY], lines)
        print()
    return found


def _cells(plan: dict[str, Any]) -> tuple[str, str]:
    if "ratio" not in plan:
        return plan["why"][:20], ""
    return f"{plan['late']:.2%}", f"{plan['ratio']:.2f}x"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("traces", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--quick", action="store_true", help="halves of the recorded traces only")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    started = time.perf_counter()
    splits = halves(options.traces)
    splits = splits[:6] if options.quick else splits + days(options.traces)
    rows = in_parallel(study, len(splits), options.processes, splits=splits, seeds=options.seeds)
    found = print_tables(rows)
    if options.out is not None:
        document = {"summary": found, "splits": rows}
        options.out.write_text(json.dumps(document, indent=1, sort_keys=True))
    print(f"{time.perf_counter() - started:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
