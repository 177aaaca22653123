"""Runs the sandbox: in the foreground for people, in a thread for a command or a test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from planner.provider.sandbox.serve import (
    PORT,
    STATE,
    fail_by_file,
    in_foreground,
    in_thread,
    kept_clock,
    opened,
)
from planner_databricks.sandbox.app import application
from planner_databricks.sandbox.registry import CHANGES
from planner_databricks.sandbox.workspace import Pace, Workspace

OWNER = "databricks"


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
    workspace = _opened(path, pace=pace, frozen=frozen, faults=faults)
    with closing(workspace.store), in_thread(application(workspace)) as url:
        yield url


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
    workspace = _opened(path, faults=faults)
    with closing(workspace.store):
        in_foreground(application(workspace), provider=OWNER, port=port, ready=ready)


def hints(url: str) -> tuple[str, ...]:
    """How the Databricks CLI and SDKs are pointed at it; any token will do."""
    return (
        f"export DATABRICKS_HOST={url} DATABRICKS_TOKEN=sandbox",
        "databricks serving-endpoints list",
    )


def _opened(
    path: str, *, faults: str | None, pace: Pace | None = None, frozen: bool = False
) -> Workspace:
    """A workspace on a state file, at the time at which it was left."""
    store = opened(path, OWNER)
    clock = kept_clock(store, frozen=frozen)
    workspace = Workspace(store, clock, pace or Pace(), changes=CHANGES)
    try:
        fail_by_file(workspace, faults)
    except Exception:
        store.close()
        raise
    return workspace
