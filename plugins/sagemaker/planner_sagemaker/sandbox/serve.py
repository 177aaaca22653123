"""Runs the sandbox: in the foreground for people, in a thread for a command or a test."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from planner.errors import ProviderError
from planner.provider.sandbox.clock import Clock
from planner.provider.sandbox.serve import PORT, STATE, in_foreground, in_thread
from planner_sagemaker.sandbox.app import application
from planner_sagemaker.sandbox.cloud import Cloud, Pace
from planner_sagemaker.sandbox.faults import Faults, Rule, read_rules
from planner_sagemaker.sandbox.store import Store


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
    with closing(cloud.store), in_thread(application(cloud)) as url:
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
    cloud = _open(path, faults=faults)
    with closing(cloud.store):
        in_foreground(application(cloud), provider="sagemaker", port=port, ready=ready)


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
