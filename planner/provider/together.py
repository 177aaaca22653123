"""All specs of one run together: what is offered to each, and the cloud objects of all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from planner.diagnostics import Diagnostic
from planner.errors import SpecError
from planner.model.candidate import Outcome, Solved
from planner.model.catalog import Catalog
from planner.model.resource import DesiredState
from planner.provider.market import Market, placed
from planner.spec import Spec


def offers_to(specs: Iterable[Spec], market: Market) -> list[Mapping[str, Catalog]]:
    """Catalogs for each spec; SpecError with every unknown region and instance of all of them."""
    offers: list[Mapping[str, Catalog]] = []
    problems: list[Diagnostic] = []
    for spec in specs:
        try:
            offers.append(market.offers(spec))
        except SpecError as error:
            problems.extend(error.diagnostics)
    if problems:
        # A limit that does not exist is found once for every spec it would hold for.
        raise SpecError(tuple(dict.fromkeys(problems)))
    return offers


def desired_by(
    specs: Sequence[Spec], outcomes: Sequence[Outcome], market: Market
) -> dict[str, tuple[str, DesiredState]]:
    """Cloud objects by endpoint, with the name of the spec that owns them."""
    desired: dict[str, tuple[str, DesiredState]] = {}
    problems: list[Diagnostic] = []
    for spec, outcome in zip(specs, outcomes, strict=True):
        if not isinstance(outcome, Solved):
            continue
        for decision in outcome.decisions:
            try:
                state = market.desired(spec, decision)
            except SpecError as error:
                problems.extend(error.diagnostics)
                break
            owned = (spec.workload.name, state)
            if desired.setdefault(decision.endpoint, owned) is not owned:
                problems.append(_name_taken(spec, decision.endpoint))
    if problems:
        raise SpecError(tuple(problems))
    return desired


def _name_taken(spec: Spec, endpoint: str) -> Diagnostic:
    found = Diagnostic(
        code="endpoint-name-taken",
        message=f"two specs of this run lead to an endpoint `{endpoint}`",
        hint="give one of them another metadata.name",
    )
    return placed(spec, "metadata.name", found)
