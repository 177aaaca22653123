"""Drift: what lives is not what was applied."""

from __future__ import annotations

from enum import StrEnum

from planner.model.change import ChangeSet
from planner.model.value import value


class Sync(StrEnum):
    """How an endpoint stands to its spec.

    in-sync  as the spec asks
    drifted  as the spec was applied, but changed since by somebody else
    pending  the spec was changed since it was applied, or never was
    missing  there is no such endpoint
    """

    IN_SYNC = "in-sync"
    DRIFTED = "drifted"
    PENDING = "pending"
    MISSING = "missing"


@value
class Drift:
    """One endpoint's stand; `changes` would bring it back."""

    endpoint: str
    workload: str
    provider: str
    region: str
    sync: Sync
    changes: ChangeSet
