import json

from planner.model.change import Action, ChangeSet
from planner.model.drift import Drift, Sync
from planner.plans import to_bytes
from planner.plans.drift_document import drift_document
from tests.support import decisions


def drift(endpoint: str, sync: Sync, changes: ChangeSet) -> Drift:
    return Drift(
        endpoint=endpoint,
        workload="fraud-scorer",
        provider="cloud",
        region="north-1",
        sync=sync,
        changes=changes,
    )


QUIET = ChangeSet(
    endpoint="a",
    action=Action.NONE,
    changes=decisions.changes(Action.NONE).changes,
    notes=("kept",),
)
FOUND = (
    drift("b", Sync.DRIFTED, decisions.changes(Action.UPDATE)),
    drift("a", Sync.IN_SYNC, QUIET),
    drift("c", Sync.DRIFTED, decisions.changes(Action.REPLACE)),
)


def test_endpoints_stand_by_name_with_what_would_bring_them_back() -> None:
    made = drift_document(FOUND)
    assert [(one["name"], one["sync"]) for one in made["endpoints"]] == [
        ("a", "in-sync"),
        ("b", "drifted"),
        ("c", "drifted"),
    ]
    first, second, _ = made["endpoints"]
    assert (first["changes"], first["notes"]) == ([], ["kept"])
    (change,) = second["changes"]
    assert (change["address"], change["action"]) == ("endpoint/fraud-scorer", "update")
    assert [(field["path"], field["live"]) for field in change["fields"]] == [
        ("Variants[0].Count", 7),
        ("Variants[0].Type", "large.8"),
    ]
    assert (second["workload"], second["provider"], second["region"]) == (
        "fraud-scorer",
        "cloud",
        "north-1",
    )


def test_the_summary_counts_every_stand() -> None:
    assert drift_document(FOUND)["summary"] == {
        "drifted": 2,
        "in-sync": 1,
        "missing": 0,
        "pending": 0,
    }
    assert set(drift_document(())["summary"].values()) == {0}


def test_the_order_found_in_changes_nothing_and_keys_are_sorted() -> None:
    made = drift_document(FOUND)
    assert made == drift_document(FOUND[::-1])
    assert to_bytes(made) == json.dumps(made, indent=2, sort_keys=True).encode() + b"\n"
