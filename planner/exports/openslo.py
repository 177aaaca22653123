"""OpenSLO v1: a service for each endpoint, and an objective for each percentile and promise."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from planner.model.export import Asked, ExportedFile
from planner.model.units import format_duration
from planner.model.workload import LatencyTarget
from planner.provider import registry
from planner.provider.interface import Metrics

WINDOW = "30d"


def objectives(asked: Sequence[Asked]) -> tuple[ExportedFile, ...]:
    """One stream of documents for the endpoints of one provider, which has `exporting`."""
    provider = asked[0].state.provider
    metrics: Metrics = registry.get(provider).exporting().metrics()  # type: ignore[attr-defined]
    documents = tuple(document for one in asked for document in _documents(one, metrics))
    said = tuple(dict.fromkeys(note for one in asked for note in _notes(one, metrics)))
    name = f"{provider}.openslo.yaml"
    return (ExportedFile(name=name, syntax="yaml", content=documents, notes=said),)


def _documents(asked: Asked, metrics: Metrics) -> Iterator[dict[str, Any]]:
    name = _name(asked.state.endpoint)
    service: dict[str, Any] = {"metadata": {"name": name, "displayName": asked.state.endpoint}}
    description = asked.workload.description[:1050]
    spec = {"description": description} if description else {}
    yield {"apiVersion": "openslo/v1", "kind": "Service", **service, "spec": spec}
    slo = asked.workload.slo
    for target in filter(_counted, slo.latency):
        good = metrics.within(asked, target.seconds)
        if good is not None:
            yield _latency(asked, target, good, metrics)
    failed = metrics.failed(asked)
    if slo.availability is not None and failed is not None:
        ratio = _ratio(bad=failed, total=metrics.requests(asked))
        yield _slo(asked, "availability", "requests that are answered", slo.availability, ratio)


def _latency(
    asked: Asked, target: LatencyTarget, good: Mapping[str, Any], metrics: Metrics
) -> dict[str, Any]:
    assert target.quantile is not None, "a mean is not counted"
    said = f"requests within {format_duration(target.seconds)}"
    ratio = _ratio(good=good, total=metrics.requests(asked))
    return _slo(asked, f"latency-{target.label}", said, target.quantile, ratio)


def _counted(target: LatencyTarget) -> bool:
    """Whether single requests are good or bad, and some may be bad: a target is below 1."""
    return target.quantile is not None and target.quantile < 1.0


def _ratio(**queries: Mapping[str, Any]) -> dict[str, Any]:
    sources = {name: {"metricSource": dict(query)} for name, query in queries.items()}
    return {"counter": False, **sources}


def _slo(
    asked: Asked, what: str, said: str, target: float, ratio: dict[str, Any]
) -> dict[str, Any]:
    service = _name(asked.state.endpoint)
    name = f"{service[: 62 - len(what)]}-{what}"
    return {
        "apiVersion": "openslo/v1",
        "kind": "SLO",
        "metadata": {"name": name, "displayName": f"{asked.state.endpoint} {what}"},
        "spec": {
            "description": f"Share of {said}",
            "service": service,
            "indicator": {"metadata": {"name": name}, "spec": {"ratioMetric": ratio}},
            "timeWindow": [{"duration": WINDOW, "isRolling": True}],
            "budgetingMethod": "Occurrences",
            "objectives": [{"displayName": said, "target": target}],
        },
    }


def _notes(asked: Asked, metrics: Metrics) -> Iterator[str]:
    slo, name = asked.workload.slo, asked.state.endpoint
    yield f"specs name no window; objectives hold over {WINDOW}, rolling"
    yield from metrics.hints(asked)
    for target in slo.latency:
        if not _counted(target):
            yield f"{name}: a {target.label} is not counted in good requests, and is left out"
        elif metrics.within(asked, target.seconds) is None:
            yield f"{name}: nothing counts requests within {format_duration(target.seconds)}"
    left_out = {
        "times of tokens": bool(slo.ttft or slo.itl),
        "the share of refused requests": slo.errors is not None,
        "the share of cold starts": slo.cold_start.fraction is not None,
    }
    for what, asked_for in left_out.items():
        if asked_for:
            yield f"{name}: no metric counts {what}, which is left out"


def _name(text: str) -> str:
    """A name as Kubernetes takes it, which OpenSLO asks for."""
    return re.sub(r"[^a-z0-9-]+", "-", text.lower()).strip("-")[:63] or "endpoint"
