"""Screening a catalog: once for each kind of workload, then by each workload's numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache

from planner.model.candidate import Exclusions, Rejection
from planner.model.catalog import Catalog, Offering
from planner.solver.ask import Ask
from planner.solver.constraints import NUMBER_RULES, SHAPE_RULES, Rule

Screened = tuple[tuple[Offering, ...], tuple[Exclusions, ...]]


class _Shape:
    """What the shape rules look at; equal shapes of one catalog screen alike."""

    __slots__ = ("ask", "catalog", "key")

    def __init__(self, ask: Ask, catalog: Catalog) -> None:
        workload = ask.workload
        self.ask = ask
        self.catalog = catalog
        self.key = (
            id(catalog),
            workload.constraints,
            workload.pin,
            tuple(m.compute for m in workload.models[:2]) if _same(ask) else id(ask),
            len(workload.models) > 1,
            ask.measured_types(),
            ask.features(catalog.provider),
            workload.slo.cold_start.allowed,
            bool(workload.slo.ttft),
            bool(workload.slo.itl),
        )

    def __hash__(self) -> int:
        return hash(self.key[:4])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Shape) and self.key == other.key


def _same(ask: Ask) -> bool:
    """True when all models want the same kind of hardware."""
    return len({m.compute for m in ask.workload.models}) == 1


def screened_by_shape(ask: Ask, catalog: Catalog) -> Screened:
    """Offerings that may be sized for this kind of workload, and the rest by rule."""
    return _screened(_Shape(ask, catalog))


@lru_cache(maxsize=64)
def _screened(shape: _Shape) -> Screened:
    kept: list[Offering] = []
    out: dict[tuple[str, Rejection], list[str]] = {}
    for offering in shape.catalog.offerings:
        found = _first(SHAPE_RULES, shape.ask, offering)
        if found is None:
            kept.append(offering)
        else:
            named = _without_name(found, offering)
            out.setdefault((offering.hosting, named), []).append(offering.instance_type)
    return tuple(kept), grouped(shape.catalog.provider, out)


def screen_limits(ask: Ask, offering: Offering) -> Rejection | None:
    """The first rule about sizes and rates that rules an offering out."""
    return _first(NUMBER_RULES, ask, offering)


def _first(rules: Iterable[Rule], ask: Ask, offering: Offering) -> Rejection | None:
    for rule in rules:
        found = rule(ask, offering)
        if found is not None:
            return found
    return None


def _without_name(rejection: Rejection, offering: Offering) -> Rejection:
    """The same rejection without the name of the type, so that one group holds them all."""
    if offering.instance_type not in rejection.measured:
        return rejection
    return replace(
        rejection, measured=rejection.measured.replace(offering.instance_type, "this type")
    )


def grouped(
    provider: str, out: Mapping[tuple[str, Rejection], list[str]]
) -> tuple[Exclusions, ...]:
    """Rejections by mode, each with the names of all types it holds for."""
    return tuple(
        Exclusions(
            provider=provider,
            hosting=hosting,
            instance_types=tuple(sorted(dict.fromkeys(names))),
            rejection=rejection,
        )
        for (hosting, rejection), names in out.items()
    )
