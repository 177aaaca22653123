"""`/_sandbox` of a workspace: the paths of every sandbox, and those for its models and secrets."""

from __future__ import annotations

from starlette.routing import Route

from planner.provider.sandbox import control
from planner_databricks.sandbox.workspace import Workspace


def routes(workspace: Workspace) -> list[Route]:
    """The control paths of one workspace."""
    return control.routes(workspace)
