"""Every operation of the workspace, and what time does to its documents.

To add one: write a module with `OPERATIONS`, a tuple of `Operation`, and name it here.
"""

from __future__ import annotations

from collections.abc import Mapping

from planner.provider.sandbox.cloud import Change
from planner_databricks.sandbox import (
    alerts,
    attachments,
    endpoints,
    identity,
    invocations,
    logs,
    metrics,
    permissions,
    power,
    secret_scopes,
    statements,
    tokens,
    transitions,
    unity,
)
from planner_databricks.sandbox.operation import Operation

OPERATIONS: tuple[Operation, ...] = (
    *identity.OPERATIONS,
    *tokens.OPERATIONS,
    *endpoints.OPERATIONS,
    *attachments.OPERATIONS,
    *power.OPERATIONS,
    *logs.OPERATIONS,
    *metrics.OPERATIONS,
    *invocations.OPERATIONS,
    *permissions.OPERATIONS,
    *unity.OPERATIONS,
    *secret_scopes.OPERATIONS,
    *statements.OPERATIONS,
    *alerts.OPERATIONS,
)

CHANGES: Mapping[str, Change] = {
    transitions.KIND: transitions.change,
    statements.KIND: statements.change,
}
