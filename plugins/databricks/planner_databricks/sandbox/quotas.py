"""What a workspace may use at once, how often it may write, and what its endpoints take of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from math import ceil

from planner.provider.sandbox.store import Document
from planner_databricks.sandbox.entities import most_concurrency
from planner_databricks.sandbox.errors import WorkspaceError, too_many
from planner_databricks.sandbox.workspace import REGION, Call, Mishap, Workspace, key

KIND = "quota"
ENDPOINTS = "endpoints"
CONCURRENCY = "provisioned_concurrency"
WRITES = "writes"
DEFAULTS = {ENDPOINTS: 1000, CONCURRENCY: 4096, WRITES: 50}
"""As documented by the newest copies of the limits page; writes are within five minutes."""


def set_limits(workspace: Workspace, limits: Mapping[str, int]) -> None:
    """Grant these quotas; ValueError names one that there is not."""
    for name, amount in limits.items():
        if name not in DEFAULTS:
            raise ValueError(f"{name} is no quota; there are {', '.join(DEFAULTS)}")
        workspace.store.put(key(KIND, name), {"amount": amount})


def limit(workspace: Workspace, quota: str) -> int:
    """How much of a quota there is."""
    granted = workspace.store.get(key(KIND, quota))
    return DEFAULTS[quota] if granted is None else int(granted["amount"])


def count_write(call: Call) -> None:
    """Take one of the creations and updates that a workspace has in a while; raises 429.

    The documents do not say which requests count: here all that create or change an endpoint do,
    those that are refused for another reason too.
    """
    workspace, window_s = call.workspace, call.workspace.pace.window_s
    workspace.writes[:] = [at for at in workspace.writes if at > call.now - window_s]
    most = limit(workspace, WRITES)
    if len(workspace.writes) >= most:
        free_at = workspace.writes[-most] + window_s if most else call.now + window_s
        raise too_many(
            f"Exceeded {most} create and update operations of serving endpoints per workspace.",
            retry_after_s=max(1, ceil(free_at - call.now)),
        )
    workspace.writes.append(call.now)


def charge(call: Call, endpoint: Document) -> None:
    """State what an endpoint takes; raises WorkspaceError where there is not as much.

    A config that is being deployed counts in place of the one that it follows.
    """
    taken = _taken(endpoint)
    store = call.workspace.store
    store.ledger.charge(REGION, endpoint["name"], {})
    for quota, amount in taken.items():
        most = limit(call.workspace, quota)
        used = store.ledger.used(REGION, quota)
        if call.befallen(Mishap.QUOTA):
            most = used
        if used + amount > most:
            before = call.found("endpoint", endpoint["name"])
            if before is not None:
                store.ledger.charge(REGION, endpoint["name"], _taken(before))
            # No source has the answer; the code is that of databricks.proto for such things.
            raise WorkspaceError(
                "RESOURCE_LIMIT_EXCEEDED",
                f"The workspace quota of {most} {quota.replace('_', ' ')} would be exceeded: "
                f"{used} in use and {amount} requested.",
            )
    store.ledger.charge(REGION, endpoint["name"], taken)


def _taken(endpoint: Document) -> Counter[str]:
    config = endpoint["pending"] or endpoint["config"]
    taken = Counter({ENDPOINTS: 1})
    if config is not None and not endpoint["suspended"]:
        taken[CONCURRENCY] = sum(most_concurrency(entity) for entity in config["entities"])
    return taken
