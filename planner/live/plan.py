"""A plan held against what lives, and what runs kept where moving it would save too little."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from planner import plans, solver
from planner.engine import PARALLEL, Connections, Link, Standing, at_once
from planner.engine.connect import live_provider
from planner.live.read import Owned, checked, owned, removals
from planner.model.candidate import Decision, Outcome, Solved
from planner.model.catalog import Catalog
from planner.model.change import Action
from planner.model.check import Check
from planner.model.effort import Effort
from planner.model.live import LiveState
from planner.model.plan import Pending
from planner.model.resource import DesiredState
from planner.model.value import value
from planner.provider import registry
from planner.spec import Spec


@value
class Reading:
    """How a cloud is read: endpoints at a time, and whether what is not wanted is to go."""

    parallel: int = PARALLEL
    prune: bool = False


@value
class Case:
    """One spec with what is offered to it and what was decided for it."""

    spec: Spec
    offers: Mapping[str, Catalog]
    outcome: Outcome

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """Decisions of a solved spec, none of an infeasible one."""
        return self.outcome.decisions if isinstance(self.outcome, Solved) else ()


@value
class Solving:
    """How a spec is decided and rendered once more, where what runs speaks for it."""

    effort: Effort | None
    render: Callable[[Spec, Decision], DesiredState]


@value
class Found:
    """What lives: the decisions that stand, and by endpoint what it needs.

    `strays` are endpoints of these specs that are not wanted any more, `removals` what their
    deletion takes where that was asked for.
    """

    cases: tuple[Case, ...]
    standing: Mapping[str, Standing]
    removals: tuple[Pending, ...]
    strays: tuple[str, ...]
    checks: tuple[Check, ...]

    @property
    def held(self) -> plans.Held:
        """As a plan takes it, secrets hidden."""
        return plans.Held(
            changes={name: plans.hidden(one.changes) for name, one in self.standing.items()},
            monthly_usd_before=self._monthly_usd(),
            desired={name: one.desired for name, one in self.standing.items()},
            removals=self.removals,
            strays=self.strays,
            checks=self.checks,
        )

    def _monthly_usd(self) -> dict[str, float]:
        """What every endpoint costs now where that has a price, under the specs' traffic."""
        before: dict[str, float] = {}
        for case in self.cases:
            for decision in case.decisions:
                now = self.standing[decision.endpoint]
                if now.changes.action is Action.NONE:
                    before[decision.endpoint] = decision.cost.monthly_usd
                    continue
                pins = live_provider(decision.provider).pins(now.live)
                known = solver.monthly_usd(case.spec.workload, case.offers, pins) if pins else None
                before[decision.endpoint] = known or 0.0
        return before


def held(
    cases: Sequence[Case],
    desired: Mapping[str, DesiredState],
    connections: Connections,
    *,
    reading: Reading,
    solving: Solving,
) -> Found:
    """What the cases need to become real, with what runs kept where little would be saved.

    `desired` by endpoint. Writes nothing.
    """
    known = {
        decision.endpoint: Owned(owner=case.spec.workload.name, desired=desired[decision.endpoint])
        for case in cases
        for decision in case.decisions
    }
    lives = _lives(known, connections, reading)
    stable = tuple(_stable(case, lives, solving) for case in cases)
    moved = {
        decision.endpoint: Owned(
            owner=case.spec.workload.name, desired=solving.render(case.spec, decision)
        )
        for before, case in zip(cases, stable, strict=True)
        if case is not before
        for decision in case.decisions
    }
    known, lives = {**known, **moved}, {**lives, **_lives(moved, connections, reading)}
    standing = at_once(
        lambda name: _link(known[name], connections).against(
            known[name].desired, lives[name], known[name].owner
        ),
        list(known),
        parallel=reading.parallel,
    )
    by_name = dict(zip(known, standing, strict=True))
    strays = _strays(stable, known, connections)
    gone = removals(strays, connections, parallel=reading.parallel) if reading.prune else ()
    pending = [
        Pending(owner=known[name].owner, desired=now.desired, changes=now.changes)
        for name, now in by_name.items()
    ]
    return Found(
        cases=stable,
        standing=by_name,
        removals=gone,
        strays=() if reading.prune else tuple(sorted(one.desired.endpoint for one in strays)),
        checks=checked(pending, connections),
    )


def _lives(
    known: Mapping[str, Owned], connections: Connections, reading: Reading
) -> dict[str, LiveState]:
    for one in known.values():
        _link(one, connections)  # made here, because making them is not safe in threads
    states = at_once(
        lambda one: _link(one, connections).gateway.read(one.desired),
        list(known.values()),
        parallel=reading.parallel,
    )
    return dict(zip(known, states, strict=True))


def _stable(case: Case, lives: Mapping[str, LiveState], solving: Solving) -> Case:
    """The case as it is, or what runs, sized anew, where that is to be kept or has to be."""
    if not isinstance(case.outcome, Solved) or len(case.decisions) != 1:
        return case
    outcome = _reached(case, case.outcome, lives, solving)
    (decision,) = outcome.decisions
    kept = solver.stable(
        case.spec.workload,
        case.offers,
        outcome,
        pins=live_provider(decision.provider).pins(lives[decision.endpoint]),
        effort=solving.effort,
    )
    return case if kept is case.outcome else replace(case, outcome=kept)


def _reached(case: Case, best: Solved, lives: Mapping[str, LiveState], solving: Solving) -> Solved:
    """What the endpoint can become, where the cloud does not turn it into the cheapest."""
    (decision,) = best.decisions
    live, rules = lives[decision.endpoint], live_provider(decision.provider)
    reason = rules.unreachable(live, decision.hosting)
    if not reason:
        return best
    hostings = registry.get(decision.provider).hostings
    found = solver.reached(
        case.spec.workload,
        case.offers,
        best,
        hostings=tuple(one for one in hostings if not rules.unreachable(live, one)),
        reason=reason,
        effort=solving.effort,
    )
    return found if len(found.decisions) == 1 else best


def _strays(
    cases: Iterable[Case], known: Mapping[str, Owned], connections: Connections
) -> list[Owned]:
    """Endpoints of these specs that are not wanted, or not where they are."""
    places = {
        (one.desired.provider, name, *sorted(one.desired.place.items()))
        for name, one in known.items()
    }
    # A spec that nothing meets says nothing about what is to go.
    decided = [case.spec for case in cases if case.decisions]
    return [
        one
        for one in owned(decided, connections)
        if (one.desired.provider, one.desired.endpoint, *sorted(one.desired.place.items()))
        not in places
    ]


def _link(one: Owned, connections: Connections) -> Link:
    return connections.link(one.desired.provider, one.desired.place)
