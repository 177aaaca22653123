"""A profile for people: service time and throughput by the requests in service, as a curve too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from planner.model.units import format_duration, format_fraction, format_rate
from planner.model.workload import ServiceCurve, ServicePoint
from planner.spec.profile import Profile
from planner.views.chart import Span, Strip, chart
from planner.views.style import Style
from planner.views.tables import Column, render_table
from planner.views.wording import counted

_ROWS = 5
_CURVE_POINTS = 3


def render_profile_curves(profile: Profile, *, out: TextIO, style: Style) -> None:
    """Write each curve: its source and correction, a row to a point, and its chart."""
    for index, curve in enumerate(profile.curves):
        if index:
            out.write("\n")
        _curve(curve, out, style)
    if profile.dropped_p99:
        left = counted(profile.dropped_p99, "percentile")
        out.write(f"\n{left} of a closed loop left out: they miss the queue of real arrivals\n")


def _curve(curve: ServiceCurve, out: TextIO, style: Style) -> None:
    out.write(f"{style.paint(curve.instance_type, 'strong')}: {curve.source}\n")
    found = curve.correction
    if found is not None:
        out.write(f"  corrected x {found.factor:.3g}, {found.date}: {found.reason}\n")
    columns = (
        Column(title="in service", number=True),
        Column(title="mean", number=True),
        Column(title="p99", number=True),
        Column(title="throughput", number=True),
        Column(title="of its best", number=True),
    )
    best = max(map(_throughput, curve.points))
    rows = [
        (
            f"{point.concurrency:,}",
            format_duration(point.mean_s),
            "" if point.p99_s is None else format_duration(point.p99_s),
            format_rate(_throughput(point)),
            format_fraction(_throughput(point) / best),
        )
        for point in curve.points
    ]
    render_table(columns, rows, out=out, style=style)
    if len(curve.points) >= _CURVE_POINTS:
        out.write("\n")
        for line in chart(
            _strips(curve.points),
            cycle_s=float(len(curve.points)),
            calendar=False,
            style=style,
            axis=lambda width: _axis(curve.points, width),
        ):
            out.write(f"{line}\n")


def _throughput(point: ServicePoint) -> float:
    return point.concurrency / point.mean_s


def _strips(points: Sequence[ServicePoint]) -> tuple[Strip, ...]:
    """Points side by side, as wide as each other: a doubling is a step."""
    times = tuple(
        Span(float(index), index + 1.0, point.mean_s) for index, point in enumerate(points)
    )
    rates = tuple(
        Span(float(index), index + 1.0, _throughput(point)) for index, point in enumerate(points)
    )
    return (
        Strip(title="service time", spans=times, label=format_duration, rows=_ROWS),
        Strip(
            title="throughput", spans=rates, label=format_rate, kind="bars", rows=_ROWS, role="good"
        ),
    )


def _axis(points: Sequence[ServicePoint], width: int) -> list[tuple[int, str]]:
    """The concurrency under each step, as many as stand apart."""
    found: list[tuple[int, str]] = []
    for index, point in enumerate(points):
        column = round(index / len(points) * width)
        last = found[-1] if found else None
        if last is None or column >= last[0] + len(last[1]) + 2:
            found.append((column, f"{point.concurrency:,}"))
    return found
