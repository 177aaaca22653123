"""A profile with curves in place of its points."""

from __future__ import annotations

import math
from typing import Any

from planner.model.value import value
from planner.profiling.conversion import converted
from planner.profiling.curve import Fit, Spread, fitted, said, spread_of, tail_off
from planner.profiling.document import observation_of, points_of, tidied, with_curve
from planner.profiling.observation import Observation
from planner.spec.profile_blocks import ProfileDocument

UNLIKE = 0.25
"""Part by which a measured p99 is off the log-normal's before it is told."""
ROUGH = 0.15
"""Part by which a point may be off the curve before that is told."""
_SAMPLES = 100
"""Requests whose p99 is more than their slowest one."""


@value
class FittedCurve:
    """The curve of one instance type, and the spread of its service times where it is known."""

    fit: Fit
    spread: Spread | None
    notes: tuple[str, ...]


@value
class Fitted:
    """The fitted profile, and each curve."""

    document: ProfileDocument
    curves: tuple[FittedCurve, ...]


def fitted_profile(document: ProfileDocument) -> Fitted:
    """The profile with a fitted curve for each instance type, as far as it was measured.

    Where a profile holds observations, they are fitted and not its points, which may be a fit
    already. A spread that was found replaces percentiles: those of an open loop hold some of its
    queue.
    """
    observations = [observation_of(one) for one in document.spec.observations]
    curves = []
    for name, known in points_of(document).items():
        own = [one for one in observations if one.instance_type == name]
        measured = converted(own)[0] if own else None
        fit = fitted(name, known if measured is None else measured.points)
        spread = spread_of(own)
        curves.append(FittedCurve(fit=fit, spread=spread, notes=_notes(own, fit, spread)))
        document = with_curve(
            document,
            name,
            fit.fitted,
            converted=said(fit, "" if measured is None else measured.converted),
            scv=None if spread is None else round(spread.scv, 4),
        )
    return Fitted(document=tidied(document), curves=tuple(curves))


def _notes(observations: list[Observation], fit: Fit, spread: Spread | None) -> tuple[str, ...]:
    found = []
    if len(fit.measured) == 1:
        found.append("one point: no curve")
    if fit.off > ROUGH:
        found.append(
            "points scatter more than a curve explains: measure longer, or keep the points"
        )
    if math.isinf(fit.limit_per_s) and len(fit.measured) > 1:
        found.append("throughput still rose at the highest load: measure further for its limit")
    if spread is None:
        found.append("no requests that were alone: how much service times vary is not known")
        return tuple(found)
    for one in observations:
        enough = one.users == 1 and (one.requests or 0) >= _SAMPLES
        off = tail_off(one, spread.scv) if enough else None
        if off is not None and abs(off - 1.0) > UNLIKE:
            found.append(f"the p99 of one user is {off:.2f} times that of the log-normal taken")
    return tuple(found)


def fit_document(found: Fitted) -> dict[str, Any]:
    """Each curve as a JSON value."""
    return {"curves": [_curve(one) for one in found.curves]}


def _curve(one: FittedCurve) -> dict[str, Any]:
    fit = one.fit
    return {
        "instance_type": fit.instance_type,
        "knee": None if fit.shape.knee is None else round(fit.shape.knee, 2),
        "left_out_error": None if fit.left_out is None else round(fit.left_out, 4),
        "limit_per_s": None if math.isinf(fit.limit_per_s) else round(fit.limit_per_s, 4),
        "max_error": round(fit.off, 4),
        "notes": list(one.notes),
        "points": [
            {"concurrency": point.concurrency, "mean_ms": round(point.mean_s * 1e3, 3)}
            for point in fit.fitted
        ],
        "scv": None if one.spread is None else round(one.spread.scv, 4),
        "scv_source": None if one.spread is None else one.spread.source,
        "shape": fit.shape.name,
    }
