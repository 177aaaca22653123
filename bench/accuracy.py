"""How far predictions are from what is so.

python bench/accuracy.py [--cache ciw.json] [--cold-starts RUNS.csv.gz] [--databricks ROWS.csv]

Percentiles against ciw (an independent simulator) and exact values, hit rates against a plain LRU
replay, and, where the recordings are named, cold starts and closed-loop runs against what was
measured. A section whose recording is not named is said to be missing. The first run asks ciw for
some fifty million requests (a quarter of an hour on two free cores); `--cache` keeps its answers.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import caches
import cold_starts
import databricks_runs
import queues
import simulated
from ciw_runs import Answer, Answers, Case, Effort
from measure import table

MEAN_ERROR = 0.05
SHARE_CLOSE = 0.95
JUDGE_ERROR = 0.01
HIT_POINTS = 0.02
COLD_POINTS = 0.01

Recorded = Callable[["Report", Path], None]


@dataclass
class Report:
    """What was found, by section, and what of it breaks a ceiling."""

    sections: dict[str, Any] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)

    def hold(self, holds: bool, what: str) -> None:
        print(f"  {'holds ' if holds else 'BROKEN'}  {what}")
        if not holds:
            self.broken.append(what)


def judge(report: Report, answers: Mapping[Case, Answer]) -> None:
    """Ciw itself against exact values: within 1 %, or within three times its own noise."""
    print("\nciw against exact values")
    checks = queues.ciw_checks(answers)
    far = [c for c in checks if abs(c.error) > max(JUDGE_ERROR, 3.0 * c.noise)]
    worst = max(checks, key=lambda c: abs(c.error))
    mean = sum(abs(c.error) for c in checks) / len(checks)
    print(
        f"  {len(checks)} values, mean error {mean:.2%}, worst {worst.error:+.2%} "
        f"(noise {worst.noise:.2%}) at {worst.what}"
    )
    report.hold(not far, f"every value within 1 % or three times its noise: {len(far)} are not")
    report.sections["ciw against exact"] = [asdict(c) | {"error": c.error} for c in checks]


def simulator(report: Report, found: Mapping[Case, simulated.Simulated]) -> None:
    """The simulator against exact values, utilisation up to 0.9."""
    print("\nsimulator against exact values, utilisation up to 0.9")
    checks = queues.single_server_checks(
        {case: (one.percentiles, one.mean_s) for case, one in found.items() if case.rho <= 0.9}
    )
    _kinds(checks)
    report.sections["simulator against exact"] = [asdict(c) | {"error": c.error} for c in checks]


def formulas(report: Report) -> None:
    """The closed form against exact values, where it says that it holds."""
    print("\nclosed form against exact values, utilisation up to 0.9")
    checks = queues.formula_checks()
    _kinds(checks)
    exact = [c for c in checks if c.what.startswith("M/M/c")]
    report.hold(max(abs(c.error) for c in exact) < 1e-6, "M/M/c waits are exact")
    report.sections["closed form against exact"] = [asdict(c) | {"error": c.error} for c in checks]


def _kinds(checks: Sequence[queues.Check]) -> None:
    """One row for each kind of value, that stands before the comma."""
    rows = []
    for kind in dict.fromkeys(c.what.split(",")[0] for c in checks):
        these = [c for c in checks if c.what.split(",")[0] == kind]
        worst = max(these, key=lambda c: abs(c.error))
        mean = sum(abs(c.error) for c in these) / len(these)
        rows.append([kind, f"{len(these)}", f"{mean:.2%}", f"{worst.error:+.2%}", worst.what])
    table(["value", "cells", "mean error", "worst", "at"], rows)


@dataclass(frozen=True, kw_only=True)
class Part:
    """Cells judged together; `gated` where the ceilings hold."""

    name: str
    predict: queues.Predict
    cases: Sequence[Case]
    gated: bool = False


def parts(predict: queues.Predict, brief: Mapping[Case, simulated.Simulated]) -> list[Part]:
    """Every way of predicting, over the cells for which it is declared and those for which not."""
    grid, routed = queues.GRID, queues.ROUTED
    formula = queues.by_formula
    inside = [case for case in grid if queues.formula_holds(case)]
    beyond = [case for case in grid if not queues.formula_holds(case)]
    up_to_90 = [case for case in grid if queues.simulation_holds(case)]
    above = [case for case in grid if not queues.simulation_holds(case)]
    declared = (*up_to_90, *routed, *queues.BURSTS)
    return [
        Part(
            name="closed form: grid, inside its region", predict=formula, cases=inside, gated=True
        ),
        Part(name="closed form: grid, outside", predict=formula, cases=beyond),
        Part(name="closed form: least outstanding", predict=formula, cases=queues.LEAST),
        Part(name="closed form: random routing", predict=formula, cases=queues.RANDOM),
        Part(name="closed form: bursts", predict=formula, cases=queues.BURSTS),
        Part(name="simulator: grid up to 0.9", predict=predict, cases=up_to_90, gated=True),
        Part(name="simulator: grid at 0.95", predict=predict, cases=above),
        Part(name="simulator: least outstanding", predict=predict, cases=queues.LEAST),
        Part(name="simulator: random routing", predict=predict, cases=queues.RANDOM),
        Part(name="simulator: bursts", predict=predict, cases=queues.BURSTS),
        Part(name="simulator: all up to 0.9", predict=predict, cases=declared, gated=True),
        Part(
            name="as a plan simulates: told inside the region",
            predict=simulated.predicting(brief),
            cases=[case for case in declared if brief[case].settled],
            gated=True,
        ),
        Part(
            name="as a plan simulates: told outside the region",
            predict=simulated.predicting(brief),
            cases=[case for case in declared if not brief[case].settled],
        ),
    ]


def percentiles(
    report: Report,
    answers: Mapping[Case, Answer],
    found: Mapping[Case, simulated.Simulated],
    brief: Mapping[Case, simulated.Simulated],
) -> None:
    """Predicted percentiles against ciw."""
    print("\npredicted percentiles against ciw: mean absolute errors")
    rows, cells, judged = [], [], []
    for part in parts(simulated.predicting(found), brief):
        errors = queues.compare(part.predict, part.cases, answers)
        whole = queues.summary(errors, answers)
        judged.append((part, whole))
        rows.append(
            [
                part.name,
                f"{whole.cells}",
                *[f"{whole.error[p]:.2%}" for p in ("p50", "p90", "p95", "p99")],
                f"{whole.within:.1%}",
                f"{whole.worst:.1%}",
                f"{whole.noise:.1%}",
                whole.worst_at,
            ]
        )
        cells += [
            {"part": part.name, "case": asdict(case), "errors": e, "noise": answers[case].noise}
            for case, e in errors.items()
        ]
    header = ["", "cells", "p50", "p90", "p95", "p99", "<= 10 %", "worst", "noise", "worst at"]
    table(header, rows)
    for part, whole in judged:
        if part.gated:
            report.hold(
                all(whole.error[p] <= MEAN_ERROR for p in ("p50", "p90", "p99")),
                f"{part.name}: mean error of p50, p90, p99 {whole.mean:.2%}, each <= 5 %",
            )
            report.hold(
                whole.within >= SHARE_CLOSE, f"{part.name}: {whole.within:.1%} of cells <= 10 %"
            )
    report.sections["percentiles"] = {
        "parts": [{"part": part.name, "gated": part.gated} | asdict(w) for part, w in judged],
        "cells": cells,
    }


def intervals(
    report: Report, answers: Mapping[Case, Answer], found: Mapping[Case, simulated.Simulated]
) -> None:
    """How often a stated interval, widened by twice ciw's noise, holds what ciw found."""
    cases = [case for case in found if case.rho <= 0.9]
    inside: dict[str, float] = {}
    for name in ("p50", "p90", "p95", "p99"):
        held = 0
        for case in cases:
            low, high = found[case].intervals[name]
            measured = answers[case].percentiles[name]
            room = 2.0 * answers[case].noise[name] * measured
            held += low - room <= measured <= high + room
        inside[name] = held / len(cases)
    shares = ", ".join(f"{name} {share:.0%}" for name, share in inside.items())
    requests = max(one.requests for one in found.values())
    print(f"  95 % intervals that hold what ciw found, at most {requests:,} requests: {shares}")
    report.sections[f"intervals that hold, {requests} requests"] = inside


def hit_rates(report: Report, requests: int) -> None:
    """Models in memory."""
    print("\nhit rates against an LRU replay, percentage points")
    hits = caches.hits(requests)
    rows = []
    for fleet, models in dict.fromkeys((hit.fleet, hit.models) for hit in hits):
        these = [hit for hit in hits if (hit.fleet, hit.models) == (fleet, models)]
        worst = max(these, key=lambda hit: abs(hit.error))
        mean = sum(abs(hit.error) for hit in these) / len(these)
        rows.append(
            [fleet, f"{models}", f"{100 * mean:.2f}", f"{100 * worst.error:+.2f}", f"{worst.room}"]
        )
    table(["fleet", "models", "mean error", "worst", "at room"], rows)
    far = [hit for hit in hits if hit.models >= 100 and abs(hit.error) > HIT_POINTS]
    report.hold(not far, f"100 models or more: every cell within 2 points ({len(far)} are not)")
    report.sections["hit rates"] = [asdict(hit) | {"error": hit.error} for hit in hits]


def starts(report: Report, runs: Path) -> None:
    """Cold starts against recorded runs."""
    print("\ncold starts against recorded runs, percent of the requests")
    found = cold_starts.shares(runs)
    cold_starts.show(found)
    for way in ("formula", "simulated"):
        error = cold_starts.mean_error(found, way)
        report.hold(error <= COLD_POINTS, f"{way}: {100 * error:.2f} points, at most 1")
    report.sections["cold starts"] = [asdict(share) for share in found]


def closed_loops(report: Report, path: Path) -> None:
    """Clients that ask again when answered, on four units."""
    print("\nclosed-loop runs on four units, from their one-client rows")
    found = databricks_runs.outcomes(path)
    databricks_runs.show(found)
    for date, predicted, measured in databricks_runs.saturation(path, found):
        print(f"  {date}: four units answer {predicted:.1f}/s at most, measured {measured:.1f}/s")
    throughput, p50 = databricks_runs.mean_errors(found)
    rows = sum(not one.outside for one in found)
    print(
        f"  {rows} of {len(found)} rows ran on four units: mean error of throughput "
        f"{throughput:.1%}, of p50 {p50:.1%}"
    )
    report.sections["closed loops"] = [asdict(one) for one in found]


def recorded(report: Report, path: Path | None, option: str, section: Recorded) -> None:
    """A section that needs a recording, or a word that it is missing."""
    if path is None:
        print(f"\nnot judged: {option} names no recording")
    elif not path.exists():
        sys.exit(f"{path}: no such file")
    else:
        section(report, path)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    effort = Effort()
    parser.add_argument(
        "--requests", type=int, default=effort.most, help="at most, asked of ciw for one cell"
    )
    parser.add_argument("--cache", type=Path, help="keeps the answers of ciw")
    parser.add_argument("--cold-starts", type=Path, help="recorded runs (bench/cold_starts.py)")
    parser.add_argument("--databricks", type=Path, help="rows (bench/databricks_runs.py)")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=Path, help="writes everything found as JSON")
    parser.add_argument("--check", action="store_true", help="fail where a ceiling is broken")
    return parser.parse_args()


def main() -> int:
    options = arguments()
    effort = Effort(most=options.requests)
    answers = Answers(options.cache, effort, options.workers).of(queues.ALL)
    report = Report()
    cases = (*queues.GRID, *queues.ROUTED, *queues.BURSTS)
    found = simulated.simulate_all(cases, simulated.LONG, options.workers)
    brief = simulated.simulate_all(cases, simulated.OF_A_PLAN, options.workers)
    judge(report, answers)
    formulas(report)
    simulator(report, found)
    percentiles(report, answers, found, brief)
    intervals(report, answers, found)
    intervals(report, answers, brief)
    hit_rates(report, 200_000)
    recorded(report, options.cold_starts, "--cold-starts", starts)
    recorded(report, options.databricks, "--databricks", closed_loops)
    if options.out:
        options.out.write_text(
            json.dumps(report.sections | {"broken": report.broken}, indent=1), encoding="utf-8"
        )
    print(f"\n{len(report.broken)} ceilings broken" if report.broken else "\nall ceilings hold")
    return int(bool(report.broken) and options.check)


if __name__ == "__main__":
    sys.exit(main())
