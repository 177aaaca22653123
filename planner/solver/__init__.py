"""From a workload and catalogs to the cheapest configuration that meets it, or why none does.

`planner.solver.sensitivity` tells where the answer changes; only `explain` asks.
"""

from __future__ import annotations

from collections.abc import Mapping

from planner.model.catalog import Catalog
from planner.model.workload import Workload
from planner.solver.run_limits import check_run
from planner.solver.solve import solve
from planner.solver.stable import REFUSED, reached, stable

__all__ = ["REFUSED", "check_run", "monthly_usd", "reached", "solve", "stable"]


def monthly_usd(
    workload: Workload, catalogs: Mapping[str, Catalog], pins: Mapping[str, str]
) -> float | None:
    """Cost of a configuration that stands; `planner.solver.standing` tells more."""
    from planner.solver.standing import monthly_usd as priced  # noqa: PLC0415 - only where live

    return priced(workload, catalogs, pins)
