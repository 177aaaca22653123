"""Runs a sandbox: in the foreground for people, in a thread for a command or a test."""

from __future__ import annotations

import asyncio
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol

from planner.errors import ProviderError
from planner.provider.sandbox.answering import DISCONNECT
from planner.provider.sandbox.clock import Clock
from planner.provider.sandbox.cloud import Cloud
from planner.provider.sandbox.store import Store

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


class _Prompt(uvicorn.Server):
    """Leaves as soon as it is told to; uvicorn looks ten times a second, and waits once more."""

    _loop: asyncio.AbstractEventLoop | None = None

    def leave(self) -> None:
        """End, from another thread; what is still being answered has a second."""
        self.should_exit = True
        if self._loop is not None:
            with suppress(RuntimeError):  # it is closed: nobody is left
                self._loop.call_soon_threadsafe(self._told.set)

    async def main_loop(self) -> None:
        """Serve until told to leave."""
        self._told = asyncio.Event()
        self._loop = asyncio.get_running_loop()  # whoever saw none before has said should_exit
        ticks = 0
        while not await self.on_tick(ticks):
            ticks += 10  # tenths of a second
            with suppress(TimeoutError):
                await asyncio.wait_for(self._told.wait(), 1.0)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close what is idle at once; uvicorn waits for the rest."""
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        await asyncio.sleep(0)  # in which closed connections say so
        if self.server_state.connections or self.server_state.tasks:
            await super().shutdown(sockets)


@contextmanager
def in_thread(application: Starlette) -> Iterator[str]:
    """Serve on a free port of the loopback until the block ends; yields the URL."""
    with _listening() as listener:
        server = _Prompt(_config(application))
        thread = threading.Thread(target=server.run, args=([listener],), name="sandbox")
        thread.start()
        try:
            # Whoever connects before the server is up waits in the listener's queue.
            yield _url(listener)
        finally:
            server.leave()
            thread.join()


def in_foreground(
    application: Starlette,
    *,
    provider: str,
    port: int = PORT,
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serve on the loopback until interrupted; `ready` is told the URL once clients may come.

    Raises ProviderError `sandbox-port` where the port cannot be had.
    """
    with _listening(port, provider) as listener:
        if ready is not None:
            ready(_url(listener))
        uvicorn.Server(_config(application)).run([listener])


def opened(path: str, owner: str) -> Store:
    """The state of one owner in a file; raises ProviderError `sandbox-state`."""
    try:
        return Store(path, owner)
    except (OSError, sqlite3.Error) as error:
        raise ProviderError(
            "sandbox-state", f"the sandbox cannot keep its state in {path}: {error}"
        ) from error


def kept_clock(store: Store, *, frozen: bool = False) -> Clock:
    """A clock at the time at which the sandbox was left; a frozen one moves only when told to."""
    return Clock(frozen=frozen, advanced_s=float(store.fact("advanced_s", "0")))


def fail_by_file(cloud: Cloud[Any], file: str | None) -> None:
    """Put the fault rules of a file in force, if one is named; raises ProviderError."""
    if file is None:
        return
    try:
        cloud.fail_by(Path(file).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ProviderError("sandbox-faults", f"{file} holds no fault rules: {error}") from error


def _listening(port: int = 0, provider: str = "") -> socket.socket:
    try:
        return socket.create_server((LOOPBACK, port))
    except OSError as error:
        raise ProviderError(
            "sandbox-port",
            f"port {port} of {LOOPBACK} cannot be had: {error.strerror}",
            hint=f"planner sandbox serve --provider {provider} --port 0",
        ) from error


def _config(application: Starlette) -> uvicorn.Config:
    return uvicorn.Config(
        application,
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


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://{host}:{port}"
