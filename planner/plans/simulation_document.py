"""Simulations as a JSON value, `schemas/simulation.v1.json`, and as rows of one window each.

Keys and lists are sorted, windows by time; nothing in it tells when or where it was made.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from io import StringIO
from typing import Any

from planner.model.candidate import Decision, Interval
from planner.model.simulation import SimulatedWindow, Simulation
from planner.plans.decision_document import cost_part, decision_part, latency_part, margin_part
from planner.plans.numbers import milliseconds, rounded

FORMAT_VERSION = "1.0"
"""Version of this document; the first number changes when a key goes or changes its meaning."""

KIND = "Simulation"
CONFIGURED = (
    *("autoscaling", "concurrency", "hosting", "instance_type", "models", "options"),
    *("replicas", "routing", "units"),
)
"""What of a decision is simulated: its own latency and margins are predictions of the solver."""

COLUMNS = (
    *("endpoint", "start_s", "seconds", "rate_per_s", "capacity", "utilization"),
    *("late_fraction", "refused_fraction", "cold_fraction", "p50_ms", "p99_ms"),
)
"""Columns of the rows, in order."""

Part = dict[str, Any]


def simulation_document(simulations: Iterable[Simulation], *, planner_version: str) -> Part:
    """Every endpoint that was simulated; a seed gives the same only with the same version."""
    ordered = _ordered(simulations)
    return {
        "endpoints": [_endpoint_part(each) for each in ordered],
        "format_version": FORMAT_VERSION,
        "kind": KIND,
        "met": all(each.met for each in ordered),
        "planner_version": planner_version,
    }


def simulation_rows(simulations: Iterable[Simulation]) -> str:
    """The windows of every endpoint as CSV under a header; a cell without a value is empty."""
    text = StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(COLUMNS)
    for each in _ordered(simulations):
        for window in _in_time(each.windows):
            part = {"endpoint": each.endpoint, **_window_part(window)}
            rows.writerow([part[column] for column in COLUMNS])
    return text.getvalue()


def capacity_unit(decision: Decision) -> str:
    """What the capacity of a window counts."""
    if decision.replicas is not None:
        return "replicas"
    return "units" if decision.units is not None else "busy instances"


def _ordered(simulations: Iterable[Simulation]) -> list[Simulation]:
    return sorted(simulations, key=lambda each: each.endpoint)


def _in_time(windows: Sequence[SimulatedWindow]) -> list[SimulatedWindow]:
    return sorted(windows, key=lambda window: window.start_s)


def _endpoint_part(simulation: Simulation) -> Part:
    decision = simulation.decision
    decided = decision_part(decision)
    return {
        "capacity": _capacity_part(simulation),
        "cold_start_fraction": rounded(simulation.cold, 6),
        "confidence": rounded(simulation.confidence, 6),
        "configuration": {key: decided[key] for key in CONFIGURED},
        "cost": cost_part(decision.cost),
        "cycle_s": rounded(simulation.cycle_s, 3),
        "intervals_ms": {
            each.name: _interval_part(each)
            for each in sorted(simulation.intervals, key=lambda each: each.name)
        },
        "late_windows": simulation.late_windows,
        "latency_ms": latency_part(simulation.latency),
        "name": simulation.endpoint,
        "notes": sorted(simulation.notes),
        "provider": decision.provider,
        "refused_fraction": rounded(simulation.refused, 6),
        "region": decision.region,
        "requests": rounded(simulation.requests, 3),
        "seed": simulation.seed,
        "simulated": simulation.simulated,
        "slo": {
            "margins": [
                margin_part(each)
                for each in sorted(simulation.margins, key=lambda each: each.objective)
            ],
            "met": simulation.met,
        },
        "utilization": rounded(simulation.utilization, 6),
        "windows": [_window_part(window) for window in _in_time(simulation.windows)],
    }


def _capacity_part(simulation: Simulation) -> Part:
    seen = [window.capacity for window in simulation.windows]
    return {
        "max": rounded(max(seen, default=None), 6),
        "mean": rounded(simulation.capacity, 6),
        "min": rounded(min(seen, default=None), 6),
        "unit": capacity_unit(simulation.decision),
    }


def _interval_part(interval: Interval) -> Part:
    return {"high": milliseconds(interval.high_s), "low": milliseconds(interval.low_s)}


def _window_part(window: SimulatedWindow) -> Part:
    return {
        "capacity": rounded(window.capacity, 6),
        "cold_fraction": rounded(window.cold, 6),
        "late_fraction": rounded(window.late, 6),
        "p50_ms": milliseconds(window.p50_s),
        "p99_ms": milliseconds(window.p99_s),
        "rate_per_s": rounded(window.rate_per_s, 6),
        "refused_fraction": rounded(window.refused, 6),
        "seconds": rounded(window.seconds, 3),
        "start_s": rounded(window.start_s, 3),
        "utilization": rounded(window.utilization, 6),
    }
