"""From a workload and catalogs to the cheapest configuration that meets it, or why none does.

`planner.solver.sensitivity` tells where the answer changes; only `explain` asks.
"""

from planner.solver.run_limits import check_run
from planner.solver.solve import solve

__all__ = ["check_run", "solve"]
