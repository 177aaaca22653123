"""What commands that look at running endpoints share: the specs, planned against what lives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from planner.checkup import Planned
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
