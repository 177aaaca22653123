"""Measured service times: `kind: Profile` files to service curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from planner.model.value import record
from planner.model.workload import Correction, ServiceCurve, ServicePoint
from planner.spec.construct import Constructor
from planner.spec.document import compose
from planner.spec.files import Files, beside
from planner.spec.places import Step
from planner.spec.profile_blocks import (
    CalibrationBlock,
    MeasuredBlock,
    PointBlock,
    ProfileBlock,
    ProfileDocument,
)
from planner.spec.report import Finding, Place, Report
from planner.spec.tails import p99_of, tail_finding
from planner.spec.validate import Sheet, unknown_value, validate


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
    document = read_document(name, text, report, env=env)
    return None if document is None else _profile(name, document)


def read_document(
    name: str, text: bytes, report: Report, *, env: Mapping[str, str]
) -> ProfileDocument | None:
    """Return all that one text says, or None when anything in it is wrong."""
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
    return document if report.count == before else None


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
        if point.p99 is not None and point.scv is not None:
            finding = Finding(
                "contradiction",
                "p99 and scv both say how much the service time varies",
                "keep scv; a p99 is that of its log-normal",
            )
            sheet.wrong(finding, (*steps, "scv"))


def _profile(name: str, document: ProfileDocument) -> Profile:
    body = document.spec
    grouped: dict[str, list[PointBlock]] = {}
    for point in sorted(body.points, key=lambda point: point.concurrency):
        grouped.setdefault(point.instance, []).append(point)
    curves = tuple(
        replace(_curve(body, instance, grouped[instance]), profile=name)
        for instance in sorted(grouped)
    )
    dropped = sum(
        point.p99 is not None and (point.measured or body.measured).loop == "closed"
        for point in body.points
    )
    return Profile(name=name, model=body.model, curves=curves, dropped_p99=dropped)


def _curve(body: ProfileBlock, instance: str, points: Sequence[PointBlock]) -> ServiceCurve:
    found = calibration_of(body.calibrations, instance)
    factor = 1.0 if found is None else found.factor
    ways = dict.fromkeys(_way(point.measured or body.measured) for point in points)
    source = "; ".join(ways)
    if found is not None:
        source += f"; calibrated x {found.factor:.3g} on {found.date}"
    return ServiceCurve(
        instance_type=instance,
        points=tuple(
            _point(point, point.measured or body.measured, factor, found) for point in points
        ),
        source=source,
        correction=None
        if found is None
        else Correction(
            factor=factor, observed_on=found.instance, date=found.date, reason=found.reason
        ),
    )


def _way(measured: MeasuredBlock) -> str:
    said = f", {measured.converted}" if measured.converted else ""
    return f"{measured.tool}, {measured.date}, {measured.loop} loop{said}"


def _point(
    point: PointBlock,
    measured: MeasuredBlock,
    factor: float,
    calibration: CalibrationBlock | None,
) -> ServicePoint:
    mean = point.mean * factor
    scv = point.scv
    if calibration is not None and calibration.scv is not None:
        scv = calibration.scv
    p99 = None
    if scv is not None:
        p99 = p99_of(mean, scv)
    elif point.p99 is not None and measured.loop == "open":
        p99 = point.p99 * factor
    return ServicePoint(concurrency=point.concurrency, mean_s=mean, p99_s=p99)


def calibration_of(
    calibrations: Sequence[CalibrationBlock], instance: str
) -> CalibrationBlock | None:
    """The calibration that holds for an instance type: its own newest, else the newest of any.

    What an endpoint showed on one type is mostly about its requests, which are the same on all;
    were it left out elsewhere, a type that nobody watched would look faster than one that was.
    """
    own = [one for one in calibrations if one.instance == instance]
    return max(own or calibrations, key=lambda one: one.date, default=None)
