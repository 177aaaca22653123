"""What runs, simulated under a spec's traffic."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from planner import live
from planner.engine import Connections, Standing
from planner.engine.connect import live_provider
from planner.errors import PlannerError
from planner.model.candidate import Decision, Outcome, Solved
from planner.model.catalog import Catalog
from planner.model.change import Action, ChangeSet
from planner.model.effort import Effort
from planner.model.live import Health
from planner.model.simulation import Simulation
from planner.model.value import value
from planner.provider.market import Market
from planner.solver import monthly_usd, solve
from planner.solver.relax import scaled
from planner.solver.simulate import Question, simulate
from planner.spec import Spec

SIMULATED = Effort(requests=300_000)
"""Percentiles of a few per cent are enough to judge metrics by."""


@value
class Planned:
    """A spec, what was decided for it, and how its endpoints stand, by name."""

    spec: Spec
    outcome: Outcome
    standing: Mapping[str, Standing]

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """None of an infeasible spec."""
        return self.outcome.decisions if isinstance(self.outcome, Solved) else ()


@value
class Running:
    """One endpoint that is there, and what runs, simulated.

    `pins` are what runs, empty where it is the planned. `note` says what the simulation is of,
    where that is not what runs.
    """

    spec: Spec
    standing: Standing
    simulation: Simulation
    offers: Mapping[str, Catalog]
    pins: Mapping[str, str]
    note: str = ""

    @property
    def decision(self) -> Decision:
        """What runs."""
        return self.simulation.decision


def running(
    planned: Iterable[Planned],
    connections: Connections,
    *,
    fresh: bool = False,
    effort: Effort = SIMULATED,
) -> Iterator[Running]:
    """Every endpoint that is there, one after the other; also of a spec that nothing meets."""
    market = Market()
    for one in planned:
        offers = market.offers(one.spec)
        question = Question(pins={}, effort=effort, fresh=fresh, detailed=True)
        if one.decisions:
            yield from _solved(one, offers, question)
        else:
            yield from _infeasible(one, offers, question, connections)


def _solved(one: Planned, offers: Mapping[str, Catalog], question: Question) -> Iterator[Running]:
    there = {
        name: standing
        for name, standing in one.standing.items()
        if standing.live.health is not Health.ABSENT
    }
    if not there:
        return
    pins, moving = _pins(one), any(each.changes.acting for each in there.values())
    found = () if pins and moving else simulate(one.spec.workload, offers, question)
    if pins and not any(_same(each.decision, one.decisions[0]) for each in found):
        found = simulate(one.spec.workload, offers, replace(question, pins=pins))
    else:
        pins = {}
    named = {each.endpoint: each for each in found}
    for name, standing in there.items():
        # What one spec pins has the spec's own name.
        known = named.get(name) or found[0]
        yield Running(
            spec=one.spec,
            standing=standing,
            simulation=_named(known, name),
            offers=offers,
            pins=pins,
            note="what runs is not what is planned, and is judged by the plan: planner drift"
            if moving and not pins
            else "",
        )


def _infeasible(
    one: Planned, offers: Mapping[str, Catalog], question: Question, connections: Connections
) -> Iterator[Running]:
    """What runs though nothing meets its spec, where it says what it is."""
    for owned in live.owned([one.spec], connections):
        link = connections.link(owned.desired.provider, owned.desired.place)
        state = link.gateway.read(owned.desired)
        pins = link.rules.pins(state)
        if not pins:
            continue
        nothing = ChangeSet(endpoint=state.endpoint, action=Action.NONE, changes=())
        (found, *_) = simulate(one.spec.workload, offers, replace(question, pins=pins))
        yield Running(
            spec=one.spec,
            standing=Standing(desired=owned.desired, live=state, changes=nothing),
            simulation=_named(found, owned.desired.endpoint),
            offers=offers,
            pins=pins,
            note="nothing meets its spec: it is judged by what runs",
        )


def _named(found: Simulation, endpoint: str) -> Simulation:
    return replace(found, endpoint=endpoint, decision=replace(found.decision, endpoint=endpoint))


def _same(one: Decision, other: Decision) -> bool:
    """Whether two decisions run alike; what is planned anew may differ from what is kept."""
    mine, others = (
        (d.hosting, d.instance_type, d.replicas, d.units, d.option("prewarm")) for d in (one, other)
    )
    return mine == others


def _pins(one: Planned) -> Mapping[str, str]:
    """What runs, where that is one endpoint and not what the planner would make anew."""
    if len(one.decisions) != 1:
        return {}
    (decision,) = one.decisions
    state = one.standing[decision.endpoint].live
    pins = dict(live_provider(decision.provider).pins(state))
    if pins.get("instance") == decision.instance_type:
        pins.setdefault("concurrency", str(decision.concurrency.per_replica))
    return pins


def saving(one: Running, factor: float) -> float | None:
    """What planning anew for a multiple of the spec's traffic saves a month; None if nothing does.

    Less than nothing where what runs is too small.
    """
    workload = scaled(one.spec.workload, factor)
    now = one.decision.cost.monthly_usd
    if one.pins:
        now = monthly_usd(workload, one.offers, one.pins) or now
    try:
        outcome = solve(workload, one.offers, Effort())
    except PlannerError:
        return None
    return now - outcome.monthly_usd if isinstance(outcome, Solved) else None
