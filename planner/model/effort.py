"""How hard a plan is verified; a module of its own, because every command's options name it."""

from __future__ import annotations

from planner.model.value import value

CONFIDENCE = 0.95
"""With which an interval holds the percentile; a verdict on an objective takes 99 %."""


@value
class Effort:
    """How hard to verify: `requests` at most for one candidate, and the seed of all draws.

    So many `processes` share the specs of a run; what they find does not depend on it.
    """

    requests: int = 120_000
    seed: int = 0
    processes: int = 1
