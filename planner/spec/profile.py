"""Measured service times: `kind: Profile` files to service curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Literal

from pydantic import Field

from planner.model.value import record
from planner.model.workload import ServiceCurve, ServicePoint
from planner.spec.blocks import Metadata
from planner.spec.construct import Constructor
from planner.spec.document import compose
from planner.spec.files import Files, beside
from planner.spec.places import Step
from planner.spec.quantities import PositiveCount, PositiveDuration, SpecBlock, Text
from planner.spec.report import Finding, Place, Report
from planner.spec.tails import tail_finding
from planner.spec.validate import Sheet, unknown_value, validate


class MeasuredBlock(SpecBlock):
    """How the points were measured; an open loop keeps sending when answers are late."""

    tool: Text
    date: Text
    loop: Literal["open", "closed"]


class PointBlock(SpecBlock):
    """Service time at one concurrency on one replica of an instance type."""

    instance: Text
    concurrency: PositiveCount
    mean: PositiveDuration
    p99: PositiveDuration | None = None


class ProfileBlock(SpecBlock):
    """The measured points of one model."""

    model: Text | None = None
    measured: MeasuredBlock
    points: Annotated[tuple[PointBlock, ...], Field(min_length=1)]


class ProfileDocument(SpecBlock):
    """A profile file."""

    apiVersion: Literal["planner/v1alpha1"]  # noqa: N815  the key in the file
    kind: Literal["Profile"]
    metadata: Metadata
    spec: ProfileBlock


@record
class Profile:
    """Curves of one file; `dropped_p99` counts percentiles of a closed loop, which are not used.

    The source of the curves is the measurement alone; `named` adds the name the spec gives it.

    A closed loop waits for each answer before it sends again, so its percentiles miss the queue
    that real arrivals would have seen.
    """

    name: str
    model: str | None
    curves: tuple[ServiceCurve, ...]
    dropped_p99: int

    def named(self, name: str) -> Profile:
        """Return the profile under the name that a spec gives it, which names no directory."""
        curves = tuple(replace(curve, source=f"{name} ({curve.source})") for curve in self.curves)
        return replace(self, name=name, curves=curves)


def read_profile(
    sheet: Sheet,
    name: str,
    steps: Sequence[Step],
    *,
    source: str,
    files: Files,
    env: Mapping[str, str],
) -> Profile | None:
    """Return the profile that a model names; what is wrong is reported in its own file."""
    joined = beside(source, name)
    text = files.read(sheet, joined, steps)
    if text is None:
        return None
    return files.once(
        ("profile", joined), lambda: parse_profile(joined, text, files.report, env=env)
    )


def parse_profile(
    name: str, text: bytes, report: Report, *, env: Mapping[str, str]
) -> Profile | None:
    """Return the profile of one text, or None when anything in it is wrong."""
    before = report.count
    documents = compose(name, text, report)
    if report.count == before and len(documents) != 1:
        finding = Finding(
            "profile-documents",
            f"a profile file holds one document, not {len(documents)}",
            "write one kind: Profile document",
        )
        report.add(finding, Place(name))
    if report.count != before:
        return None
    sheet = Sheet(documents[0], Constructor(report, env).data(documents[0]), report)
    kind = sheet.data.get("kind", "Profile") if isinstance(sheet.data, dict) else "Profile"
    if kind != "Profile":
        sheet.wrong(unknown_value(kind, ("Profile",)), ("kind",))
        return None
    document = validate(sheet, ProfileDocument, sheet.data, ())
    if document is None or report.count != before:
        return None
    _check_points(sheet, document.spec.points)
    return _profile(name, document) if report.count == before else None


def _check_points(sheet: Sheet, points: Sequence[PointBlock]) -> None:
    seen: dict[tuple[str, int], int] = {}
    for index, point in enumerate(points):
        steps: tuple[Step, ...] = ("spec", "points", index)
        first = seen.setdefault((point.instance, point.concurrency), index)
        if first != index:
            finding = Finding(
                "duplicate-point",
                f"{point.instance} at concurrency {point.concurrency} is already points[{first}]",
                "keep the point of the newer measurement",
            )
            sheet.wrong(finding, steps)
        wrong = None if point.p99 is None else tail_finding(point.mean, point.p99)
        if wrong is not None:
            sheet.wrong(wrong, (*steps, "p99"))


def _profile(name: str, document: ProfileDocument) -> Profile:
    body = document.spec
    is_open = body.measured.loop == "open"
    source = f"{body.measured.tool}, {body.measured.date}, {body.measured.loop} loop"
    grouped: dict[str, list[ServicePoint]] = {}
    for point in sorted(body.points, key=lambda point: point.concurrency):
        grouped.setdefault(point.instance, []).append(
            ServicePoint(
                concurrency=point.concurrency,
                mean_s=point.mean,
                p99_s=point.p99 if is_open else None,
            )
        )
    curves = tuple(
        ServiceCurve(instance_type=instance, points=tuple(points), source=source)
        for instance, points in sorted(grouped.items())
    )
    dropped = 0 if is_open else sum(point.p99 is not None for point in body.points)
    return Profile(name=name, model=body.model, curves=curves, dropped_p99=dropped)
