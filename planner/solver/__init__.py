"""From a workload and catalogs to the cheapest configuration that meets it, or why none does."""

from planner.solver.run_limits import check_run
from planner.solver.sensitivity import sensitivities
from planner.solver.solve import solve

__all__ = ["check_run", "sensitivities", "solve"]
