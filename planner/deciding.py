"""Decisions for all specs of a run, by as many processes as are worth their beginning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from planner import locks
from planner.model.catalog import Catalog
from planner.model.effort import Effort
from planner.spec import Spec

_MANY = 8
_MANY_UNVERIFIED = 100
"""Specs from which processes take less time than it takes to begin them."""


def decisions(
    specs: Sequence[Spec],
    offers: Sequence[Mapping[str, Catalog]],
    effort: Effort,
    *,
    verify: bool,
    upgrade: bool,
    aside: bool,
) -> Iterator[tuple[Spec, locks.Decided]]:
    """As `locks.deciding`, in the order of the specs; begins with the first that is wanted.

    Without `verify` the closed form alone decides; `aside`, other work goes before.
    """
    asked = effort if verify else None
    known = None
    if effort.processes > 1 and len(specs) >= (_MANY if verify else _MANY_UNVERIFIED):
        from planner.engine.processes import can_share, in_processes  # noqa: PLC0415 - many only

        def ask(number: int) -> locks.Decided:
            return locks.decided(specs[number], offers[number], asked, upgrade=upgrade)

        if can_share():
            known = in_processes(ask, len(specs), processes=effort.processes, aside=aside)
    return locks.deciding(specs, offers, asked, upgrade=upgrade, known=known)
