"""How many processors there are to compute with."""

from __future__ import annotations

import os

_MOST = 8
"""Beyond, the one process that gathers what the others find is what takes the time."""


def processors() -> int:
    """Those that are ours, 8 at most: a container has often fewer than its machine."""
    return min(len(os.sched_getaffinity(0)), _MOST) if hasattr(os, "sched_getaffinity") else 1
