"""Fitted curves for people: the formula, its limit, and what was measured beside what is fitted."""

from __future__ import annotations

import math
from typing import TextIO

from planner.model.units import format_duration, format_fraction, format_number, format_rate
from planner.profiling.curve import formula
from planner.profiling.fitting import Fitted, FittedCurve
from planner.views.style import Paper, Style
from planner.views.tables import Column, render_table


def render_fits(found: Fitted, *, out: TextIO, style: Style) -> None:
    """Write each curve."""
    for index, curve in enumerate(found.curves):
        if index:
            out.write("\n")
        _curve(curve, out, style)


def _curve(curve: FittedCurve, out: TextIO, style: Style) -> None:
    fit = curve.fit
    paper = Paper(out=out, style=style, indent=2, label_width=10)
    out.write(f"{style.paint(fit.instance_type, 'strong')}: {fit.shape.name}\n")
    paper.entry("time", f"{formula(fit)}, n requests in service")
    if not math.isinf(fit.limit_per_s):
        paper.entry("limit", f"{format_rate(fit.limit_per_s)}, if it goes on like this")
    if curve.spread is not None:
        scv = format_number(curve.spread.scv)
        paper.entry("spread", f"SCV {scv}, by {curve.spread.source}")
    if fit.left_out is not None:
        paper.entry("error", f"{format_fraction(fit.left_out)} at worst where a point is left out")
    for note in curve.notes:
        paper.entry("note", note, "caution")
    columns = (
        Column(title="in service", number=True),
        Column(title="measured", number=True),
        Column(title="fitted", number=True),
        Column(title="off", number=True),
    )
    measured = {point.concurrency: point.mean_s for point in fit.measured}
    rows = []
    for point in fit.fitted:
        seen = measured.get(point.concurrency)
        rows.append(
            (
                f"{point.concurrency:,}",
                "" if seen is None else format_duration(seen),
                format_duration(point.mean_s),
                "" if seen is None else f"{point.mean_s / seen - 1.0:+.1%}",
            )
        )
    render_table(columns, rows, out=out, style=style)
