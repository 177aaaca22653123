"""Drift as a JSON value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from planner.model.drift import Drift, Sync
from planner.plans.document import change_part

FORMAT_VERSION = "1.0"


def drift_document(found: Sequence[Drift]) -> dict[str, Any]:
    """Every endpoint with what it takes to bring it back, sorted by name."""
    return {
        "endpoints": [
            {
                "changes": [change_part(change) for change in one.changes.acting],
                "name": one.endpoint,
                "notes": list(one.changes.notes),
                "provider": one.provider,
                "region": one.region,
                "sync": one.sync.value,
                "workload": one.workload,
            }
            for one in sorted(found, key=lambda one: one.endpoint)
        ],
        "format_version": FORMAT_VERSION,
        "summary": {sync.value: sum(one.sync is sync for one in found) for sync in sorted(Sync)},
    }
