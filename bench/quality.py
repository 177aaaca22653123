"""What plans cost next to the cheapest that truly holds, and whether they hold: the quality table.

python bench/quality.py TRACES_DIR [--out FILE] [--quick] [--seeds N] [--closed-form] [--check]

Every scenario is planned from a spec file, graded by replay.py, and set against an oracle that
tries every type and count with the same replay; so are the rules of thumb of rules.py. `--check`
fails where a bound is broken. Arrivals of a recorded trace are the same in every seed, those of
counts and patterns are drawn anew, service times always.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import multiprocessing
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from measure import table
from oracle import Best, Grade, Grader
from replay import percentile
from rules import fixed_rules, rates_of, schedule, tracking
from scaled import scaled_grid, study_scaled
from scenarios import TYPES, Planned, Scenario, decide, grid

QUICK = (
    "steady-20 205ms",
    "azure-conv 2.3s",
    "mooncake 2.3s",
    "bursty 2.3s",
    "steady-20 300ms-wide",
)
FEW = 4
"""Servers of the oracle below which one more weighs too much to compare costs."""
MEAN_BOUND, WORST_BOUND = 1.05, 1.20

Row = dict[str, Any]
_work: dict[str, Any] = {}


def study(index: int) -> Row:
    """Plan and oracle of one scenario; of a fixed count also the rules."""
    scenario: Scenario = shared("scenarios")[index]
    options = shared("options")
    if scenario.hosting != "dedicated":
        return study_scaled(scenario, seeds=options.seeds, verify=not options.closed_form)
    with tempfile.TemporaryDirectory() as directory:
        planned = decide(scenario, Path(directory), verify=not options.closed_form)
    grader = Grader(scenario, seeds=options.seeds)
    guess = math.ceil(rates_of(grader.arrivals).peak * scenario.service.mean_s)
    if isinstance(planned, Planned):
        guess = planned.replicas[1] * planned.slots
    best = grader.best(guess)
    row: Row = {
        "name": scenario.name,
        "seeds": grader.seeds,
        "requests": grader.requests,
        "slo_s": scenario.slo_s,
        "oracle": asdict(best) | {"servers": best.servers},
        "rules": _rules(scenario, grader, best),
    }
    if isinstance(planned, Planned):
        row["plan"] = _plan_row(planned, grader.grade(planned.replicas[1], planned.slots), best)
    else:
        row["plan"] = {"feasible": False, "why": planned}
    return row


def _plan_row(planned: Planned, grade: Grade, best: Best) -> Row:
    slots, price = TYPES[planned.instance_type]
    assert slots == planned.slots, f"{planned.instance_type}: {planned.slots} slots"
    return asdict(planned) | {
        "feasible": grade.feasible,
        "strict": grade.strict,
        "late": grade.late,
        "graded_s": {"p50": grade.p50, "p90": grade.p90, "p99": grade.p99},
        "error": {
            name: planned.predicted_s[name] / graded - 1.0
            for name, graded in (("p50", grade.p50), ("p90", grade.p90), ("p99", grade.p99))
        },
        "ratio": planned.replicas[1] * price / best.usd_per_hour,
    }


def _rules(scenario: Scenario, grader: Grader, best: Best) -> Row:
    rates = rates_of(grader.arrivals)
    seen: dict[tuple[int, int], Grade] = {}
    found: Row = {}
    for rule, (name, replicas) in fixed_rules(scenario, rates).items():
        slots, price = TYPES[name]
        key = (replicas, slots)
        if key not in seen:
            seen[key] = grader.grade(replicas, slots)
        found[rule] = _rule_row(seen[key], replicas * price / best.usd_per_hour)
    slots, price = TYPES["ml.c5.large"]
    policy = tracking(scenario, slots, minimum=1, maximum=1000, utilization=0.7)
    average = schedule(grader.arrivals, policy)[1]
    grade = grader.grade(lambda arrivals: schedule(arrivals, policy)[0], slots)
    found["B4 target tracking 70 %"] = _rule_row(grade, average * price / best.usd_per_hour)
    return found


def _rule_row(grade: Grade, ratio: float) -> Row:
    return {"feasible": grade.feasible, "late": grade.late, "ratio": ratio}


# ----------------------------------------------------------------------------------- tables


def summary(entries: Sequence[Row]) -> Row:
    """Feasibility, cost over the oracle's and late requests; entries hold ratio and servers."""
    ratios = [one["ratio"] for one in entries if "ratio" in one]
    late = [one.get("late", 1.0) for one in entries]
    return {
        "scenarios": len(entries),
        "feasible": sum(one["feasible"] for one in entries) / len(entries),
        "ratio_mean": statistics.fmean(ratios) if ratios else math.nan,
        "ratio_median": statistics.median(ratios) if ratios else math.nan,
        "ratio_worst": max(ratios, default=math.nan),
        "late_mean": statistics.fmean(late),
        "late_max": max(late),
    }


def summary_cells(found: Row) -> list[str]:
    return [
        str(found["scenarios"]),
        f"{found['feasible']:.0%}",
        f"{found['ratio_mean']:.2f}x",
        f"{found['ratio_median']:.2f}x",
        f"{found['ratio_worst']:.2f}x",
        f"{found['late_mean']:.2%}",
        f"{found['late_max']:.1%}",
    ]


SUMMARY = ["n", "feasible", "mean", "median", "worst", "late", "worst late"]


def print_plans(rows: Sequence[Row]) -> None:
    lines = []
    for row in rows:
        plan, best = row["plan"], row["oracle"]
        if "ratio" not in plan:
            lines.append([row["name"], plan["why"][:40], *[""] * 10])
            continue
        lines.append(
            [
                row["name"],
                _count(plan),
                _oracle_count(best),
                str(best["servers"]),
                f"{plan['ratio']:.3f}",
                f"{plan['graded_s']['p99'] / row['slo_s']:.3f}",
                f"{plan['late']:.2%}",
                "yes" if plan["strict"] else "no",
                *(f"{plan['error'][name]:+.1%}" for name in ("p50", "p90", "p99")),
                f"{plan['plan_s']:.2f}",
            ]
        )
    header = ["scenario", "plan", "oracle", "servers", "cost", "p99/SLO", "late", "each seed"]
    table([*header, "err p50", "err p90", "err p99", "plan s"], lines)


def _count(plan: Row) -> str:
    least, most = plan["replicas"]
    counts = str(most) if least == most else f"{least}..{most}"
    return f"{counts} {plan['instance_type'][3:]}"


def _oracle_count(best: Row) -> str:
    counts = best.get("replicas") or best["minimum"]
    scaled = f".. at {best['utilization']:.0%}" if best.get("policy") else ""
    return f"{counts}{scaled} {best['instance_type'][3:]}"


def print_rules(rows: Sequence[Row]) -> Row:
    """The plan and every rule, over all scenarios and over those of more than a few servers."""
    found: Row = {}
    for title, chosen in (
        ("all scenarios", rows),
        (f"oracle >= {FEW} servers", [r for r in rows if r["oracle"]["servers"] >= FEW]),
    ):
        named = {"planner": summary([row["plan"] for row in chosen])}
        for rule in sorted(rows[0]["rules"]):
            named[rule] = summary([row["rules"][rule] for row in chosen])
        print()
        table([title, *SUMMARY], [[name, *summary_cells(one)] for name, one in named.items()])
        found[title] = named
    return found


def print_bounds(fixed: Sequence[Row], scaled: Sequence[Row]) -> bool:
    """The bounds beside what was measured, and every scenario that breaks one; true if none."""
    checks = [*_checks("", fixed), *(_checks("autoscaled: ", scaled) if scaled else [])]
    print()
    header = [f"must reach (cost: oracle >= {FEW} servers)", "measured", "bound", "holds"]
    table(header, [[*cells, "yes" if holds else "NO"] for *cells, holds in checks])
    print_errors([row["plan"] for row in (*fixed, *scaled)])
    _print_failures([*fixed, *scaled])
    return all(holds for *_, holds in checks)


def _checks(title: str, rows: Sequence[Row]) -> list[tuple[Any, ...]]:
    many = [row["plan"] for row in rows if row["oracle"]["servers"] >= FEW]
    # A plan that does not hold is no bargain: its cost counts for nothing.
    ratios = [plan["ratio"] for plan in many if plan["feasible"]] or [math.inf]
    share = sum(row["plan"]["feasible"] for row in rows) / len(rows)
    mean, worst = statistics.fmean(ratios), max(ratios)
    return [
        (f"{title}feasible in the grading", f"{share:.1%}", "100 %", share == 1.0),
        (f"{title}cost over oracle, mean", f"{mean:.3f}x", f"<= {MEAN_BOUND}x", mean <= MEAN_BOUND),
        (
            f"{title}cost over oracle, worst",
            f"{worst:.3f}x",
            f"<= {WORST_BOUND}x",
            worst <= WORST_BOUND,
        ),
    ]


def print_errors(plans: Sequence[Row]) -> None:
    """How far predicted percentiles lie from graded ones, in shares of the graded."""
    lines = []
    for name in ("p50", "p90", "p99"):
        errors = sorted(abs(plan["error"][name]) for plan in plans if "error" in plan)
        if errors:
            cells = (statistics.fmean(errors), percentile(errors, 0.95), errors[-1])
            lines.append([name, *(f"{value:.1%}" for value in cells)])
    print()
    table(["|predicted - graded|", "mean", "p95", "worst"], lines)


def _print_failures(rows: Sequence[Row]) -> None:
    for row in rows:
        plan, best = row["plan"], row["oracle"]
        if not plan["feasible"]:
            what = plan.get("why") or f"late {plan['late']:.2%}, method {plan['method']}"
            print(f"infeasible: {row['name']}: {what}")
        elif best["servers"] >= FEW and plan["ratio"] > MEAN_BOUND:
            print(
                f"over {MEAN_BOUND}x: {row['name']}: {_count(plan)} for {_oracle_count(best)}, "
                f"{plan['ratio']:.3f}x"
            )


# -------------------------------------------------------------------------------------- run


def shared(name: str) -> Any:
    """What the caller of `in_parallel` gave to all its processes."""
    return _work[name]


def in_parallel(work: Callable[[int], Row], count: int, processes: int, **given: Any) -> list[Row]:
    """Run `work` for every index in processes that share what is given; progress on stderr."""
    _work.update(given)
    rows: list[Row] = []
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        for row in pool.imap(work, range(count), chunksize=1):
            rows.append(row)
            if sys.stderr.isatty():
                print(f"\r{len(rows)}/{count} {row['name']:<40}", end="", file=sys.stderr)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    return rows


def write(path: Path | None, rows: Sequence[Row], found: Row) -> None:
    """The JSON with the oracle's table and its hash: results can be checked against another's."""
    oracle = {row["name"]: row["oracle"] for row in rows}
    digest = hashlib.sha256(json.dumps(oracle, sort_keys=True).encode()).hexdigest()
    print(f"\noracle table sha256:{digest[:16]}")
    if path is not None:
        document = {"oracle_sha256": digest, "types": TYPES, "summary": found, "scenarios": rows}
        path.write_text(json.dumps(document, indent=1, sort_keys=True))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("traces", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--quick", action="store_true", help="a few scenarios")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--closed-form", action="store_true", help="plan without verification")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    started = time.perf_counter()
    scenarios = grid(options.traces)
    if options.quick:
        scenarios = [one for one in scenarios if one.name.startswith(QUICK)]
    else:
        scenarios = [*scaled_grid(options.traces), *scenarios]  # the longest first
    rows = in_parallel(
        study, len(scenarios), options.processes, scenarios=scenarios, options=options
    )
    fixed = [row for row in rows if "rules" in row]
    scaled = [row for row in rows if "rules" not in row]
    methods = Counter(row["plan"].get("method", "none") for row in rows)
    print(f"plans by method: {', '.join(f'{n} {name}' for name, n in sorted(methods.items()))}\n")
    print_plans(fixed)
    if scaled:
        print("\nautoscaled: oracle over minimum and target, cost from what was in service")
        print_plans(scaled)
    found = print_rules(fixed)
    holds = print_bounds(fixed, scaled)
    write(options.out, rows, found)
    print(f"{time.perf_counter() - started:.0f} s")
    return int(options.check and not holds)


if __name__ == "__main__":
    sys.exit(main())
