"""A sandbox's time: it runs with the wall clock or stands still, and can be moved forward."""

from __future__ import annotations

import time

FROZEN_AT = 1_767_225_600.0
"""Where a frozen clock begins: 2026-01-01T00:00:00Z."""


class Clock:
    """Seconds since the epoch; a frozen clock moves only when it is advanced."""

    def __init__(self, *, frozen: bool = False, advanced_s: float = 0.0) -> None:
        self.frozen = frozen
        self.advanced_s = advanced_s

    def now(self) -> float:
        """The time, with milliseconds: what the APIs show."""
        base = FROZEN_AT if self.frozen else time.time()
        return round(base + self.advanced_s, 3)

    def advance(self, seconds: float) -> None:
        """Move forward; ValueError for a way back, which would bring deleted things to life."""
        if seconds < 0:
            raise ValueError("time moves forward only")
        self.advanced_s += seconds
