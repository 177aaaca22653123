"""What a configuration that stands costs, whoever decided it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from planner.capacity.simulator.steps import average_replicas
from planner.errors import PlannerError
from planner.model.catalog import Catalog
from planner.model.effort import Effort
from planner.model.workload import Workload
from planner.solver.ask import Ask
from planner.solver.configuration import single
from planner.solver.own import own
from planner.solver.scenes import capacity_over


def monthly_usd(
    workload: Workload, catalogs: Mapping[str, Catalog], pins: Mapping[str, str]
) -> float | None:
    """Cost of a pinned configuration under the spec's traffic; None where it has no price."""
    ask = Ask(workload, catalogs)
    try:
        sized = own(ask, pins, None)
    except PlannerError:
        return None
    if sized.bounds is not None and sized.bounds.maximum > sized.bounds.minimum:
        sized = replace(sized, average=average_replicas(capacity_over(sized, Effort())))
    return single(ask, sized, sized.offering).monthly_usd
