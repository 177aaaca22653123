"""The search: every offering becomes an estimate or a rejection, the cheapest estimate wins.

Exact over provider x mode x instance type x count x concurrency: within one offering the share of
late requests falls with every replica, so the fewest that pass are found by bisection.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from planner.model.candidate import (
    Advice,
    Alternative,
    Exclusions,
    Infeasible,
    Outcome,
    Rejection,
    Solved,
)
from planner.model.catalog import Catalog, Kind, Offering
from planner.model.effort import Effort
from planner.model.workload import Pin, Workload
from planner.solver import advice, relax
from planner.solver.ask import Ask
from planner.solver.configuration import (
    HOSTING_ORDER,
    Configuration,
    alternative,
    describe,
    latency_of,
    over_budget,
    rejected,
    single,
)
from planner.solver.decide import decide
from planner.solver.on_demand import size_on_demand
from planner.solver.screening import grouped, screen_limits, screened_by_shape
from planner.solver.sized import Sized
from planner.solver.sizing import alike_key, size_single

SHOWN_LATENCIES = 3
MISSES = 5

Sorted = tuple[list[Configuration], list[tuple[Configuration | Offering, Rejection]]]


def solve(
    workload: Workload, catalogs: Mapping[str, Catalog], effort: Effort | None = None
) -> Outcome:
    """The cheapest configuration that meets the workload, or the nearest misses.

    `catalogs` by provider name. With an `effort` the finalists are held against a simulation, and
    the answer is the cheapest that it confirms; without one the closed form decides.
    Deterministic: equal arguments give equal results.
    """
    ask = Ask(workload, catalogs, simulated=effort is not None)
    sized, excluded = _screened(ask)
    feasible, fallen = search(ask, sized)
    chosen, feasible, fallen = _chosen(ask, feasible, fallen, effort)
    if chosen is None:
        return _infeasible(ask, fallen, excluded, effort)
    best = exact(ask, chosen)
    decisions = decide(ask, best)
    rules = (*advice.advise(ask, best, decisions[0], feasible), *_price_of_pin(ask, best))
    decisions = (replace(decisions[0], advice=rules), *decisions[1:])
    return Solved(
        workload=workload.name,
        decisions=decisions,
        alternatives=_alternatives(ask, chosen, feasible, fallen),
        excluded=excluded,
    )


def _chosen(
    ask: Ask,
    feasible: list[Configuration],
    fallen: list[tuple[Configuration | Offering, Rejection]],
    effort: Effort | None,
) -> tuple[
    Configuration | None, list[Configuration], list[tuple[Configuration | Offering, Rejection]]
]:
    """The winner, what else is feasible, and what fell; proven where an effort is made."""
    if effort is None or not feasible:
        return min(feasible, key=lambda c: c.rank, default=None), feasible, fallen
    from planner.solver.verified import verified

    found = verified(ask, feasible, effort)
    kept, over = [], []
    for one in found.proven:
        refused = over_budget(ask, one)
        if refused is None:
            kept.append(one)
        else:
            over.append((one, refused))
    chosen = min(kept, key=lambda c: c.rank, default=None)
    return chosen, [*kept, *found.unproven], [*fallen, *found.fallen, *over]


def _price_of_pin(ask: Ask, best: Configuration) -> tuple[Advice, ...]:
    """What the solver would choose without the pin, where that is cheaper."""
    if ask.workload.pin == Pin():
        return ()
    free = cheapest(replace(ask.workload, pin=Pin()), ask.catalogs)
    if free is None or free.monthly_usd > best.monthly_usd - 0.005:
        return ()
    return (
        Advice(
            rule="pin",
            source_id="spec.pin",
            trigger=f"pinned: {describe(best)}",
            text=f"without the pin, by the closed form: {describe(free)}",
            saves_monthly_usd=best.monthly_usd - free.monthly_usd,
        ),
    )


def cheapest(
    workload: Workload, catalogs: Mapping[str, Catalog], effort: Effort | None = None
) -> Configuration | None:
    """The chosen configuration alone: for questions of the kind "what if"."""
    ask = Ask(workload, catalogs, simulated=effort is not None)
    sized, _ = _screened(ask)
    chosen, _, _ = _chosen(ask, *search(ask, sized), effort)
    return None if chosen is None else exact(ask, chosen)


def exact(ask: Ask, configuration: Configuration) -> Configuration:
    """The chosen configuration with its own sizes, not those of an offering alike."""
    runs = configuration.runs
    if len(ask.workload.models) > 1 or len(runs) != 1:
        return configuration
    sized = runs[0].sized
    if sized.offering is runs[0].offering:
        return configuration
    found = _alike(ask, runs[0].offering, {})
    assert isinstance(found, Sized)
    if sized.proof is None:
        return single(ask, found, found.offering)
    # Proven on an offering alike: only what names the type is this offering's own.
    own = replace(sized, offering=found.offering, slots=found.slots)
    return single(ask, own, own.offering)


def _screened(ask: Ask) -> tuple[list[Offering], tuple[Exclusions, ...]]:
    """Offerings to size, and the others grouped by the rule that rules them out."""
    sized: list[Offering] = []
    excluded: list[Exclusions] = []
    for name in sorted(ask.catalogs):
        kept, out = screened_by_shape(ask, ask.catalogs[name])
        excluded.extend(out)
        over: dict[tuple[str, Rejection], list[str]] = {}
        for offering in kept:
            found = screen_limits(ask, offering)
            if found is None:
                sized.append(offering)
            else:
                over.setdefault((offering.hosting, found), []).append(offering.instance_type)
        excluded.extend(grouped(name, over))
    return sized, tuple(sorted(excluded, key=_exclusion_order))


def _exclusion_order(e: Exclusions) -> tuple[object, ...]:
    return (e.provider, e.hosting, e.rejection.code, e.instance_types)


def search(ask: Ask, offerings: Sequence[Offering]) -> Sorted:
    """Feasible configurations, and what fell with its reason."""
    feasible: list[Configuration] = []
    fallen: list[tuple[Configuration | Offering, Rejection]] = []
    for offering, found in _answers(ask, offerings):
        if isinstance(found, Rejection):
            fallen.append((offering, found))
            continue
        refused = over_budget(ask, found)
        if refused is None:
            feasible.append(found)
        else:
            fallen.append((found, refused))
    return feasible, fallen


def _answers(
    ask: Ask, offerings: Sequence[Offering]
) -> Iterable[tuple[Offering, Configuration | Rejection]]:
    models = ask.workload.models
    pooled = [o for o in offerings if o.kind is Kind.SHARED_REPLICAS]
    others = [o for o in offerings if o.kind is not Kind.SHARED_REPLICAS]
    if len(models) > 1:
        from planner.solver.fleet import separate, shared

        for offering in others:
            yield offering, separate(ask, offering, models)
        alone = [o for o in others if o.kind is Kind.REPLICAS]
        yield from shared(ask, pooled, alone)
        return
    alike: dict[tuple[object, ...], Sized | Rejection] = {}
    for offering in others:
        found = _alike(ask, offering, alike)
        if not isinstance(found, Rejection):
            yield offering, single(ask, found, offering)
        else:
            yield offering, found


def _alike(
    ask: Ask, offering: Offering, known: dict[tuple[object, ...], Sized | Rejection]
) -> Sized | Rejection:
    """The size of this offering, or of one that differs in price and name only."""
    model = ask.workload.models[0]
    key = alike_key(ask, offering, model)
    if isinstance(key, Rejection):
        return key
    found = known.get(key)
    if found is None:
        found = known[key] = (
            size_on_demand(ask, offering, model)
            if offering.kind is Kind.ON_DEMAND
            else size_single(ask, offering, model)
        )
    return found


def _alternatives(
    ask: Ask,
    chosen: Configuration,
    feasible: Sequence[Configuration],
    fallen: Sequence[tuple[Configuration | Offering, Rejection]],
) -> tuple[Alternative, ...]:
    result: list[Alternative] = []
    shown: dict[tuple[str, str], int] = {}
    for configuration in sorted(feasible, key=lambda c: c.rank):
        if configuration is chosen:
            continue
        mode = (configuration.provider, configuration.hosting)
        shown[mode] = shown.get(mode, 0) + 1
        latency = None
        if shown[mode] <= SHOWN_LATENCIES:
            latency = latency_of(ask, configuration.runs[0].sized)
        result.append(alternative(configuration, rejection=None, latency=latency))
    result.extend(_fallen(fallen))
    return tuple(sorted(result, key=_alternative_order))


def _fallen(
    fallen: Sequence[tuple[Configuration | Offering, Rejection]],
) -> Iterable[Alternative]:
    for thing, rejection in fallen:
        if isinstance(thing, Configuration):
            yield alternative(thing, rejection=rejection, latency=None)
        else:
            yield rejected(thing, rejection)


def _alternative_order(a: Alternative) -> tuple[object, ...]:
    hosting = HOSTING_ORDER.index(a.hosting) if a.hosting in HOSTING_ORDER else 9
    cost = a.monthly_usd if a.monthly_usd is not None else float("inf")
    return (a.provider, hosting, a.rejection is not None, cost, a.instance_type, a.variant)


def _infeasible(
    ask: Ask,
    fallen: Sequence[tuple[Configuration | Offering, Rejection]],
    excluded: tuple[Exclusions, ...],
    effort: Effort | None,
) -> Infeasible:
    by_number = tuple(e for e in excluded if math.isfinite(e.rejection.shortfall))
    misses = sorted((*_fallen(fallen), *_first_of(by_number)), key=_miss_order)
    nearest: list[Alternative] = []
    seen: set[tuple[str, str, str]] = set()
    for miss in misses:
        assert miss.rejection is not None
        kind = (miss.provider, miss.hosting, miss.rejection.code)
        if kind not in seen and len(nearest) < MISSES:
            seen.add(kind)
            nearest.append(miss)
    solvers = relax.Solvers(formula=cheapest, confirm=partial(cheapest, effort=_brief(effort)))
    return Infeasible(
        workload=ask.workload.name,
        misses=tuple(nearest),
        relaxations=(
            *relax.relaxations(ask, solvers, mendable=bool(fallen or by_number)),
            *relax.measurements(fallen),
        ),
        excluded=excluded,
    )


def _brief(effort: Effort | None) -> Effort | None:
    """What a confirmation of one of many relaxations is worth."""
    return None if effort is None else replace(effort, requests=effort.requests // 4)


def _first_of(excluded: Iterable[Exclusions]) -> Iterable[Alternative]:
    """One candidate for all that fell together."""
    for group in excluded:
        yield Alternative(
            provider=group.provider,
            hosting=group.hosting,
            instance_type=group.instance_types[0],
            rejection=group.rejection,
        )


def _miss_order(a: Alternative) -> tuple[object, ...]:
    assert a.rejection is not None
    return (
        a.rejection.shortfall,
        a.monthly_usd if a.monthly_usd is not None else float("inf"),
        a.provider,
        a.hosting,
        a.instance_type,
        a.variant,
    )
