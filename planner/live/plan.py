"""A plan held against what lives, and what runs kept where moving it would save too little."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from planner import locks, plans, solver
from planner.engine import Standing
from planner.engine.connect import live_provider
from planner.errors import SpecError
from planner.live.ahead import Ahead
from planner.live.read import Owned, checked, owned, removals
from planner.model.candidate import Decision, Outcome, Solved
from planner.model.catalog import Catalog
from planner.model.change import Action
from planner.model.check import Check
from planner.model.effort import Effort
from planner.model.live import Health, LiveState
from planner.model.plan import Pending
from planner.model.resource import DesiredState
from planner.model.units import format_usd
from planner.model.value import value
from planner.provider import registry
from planner.spec import Spec


@value
class Running:
    """An endpoint that lives, and whose it is to read."""

    provider: str
    live: LiveState

    @property
    def pins(self) -> Mapping[str, str]:
        """What it has now; nothing where that is not one plain configuration."""
        return live_provider(self.provider).pins(self.live)


@value
class Case:
    """One spec with what is offered to it and what was decided for it.

    What is `locked` stays, whatever runs.
    """

    spec: Spec
    offers: Mapping[str, Catalog]
    outcome: Outcome
    locked: bool = False

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
    deletion takes where that was asked for. `away` are wanted endpoints that run somewhere else.
    """

    cases: tuple[Case, ...]
    standing: Mapping[str, Standing]
    removals: tuple[Pending, ...]
    strays: tuple[str, ...]
    checks: tuple[Check, ...]
    away: Mapping[str, Running]

    @property
    def held(self) -> plans.Held:
        """As a plan takes it, secrets hidden."""
        return plans.Held(
            changes={name: plans.hidden(one.changes) for name, one in self.standing.items()},
            monthly_usd_before=self._monthly_usd(),
            desired={name: one.desired for name, one in self.standing.items()},
            sync={name: one.sync for name, one in self.standing.items()},
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
                here = Running(provider=decision.provider, live=now.live)
                pins = self.away.get(decision.endpoint, here).pins
                known = solver.monthly_usd(case.spec.workload, case.offers, pins) if pins else None
                before[decision.endpoint] = known or 0.0
        return before


def held(
    cases: Sequence[Case],
    desired: Mapping[str, DesiredState],
    ahead: Ahead,
    *,
    solving: Solving,
) -> Found:
    """What the cases need to become real, with what runs kept where little would be saved.

    `desired` by endpoint; reads of them may have begun. Writes nothing.
    """
    connections, reading = ahead.connections, ahead.reading
    known = _wanted(cases, lambda _, decision: desired[decision.endpoint])
    lives = ahead.states(known.values())
    # A spec that nothing meets says nothing about what is to go.
    unseen: list[Check] = []
    ours = list(owned([case.spec for case in cases if case.decisions], connections, unseen=unseen))
    away = _away(ours, known, ahead)
    stable = tuple(_stable(case, _present(lives), away, solving) for case in cases)
    anew = [case for before, case in zip(cases, stable, strict=True) if case is not before]
    moved = _wanted(anew, solving.render)
    ahead.states(moved.values())
    known = {**known, **moved}
    by_name = ahead.standing(known)
    wanted = {one.where for one in known.values()}
    strays = [one for one in ours if one.where not in wanted]
    by_name.update(_moving(strays, by_name))
    by_name.update(_out_of_reach(stable, by_name))
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
        checks=(*checked(pending, connections), *dict.fromkeys(unseen)),
        away={name: away[name] for name in away if name in {s.desired.endpoint for s in strays}},
    )


def _wanted(
    cases: Iterable[Case], render: Callable[[Spec, Decision], DesiredState]
) -> dict[str, Owned]:
    """What is wanted of each endpoint, by its name."""
    return {
        decision.endpoint: Owned(owner=case.spec.workload.name, desired=render(case.spec, decision))
        for case in cases
        for decision in case.decisions
    }


def _present(lives: Mapping[str, LiveState]) -> dict[str, LiveState]:
    return {name: live for name, live in lives.items() if live.health is not Health.ABSENT}


def _away(ours: Iterable[Owned], known: Mapping[str, Owned], ahead: Ahead) -> dict[str, Running]:
    """Endpoints of the wanted names that run somewhere else."""
    elsewhere = {
        one.desired.endpoint: one
        for one in ours
        if one.desired.endpoint in known and one.where != known[one.desired.endpoint].where
    }
    lives = ahead.states(elsewhere.values(), compared=False)
    return {
        name: Running(provider=elsewhere[name].desired.provider, live=live)
        for name, live in _present(lives).items()
    }


def _moving(strays: Iterable[Owned], standing: Mapping[str, Standing]) -> dict[str, Standing]:
    """Endpoints that come up in another place, with a word on what that means for clients."""
    found: dict[str, Standing] = {}
    for one in strays:
        now = standing.get(one.desired.endpoint)
        if now is not None:
            there = f"{one.desired.provider} {one.desired.region}".rstrip()
            here = f"{now.desired.provider} {now.desired.region}".rstrip()
            note = (
                f"moves from {there} to {here}: clients need the new URL and its client library;"
                " the old endpoint serves, and is paid for, until --prune deletes it once this one"
                " is ready"
            )
            found[one.desired.endpoint] = _noted(now, note)
    return found


def _out_of_reach(cases: Iterable[Case], standing: Mapping[str, Standing]) -> dict[str, Standing]:
    """Endpoints that would be cheaper in a mode that the cloud does not turn them into."""
    found: dict[str, Standing] = {}
    for case in cases:
        others = case.outcome.alternatives if isinstance(case.outcome, Solved) else ()
        for one in others:
            if one.rejection is not None and one.rejection.code == solver.REFUSED:
                what = f"{one.hosting} {one.instance_type}"
                note = (
                    f"{what} would cost {format_usd(one.monthly_usd or 0.0)} a month, but "
                    f"{one.rejection.measured}; a new metadata.name gets it"
                )
                (decision,) = case.decisions
                found[decision.endpoint] = _noted(standing[decision.endpoint], note)
    return found


def _noted(now: Standing, note: str) -> Standing:
    return replace(now, changes=replace(now.changes, notes=(*now.changes.notes, note)))


def _stable(
    case: Case, here: Mapping[str, LiveState], away: Mapping[str, Running], solving: Solving
) -> Case:
    """The case as it is, or what runs, sized anew, where that is to be kept or has to be."""
    if not isinstance(case.outcome, Solved) or len(case.decisions) != 1:
        return case
    (decision,) = case.decisions
    live, elsewhere = here.get(decision.endpoint), away.get(decision.endpoint)
    outcome, running = case.outcome, elsewhere
    if live is not None:
        if case.locked:
            _refuse_unreachable(case.spec, decision, live)
        outcome = case.outcome if case.locked else _reached(case, case.outcome, live, solving)
        running = Running(provider=decision.provider, live=live)
    if running is None or case.locked:
        return case
    kept = solver.stable(
        case.spec.workload, case.offers, outcome, pins=running.pins, effort=solving.effort
    )
    return case if kept is case.outcome else replace(case, outcome=kept)


def _refuse_unreachable(spec: Spec, decision: Decision, live: LiveState) -> None:
    """Raise SpecError where the cloud does not turn what runs into what is locked."""
    reason = live_provider(decision.provider).unreachable(live, decision.hosting)
    if reason and spec.lock is not None:
        message = f"{decision.endpoint} is locked as {decision.hosting}, but {reason}"
        keys = ("endpoints", decision.endpoint, "hosting")
        raise SpecError((locks.problem(spec.lock, "lock-out-of-reach", message, keys),))


def _reached(case: Case, best: Solved, live: LiveState, solving: Solving) -> Solved:
    """What the endpoint can become, where the cloud does not turn it into the cheapest."""
    (decision,) = best.decisions
    rules = live_provider(decision.provider)
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
