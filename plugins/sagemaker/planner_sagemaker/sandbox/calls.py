"""What the sandbox was asked, in order."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterator
from typing import Any

from planner.model.value import value

LOG = logging.getLogger("planner.sandbox")
"""Tells of every request of every sandbox in this process, as `recorded` of a log record."""

_KEPT = 100_000
_READING = ("Describe", "Get", "Head", "Invoke", "List", "Simulate")


@value
class Recorded:
    """One request and how it was answered; `error` is "" for a success.

    `agent` is what the client says it is, its User-Agent.
    """

    number: int
    at_s: float
    region: str
    service: str
    operation: str
    parameters: dict[str, Any]
    status: int
    error: str
    fault: str
    agent: str = ""

    @property
    def mutating(self) -> bool:
        """Whether the operation is one that writes."""
        return not self.operation.startswith(_READING)


class Calls:
    """The latest requests, oldest first."""

    def __init__(self) -> None:
        self._recorded: deque[Recorded] = deque(maxlen=_KEPT)
        self._count = 0

    def next_number(self) -> int:
        """The number of the request that comes in now, from 1."""
        self._count += 1
        return self._count

    def record(self, recorded: Recorded) -> None:
        """Keep a request."""
        self._recorded.append(recorded)
        answer = recorded.error or recorded.status
        LOG.debug("%s: %s", recorded.operation, answer, extra={"recorded": recorded})

    def every(self, *, mutating: bool | None = None) -> Iterator[Recorded]:
        """All requests that are kept, or only those that write, or only those that read."""
        return (one for one in self._recorded if mutating is None or one.mutating is mutating)

    def clear(self) -> None:
        """Forget all requests; numbers begin at 1 again."""
        self._recorded.clear()
        self._count = 0
