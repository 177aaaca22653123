from dataclasses import replace
from io import StringIO

from planner.model.change import Action, ChangeSet
from planner.model.drift import Drift, Sync
from planner.views.drift_text import render_drift
from planner.views.style import Style
from tests.support import decisions

QUIET = ChangeSet(endpoint="a", action=Action.NONE, changes=(), notes=("7 are kept",))
SHOWN = """\
= a is as it was applied
    note        7 are kept
! b was changed outside of the planner
    to undo     ~ endpoint/fraud-scorer  (a cheaper type meets the objectives; rolling)
                    Variants[0].Type: large.8 -> small.2  (spec.constraints)
                    1 field ignored: autoscaling moved it
~ c differs, and its spec is not what was last applied
                ~ endpoint/fraud-scorer  (a cheaper type meets the objectives; rolling)
                    Variants[0].Type: large.8 -> small.2  (spec.constraints)
                    1 field ignored: autoscaling moved it
+ d does not exist
4 endpoints: 1 in-sync, 1 drifted, 1 pending, 1 missing.
"""


def drift(endpoint: str, sync: Sync, changes: ChangeSet) -> Drift:
    return Drift(
        endpoint=endpoint,
        workload="w",
        provider="cloud",
        region="north-1",
        sync=sync,
        changes=changes,
    )


def shown(*found: Drift) -> str:
    out = StringIO()
    render_drift(found, out=out, style=Style())
    return out.getvalue()


def test_every_stand_and_what_would_bring_it_back() -> None:
    update = decisions.changes(Action.UPDATE)
    text = shown(
        drift("a", Sync.IN_SYNC, QUIET),
        drift("b", Sync.DRIFTED, update),
        drift("c", Sync.PENDING, update),
        drift("d", Sync.MISSING, replace(decisions.changes(Action.CREATE), endpoint="d")),
    )
    assert text == SHOWN


def test_nothing_is_said_to_be_nothing() -> None:
    assert shown() == "0 endpoints: nothing to compare.\n"
