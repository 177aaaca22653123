"""Pins of capacity: which kinds of it they can be told of, and what they come to there."""

from __future__ import annotations

from collections.abc import Callable

from planner.capacity.autoscaling import Bounds, Demand, follow
from planner.model.candidate import Rejection
from planner.model.catalog import Kind, Offering
from planner.model.workload import Pin, PinnedScaling
from planner.solver.ask import Ask

_COUNTED = (Kind.REPLICAS, Kind.SHARED_REPLICAS)


def pinned_scaling(ask: Ask, offering: Offering) -> PinnedScaling | None:
    """The range that a person set, in groups: of units whole steps."""
    pinned = ask.workload.pin.scaling
    if pinned is None or not pinned.units:
        return pinned
    return PinnedScaling(
        minimum=pinned.minimum // offering.step, maximum=pinned.maximum // offering.step
    )


def held(
    moments: tuple[Demand, ...],
    needed: Callable[[float], int],
    pinned: PinnedScaling,
    *,
    target: float | None,
) -> tuple[Bounds, bool]:
    """The range that a person set, and whether it keeps up."""
    return follow(
        moments,
        needed,
        minimum=pinned.minimum,
        maximum=pinned.maximum,
        target=target,
        spike_minimum=max((action.min for action in pinned.schedule), default=0),
    )


def range_too_small(needed: int, pinned: PinnedScaling, offering: Offering) -> Rejection:
    """The refusal of a range that would have to reach `needed` groups in time."""
    bought = offering.kind is Kind.UNITS
    step, what = (offering.step, "units") if bought else (1, "replicas")
    return Rejection(
        code="pin-too-small",
        measured=f"{needed * step} {what} needed in time",
        allowed=f"{pinned.minimum * step} to {pinned.maximum * step} pinned",
        path="spec.pin.concurrency" if bought else "spec.pin.replicas",
        shortfall=max(needed / pinned.maximum, 1.01),
    )


def per_second(target: float | None) -> float | None:
    """The rate per replica that a policy aims at: its metric counts requests a minute."""
    return None if target is None else target / 60.0


def pinned_capacity(ask: Ask, offering: Offering) -> Rejection | None:
    """Pins that only some kinds of capacity have: counts, their ranges, and warm instances."""
    pin = ask.workload.pin
    if pin.prewarm is not None and offering.kind is not Kind.ON_DEMAND:
        return _pinned(
            f"{offering.hosting} capacity is always warm", f"{pin.prewarm} kept warm", "prewarm"
        )
    return _of_units(pin, offering) if offering.kind is Kind.UNITS else _of_replicas(pin, offering)


def _of_replicas(pin: Pin, offering: Offering) -> Rejection | None:
    scaled = pin.scaling
    if scaled is None:
        return None
    if scaled.units:
        return _pinned(
            f"{offering.hosting} capacity is not bought by the unit",
            f"{scaled.minimum} to {scaled.maximum} units of concurrency",
            "concurrency",
        )
    if offering.kind in _COUNTED and offering.autoscaling is not None:
        return None
    return _pinned(
        f"{offering.hosting} capacity has no range of replicas",
        f"{scaled.minimum} to {scaled.maximum} replicas",
        "replicas",
    )


def _of_units(pin: Pin, offering: Offering) -> Rejection | None:
    """Capacity that is bought as units of concurrency, in steps."""
    scaled = pin.scaling
    if pin.replicas is not None or (scaled is not None and not scaled.units):
        return _pinned(
            f"{offering.hosting} capacity is counted in units of concurrency",
            "a count of replicas; pin.concurrency takes units",
            "replicas",
        )
    odd = [count for count in pin.unit_counts.values() if count % offering.step]
    if odd:
        return _pinned(
            f"units of concurrency in steps of {offering.step}",
            f"{odd[0]} units of concurrency",
            "concurrency",
        )
    if scaled is not None and (offering.autoscaling is None or offering.cold is not None):
        return _pinned(
            f"{offering.hosting} capacity has no range of units",
            f"{scaled.minimum} to {scaled.maximum} units of concurrency",
            "concurrency",
        )
    return None


def _pinned(measured: str, allowed: str, key: str) -> Rejection:
    return Rejection(code="pinned", measured=measured, allowed=allowed, path=f"spec.pin.{key}")
