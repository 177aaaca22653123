"""All rules, in the order in which their findings are told."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from planner.doctor.case import Case
from planner.doctor.cold import cold_starts
from planner.doctor.latency import latency
from planner.doctor.load import errors, utilization
from planner.doctor.models import models
from planner.doctor.traffic import idle, traffic
from planner.model.checkup import Finding, Severity

RULES: tuple[Callable[[Case], Iterator[Finding]], ...] = (
    latency,
    errors,
    cold_starts,
    models,
    utilization,
    traffic,
    idle,
)
_ORDER = tuple(Severity)
_NUMBERS = {
    "errors_4xx": "4xx",
    "errors_5xx": "5xx",
    "cpu": "CPU",
    "memory": "memory",
}


def diagnosed(case: Case) -> tuple[Finding, ...]:
    """What every rule finds, the most severe first; nothing where nothing was measured."""
    if not case.vitals.measured:
        return ()
    found = [finding for rule in RULES for finding in rule(case)]
    return tuple(sorted(found, key=lambda one: _ORDER.index(one.severity)))


def unmeasured(case: Case) -> tuple[str, ...]:
    """What the objectives and thresholds speak of, and the metrics do not."""
    vitals = case.vitals
    if vitals.requests <= 0.0:
        return ()
    found = [f"latency {one.label}" for one in case.targets if case.latency(one) is None]
    found += [
        f"latency {one.label} (too few requests)"
        for one in case.targets
        if case.latency(one) is not None and not case.telling(one.quantile)
    ]
    found += [title for name, title in _NUMBERS.items() if vitals.mean(name) is None]
    if vitals.overhead is None:
        found.append("overhead apart from the model")
    if case.shared and vitals.hit_rate is None:
        found.append("model cache hits")
    if case.decision.cold_start_fraction > 0.0 and vitals.setup is None:
        found.append("cold starts")
    return tuple(found)
