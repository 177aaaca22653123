"""How many requests one replica serves at a time, and how long each then takes.

A model is never assumed to run on hardware it has no measurement for. Types without accelerators
are the one exception: they take the reference's service time per vCPU, a flagged assumption.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

from planner.capacity.service_time import ServiceTime, fit
from planner.model.candidate import Rejection
from planner.model.catalog import Hardware, Kind, Offering
from planner.model.units import format_duration, format_size
from planner.model.value import value
from planner.model.workload import (
    Assumption,
    Compute,
    Correction,
    Model,
    ServiceCurve,
    ServicePoint,
)

USED_UP = 0.9
"""Throughput over concurrency from which a curve still rises in step: our choice."""

HardwareOf = Callable[[str], Hardware | None]
"""Hardware of an instance type by name, over all catalogs of the run; None if unknown."""


@value
class Slots:
    """One way to run a model on a replica: `count` requests at a time, `service` for each.

    `bound` names what limits the count, `correction` what the measured time was multiplied by.
    """

    count: int
    service: ServiceTime
    bound: str
    assumptions: tuple[Assumption, ...] = ()
    correction: Correction | None = None


def asks_of(model: Model) -> tuple[object, ...]:
    """What a model asks of hardware beside memory; models with equal answers run alike."""
    return (
        tuple((c.instance_type, c.points) for c in model.curves),
        model.external_calls,
        model.max_concurrency or 0,
        model.vcpus_per_request,
        model.compute,
    )


def slot_options(
    model: Model, offering: Offering, hardware_of: HardwareOf
) -> tuple[Slots, ...] | Rejection:
    """Every useful concurrency of one replica (or one step of units), or why there is none."""
    fit_in = _memory_slots(model, offering)
    if isinstance(fit_in, Rejection):
        return fit_in
    measured = [c for c in model.curves if c.instance_type == offering.instance_type]
    if measured and offering.kind is Kind.UNITS:
        return (_step_of_units(model, offering, measured[0]),)
    if measured and len(measured[0].points) > 1:
        return _measured(model, offering, measured[0], fit_in)
    if measured:
        vcpus = model.vcpus_per_request
        return _from_point(model, offering, measured[0], fit_in, vcpus=vcpus)
    reference = _transferable(model, offering, hardware_of)
    if isinstance(reference, Rejection):
        return reference
    vcpus = _vcpus_per_request(model, reference, hardware_of(reference.instance_type))
    return _from_point(model, offering, reference, fit_in, vcpus=vcpus, transferred=True)


def _memory_slots(model: Model, offering: Offering) -> int | Rejection:
    hardware = offering.hardware
    memory = hardware.memory_bytes
    if hardware.accelerators and hardware.accelerator_memory_bytes is not None:
        memory = hardware.accelerator_memory_bytes * hardware.accelerators
    if memory is None:
        return 10**6
    # On an accelerator one resident copy serves all concurrent requests.
    if memory < model.memory_bytes:
        return Rejection(
            code="memory",
            measured=f"{format_size(model.memory_bytes)} resident",
            allowed=format_size(memory),
            path="spec.models.memory",
            shortfall=model.memory_bytes / memory,
        )
    if hardware.accelerators or offering.kind is Kind.UNITS:
        return 10**6
    return memory // max(model.memory_bytes, 1)


def _transferable(
    model: Model, offering: Offering, hardware_of: HardwareOf
) -> ServiceCurve | Rejection:
    """The CPU measurement nearest in size that may stand for this CPU type, or `no-profile`."""
    if offering.hardware.accelerators:
        return _no_profile(model, offering, "accelerators are never estimated")
    found: list[tuple[float, str, ServiceCurve]] = []
    for curve in model.curves:
        hardware = hardware_of(curve.instance_type)
        if not _on_cpu(model, curve, hardware):
            continue
        arch = hardware.arch if hardware is not None else "x86_64"
        if arch == offering.hardware.arch:
            found.append((_distance(hardware, offering.hardware), curve.instance_type, curve))
    if found:
        return min(found, key=lambda one: one[:2])[2]
    return _no_profile(model, offering, f"nothing measured on a {offering.hardware.arch} CPU type")


def _on_cpu(model: Model, curve: ServiceCurve, hardware: Hardware | None) -> bool:
    """True where a curve was measured on a CPU: by the catalogs, or by the word of the spec.

    A machine that no catalog of the run knows may have an accelerator, unless the model needs none.
    """
    if hardware is not None:
        return hardware.accelerators == 0
    return not curve.instance_type or model.compute is Compute.CPU


def _distance(measured: Hardware | None, wanted: Hardware) -> float:
    """How unlike two CPU types are in vCPUs; a type that states none is like no other."""
    if measured is None or measured.vcpus is None:
        return math.inf
    return abs(math.log(measured.vcpus / (wanted.vcpus or 1.0)))


def _no_profile(model: Model, offering: Offering, why: str) -> Rejection:
    known = ", ".join(c.instance_type for c in model.curves if c.instance_type) or "none"
    return Rejection(
        code="no-profile",
        measured=f"profile points for: {known}",
        allowed=f"a measured point on {_kind_of_hardware(offering)}; {why}",
        path="spec.models.profile",
    )


def _kind_of_hardware(offering: Offering) -> str:
    return offering.hardware.accelerator or f"{offering.hardware.arch} CPUs"


def _measured(
    model: Model, offering: Offering, curve: ServiceCurve, memory_slots: int
) -> tuple[Slots, ...] | Rejection:
    """The measured concurrencies up to what memory, the model and the offering allow."""
    cap = min(memory_slots, model.max_concurrency or 10**6)
    options = []
    for point in curve.points:
        if point.concurrency <= cap:
            bound = f"measured at concurrency {point.concurrency} ({curve.source})"
            options.append(
                Slots(
                    count=point.concurrency,
                    service=service_time(model, point),
                    bound=bound,
                    assumptions=_spread(point),
                    correction=curve.correction,
                )
            )
    least = curve.points[0].concurrency
    return tuple(options) or Rejection(
        code="no-profile",
        measured=f"measured from concurrency {least} on ({curve.source})",
        allowed=f"a point at concurrency {cap} or less: no more fit on {offering.instance_type}",
        path="spec.models.profile",
        shortfall=least / cap,
    )


def _vcpus_per_request(model: Model, curve: ServiceCurve, measured_on: Hardware | None) -> float:
    """What one request takes of a machine whose throughput the curve shows to be used up.

    A curve that still rises in step with the concurrency does not show it: the spec's own value.
    """
    alone, last = curve.points[0], curve.points[-1]
    if measured_on is None or measured_on.vcpus is None or len(curve.points) < 2:
        return model.vcpus_per_request
    parallel = alone.mean_s * max(p.concurrency / p.mean_s for p in curve.points)
    if parallel > USED_UP * last.concurrency:
        return model.vcpus_per_request
    return max(model.vcpus_per_request, measured_on.vcpus / max(parallel, 1.0))


def _step_of_units(model: Model, offering: Offering, curve: ServiceCurve) -> Slots:
    """A whole step of units in service at once: the platform fills every unit it sells.

    Units that share an accelerator beyond its measured concurrency are taken to be saturated: twice
    the requests take twice the time.
    """
    count = offering.step
    enough = [p for p in curve.points if p.concurrency >= count]
    point = enough[0] if enough else curve.points[-1]
    service = service_time(model, point)
    found = Slots(
        count=count,
        service=service,
        bound=f"measured at concurrency {point.concurrency} ({curve.source})",
        assumptions=_spread(point),
        correction=curve.correction,
    )
    if enough or not offering.hardware.accelerators:
        return found
    service = service.times(count / point.concurrency)
    saturated = Assumption(
        subject=f"service time at concurrency {count} on {offering.instance_type}",
        value=format_duration(service.mean_s),
        reason=f"measured up to concurrency {point.concurrency} only; taken as saturated beyond",
        source=curve.source,
    )
    return replace(found, service=service, assumptions=(*found.assumptions, saturated))


def _from_point(
    model: Model,
    offering: Offering,
    curve: ServiceCurve,
    memory_slots: int,
    *,
    vcpus: float,
    transferred: bool = False,
) -> tuple[Slots, ...]:
    """One request per `vcpus` at the single-request service time; slower where there are fewer."""
    point = curve.points[0]
    service = service_time(model, point)
    assumptions = list(_spread(point))
    if transferred:
        assumptions.append(_transfer_assumption(curve, offering, vcpus))
        if offering.hardware.vcpus is not None:
            service = service.times(max(1.0, vcpus / offering.hardware.vcpus))
    match offering.kind:
        case Kind.UNITS:
            count, bound = offering.step, "one request per unit of concurrency"
        case Kind.ON_DEMAND:
            count, bound = 1, "one request per instance"
        case Kind.REPLICAS | Kind.SHARED_REPLICAS:
            count, bound = _replica_slots(model, offering, point, memory_slots, vcpus=vcpus)
    found = Slots(
        count=count,
        service=service,
        bound=bound,
        assumptions=tuple(assumptions),
        correction=curve.correction,
    )
    return (found,)


def _replica_slots(
    model: Model, offering: Offering, point: ServicePoint, memory_slots: int, *, vcpus: float
) -> tuple[int, str]:
    bounds = {"memory": memory_slots}
    if offering.hardware.accelerators:
        bounds["measured concurrency"] = point.concurrency
    elif offering.hardware.vcpus is not None:
        bounds["vCPUs"] = max(1, int(offering.hardware.vcpus / vcpus + 1e-9))
    if model.max_concurrency is not None:
        bounds["max_concurrency"] = model.max_concurrency
    bound = min(bounds, key=lambda name: bounds[name])
    return max(1, bounds[bound]), bound


def _transfer_assumption(curve: ServiceCurve, offering: Offering, vcpus: float) -> Assumption:
    return Assumption(
        subject=f"service time on {offering.instance_type}",
        value=format_duration(curve.points[0].mean_s),
        reason=f"as on {curve.instance_type or 'the reference'}: CPU types differ by slots only, "
        f"one per {vcpus:.3g} vCPUs",
        source=curve.source,
    )


def _spread(point: ServicePoint) -> tuple[Assumption, ...]:
    if point.p99_s is not None:
        return ()
    return (
        Assumption(
            subject="spread of the service time",
            value="SCV 0.10, p99 = 2.0 x mean",
            reason="only a mean is known; give service_time_p99 or a profile with p99",
            source="planner.capacity.service_time",
        ),
    )


@lru_cache(maxsize=4096)
def _fitted(mean_s: float, p99_s: float | None) -> ServiceTime:
    return fit(mean_s, p99_s)


def service_time(model: Model, point: ServicePoint) -> ServiceTime:
    """Service time at one measured point, the model's own calls to others included."""
    outside = sum(call.latency_s for call in model.external_calls)
    return _fitted(point.mean_s, point.p99_s).plus(outside)
