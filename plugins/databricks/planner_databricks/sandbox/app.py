"""The ASGI application: the REST interface of a workspace, and `/_sandbox` to steer it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from planner.provider.sandbox.answering import Asked, Outcome, answered, record
from planner.provider.sandbox.faults import Effect, Rule
from planner_databricks.sandbox import control
from planner_databricks.sandbox.errors import WorkspaceError, malformed
from planner_databricks.sandbox.operation import Operation
from planner_databricks.sandbox.registry import OPERATIONS
from planner_databricks.sandbox.workspace import Call, Workspace

_REFUSALS: Mapping[str, tuple[str, str, int]] = {
    Effect.THROTTLE: ("REQUEST_LIMIT_EXCEEDED", "Rate limit exceeded", 429),
    Effect.SERVER_ERROR: ("INTERNAL_ERROR", "Internal Error", 500),
    Effect.UNAVAILABLE: (
        "TEMPORARILY_UNAVAILABLE",
        "The service is temporarily unavailable.",
        503,
    ),
    Effect.DENIED: (
        "PERMISSION_DENIED",
        "User does not have permission to perform this operation.",
        403,
    ),
    # An unknown or expired personal token is answered with 403, and the code is a number in quotes
    # (databricks/databricks-sdk-js, tests of its errors).
    Effect.EXPIRED: ("403", "Invalid access token.", 403),
}


def application(workspace: Workspace) -> Starlette:
    """The sandbox for one workspace; requests are carried out one after the other."""
    return Starlette(
        routes=[
            Mount("/_sandbox", routes=control.routes(workspace)),
            *(
                Route(one.path, _endpoint(workspace, one), methods=[one.method])
                for one in OPERATIONS
            ),
            Route("/{path:path}", _endpoint(workspace, None), methods=_METHODS),
        ]
    )


_NAMES = ("name", "model", "scope", "display_name", "id")
"""What names the object of a request, the first that it has."""

_FORM = "application/x-www-form-urlencoded"
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def _endpoint(
    workspace: Workspace, operation: Operation | None
) -> Callable[[Request], Awaitable[Response]]:
    async def ask(request: Request) -> Response:
        return await _asked(workspace, operation, request)

    return ask


async def _asked(workspace: Workspace, operation: Operation | None, request: Request) -> Response:
    try:
        if operation is None:
            raise WorkspaceError(
                "ENDPOINT_NOT_FOUND",
                f"No API found for '{request.method} {request.url.path}'",
                status=404,
            )
        if operation.signed:
            _authenticated(request)
        body = _body(await request.body(), request.headers.get("content-type", ""))
    except WorkspaceError as error:
        outcome = _refused(error)
        record(workspace, _seen(operation, request, {}), outcome)
        return outcome.response
    asked = _seen(operation, request, body)
    return await answered(
        workspace, request, asked, partial(_carried_out, workspace, operation, request, body)
    )


def _seen(operation: Operation | None, request: Request, body: dict[str, Any]) -> Asked:
    named = {**request.query_params, **request.path_params, **body}
    return Asked(
        service="databricks",
        operation=operation.name if operation else f"{request.method} {request.url.path}",
        region="",
        name=next((str(named[key]) for key in _NAMES if key in named), ""),
        parameters=named,
        mutating=operation.mutating if operation else False,
        agent=request.headers.get("user-agent", ""),
    )


def _authenticated(request: Request) -> None:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        # Text and code as clients quote them in public reports.
        raise WorkspaceError(
            "401",
            "Credential was not sent or was of an unsupported type for this API.",
            status=401,
        )


def _body(raw: bytes, kind: str) -> dict[str, Any]:
    if not raw:
        return {}
    if kind.startswith(_FORM):
        return dict(parse_qsl(raw.decode("utf-8", "replace")))
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise malformed(f"Could not parse request object: {error}") from None
    if not isinstance(body, dict):
        raise malformed("Could not parse request object: Expected 'START_OBJECT'")
    return body


def _carried_out(
    workspace: Workspace,
    operation: Operation,
    request: Request,
    body: dict[str, Any],
    fault: Rule | None,
) -> Outcome:
    try:
        _refuse_by_rule(fault)
        workspace.pass_time()
        answer = operation.handler(
            Call(
                workspace=workspace,
                operation=operation.name,
                path=request.path_params,
                query=request.query_params,
                body=body,
                url=str(request.base_url).rstrip("/"),
                now=workspace.clock.now(),
                token=request.headers.get("authorization", "").partition(" ")[2],
                fault=fault,
            )
        )
    except WorkspaceError as error:
        return _refused(error)
    return Outcome(response=answer if isinstance(answer, Response) else JSONResponse(answer))


def _refuse_by_rule(fault: Rule | None) -> None:
    if fault is not None and fault.effect in _REFUSALS:
        code, message, status = _REFUSALS[fault.effect]
        raise WorkspaceError(code, fault.message or message, status=status)


def _refused(error: WorkspaceError) -> Outcome:
    body = {"error_code": error.code, "message": error.message}
    return Outcome(
        response=JSONResponse(body, status_code=error.status, headers=error.headers),
        error=error.code,
    )
