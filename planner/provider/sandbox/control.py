"""`/_sandbox`: how tests and people steer a cloud; no client library knows these paths.

- `clock`: POST `{"advance": 600}` moves the time; GET tells it.
- `faults`: POST a list of rules in YAML or JSON; GET shows those in force.
- `calls`: GET the recorded requests, with `?mutating=true` only those that write.
- `pace`: POST `{"create_s": 60}` sets how long things take; GET tells it.
- `reset`: POST forgets everything.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from planner.provider.sandbox.cloud import Cloud


def routes(cloud: Cloud[Any]) -> list[Route]:
    """The control paths that every cloud has."""
    control = _Control(cloud)
    return [
        Route("/clock", control.clock, methods=["GET", "POST"]),
        Route("/faults", control.faults, methods=["GET", "POST"]),
        Route("/calls", control.calls, methods=["GET"]),
        Route("/pace", control.pace, methods=["GET", "POST"]),
        Route("/reset", control.reset, methods=["POST"]),
    ]


def refused(message: str) -> Response:
    """What a control path answers to a request that it does not understand."""
    return JSONResponse({"error": message}, status_code=400)


class _Control:
    def __init__(self, cloud: Cloud[Any]) -> None:
        self._cloud = cloud

    async def clock(self, request: Request) -> Response:
        """The time; a POST moves it forward and lets what is due happen."""
        if request.method == "POST":
            asked = await request.json()
            try:
                self._cloud.advance(float(asked["advance"]))
            except (KeyError, TypeError, ValueError) as error:
                return refused(f'{{"advance": seconds}} expected: {error}')
        return JSONResponse({"now": self._cloud.clock.now()})

    async def faults(self, request: Request) -> Response:
        """The rules in force; a POST puts others in their place."""
        if request.method == "POST":
            try:
                self._cloud.fail_by((await request.body()).decode())
            except ValueError as error:
                return refused(str(error))
        return JSONResponse([rule.model_dump() for rule in self._cloud.faults.rules])

    async def calls(self, request: Request) -> Response:
        """The recorded requests, oldest first."""
        asked = request.query_params.get("mutating")
        mutating = None if asked is None else asked == "true"
        return JSONResponse([asdict(one) for one in self._cloud.calls.every(mutating=mutating)])

    async def pace(self, request: Request) -> Response:
        """How long things take; a POST changes what it names, until the sandbox ends."""
        if request.method == "POST":
            asked = await request.json()
            try:
                given = {name: float(amount) for name, amount in asked.items()}
                self._cloud.pace = replace(self._cloud.pace, **given)
            except (AttributeError, TypeError, ValueError) as error:
                return refused(str(error))
        return JSONResponse(asdict(self._cloud.pace))

    async def reset(self, request: Request) -> Response:
        """Forget everything."""
        del request
        self._cloud.reset()
        return JSONResponse({})
