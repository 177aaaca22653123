"""All specs of one run together: what is offered to each, and the cloud objects of all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

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


class Rendering:
    """Cloud objects of one spec after the other; every problem is kept for the end."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._desired: dict[str, DesiredState] = {}
        self._problems: list[Diagnostic] = []

    def add(self, spec: Spec, outcome: Outcome) -> list[DesiredState]:
        """The cloud objects of a spec's endpoints, none where it has no solution."""
        found: list[DesiredState] = []
        for decision in outcome.decisions if isinstance(outcome, Solved) else ():
            try:
                state = self._market.desired(spec, decision)
            except SpecError as error:
                self._problems.extend(error.diagnostics)
                break
            if self._desired.setdefault(decision.endpoint, state) is not state:
                self._problems.append(_name_taken(spec, decision.endpoint))
            found.append(state)
        return found

    def desired(self) -> dict[str, DesiredState]:
        """Cloud objects by endpoint; SpecError with all that was wrong in any spec."""
        if self._problems:
            raise SpecError(tuple(self._problems))
        return self._desired


def _name_taken(spec: Spec, endpoint: str) -> Diagnostic:
    found = Diagnostic(
        code="endpoint-name-taken",
        message=f"two specs of this run lead to an endpoint `{endpoint}`",
        hint="give one of them another metadata.name",
    )
    return placed(spec, "metadata.name", found)
