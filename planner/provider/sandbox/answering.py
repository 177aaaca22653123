"""From a request that was read to the answer: faults strike, the call is recorded."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from planner.model.value import value
from planner.provider.sandbox.calls import Recorded
from planner.provider.sandbox.cloud import Cloud
from planner.provider.sandbox.faults import Effect, Rule

DISCONNECT = "disconnect"
"""Where in the connection's state the server puts a function that cuts it."""


@value
class Asked:
    """One request as fault rules and the list of calls see it; `name` is the object's.

    `agent` is who the client says it is.
    """

    service: str
    operation: str
    region: str
    name: str
    parameters: dict[str, Any]
    mutating: bool
    agent: str = ""


class Delayed(Response):
    """An answer that takes so many seconds of the wall clock; others are answered meanwhile."""

    def __init__(self, answer: Response, seconds: float) -> None:
        super().__init__(answer.body, answer.status_code)
        self.raw_headers = answer.raw_headers
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it when its time has come."""
        await asyncio.sleep(self._seconds)
        await super().__call__(scope, receive, send)


@value
class Outcome:
    """What came of a request; `error` is the code of a refusal."""

    response: Response
    error: str = ""


async def answered(
    cloud: Cloud[Any],
    request: Request,
    asked: Asked,
    carry_out: Callable[[Rule | None], Outcome],
) -> Response:
    """Carry out a request unless a fault rule strikes it first, and record it.

    `carry_out` is told the rule that strikes; it refuses what the rule says is refused.
    """
    fault = cloud.faults.strike(
        service=asked.service, operation=asked.operation, region=asked.region, name=asked.name
    )
    effect = fault.effect if fault else None
    if effect == Effect.LOST_REQUEST:
        record(cloud, asked, None, fault)
        return await _cut(request)
    if effect == Effect.DELAY and fault is not None:
        await asyncio.sleep(fault.seconds)
    outcome = carry_out(fault)
    record(cloud, asked, outcome, fault)
    if effect == Effect.LOST_ANSWER:
        return await _cut(request)
    if effect == Effect.TIMEOUT and fault is not None:
        await asyncio.sleep(fault.seconds)
    return outcome.response


def record(
    cloud: Cloud[Any], asked: Asked, outcome: Outcome | None, fault: Rule | None = None
) -> None:
    """Keep a request in the list of calls; no outcome is no answer."""
    cloud.calls.record(
        Recorded(
            number=cloud.calls.next_number(),
            at_s=cloud.clock.now(),
            region=asked.region,
            service=asked.service,
            operation=asked.operation,
            parameters=asked.parameters,
            status=outcome.response.status_code if outcome else 0,
            error=outcome.error if outcome else "",
            fault=str(fault.effect) if fault else "",
            mutating=asked.mutating,
            agent=asked.agent,
        )
    )


async def _cut(request: Request) -> Response:
    """Close the connection under the client's feet."""
    getattr(request.state, DISCONNECT)()
    while not await request.is_disconnected():
        await asyncio.sleep(0)
    return Response()
