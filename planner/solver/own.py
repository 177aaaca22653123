"""A person's own configuration, sized as it is told and not as it should be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches

from planner.capacity.autoscaling import Bounds
from planner.capacity.cold_start import whole_endpoint
from planner.capacity.queue import NEVER_COLD, Cold
from planner.errors import InfeasibleError, UsageError
from planner.model.candidate import Range, Rejection
from planner.model.catalog import Kind, Offering
from planner.model.units import parse_fraction
from planner.solver.ask import Ask
from planner.solver.hardware import Slots, slot_options
from planner.solver.on_demand import with_warm
from planner.solver.shared import Fleet, at_count
from planner.solver.sized import Sized

TARGET = 0.7
"""Utilisation that autoscaling aims at where nobody says: the spec's default."""


def own(ask: Ask, pins: Mapping[str, str], planned: Sized | None) -> Sized:
    """The configuration that the pins name; what they leave open is as planned.

    `pins` as `planner.cli.pins` documents them. Raises UsageError for what no catalog offers, or
    where nothing is planned and the pins do not say enough.
    """
    offering = _offering(ask, pins, planned)
    model = ask.model
    options = slot_options(model, offering, ask.hardware_of)
    if isinstance(options, Rejection):
        raise UsageError(
            "pin-impossible",
            f"{offering.hosting} {offering.instance_type} cannot run {model.name}: "
            f"{options.measured}, {options.allowed}",
            hint="planner simulate SPEC --pin instance=...",
        )
    slots = _slots(options, pins, offering)
    sized = _base(ask, offering, slots, planned)
    if offering.kind is Kind.ON_DEMAND:
        return with_warm(sized, model, int(pins.get("prewarm", str(sized.prewarm))))
    return _counted(sized, pins, planned)


def _offering(ask: Ask, pins: Mapping[str, str], planned: Sized | None) -> Offering:
    ranged = ".." in pins.get("replicas", "") or "target" in pins
    wanted = dict(pins)
    if planned is not None:
        wanted.setdefault("instance", planned.offering.instance_type)
        wanted.setdefault("provider", planned.offering.provider)
        if "instance" not in pins and not ranged and "replicas" not in pins:
            wanted.setdefault("hosting", planned.offering.hosting)
    if "hosting" not in wanted:
        wanted["hosting"] = _hosting(ask, pins, ranged=ranged)
    found = [
        o
        for name, catalog in sorted(ask.catalogs.items())
        for o in catalog.offerings
        if wanted.get("provider", name) == name
        and o.instance_type == wanted.get("instance", o.instance_type)
        and o.hosting == wanted["hosting"]
        and o.price is not None
    ]
    if planned is None and "instance" not in pins:
        raise InfeasibleError(
            "nothing-planned",
            f"nothing in the searched space meets {ask.workload.name}, and no instance is pinned",
            hint="planner simulate SPEC --pin instance=TYPE,replicas=2",
        )
    if not found:
        shown = ", ".join(f"{key}={value}" for key, value in sorted(wanted.items()))
        raise UsageError(
            "pin-not-offered",
            f"no priced offering for {shown}",
            hint=_nearest(ask, wanted),
        )
    return found[0]


def _nearest(ask: Ask, wanted: Mapping[str, str]) -> str:
    """The first pin that names nothing, with what is most like it."""
    offered = [o for catalog in ask.catalogs.values() for o in catalog.offerings]
    known = {
        "provider": {o.provider for o in offered},
        "hosting": {o.hosting for o in offered},
        "instance": {o.instance_type for o in offered},
    }
    for key, names in known.items():
        if key in wanted and wanted[key] not in names:
            near = get_close_matches(wanted[key], sorted(names), n=1) or sorted(names)
            return f"--pin {key}={near[0]}"
    return "planner catalog show"


def _hosting(ask: Ask, pins: Mapping[str, str], *, ranged: bool) -> str:
    if "prewarm" in pins or pins.get("instance", "").startswith("serverless"):
        return "serverless"
    if len(ask.workload.models) > 1:
        return "multi-model"
    return "single-model" if ranged else "dedicated"


def _slots(options: tuple[Slots, ...], pins: Mapping[str, str], offering: Offering) -> Slots:
    """The pinned concurrency of a replica, or the one with the most throughput."""
    best = max(options, key=lambda o: o.count / o.service.mean_s)
    if "concurrency" not in pins or offering.kind is not Kind.REPLICAS:
        return replace(best, count=1) if offering.kind is Kind.ON_DEMAND else best
    count = int(pins["concurrency"])
    near = min(options, key=lambda o: (abs(o.count - count), o.count))
    return replace(near, count=count, bound="--pin concurrency")


def _base(ask: Ask, offering: Offering, slots: Slots, planned: Sized | None) -> Sized:
    """The offering without a count yet."""
    models = ask.workload.models
    routing = ask.workload.pin.routing or offering.routing[0]
    split = slots.count if routing == "random" else 0
    pool = ask.pool(slots.service, offering.overhead_s, 1.0, slots=split)
    limit = offering.max_concurrency or 1000
    if planned is not None and planned.offering.kind is Kind.ON_DEMAND:
        limit = planned.concurrency
    on_demand = offering.kind is Kind.ON_DEMAND
    sized = Sized(
        offering=offering,
        models=models,
        served_share=1.0,
        slots=slots,
        pool=pool,
        targets=ask.targets(offering, ask.model),
        groups=Range(min=0, max=0) if on_demand else Range(min=1, max=1),
        average=0.0 if on_demand else 1.0,
        servers=pool.constant(10**6 if on_demand else slots.count),
        concurrency=limit if on_demand else slots.count,
    )
    if offering.kind is Kind.SHARED_REPLICAS:
        return replace(sized, cache=Fleet(ask, models).curve.at(0.0))
    if offering.cold is None or on_demand:
        return sized
    delay_s = offering.cold.start_s + ask.model.load_s
    idle = whole_endpoint(pool.load, idle_s=offering.cold.idle_s, cold_s=delay_s)
    return replace(sized, idle=idle, cold=Cold(fraction=idle.cold_fraction, delay_s=delay_s))


def _counted(sized: Sized, pins: Mapping[str, str], planned: Sized | None) -> Sized:
    """The pinned counts; units are counted as such and rounded up to whole steps."""
    step = sized.offering.step if sized.offering.kind is Kind.UNITS else 1
    least, most = _range(pins, planned, step)
    if most == least:
        bounds = None
    else:
        rate = _target(sized, pins, planned)
        bounds = Bounds(minimum=least, maximum=most, target=rate, average=float(least))
    if sized.cache is not None:
        return at_count(sized, least, bounds)
    return replace(
        sized,
        groups=Range(min=0 if sized.idle is not None else least, max=most),
        average=float(least),
        servers=sized.pool.constant(most * sized.slots.count),
        concurrency=most * sized.slots.count,
        bounds=bounds,
        cold=sized.cold if sized.idle is not None else NEVER_COLD,
    )


def _target(sized: Sized, pins: Mapping[str, str], planned: Sized | None) -> float:
    """Requests per second and replica that the policy aims at: pinned, as planned, or TARGET."""
    alike = planned is not None and planned.slots.service == sized.slots.service
    if "target" not in pins and alike and planned is not None and planned.bounds is not None:
        return planned.bounds.target
    aim = float(parse_fraction(pins["target"])) if "target" in pins else TARGET
    return aim * sized.slots.count / sized.slots.service.mean_s


def _range(pins: Mapping[str, str], planned: Sized | None, step: int) -> tuple[int, int]:
    """Least and most groups."""
    text = pins.get("replicas")
    if text is None and step > 1:
        text = pins.get("concurrency")
    if text is not None:
        low, _, high = text.partition("..")
        return max(1, -(-int(low) // step)), max(1, -(-int(high or low) // step))
    if planned is not None and planned.bounds is not None:
        return planned.bounds.minimum, planned.bounds.maximum
    if planned is not None:
        return max(1, planned.groups.min), max(1, planned.groups.max)
    raise UsageError(
        "pin-incomplete",
        "nothing meets this spec, so there is no planned count to start from",
        hint="planner simulate SPEC --pin replicas=2",
    )
