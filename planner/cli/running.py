"""What commands that look at running endpoints share: the specs, planned against what lives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from planner.errors import UsageError

if TYPE_CHECKING:
    from planner.checkup import Looking, Planned, Watched
    from planner.engine import Connections
    from planner.spec import Spec


def planned_live(
    specs: Sequence[Spec], connections: Connections, *, parallel: int | None = None
) -> list[Planned]:
    """Every spec with its decisions, and how their endpoints stand; writes nothing."""
    from planner import checkup, live, workflow
    from planner.engine import PARALLEL

    run = workflow.plan(
        specs,
        connections=connections,
        live=live.Reading(parallel=parallel or PARALLEL),
    )
    names = {endpoint.name: endpoint.workload for endpoint in run.plan.endpoints}
    return [
        checkup.Planned(
            spec=spec,
            outcome=outcome,
            standing={
                name: standing
                for name, standing in run.standing.items()
                if names[name] == spec.workload.name
            },
        )
        for spec, outcome in zip(run.specs, run.outcomes, strict=True)
    ]


def watched_one(
    specs: Sequence[Spec], looking: Looking, *, sandbox: str | None, model: str | None
) -> Watched:
    """The one endpoint of these specs that serves the model, None: any, and its metrics.

    UsageError where there are several, or none.
    """
    from planner import checkup
    from planner.engine import connected

    with connected(sandbox=sandbox) as connections:
        planned = planned_live(specs, connections, parallel=looking.parallel)
        found = checkup.watched(planned, connections, looking)
    named = [one for one in found if model in {None, *one.running.decision.models}]
    if len(named) != 1:
        names = [one.running.decision.models[0] for one in found]
        raise UsageError(
            "which-model",
            f"models of this spec with an endpoint of their own: {', '.join(names)}",
            hint=f"--model {names[0]}",
        )
    return named[0]
