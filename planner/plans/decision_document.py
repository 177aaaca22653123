"""One decision as a JSON value."""

from __future__ import annotations

from typing import Any

from planner.model.candidate import (
    Advice,
    Autoscaling,
    Cost,
    CostLine,
    Decision,
    Latency,
    Margin,
    Range,
    Verification,
)
from planner.model.workload import Assumption
from planner.plans.numbers import milliseconds, money, rounded

Part = dict[str, Any]


def decision_part(decision: Decision) -> Part:
    """The configuration of one cloud endpoint with its price and its proof."""
    return {
        "advice": [advice_part(advice) for advice in sorted(decision.advice, key=_advice_key)],
        "assumptions": assumptions_part(decision.assumptions),
        "autoscaling": _autoscaling_part(decision.autoscaling),
        "cold_start_fraction": rounded(decision.cold_start_fraction, 6),
        "concurrency": {
            "max": decision.concurrency.max,
            "per_replica": decision.concurrency.per_replica,
        },
        "cost": cost_part(decision.cost),
        "hosting": decision.hosting,
        "instance_type": decision.instance_type,
        "latency_ms": latency_part(decision.latency),
        "method": decision.method,
        "models": sorted(decision.models),
        "options": dict(sorted(decision.options)),
        "replicas": range_part(decision.replicas),
        "routing": decision.routing,
        "slo": {
            "margins": [margin_part(margin) for margin in sorted(decision.margins, key=_objective)],
            "met": decision.met,
        },
        "units": range_part(decision.units),
        "verification": verification_part(decision.verification),
        "warnings": sorted(decision.warnings),
    }


def verification_part(verification: Verification | None) -> Part | None:
    """The simulation behind the percentiles; null where the closed form decided alone."""
    if verification is None:
        return None
    return {
        "closed_form_ms": latency_part(verification.closed_form),
        "confidence": rounded(verification.confidence, 3),
        "fewer": verification.fewer,
        "intervals_ms": {
            each.name: {"high": milliseconds(each.high_s), "low": milliseconds(each.low_s)}
            for each in verification.intervals
        },
        "seed": verification.seed,
        "simulated_requests": verification.simulated,
    }


def _advice_key(advice: Advice) -> tuple[str, str]:
    return (advice.rule, advice.text)


def _objective(margin: Margin) -> str:
    return margin.objective


def range_part(value: Range | None) -> Part | None:
    """Least and most."""
    return None if value is None else {"max": value.max, "min": value.min}


def latency_part(latency: Latency | None) -> Part | None:
    """Percentiles in milliseconds; null where a percentile has no finite value."""
    if latency is None:
        return None
    return {
        "mean": milliseconds(latency.mean_s),
        "p50": milliseconds(latency.p50_s),
        "p90": milliseconds(latency.p90_s),
        "p95": milliseconds(latency.p95_s),
        "p99": milliseconds(latency.p99_s),
    }


def _autoscaling_part(autoscaling: Autoscaling | None) -> Part | None:
    if autoscaling is None:
        return None
    return {
        "average": rounded(autoscaling.average, 6),
        "cooldown_down_s": rounded(autoscaling.cooldown_down_s, 3),
        "cooldown_up_s": rounded(autoscaling.cooldown_up_s, 3),
        "metric": autoscaling.metric,
        "scheduled": [
            {"cron": action.cron, "max": action.max, "min": action.min, "name": action.name}
            for action in sorted(autoscaling.scheduled, key=lambda action: action.name)
        ],
        "target": rounded(autoscaling.target, 6),
        "timezone": autoscaling.timezone,
    }


def cost_part(cost: Cost) -> Part:
    """Monthly cost, the same per million requests, and the lines it is the sum of."""
    return {
        "lines": [_line_part(line) for line in sorted(cost.lines, key=_line_key)],
        "monthly_usd": money(cost.monthly_usd),
        "per_million_usd": rounded(cost.per_million_usd, 4),
    }


def _line_key(line: CostLine) -> tuple[str, str, float]:
    return (line.name, line.unit, line.usd_per_unit)


def _line_part(line: CostLine) -> Part:
    return {
        "as_of": line.as_of,
        "assumption": line.assumption,
        "monthly_usd": money(line.monthly_usd),
        "name": line.name,
        "quantity": rounded(line.quantity, 6),
        "source": line.source,
        "unit": line.unit,
        "usd_per_unit": rounded(line.usd_per_unit, 12),
    }


def margin_part(margin: Margin) -> Part:
    """One objective: asked, predicted, and whether it holds; `unit` belongs to both numbers."""
    return {
        "met": margin.met,
        "objective": margin.objective,
        "predicted": rounded(margin.predicted, 6),
        "target": rounded(margin.target, 6),
        "unit": margin.unit,
    }


def assumptions_part(assumptions: tuple[Assumption, ...]) -> list[Part]:
    """Numbers nobody gave, by subject."""
    return [
        {
            "reason": assumption.reason,
            "source": assumption.source,
            "subject": assumption.subject,
            "value": assumption.value,
        }
        for assumption in sorted(assumptions, key=lambda each: (each.subject, each.value))
    ]


def advice_part(advice: Advice) -> Part:
    """A rule of the vendor documents that fires here."""
    return {
        "rule": advice.rule,
        "saves_monthly_usd": money(advice.saves_monthly_usd),
        "source_id": advice.source_id,
        "text": advice.text,
        "trigger": advice.trigger,
    }
