"""All endpoints of a run: what each needs, and one after the other made so."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from planner import plans, solver
from planner.engine.apply import Applied, Event, Job, refused
from planner.engine.connect import Connections
from planner.errors import PlannerError
from planner.model.candidate import Outcome, Solved
from planner.model.catalog import Catalog
from planner.model.change import Action, ChangeSet
from planner.model.plan import Plan
from planner.model.resource import DesiredState
from planner.model.value import value
from planner.model.workload import Workload


@value
class Errand:
    """A plan to make real: desired states in its order, and whom to tell what happens."""

    plan: Plan
    desired: tuple[DesiredState, ...]
    workloads: tuple[Workload, ...]
    tell: Callable[[Event], None]
    timeout_s: float


@value
class Wanted:
    """What a workload is to become: its catalogs, its outcome and its desired states by name."""

    workload: Workload
    catalogs: Mapping[str, Catalog]
    outcome: Outcome
    desired: Mapping[str, DesiredState]


def live_changes(
    wanted: Sequence[Wanted], connections: Connections
) -> tuple[dict[str, ChangeSet], dict[str, float]]:
    """What every decided endpoint needs, and what it costs now where that has a price.

    By the endpoint's name; nothing is written.
    """
    changes: dict[str, ChangeSet] = {}
    before: dict[str, float] = {}
    for one in wanted:
        for decision in one.outcome.decisions if isinstance(one.outcome, Solved) else ():
            name = decision.endpoint
            found, pins = connections.standing(one.desired[name], one.workload)
            changes[name] = plans.hidden(found)
            if found.action is Action.NONE:
                before[name] = decision.cost.monthly_usd
            elif pins:
                before[name] = solver.monthly_usd(one.workload, one.catalogs, pins) or 0.0
    return changes, before


def each(
    errand: Errand,
    connections: Connections,
    act: Callable[[Job, Callable[[Event], None]], Applied],
) -> tuple[Applied, ...]:
    """Act on every endpoint; one that fails does not stop the next."""
    planned = {endpoint.name: endpoint for endpoint in errand.plan.endpoints}
    workloads = {workload.name: workload for workload in errand.workloads}
    results: list[Applied] = []
    for state in errand.desired:
        workload = workloads[planned[state.endpoint].workload]
        try:
            job = Job(
                desired=state,
                planned=planned[state.endpoint].changes,
                owner=workload.name,
                gateway=connections.gateway(workload, state.provider),
                lifecycle=connections.lifecycle(state.provider),
                compare=connections.compare(state.provider),
                timeout_s=errand.timeout_s,
            )
            results.append(act(job, errand.tell))
        except PlannerError as error:
            results.append(refused(error, state.endpoint))
    return tuple(results)
