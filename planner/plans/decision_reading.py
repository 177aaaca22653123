"""One decision read back from a plan document."""

from __future__ import annotations

from typing import Any

from planner.model.candidate import (
    Advice,
    Autoscaling,
    Concurrency,
    Cost,
    CostLine,
    Decision,
    Interval,
    Latency,
    Margin,
    Range,
    Verification,
)
from planner.model.workload import Assumption, ScheduledAction

Part = dict[str, Any]


def decision_of(endpoint: Part) -> Decision:
    """The decision in the part of an endpoint, which says what it is called and where it is."""
    part = endpoint["decision"]
    return Decision(
        endpoint=endpoint["name"],
        provider=endpoint["provider"],
        region=endpoint["region"],
        hosting=part["hosting"],
        instance_type=part["instance_type"],
        models=tuple(part["models"]),
        replicas=range_of(part["replicas"]),
        units=range_of(part["units"]),
        concurrency=Concurrency(**part["concurrency"]),
        autoscaling=_autoscaling(part["autoscaling"]),
        routing=part["routing"],
        options=tuple(part["options"].items()),
        cost=_cost(part["cost"]),
        latency=latency_of(part["latency_ms"]),
        cold_start_fraction=part["cold_start_fraction"],
        margins=tuple(
            Margin(
                **{**one, "target": _finite(one["target"]), "predicted": _finite(one["predicted"])}
            )
            for one in part["slo"]["margins"]
        ),
        method=part["method"],
        assumptions=tuple(Assumption(**one) for one in part["assumptions"]),
        verification=_verification(part["verification"]),
        warnings=tuple(part["warnings"]),
        advice=tuple(Advice(**one) for one in part["advice"]),
    )


def range_of(part: Part | None) -> Range | None:
    """Least and most."""
    return None if part is None else Range(**part)


def latency_of(part: Part) -> Latency:
    """Percentiles; one without a finite value is infinite."""
    return Latency(**{f"{name}_s": _seconds(ms) for name, ms in part.items()})


def _seconds(ms: float | None) -> float:
    return _finite(ms) / 1000.0


def _finite(value: float | None) -> float:
    """A number, infinity where JSON has no word for what it was."""
    return float("inf") if value is None else value


def _autoscaling(part: Part | None) -> Autoscaling | None:
    if part is None:
        return None
    scheduled = tuple(ScheduledAction(**one) for one in part["scheduled"])
    return Autoscaling(**{**part, "scheduled": scheduled})


def _cost(part: Part) -> Cost:
    return Cost(
        monthly_usd=part["monthly_usd"],
        per_million_usd=part["per_million_usd"],
        lines=tuple(CostLine(**line) for line in part["lines"]),
    )


def _verification(part: Part | None) -> Verification | None:
    if part is None:
        return None
    return Verification(
        simulated=part["simulated_requests"],
        seed=part["seed"],
        confidence=part["confidence"],
        intervals=tuple(
            Interval(name=name, low_s=_seconds(one["low"]), high_s=_seconds(one["high"]))
            for name, one in part["intervals_ms"].items()
        ),
        closed_form=latency_of(part["closed_form_ms"]),
        fewer=part["fewer"],
    )
