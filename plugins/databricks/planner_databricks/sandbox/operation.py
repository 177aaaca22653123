"""How an operation of the REST interface is described."""

from __future__ import annotations

from planner.model.value import value
from planner_databricks.sandbox.workspace import Handler

ENDPOINTS = "/api/2.0/serving-endpoints"
ENDPOINT = f"{ENDPOINTS}/{{name}}"


@value
class Operation:
    """One verb on one path; `name` is what fault rules and the list of calls say.

    `signed` is False where the workspace answers without credentials.
    """

    name: str
    method: str
    path: str
    handler: Handler
    mutating: bool = False
    signed: bool = True
