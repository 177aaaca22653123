"""Runs the sandbox: in the foreground for people, in a thread for a command or a test."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

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


def open_cloud(
    path: str = STATE,
    *,
    pace: Pace | None = None,
    frozen: bool = False,
    rules: Sequence[Rule] = (),
) -> Cloud:
    """A cloud on a state file, at the time at which it was left."""
    store = Store(path)
    clock = Clock(frozen=frozen, advanced_s=float(store.fact("advanced_s", "0")))
    return Cloud(store, clock, pace=pace, faults=Faults(list(rules)))


@contextmanager
def running(
    path: str = STATE,
    *,
    pace: Pace | None = None,
    frozen: bool = False,
    faults: str | None = None,
    port: int = 0,
) -> Iterator[str]:
    """Serve on a free loopback port in a thread until the block ends; yields the URL.

    Raises OSError where the port or the state file cannot be had, ValueError for wrong faults.
    """
    cloud = open_cloud(path, pace=pace, frozen=frozen, rules=_rules(faults))
    try:
        with socket.create_server((LOOPBACK, port)) as listener:
            server = _server(cloud)
            thread = threading.Thread(target=server.run, args=([listener],), name="sandbox")
            thread.start()
            try:
                # Whoever connects before the server is up waits in the listener's queue.
                yield _url(listener)
            finally:
                server.should_exit = True
                thread.join()
    finally:
        cloud.store.close()


def serve(
    path: str = STATE,
    *,
    host: str = LOOPBACK,
    port: int = PORT,
    faults: str | None = None,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serve until interrupted; `ready` is told the URL once clients may come.

    Raises what `running` raises.
    """
    cloud = open_cloud(path, rules=_rules(faults))
    try:
        with socket.create_server((host, port)) as listener:
            if ready is not None:
                ready(_url(listener))
            _server(cloud).run([listener])
    finally:
        cloud.store.close()


def _server(cloud: Cloud) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            application(cloud),
            http=_Cuttable,
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="error",
            access_log=False,
            timeout_graceful_shutdown=1,
        )
    )


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://{host}:{port}"


def _rules(faults: str | None) -> list[Rule]:
    return read_rules(Path(faults).read_text(encoding="utf-8")) if faults else []
