"""Rules over constraints, pins and the rollout."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase

from planner.model.units import UnitError
from planner.model.warm_up import LEAST
from planner.spec.blocks import (
    HOSTINGS,
    RESERVED_HOSTINGS,
    ConstraintsBlock,
    PinnedRangeBlock,
)
from planner.spec.calendar import week_of
from planner.spec.rules import Breach, Path, Rule, breach
from planner.spec.sections import Sections
from planner.spec.validate import unknown_value

_CONSTRAINTS: Path = ("spec", "constraints")
_PIN: Path = ("spec", "pin")

HostingsOf = Callable[[str], Sequence[str]]
"""Hosting modes of a provider by its name."""


def _replicas(sections: Sections) -> Iterator[Breach]:
    block = sections.constraints
    if block is None:
        return
    least, most = block.replicas.min, block.replicas.max
    path = (*_CONSTRAINTS, "replicas")
    if least is not None and most is not None and least > most:
        yield breach(
            "min-above-max",
            f"min {least} is above max {most}",
            f"write min: {most} or max: {least}",
            (*path, "min"),
            (*path, "max"),
        )
    if least == 0 and block.scale_to_zero == "forbid":
        yield breach(
            "contradiction",
            "min 0 needs scale_to_zero, which is forbidden here",
            "add scale_to_zero: allow, or write min: 1",
            (*path, "min"),
            (*_CONSTRAINTS, "scale_to_zero"),
        )
    if most is not None and block.zones > most:
        yield breach(
            "contradiction",
            f"{block.zones} zones need as many replicas, and at most {most} are allowed",
            f"write max: {block.zones}, or zones: {most}",
            (*_CONSTRAINTS, "zones"),
            (*path, "max"),
        )


def _pinned_hosting(sections: Sections) -> Iterator[Breach]:
    pin, limits = sections.pin, sections.constraints
    if pin is None or limits is None or pin.hosting is None or limits.hosting is None:
        return
    if pin.hosting not in limits.hosting:
        yield breach(
            "pin-contradicts",
            f"{pin.hosting} is pinned, and constraints.hosting does not allow it",
            f"pin one of {', '.join(limits.hosting)}, or add {pin.hosting} there",
            (*_PIN, "hosting"),
            (*_CONSTRAINTS, "hosting"),
        )


def _pinned_instance(sections: Sections) -> Iterator[Breach]:
    pin, limits = sections.pin, sections.constraints
    if pin is None or limits is None or pin.instance is None:
        return
    globs = limits.instances
    at = (*_CONSTRAINTS, "instances")
    excluding = [glob for glob in globs.exclude if fnmatchcase(pin.instance, glob)]
    if excluding:
        yield breach(
            "pin-contradicts",
            f"{pin.instance} is pinned, and {excluding[0]} in instances.exclude rules it out",
            "pin another instance, or take the pattern out",
            (*_PIN, "instance"),
            (*at, "exclude"),
        )
    if globs.include and not any(fnmatchcase(pin.instance, glob) for glob in globs.include):
        yield breach(
            "pin-contradicts",
            f"{pin.instance} is pinned, and instances.include does not allow it",
            f"pin an instance that matches {globs.include[0]}, or add it there",
            (*_PIN, "instance"),
            (*at, "include"),
        )


def _pinned_replicas(sections: Sections) -> Iterator[Breach]:
    pin, limits = sections.pin, sections.constraints
    if pin is None or limits is None or pin.replicas is None:
        return
    path = (*_PIN, "replicas")
    counts = pin.replicas
    if isinstance(counts, PinnedRangeBlock):
        for key, count in (("min", counts.min), ("max", counts.max)):
            yield from _outside(count, limits, (*path, key))
        return
    yield from _outside(counts, limits, path)
    if counts == 0 and limits.scale_to_zero == "forbid" and limits.replicas.min is None:
        yield breach(
            "pin-contradicts",
            "0 replicas are pinned, and scale_to_zero is forbidden",
            "add constraints: {scale_to_zero: allow}, or pin 1",
            path,
            (*_CONSTRAINTS, "scale_to_zero"),
        )


def _pinned_range(sections: Sections) -> Iterator[Breach]:
    """A range rises, and a target and a schedule belong to one."""
    pin = sections.pin
    if pin is None:
        return
    for key, range_ in (("replicas", pin.replicas), ("concurrency", pin.concurrency)):
        if isinstance(range_, PinnedRangeBlock) and range_.min >= range_.max:
            yield breach(
                "min-above-max",
                f"a range goes from fewer to more, not from {range_.min} to {range_.max}",
                f"write {key}: {range_.max}",
                (*_PIN, key, "min"),
                (*_PIN, key, "max"),
            )
    if isinstance(pin.concurrency, PinnedRangeBlock) and pin.replicas is not None:
        yield breach(
            "pin-contradicts",
            "a range of concurrency is pinned, and replicas too: capacity is counted one way",
            "remove replicas",
            (*_PIN, "replicas"),
            (*_PIN, "concurrency"),
        )
    if isinstance(pin.replicas, PinnedRangeBlock):
        return
    for key, given in (("target", pin.target), ("schedule", pin.schedule)):
        if given:
            yield breach(
                "pin-contradicts",
                f"{key} belongs to an autoscaler, and no range of replicas is pinned",
                "write replicas: {min: 2, max: 8}",
                (*_PIN, key),
                (*_PIN, "replicas"),
            )


def _pinned_schedule(sections: Sections) -> Iterator[Breach]:
    for index, action in enumerate(sections.pin.schedule if sections.pin else ()):
        path = (*_PIN, "schedule", index)
        try:
            week_of(action.at)
        except UnitError as error:
            yield breach("invalid-cron", error.message, error.hint, (*path, "at"))
        if action.min > action.max:
            yield breach(
                "min-above-max",
                f"min {action.min} is above max {action.max}",
                f"write min: {action.max} or max: {action.min}",
                (*path, "min"),
                (*path, "max"),
            )


def _outside(pinned: int, limits: ConstraintsBlock, path: Path) -> Iterator[Breach]:
    bounds = limits.replicas
    at = (*_CONSTRAINTS, "replicas")
    if bounds.min is not None and pinned < bounds.min:
        yield breach(
            "pin-contradicts",
            f"{pinned} replicas are pinned, and constraints ask for at least {bounds.min}",
            f"pin {bounds.min}, or lower min",
            path,
            (*at, "min"),
        )
    if bounds.max is not None and pinned > bounds.max:
        yield breach(
            "pin-contradicts",
            f"{pinned} replicas are pinned, and constraints allow at most {bounds.max}",
            f"pin {bounds.max}, or raise max",
            path,
            (*at, "max"),
        )


def hosting_rule(hostings_of: HostingsOf) -> Rule:
    """Return the rule that hosting modes exist: the common ones, or a named provider's own."""
    common = {*HOSTINGS, *RESERVED_HOSTINGS}

    def rule(sections: Sections) -> Iterator[Breach]:
        allowed = sections.constraints.hosting if sections.constraints is not None else None
        asked = [((*_CONSTRAINTS, "hosting", i), mode) for i, mode in enumerate(allowed or ())]
        if sections.pin is not None and sections.pin.hosting is not None:
            asked.append(((*_PIN, "hosting"), sections.pin.hosting))
        unknown = [(steps, mode) for steps, mode in asked if mode not in common]
        if not unknown:
            return
        known = common.union(*(hostings_of(name) for name, _ in sections.providers))
        for steps, mode in unknown:
            if mode not in known:
                yield Breach(unknown_value(mode, known), [steps])

    return rule


def _watched(sections: Sections) -> Iterator[Breach]:
    rollout = sections.rollout
    if rollout is not None and rollout.alarms and not rollout.rollback:
        path = ("spec", "rollout")
        yield breach(
            "contradiction",
            "alarms roll an update back, and rollback: false keeps them from it",
            "remove alarms, or write rollback: true",
            (*path, "alarms"),
            (*path, "rollback"),
        )


def _warmed(sections: Sections) -> Iterator[Breach]:
    warm_up = sections.rollout.warm_up if sections.rollout is not None else None
    if warm_up is not None and warm_up.requests < LEAST:
        yield breach(
            "too-few-requests",
            f"from {warm_up.requests} calls nobody can tell whether a latency has settled",
            f"write requests: {LEAST} or more",
            ("spec", "rollout", "warm_up", "requests"),
        )


PLACEMENT_RULES: tuple[Rule, ...] = (
    _replicas,
    _pinned_hosting,
    _pinned_instance,
    _pinned_replicas,
    _pinned_range,
    _pinned_schedule,
    _watched,
    _warmed,
)
