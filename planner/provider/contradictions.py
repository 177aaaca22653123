"""Pins that no offering can keep, whatever the traffic: known before anything is solved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from planner.diagnostics import Diagnostic
from planner.model.catalog import Catalog, Kind, Offering
from planner.model.workload import Pin

CODE = "pin-contradicts"


def pin_contradictions(pin: Pin, offers: Mapping[str, Catalog]) -> Iterator[Diagnostic]:
    """What is pinned and cannot be had, by path and not yet placed."""
    offered = [one for catalog in offers.values() for one in catalog.offerings]
    named = [one for one in offered if pin.instance in {None, one.instance_type}]
    if pin.instance is not None and named:
        yield from _refused(pin.instance, named, offered)
        yield from _apart(pin.instance, pin.hosting, named)
    yield from _uneven(pin, [one for one in named if pin.hosting in {None, one.hosting}])


def _refused(
    instance: str, named: Sequence[Offering], offered: Sequence[Offering]
) -> Iterator[Diagnostic]:
    """A pinned type that there is, and that is not to be had here while others are."""
    refusals = [one.refusal for one in named if one.refusal is not None]
    if len(refusals) == len(named) and any(one.refusal is None for one in offered):
        yield Diagnostic(
            code=CODE,
            message=f"{instance} is pinned, and there is no {refusals[0].measured}",
            hint=f"pin one of {refusals[0].allowed}",
            path="spec.pin.instance",
        )


def _apart(instance: str, hosting: str | None, named: Sequence[Offering]) -> Iterator[Diagnostic]:
    """A pinned type that no provider has in the pinned mode."""
    modes = {one.hosting for one in named}
    if hosting is not None and hosting not in modes:
        yield Diagnostic(
            code=CODE,
            message=f"{instance} is pinned, and nothing offers it as {hosting}",
            hint=f"pin {' or '.join(sorted(modes))}, or another instance",
            path="spec.pin.instance",
        )


def _uneven(pin: Pin, named: Sequence[Offering]) -> Iterator[Diagnostic]:
    """Pinned units of concurrency where all that is offered is bought in other steps."""
    steps = {one.step for one in named if one.kind is Kind.UNITS}
    if len(steps) != 1 or any(one.kind is not Kind.UNITS for one in named):
        return
    (step,) = steps
    for path, count in pin.unit_counts.items():
        if count % step:
            yield Diagnostic(
                code=CODE,
                message=f"{count} units of concurrency are pinned, and they come in steps of "
                f"{step}",
                hint=f"{path.rpartition('.')[2]}: {count - count % step + step}",
                path=f"spec.{path}",
            )
