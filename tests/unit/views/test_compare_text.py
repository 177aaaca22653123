from io import StringIO

from planner.model.candidate import Range
from planner.model.plan import Plan
from planner.views.compare_text import render_comparison
from planner.views.style import Style
from tests.support import decisions

SMALL = decisions.plan(decisions.solved(), decisions.infeasible())
LARGE = decisions.plan(
    decisions.solved(
        decisions=(
            decisions.decision(
                cost=decisions.cost(800.0),
                instance_type="large.8",
                replicas=Range(min=3, max=3),
                autoscaling=None,
                latency=decisions.latency(0.03),
            ),
        )
    ),
    decisions.solved("too-fast"),
)
EXPECTED = """\
fraud-scorer
               as written       traffic.rate=2x   difference
------------------------------------------------------------------------
 hosting       single-model     single-model
 capacity      small.2 x 5..9   large.8 x 3       changed
 where         cloud north-1    cloud north-1
 p50           8.1 ms           8.1 ms
 p99           41.2 ms          30 ms             27.2 % less
 cold          0 %              0 %
 a month       $612.40          $800.00           +$187.60, 30.6 % more
 per million   $0.19            $0.19

too-fast
            as written   traffic.rate=2x
--------------------------------------------------------------------
 decision   infeasible   single-model small.2 x 5..9, cloud north-1
 a month    -            $612.40

Monthly: $612.40 -> $1,412.40 (+$800.00, 2.31x)
"""


def shown(left: Plan, right: Plan) -> str:
    out = StringIO()
    labels = ("as written", "traffic.rate=2x")
    render_comparison(left, right, labels=labels, out=out, style=Style())
    return out.getvalue()


def test_both_sides_and_what_differs() -> None:
    assert shown(SMALL, LARGE) == EXPECTED


def test_equal_plans_differ_in_nothing() -> None:
    text = shown(SMALL, SMALL)
    assert "difference" not in text
    assert text.endswith("Monthly: $612.40 -> $612.40 (the same)\n")


def test_from_nothing_there_is_no_ratio() -> None:
    empty = decisions.plan()
    assert shown(empty, SMALL).endswith("Monthly: $0.00 -> $612.40 (+$612.40)\n")
