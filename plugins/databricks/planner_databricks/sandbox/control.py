"""`/_sandbox` of a workspace: the paths of every sandbox, and these.

- `models`: POST `{"main.search.ranker": {"versions": {"3": "READY"}, "aliases": {"live": "3"}}}`:
  from then on there are those models only.
- `secrets`: POST `{"scope": ["key"]}`: from then on there are those secrets only.
- `quotas`: POST `{"endpoints": 10, "provisioned_concurrency": 64, "writes": 5}` grants quotas.
- `load`: POST `{"endpoint": NAME, "minutes": [...]}` lets an endpoint have simulated traffic, which
  its metrics show; a minute has the fields of `planner.model.minute.Minute`.
- `prices`: POST `{"PREMIUM_SERVERLESS_REAL_TIME_INFERENCE_US_EAST_N_VIRGINIA": 0.09}` lists SKUs at
  other prices; a list gives as many rows, null none.
- `workspace`: POST `{"cloud": "azure"}` puts the workspace on a cloud, which decides on workload
  types and prices; GET tells it.
"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from planner.provider.sandbox import control
from planner.provider.sandbox.control import refused
from planner_databricks import tables
from planner_databricks.sandbox.driving import drive
from planner_databricks.sandbox.quotas import set_limits
from planner_databricks.sandbox.secret_scopes import list_secrets
from planner_databricks.sandbox.statements import set_prices
from planner_databricks.sandbox.unity import list_models
from planner_databricks.sandbox.workspace import Workspace


def routes(workspace: Workspace) -> list[Route]:
    """The control paths of one workspace."""
    own = _Control(workspace)
    return [
        *control.routes(workspace),
        Route("/models", own.models, methods=["POST"]),
        Route("/secrets", own.secrets, methods=["POST"]),
        Route("/quotas", own.quotas, methods=["POST"]),
        Route("/load", own.load, methods=["POST"]),
        Route("/prices", own.prices, methods=["POST"]),
        Route("/workspace", own.workspace, methods=["GET", "POST"]),
    ]


class _Control:
    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    async def models(self, request: Request) -> Response:
        """The models that there are, with versions and aliases."""
        return self._listed(list_models, await request.json())

    async def secrets(self, request: Request) -> Response:
        """The secrets that there are, by scope."""
        return self._listed(list_secrets, await request.json())

    async def quotas(self, request: Request) -> Response:
        """Grant quotas, from the next request on."""

        def grant(workspace: Workspace, given: Any) -> None:
            try:
                limits = {str(name): int(amount) for name, amount in given.items()}
            except (AttributeError, TypeError) as error:
                raise ValueError(f'{{"endpoints": number}} expected: {error}') from error
            set_limits(workspace, limits)

        return self._listed(grant, await request.json())

    async def prices(self, request: Request) -> Response:
        """List SKUs at other prices."""
        return self._listed(set_prices, await request.json())

    async def load(self, request: Request) -> Response:
        """Let an endpoint have traffic."""
        try:
            return JSONResponse(drive(self._workspace, await request.json()))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            return refused(f'{{"endpoint": name, "minutes": [...]}} expected: {error}')

    async def workspace(self, request: Request) -> Response:
        """Which cloud the workspace is on; "" is any."""
        if request.method == "POST":
            asked = await request.json()
            cloud = asked.get("cloud") if isinstance(asked, dict) else None
            if cloud not in (*tables.CLOUDS, ""):
                return refused(f'{{"cloud": {" | ".join(tables.CLOUDS)}}} expected')
            self._workspace.store.remember("cloud", cloud)
        return JSONResponse({"cloud": self._workspace.store.fact("cloud")})

    def _listed(self, take: Any, given: Any) -> Response:
        try:
            take(self._workspace, given)
        except ValueError as error:
            return refused(str(error))
        return JSONResponse(given)
