"""A profile as the solver takes it, as a JSON value."""

from __future__ import annotations

from typing import Any

from planner.model.workload import ServiceCurve, ServicePoint
from planner.plans.document import FORMAT_VERSION
from planner.plans.numbers import milliseconds, rounded
from planner.spec.profile import Profile

Part = dict[str, Any]


def profile_document(profile: Profile) -> Part:
    """Curves by instance type, corrections applied."""
    return {
        "closed_loop_percentiles_left_out": profile.dropped_p99,
        "curves": [_curve(curve) for curve in profile.curves],
        "format_version": FORMAT_VERSION,
        "model": profile.model,
        "profile": profile.name,
    }


def _curve(curve: ServiceCurve) -> Part:
    found = curve.correction
    return {
        "correction": None
        if found is None
        else {
            "date": found.date,
            "factor": rounded(found.factor, 4),
            "observed_on": found.observed_on,
            "reason": found.reason,
        },
        "instance_type": curve.instance_type,
        "points": [_point(point) for point in curve.points],
        "source": curve.source,
    }


def _point(point: ServicePoint) -> Part:
    return {
        "concurrency": point.concurrency,
        "mean_ms": milliseconds(point.mean_s),
        "p99_ms": milliseconds(point.p99_s),
        "throughput_per_s": rounded(point.concurrency / point.mean_s, 4),
    }
