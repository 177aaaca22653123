"""Profiles as documents: from observations and points, and as a person would write them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from planner.model.workload import ServicePoint
from planner.profiling.conversion import Conversion
from planner.profiling.observation import Observation
from planner.spec.blocks import Metadata
from planner.spec.profile_blocks import (
    CalibrationBlock,
    MeasuredBlock,
    ObservationBlock,
    PointBlock,
    ProfileBlock,
    ProfileDocument,
)
from planner.spec.quantities import SpecBlock
from planner.spec.tails import p99_of

_DURATIONS = {"mean", "std", "p99"}
_TIMES = {"latency", "ttft", "itl", "observed", "predicted"}
_RATES = {"throughput", "offered", "rate"}


def profile_of(
    name: str,
    model: str | None,
    conversions: Sequence[Conversion],
    observations: Sequence[Observation],
) -> ProfileDocument:
    """A new profile."""
    measured = _measured(conversions[0])
    body = ProfileBlock.model_construct(
        model=model,
        measured=measured,
        points=tuple(_points(conversions, measured)),
        observations=tuple(map(observation_block, observations)),
        calibrations=(),
    )
    return ProfileDocument.model_construct(
        apiVersion="planner/v1alpha1",
        kind="Profile",
        metadata=Metadata.model_construct(name=name, labels={}),
        spec=body,
    )


def with_measurements(
    old: ProfileDocument, conversions: Sequence[Conversion], observations: Sequence[Observation]
) -> ProfileDocument:
    """The profile with the instance types of new measurements in place of its own of these."""
    fresh = {one.instance_type for one in conversions}
    body = old.spec
    points = (
        *(one for one in body.points if one.instance not in fresh),
        *_points(conversions, body.measured),
    )
    kept = (one for one in body.observations if one.instance not in fresh)
    new = body.model_copy(
        update={
            "points": tuple(sorted(points, key=lambda one: (one.instance, one.concurrency))),
            "observations": (*kept, *map(observation_block, observations)),
        }
    )
    return old.model_copy(update={"spec": new})


def points_of(document: ProfileDocument) -> dict[str, tuple[ServicePoint, ...]]:
    """Points by instance type and rising concurrency, as measured: no correction, no closed p99."""
    found: dict[str, list[ServicePoint]] = {}
    usual = document.spec.measured
    for one in sorted(document.spec.points, key=lambda one: (one.instance, one.concurrency)):
        is_open = (one.measured or usual).loop == "open"
        p99 = one.p99 if is_open else None
        if one.scv is not None:
            p99 = p99_of(one.mean, one.scv)
        found.setdefault(one.instance, []).append(
            ServicePoint(concurrency=one.concurrency, mean_s=one.mean, p99_s=p99)
        )
    return {name: tuple(points) for name, points in found.items()}


def with_curve(
    document: ProfileDocument,
    instance_type: str,
    points: Sequence[ServicePoint],
    *,
    converted: str,
    scv: float | None,
) -> ProfileDocument:
    """The profile with a fitted curve in place of the points of one instance type."""
    body = document.spec
    own = [one for one in body.points if one.instance == instance_type]
    how = own[0].measured or body.measured
    measured = how.model_copy(update={"converted": converted})
    new = [
        point_block(
            instance_type,
            replace(point, p99_s=None) if scv is not None else point,
            measured=None if measured == body.measured else measured,
            scv=scv,
        )
        for point in points
    ]
    others = (one for one in body.points if one.instance != instance_type)
    ordered = sorted((*others, *new), key=lambda one: (one.instance, one.concurrency))
    return document.model_copy(update={"spec": body.model_copy(update={"points": tuple(ordered)})})


def tidied(document: ProfileDocument) -> ProfileDocument:
    """The same with what most points have in common said once."""
    body = document.spec
    ways = [one.measured or body.measured for one in body.points]
    usual = max(ways, key=ways.count)
    points = tuple(
        one.model_copy(update={"measured": None if way == usual else way})
        for one, way in zip(body.points, ways, strict=True)
    )
    return document.model_copy(
        update={"spec": body.model_copy(update={"measured": usual, "points": points})}
    )


def with_calibration(document: ProfileDocument, new: CalibrationBlock) -> ProfileDocument:
    """The profile with one calibration more; of the same day and type the new one stays."""
    kept = (
        one
        for one in document.spec.calibrations
        if (one.instance, one.date) != (new.instance, new.date)
    )
    body = document.spec.model_copy(update={"calibrations": (*kept, new)})
    return document.model_copy(update={"spec": body})


def _measured(one: Conversion) -> MeasuredBlock:
    return MeasuredBlock.model_construct(
        tool=one.tool, date=one.date, loop=one.loop, at=one.at, converted=one.converted or None
    )


def _points(conversions: Iterable[Conversion], usual: MeasuredBlock) -> Iterable[PointBlock]:
    for one in conversions:
        measured = _measured(one)
        for point in one.points:
            yield point_block(
                one.instance_type, point, measured=None if measured == usual else measured
            )


def point_block(
    instance_type: str,
    point: ServicePoint,
    *,
    measured: MeasuredBlock | None = None,
    scv: float | None = None,
) -> PointBlock:
    """A point of a curve as a block."""
    return PointBlock.model_construct(
        instance=instance_type,
        concurrency=point.concurrency,
        mean=point.mean_s,
        p99=point.p99_s,
        scv=scv,
        measured=measured,
    )


def observation_block(one: Observation) -> ObservationBlock:
    """An observation as a block; `observation_of` gives it back."""
    return ObservationBlock.model_construct(
        instance=one.instance_type,
        loop=one.loop,
        users=one.users,
        throughput=one.throughput_per_s,
        offered=one.offered_per_s,
        arrivals=one.arrivals,
        queue=one.queue,
        mean=one.mean_s,
        std=one.std_s,
        latency=dict(one.latency),
        requests=one.requests,
        errors=one.errors,
        ttft=dict(one.ttft),
        itl=dict(one.itl),
        input_tokens=one.input_tokens,
        output_tokens=one.output_tokens,
        labels=dict(one.labels),
        tool=one.tool,
        date=one.date,
        at=one.at,
    )


def observation_of(one: ObservationBlock) -> Observation:
    """A block as an observation."""
    return Observation(
        instance_type=one.instance,
        loop=one.loop,
        users=one.users,
        throughput_per_s=one.throughput,
        offered_per_s=one.offered,
        arrivals=one.arrivals,
        queue=one.queue,
        mean_s=one.mean,
        std_s=one.std,
        latency=tuple(one.latency.items()),
        requests=one.requests,
        errors=one.errors,
        ttft=tuple(one.ttft.items()),
        itl=tuple(one.itl.items()),
        input_tokens=one.input_tokens,
        output_tokens=one.output_tokens,
        labels=tuple(one.labels.items()),
        tool=one.tool,
        date=one.date,
        at=one.at,
    )


def written(block: SpecBlock) -> dict[str, Any]:
    """A block as a person would write it: quantities with their units, without defaults."""
    found: dict[str, Any] = {}
    for name, field in type(block).model_fields.items():
        given = getattr(block, name)
        if given is None or given == field.get_default():
            continue
        found[name] = _written(name, given)
    return found


def _written(name: str, given: Any) -> Any:
    if isinstance(given, SpecBlock):
        return written(given)
    if isinstance(given, tuple):
        return [_written("", one) for one in given]
    if isinstance(given, Mapping):
        shown = duration_text if name in _TIMES else str
        return {key: shown(one) for key, one in given.items()}
    if isinstance(given, float):
        return _number(name, given)
    return given


def _number(name: str, given: float) -> Any:
    if name in _DURATIONS:
        return duration_text(given)
    if name in _RATES:
        return rate_text(given)
    return int(given) if given == int(given) else _short(given)


def duration_text(seconds: float) -> str:
    """`91.249ms`, `2.573s`: nine significant digits, as a spec takes it."""
    if seconds >= 1.0:
        return f"{_plain(seconds)}s"
    if seconds >= 1e-3:
        return f"{_plain(seconds * 1e3)}ms"
    return f"{_plain(seconds * 1e6)}us"


def rate_text(per_second: float) -> str:
    """`43.6/s`, `0.9/min`, as a spec takes it."""
    for unit, seconds in (("s", 1), ("min", 60), ("h", 3600)):
        if per_second * seconds >= 0.1:
            return f"{_plain(per_second * seconds)}/{unit}"
    return f"{_plain(per_second * 86400)}/day"


def _plain(number: float) -> str:
    """Nine significant digits without an exponent."""
    text = f"{number:.9g}"
    return f"{number:.18f}".rstrip("0") if "e-" in text else f"{float(text):.12g}"


def _short(number: float) -> float:
    return float(f"{number:.9g}")
