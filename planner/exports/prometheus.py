"""Alerting rules of Prometheus: a group for each endpoint, a rule for each of its alerts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from planner.alerts import Alert, Measure, alerts
from planner.model.export import Asked, ExportedFile
from planner.provider import registry
from planner.provider.interface import Series

SEVERITY = {
    Measure.ERRORS: "critical",
    Measure.LATENCY: "critical",
    Measure.IDLE: "info",
}
"""What users notice, what only costs money, and `warning` for all else."""


def rules(asked: Sequence[Asked]) -> tuple[ExportedFile, ...]:
    """One rule file for the endpoints of one provider, whose `exporting` has `series`."""
    provider = asked[0].state.provider
    series: Series = registry.get(provider).exporting().series()  # type: ignore[attr-defined]
    groups = [_group(one, series) for one in asked]
    said = tuple(dict.fromkeys(note for one in asked for note in _notes(one, series)))
    return (
        ExportedFile(
            name=f"{provider}.rules.yaml",
            syntax="yaml",
            content={"groups": [group for group in groups if group["rules"]]},
            notes=said,
        ),
    )


def _group(asked: Asked, series: Series) -> dict[str, Any]:
    return {
        # Names of groups are unique in a file, and several specs may share one.
        "name": f"planner/{asked.state.provider}/{asked.state.endpoint}",
        "interval": "1m",
        "rules": [
            _rule(asked, alert, expression)
            for alert in (
                series.fitted(asked, one) for one in alerts(asked.workload, asked.decision)
            )
            if (expression := series.expression(asked, alert)) is not None
        ],
    }


def _rule(asked: Asked, alert: Alert, expression: str) -> dict[str, Any]:
    name = asked.state.endpoint
    return {
        "alert": "Endpoint" + alert.id.title().replace("-", "").replace(".", ""),
        **_condition(alert, expression),
        "labels": {
            "severity": SEVERITY.get(alert.measure, "warning"),
            "endpoint": name,
            "provider": asked.state.provider,
            "row": alert.row,
        },
        "annotations": {
            "summary": f"{name}: {alert.said}",
            "description": f"{alert.meaning}. planner doctor {asked.owner}",
        },
    }


def _condition(alert: Alert, expression: str) -> dict[str, str]:
    """`for` where every period has to be bad, else a count of the bad ones."""
    sign, limit = "<" if alert.below else ">", f"{alert.limit:.12g}"
    if alert.periods == 1:
        return {"expr": f"{expression} {sign} {limit}"}
    span, step = _span(alert.periods * alert.period_s), _span(alert.period_s)
    if alert.bad == alert.periods:
        return {"expr": f"{expression} {sign} {limit}", "for": span}
    bad = f"sum_over_time(({expression} {sign} bool {limit})[{span}:{step}])"
    return {"expr": f"{bad} >= {alert.bad}"}


def _span(seconds: float) -> str:
    """A duration as Prometheus writes it, in the largest unit that leaves no rest."""
    for unit, factor in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds % factor == 0.0:
            return f"{seconds / factor:.0f}{unit}"
    return f"{seconds:.0f}s"


def _notes(asked: Asked, series: Series) -> Iterator[str]:
    yield from series.hints(asked)
    unseen = [
        alert.id
        for alert in alerts(asked.workload, asked.decision)
        if series.expression(asked, alert) is None
    ]
    if unseen:
        yield f"{asked.state.endpoint}: no metric there tells {', '.join(unseen)}"
