"""The count of an endpoint that buys latency, one step up or down, and how low it may go."""

from __future__ import annotations

from dataclasses import replace

from planner.capacity.autoscaling import Bounds
from planner.model.candidate import Range
from planner.model.catalog import Kind
from planner.model.units import format_fraction
from planner.model.value import value
from planner.solver.ask import Ask
from planner.solver.on_demand import warm_range, with_warm
from planner.solver.shared import at_count
from planner.solver.sized import Sized
from planner.solver.sizing import constrained_groups, floor_groups


def height(sized: Sized) -> int:
    """The count that buys latency: minimum or fixed groups, or warm instances."""
    if sized.offering.kind is Kind.ON_DEMAND:
        return sized.prewarm
    if sized.bounds is not None and sized.idle is None:
        return sized.bounds.minimum
    return sized.groups.max


def rung(sized: Sized, count: int) -> Sized:
    """The same endpoint with this count."""
    if count == height(sized):
        return sized
    if sized.offering.kind is Kind.ON_DEMAND:
        return with_warm(sized, sized.models[0], count)
    bounds = sized.bounds
    if bounds is None:
        most, changed = count, None
    else:
        rise = count - height(sized)
        most = max(bounds.maximum + max(rise, 0), count) if sized.idle is None else count
        changed = replace(bounds, minimum=min(bounds.minimum, count), maximum=most)
        if sized.idle is None:
            changed = replace(changed, minimum=count)
    if sized.cache is not None:
        return at_count(sized, count, changed)
    return _counted(sized, count, most, changed)


def _counted(sized: Sized, count: int, most: int, bounds: Bounds | None) -> Sized:
    slots = sized.slots.count
    least = 0 if sized.idle is not None else count
    fixed = bounds is None or bounds.minimum == bounds.maximum
    return replace(
        sized,
        groups=Range(min=least, max=most),
        average=float(count) if fixed else sized.average,
        servers=tuple(max(n, count * slots) for n in sized.servers)
        if not fixed
        else sized.pool.constant(most * slots),
        concurrency=most * slots,
        bounds=bounds,
    )


@value
class Floor:
    """The least count that the spec allows, and what forbids one less."""

    count: int
    reason: str


def lowest(ask: Ask, sized: Sized) -> Floor:
    """The least count the spec allows: constraints on replicas and on utilisation."""
    if sized.offering.kind is Kind.ON_DEMAND:
        least = warm_range(ask, sized)[0] if ask.workload.slo.cold_start.allowed else sized.prewarm
        return Floor(count=min(least, sized.prewarm), reason="")
    least = floor_groups(ask, sized.offering)
    if sized.bounds is not None and sized.idle is None:
        return Floor(count=least, reason=_asked(sized, least))
    count = constrained_groups(ask, sized)
    if count <= least:
        return Floor(count=least, reason=_asked(sized, least))
    asked = ask.workload.constraints.utilization
    busy = sized.pool.load.peak * sized.held_s
    part = busy / ((count - 1) * sized.slots.count)
    return Floor(
        count=count,
        reason=f"{named(sized, count - 1)}: {format_fraction(part)} busy at the peak, "
        f"{format_fraction(asked)} allowed",
    )


def _asked(sized: Sized, least: int) -> str:
    if least <= 1:
        return ""
    return f"{named(sized, least - 1)}: the spec asks for {least}"


def named(sized: Sized, count: int) -> str:
    """A count in words."""
    if sized.offering.kind is Kind.ON_DEMAND:
        return f"{count} warm"
    step = sized.offering.step if sized.offering.kind is Kind.UNITS else 1
    noun = "units" if sized.offering.kind is Kind.UNITS else "replicas"
    if count * step == 1:
        noun = noun[:-1]
    prefix = "minimum of " if sized.bounds is not None and sized.idle is None else ""
    return f"{prefix}{count * step} {noun}"
