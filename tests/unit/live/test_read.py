"""How an endpoint stands to what was applied."""

from __future__ import annotations

from dataclasses import replace

import pytest

from planner.engine import Standing
from planner.live import drifts
from planner.model.change import Action, ChangeSet
from planner.model.drift import Sync
from planner.model.live import Health, LiveState
from tests.support import decisions

WANTED = replace(decisions.desired(), digest="d2")
QUIET = replace(decisions.changes(Action.NONE), notes=("7 are kept",))
ACTING = decisions.changes(Action.UPDATE)


def standing(
    health: Health, digest: str | None, changes: ChangeSet, endpoint: str = "fraud-scorer"
) -> Standing:
    live = LiveState(endpoint=endpoint, health=health, digest=digest)
    return Standing(desired=WANTED, live=live, changes=changes)


@pytest.mark.parametrize(
    ("health", "digest", "changes", "sync"),
    [
        (Health.ABSENT, None, ACTING, Sync.MISSING),
        (Health.READY, "d2", QUIET, Sync.IN_SYNC),
        (Health.READY, "d1", QUIET, Sync.IN_SYNC),
        (Health.READY, "d2", ACTING, Sync.DRIFTED),
        (Health.READY, "d1", ACTING, Sync.PENDING),
        (Health.READY, None, ACTING, Sync.PENDING),
    ],
)
def test_what_was_applied_tells_a_drift_from_a_change_of_the_spec(
    health: Health, digest: str | None, changes: ChangeSet, sync: Sync
) -> None:
    (found,) = drifts({"fraud-scorer": "w"}, {"fraud-scorer": standing(health, digest, changes)})
    assert found.sync is sync
    assert (found.endpoint, found.workload) == ("fraud-scorer", "w")
    assert (found.provider, found.region) == ("cloud", "north-1")
    assert found.changes.notes == changes.notes


def test_endpoints_stand_by_name_and_without_secrets() -> None:
    (change,) = ACTING.changes
    (first, *_) = change.fields
    secret = replace(first, path="Environment.HF_TOKEN", live="hf-very-secret")
    changes = replace(ACTING, changes=(replace(change, fields=(secret,)),))
    found = drifts(
        {"b": "w", "a": "v"},
        {"b": standing(Health.READY, "d2", changes, "b"), "a": standing(Health.READY, "d2", QUIET)},
    )
    assert [(one.endpoint, one.workload) for one in found] == [("a", "v"), ("b", "w")]
    assert "hf-very-secret" not in repr(found)
