"""Runs the sandbox: in the foreground for people, in a thread for a command or a test."""

from __future__ import annotations

import asyncio
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from planner.errors import ProviderError
from planner_sagemaker.sandbox.app import DISCONNECT, application
from planner_sagemaker.sandbox.clock import Clock
from planner_sagemaker.sandbox.cloud import Cloud, Pace
from planner_sagemaker.sandbox.faults import Faults, Rule, read_rules
from planner_sagemaker.sandbox.store import Store

LOOPBACK = "127.0.0.1"
PORT = 4566
STATE = ".planner/sandbox.sqlite3"


class _Cuttable(H11Protocol):
    """HTTP whose requests can close their connection without an answer."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        # asyncio does this only for sockets that name their protocol, which a listener's may not;
        # else each answer waits 40 ms for an acknowledgement.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.app_state = {**self.app_state, DISCONNECT: transport.abort}


@contextmanager
def running(
    path: str = STATE,
    *,
    pace: Pace | None = None,
    frozen: bool = False,
    faults: str | None = None,
) -> Iterator[str]:
    """Serve on a free loopback port in a thread until the block ends; yields the URL.

    A frozen clock moves only by `/_sandbox/clock`. Raises ProviderError where the state file or the
    faults cannot be had.
    """
    cloud = _open(path, pace=pace, frozen=frozen, faults=faults)
    with closing(cloud.store), _listening(0) as listener:
        server = _server(cloud)
        thread = threading.Thread(target=server.run, args=([listener],), name="sandbox")
        thread.start()
        try:
            # Whoever connects before the server is up waits in the listener's queue.
            yield _url(listener)
        finally:
            server.should_exit = True
            thread.join()


def serve(
    path: str = STATE,
    *,
    port: int = PORT,
    faults: str | None = None,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serve on the loopback until interrupted; `ready` is told the URL once clients may come.

    Raises ProviderError where the port, the state file or the faults cannot be had.
    """
    cloud = _open(path, faults=faults)
    with closing(cloud.store), _listening(port) as listener:
        if ready is not None:
            ready(_url(listener))
        _server(cloud).run([listener])


def hints(url: str) -> tuple[str, ...]:
    """How the AWS CLI is pointed at it; any credentials will do."""
    return (
        f"export AWS_ENDPOINT_URL={url} AWS_ACCESS_KEY_ID=sandbox AWS_SECRET_ACCESS_KEY=sandbox",
        "aws sagemaker list-endpoints --region us-east-1",
    )


def _open(
    path: str, *, faults: str | None, pace: Pace | None = None, frozen: bool = False
) -> Cloud:
    """A cloud on a state file, at the time at which it was left."""
    rules = _rules(faults)
    try:
        store = Store(path)
    except (OSError, sqlite3.Error) as error:
        raise ProviderError(
            "sandbox-state", f"the sandbox cannot keep its state in {path}: {error}"
        ) from error
    clock = Clock(frozen=frozen, advanced_s=float(store.fact("advanced_s", "0")))
    return Cloud(store, clock, pace=pace, faults=Faults(rules))


def _rules(faults: str | None) -> list[Rule]:
    if faults is None:
        return []
    try:
        return read_rules(Path(faults).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ProviderError("sandbox-faults", f"{faults} holds no fault rules: {error}") from error


def _listening(port: int) -> socket.socket:
    try:
        return socket.create_server((LOOPBACK, port))
    except OSError as error:
        raise ProviderError(
            "sandbox-port",
            f"port {port} of {LOOPBACK} cannot be had: {error.strerror}",
            hint="planner sandbox serve --provider sagemaker --port 0",
        ) from error


def _server(cloud: Cloud) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            application(cloud),
            http=_Cuttable,
            loop="asyncio",
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="error",
            access_log=False,
            timeout_keep_alive=60,  # longer than clients keep a connection that they do not use
            timeout_graceful_shutdown=1,
        )
    )


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://{host}:{port}"
