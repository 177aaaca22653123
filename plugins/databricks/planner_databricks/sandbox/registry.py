"""Every operation of the workspace.

To add one: write a module with `OPERATIONS`, a tuple of `Operation`, and name it here.
"""

from __future__ import annotations

from planner_databricks.sandbox import endpoints, identity
from planner_databricks.sandbox.operation import Operation

OPERATIONS: tuple[Operation, ...] = (*identity.OPERATIONS, *endpoints.OPERATIONS)

__all__ = ["OPERATIONS", "Operation"]
