"""Judges every request that a sandbox records in any test; a pytest plugin, so that none forgets.

Sandboxes of this process log what they record: also what the command asks, and what a `reset`
forgets. Those of other processes leave it in their state files.
"""

from __future__ import annotations

import logging
import sqlite3
from collections import deque
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from planner_sagemaker.sandbox.calls import LOG, Calls, Recorded

from tests.support.botocore_walk import violations

OURS = "endpoint-planner/"
"""What the gateway says it is, in its User-Agent."""


def faults_of(one: Recorded) -> list[str]:
    """What the service model forbids in a request.

    Another client than our gateway may make wrong requests, to see how they are refused.
    """
    if one.error and OURS not in one.agent:
        return []
    found = violations(one.service, one.operation, one.parameters)
    return [f"{one.service} {text}, sent by {one.agent or 'nobody'}" for text in found]


class Walk(logging.Handler):
    """Requests that wait for their verdict; `heard` counts all that ever came."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.heard = 0
        self._waiting: deque[Recorded] = deque()

    def emit(self, record: logging.LogRecord) -> None:
        """Take note of a request, in whatever thread it is recorded."""
        self.heard += 1
        self._waiting.append(record.__dict__["recorded"])

    def faults(self) -> list[str]:
        """What is wrong with the requests since the last time."""
        found: list[str] = []
        while self._waiting:
            found += faults_of(self._waiting.popleft())
        return found


@pytest.fixture(scope="session", autouse=True)
def walk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    """The walk of this run, which hears of every request; the last ones come with the end."""
    walk = Walk()
    LOG.addHandler(walk)
    LOG.setLevel(logging.DEBUG)
    yield walk
    LOG.removeHandler(walk)
    LOG.setLevel(logging.NOTSET)
    _passes(walk.faults())
    _passes(faults_below(tmp_path_factory.getbasetemp()))


@pytest.fixture(autouse=True)
def _every_request_passes(walk: Walk) -> Iterator[None]:
    yield
    _passes(walk.faults())


def faults_below(directory: Path) -> list[str]:
    """What is wrong with the requests that sandboxes left in files below a directory."""
    return [
        f"{fault}, in {path}"
        for path in sorted(directory.rglob("*.sqlite3"))
        for one in _left_in(path)
        for fault in faults_of(one)
    ]


def _left_in(path: Path) -> list[Recorded]:
    with closing(sqlite3.connect(path)) as database:
        return list(Calls(database).every())


def _passes(faults: list[str]) -> None:
    assert not faults, "requests that the service model forbids:\n" + "\n".join(faults)
