"""The ASGI application: one path for the cloud, and `/_sandbox` to steer it."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from planner.model.value import value
from planner.provider.sandbox.answering import DISCONNECT, Delayed
from planner_sagemaker.sandbox import control
from planner_sagemaker.sandbox.calls import Recorded
from planner_sagemaker.sandbox.cloud import LATE, Call, Cloud
from planner_sagemaker.sandbox.errors import CloudError, spoken, throttled
from planner_sagemaker.sandbox.faults import Effect, Rule
from planner_sagemaker.sandbox.passing import pass_time
from planner_sagemaker.sandbox.permissions import permit
from planner_sagemaker.sandbox.validation import check
from planner_sagemaker.sandbox.wire import Asked, Json, recognise
from planner_sagemaker.sandbox.wire_types import Answer, Envelope

_NAMES = (
    *("EndpointName", "EndpointConfigName", "ModelName", "ResourceId", "ResourceArn"),
    *(
        "AlarmName",
        "DashboardName",
        "QuotaName",
        "QuotaCode",
        "RoleName",
        "Bucket",
        "repositoryName",
    ),
)
_REFUSALS: Mapping[Effect, tuple[str, str, int]] = {
    Effect.SERVER_ERROR: ("InternalFailure", "An internal error occurred.", 500),
    Effect.UNAVAILABLE: ("ServiceUnavailable", "Service is unavailable.", 503),
    Effect.DENIED: ("AccessDeniedException", "User is not authorized to perform this action.", 400),
    Effect.EXPIRED: (
        "ExpiredTokenException",
        "The security token included in the request is expired",
        400,
    ),
}


@value
class Outcome:
    """What came of one request, before it is sent."""

    answer: Answer
    error: str = ""
    late_s: float = 0.0


def application(cloud: Cloud) -> Starlette:
    """The sandbox for one cloud; requests are carried out one after the other."""

    async def ask(request: Request) -> Response:
        return await _asked(cloud, request)

    return Starlette(
        routes=[
            Mount("/_sandbox", routes=control.routes(cloud)),
            Route("/{path:path}", ask, methods=["GET", "HEAD", "POST", "PUT", "DELETE"]),
        ]
    )


async def _asked(cloud: Cloud, request: Request) -> Response:
    envelope = Envelope(
        method=request.method,
        path=request.scope["raw_path"].decode("ascii"),
        query=request.url.query,
        headers=dict(request.headers),
        body=_inflated(request, await request.body()),
    )
    try:
        asked = recognise(envelope)
    except CloudError as error:
        return _response(Json("1.1").refuse(error))
    try:
        parameters = asked.codec.read(envelope, asked.operation)
    except CloudError as error:
        answer = asked.codec.refuse(error)
        _record(cloud, asked, {}, Recording(status=answer.status, error=error.code))
        return _response(answer)
    fault = _fault(cloud, asked, parameters)
    effect = fault.effect if fault else None
    if effect is Effect.LOST_REQUEST:
        _record(cloud, asked, parameters, Recording(status=0, fault=fault))
        return await _cut(request)
    if effect is Effect.DELAY and fault is not None:
        await asyncio.sleep(fault.seconds)
    outcome = _carried_out(cloud, asked, parameters, fault)
    _record(
        cloud,
        asked,
        parameters,
        Recording(status=outcome.answer.status, error=outcome.error, fault=fault),
    )
    if effect is Effect.LOST_ANSWER:
        return await _cut(request)
    if effect is Effect.TIMEOUT and fault is not None:
        await asyncio.sleep(fault.seconds)
    if outcome.late_s:
        return Delayed(_response(outcome.answer), outcome.late_s)
    return _response(outcome.answer)


def _inflated(request: Request, body: bytes) -> bytes:
    """Clients compress what they put into metrics, when it is long."""
    if request.headers.get("content-encoding") != "gzip":
        return body
    return gzip.decompress(body)


@value
class Recording:
    """What the list of calls says of an answer; status 0 is none at all."""

    status: int
    error: str = ""
    fault: Rule | None = None


def _fault(cloud: Cloud, asked: Asked, parameters: Mapping[str, Any]) -> Rule | None:
    return cloud.faults.strike(
        service=asked.service.name,
        operation=asked.name,
        region=asked.region,
        name=next((str(parameters[name]) for name in _NAMES if name in parameters), ""),
    )


def _carried_out(
    cloud: Cloud, asked: Asked, parameters: Mapping[str, Any], fault: Rule | None
) -> Outcome:
    try:
        _refuse_by_rule(fault)
        call = Call(
            cloud=cloud,
            region=asked.region,
            service=asked.service.name,
            operation=asked.name,
            parameters=parameters,
            fault=fault,
        )
        done = _done(asked, call)
        answer = asked.codec.write(asked.operation, done)
        return Outcome(answer=answer, late_s=done.get(LATE, 0.0))
    except CloudError as refused:
        error = spoken(refused, asked.service.name)
        return Outcome(answer=asked.codec.refuse(error), error=error.code)


def _done(asked: Asked, call: Call) -> Mapping[str, Any]:
    operation = asked.operation
    permit(call)
    check(operation.input, call.parameters, code=asked.service.invalid)
    handler = asked.service.handlers.get(asked.name)
    if handler is None:
        raise CloudError("NotImplemented", f"the sandbox does not know {asked.name}", status=501)
    pass_time(call.cloud)
    return handler(call)


def _refuse_by_rule(fault: Rule | None) -> None:
    if fault is None:
        return
    if fault.effect is Effect.THROTTLE:
        raise throttled("Rate exceeded" if fault.message is None else fault.message or None)
    if fault.effect in _REFUSALS:
        code, message, status = _REFUSALS[fault.effect]
        raise CloudError(code, fault.message or message, status=status)


def _record(
    cloud: Cloud, asked: Asked, parameters: Mapping[str, Any], recording: Recording
) -> None:
    cloud.calls.record(
        Recorded(
            at_s=cloud.clock.now(),
            region=asked.region,
            service=asked.service.name,
            operation=asked.name,
            parameters=dict(parameters),
            status=recording.status,
            error=recording.error,
            fault=recording.fault.effect.value if recording.fault else "",
            agent=asked.agent,
        )
    )


async def _cut(request: Request) -> Response:
    """Close the connection under the client's feet."""
    getattr(request.state, DISCONNECT)()
    while not await request.is_disconnected():
        await asyncio.sleep(0)
    return Response()


def _response(answer: Answer) -> Response:
    return Response(answer.body, status_code=answer.status, headers=dict(answer.headers))
