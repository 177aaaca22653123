"""What a sandbox was asked, in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

from planner.model.value import value

_KEPT = 100_000


@value
class Recorded:
    """One request and how it was answered; `error` is "" for a success, status 0 is no answer.

    `agent` is who the client says it is.
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
    mutating: bool
    agent: str = ""


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

    def every(self, *, mutating: bool | None = None) -> Iterator[Recorded]:
        """All requests that are kept, or only those that write, or only those that read."""
        return (one for one in self._recorded if mutating is None or one.mutating is mutating)

    def clear(self) -> None:
        """Forget all requests; numbers begin at 1 again."""
        self._recorded.clear()
        self._count = 0
