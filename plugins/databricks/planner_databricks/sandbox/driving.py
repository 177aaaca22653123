"""Simulated traffic of an endpoint, kept by the minute for the export of metrics."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from planner.model.minute import Minute, minute_of
from planner_databricks.sandbox.workspace import Workspace, key

KIND = "traffic"


def drive(workspace: Workspace, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Keep `minutes` of traffic of an `endpoint`; ValueError where there is no such endpoint.

    Traffic that was to come at the same time or later does not.
    """
    name = str(asked["endpoint"])
    if workspace.store.get(key("endpoint", name)) is None:
        raise ValueError(f"there is no endpoint {name}")
    rows = [asdict(minute_of(row)) for row in asked["minutes"]]
    workspace.store.put(key(KIND, name), {"minutes": rows})
    return {"endpoint": name, "minutes": len(rows)}


def last_minute(workspace: Workspace, name: str, now: float) -> Minute | None:
    """The newest minute that is over, None where there was no traffic in it."""
    kept = workspace.store.get(key(KIND, name))
    rows = kept["minutes"] if kept is not None else ()
    index = bisect_right([row["at_s"] + row["seconds"] for row in rows], now) - 1
    if index < 0:
        return None
    found = minute_of(rows[index])
    return found if now - found.at_s < 2 * found.seconds else None
