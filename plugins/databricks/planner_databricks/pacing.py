"""How often a workspace is written to, and how long it is asked again that puts requests off."""

from __future__ import annotations

import sys
import threading
import time
from collections import deque

from planner.errors import LaterError

WRITES, WINDOW_S = 50, 300.0
"""Creations and updates that a workspace takes, and in how many seconds."""


class PutOffError(Exception):
    """The workspace answered 429 or 503, and `after_s` is more than is waited for here.

    Or a request that is made once did not get through: it may have been carried out.
    """

    def __init__(self, after_s: float, cause: BaseException) -> None:
        super().__init__(str(cause))
        self.after_s = after_s
        self.cause = cause


class Patience:
    """A clock for the SDK, which ends waits that the SDK would take and that are too long.

    The SDK sleeps for as long as `Retry-After` says, past its own deadline too, and then says no
    more than that the time is over. `patience_s` is what a thread has after each `begin`.
    """

    def __init__(self, patience_s: float) -> None:
        self._patience_s = patience_s
        self._asked = threading.local()

    def begin(self, *, patient: bool, once: bool = False) -> None:
        """A new request of this thread; without patience what puts it off ends it at once.

        What is asked for `once` is not repeated for any other reason either.
        """
        self._asked.until = time.monotonic() + self._patience_s if patient else 0.0
        self._asked.once = once

    def time(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Sleep, or raise PutOffError where the wait is the workspace's wish and too long."""
        cause = sys.exception()
        after_s = getattr(cause, "retry_after_secs", None)
        if cause is not None and after_s is not None:
            self._refuse(float(after_s), cause)
        if cause is not None and getattr(self._asked, "once", False):
            raise PutOffError(seconds, cause)
        time.sleep(seconds)

    def _refuse(self, after_s: float, cause: BaseException) -> None:
        if time.monotonic() + after_s > self._asked.until:
            raise PutOffError(after_s, cause)


class Budget:
    """Creations and updates of one workspace; safe in threads."""

    def __init__(self, most: int = WRITES, window_s: float = WINDOW_S) -> None:
        self._most = most
        self._window_s = window_s
        self._taken: deque[float] = deque()
        self._lock = threading.Lock()

    def take(self) -> None:
        """Count one request; raises LaterError where it would be one too many."""
        with self._lock:
            now = time.monotonic()
            while self._taken and self._taken[0] <= now - self._window_s:
                self._taken.popleft()
            if len(self._taken) >= self._most:
                raise LaterError(
                    "write-budget",
                    f"{self._most} creations and updates in {self._window_s:g} s are all that "
                    "the workspace takes",
                    after_s=self._taken[0] + self._window_s - now,
                )
            self._taken.append(now)
