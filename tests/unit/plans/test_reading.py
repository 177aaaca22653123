import json

import pytest

from planner.model.candidate import Interval, Latency, Margin, Verification
from planner.model.drift import Sync
from planner.model.plan import Plan
from planner.plans import document, to_bytes
from planner.plans.reading import plan_of
from tests.support import decisions

FOREVER = float("inf")


def verified() -> Plan:
    """A plan with a simulation, numbers JSON has no word for, and every optional part."""
    names = ("p50", "p90", "p95", "p99")
    solved = decisions.solved()
    (decision,) = solved.decisions
    found = decisions.decision(
        autoscaling=None,
        replicas=None,
        latency=Latency(p50_s=0.1, p90_s=0.2, p95_s=0.3, p99_s=FOREVER, mean_s=0.1),
        margins=(
            Margin(objective="latency p99", target=1.0, predicted=FOREVER, unit="s", met=False),
        ),
        method="simulation",
        verification=Verification(
            simulated=1000,
            seed=3,
            confidence=0.95,
            intervals=tuple(Interval(name=name, low_s=0.1, high_s=0.2) for name in names),
            closed_form=decision.latency,
            fewer="one less: p99 80 ms",
        ),
    )
    return decisions.plan(decisions.solved(decisions=(found,)), sync={"fraud-scorer": Sync.DRIFTED})


@pytest.mark.parametrize(
    "plan",
    [
        decisions.live_plan(),
        decisions.plan(),
        decisions.plan(decisions.solved(), decisions.infeasible(), breaches=[decisions.breach()]),
        verified(),
    ],
    ids=["live", "empty", "infeasible", "verified"],
)
def test_the_document_of_what_is_read_is_the_document(plan: Plan) -> None:
    written = to_bytes(document(plan))
    read = plan_of(json.loads(written))
    assert to_bytes(document(read)) == written
    assert read == plan_of(document(read))


def test_totals_are_the_sums_of_what_is_shown() -> None:
    parts = [
        decisions.solved(name, decisions=(decisions.decision(endpoint=name, cost=cost),))
        for name, cost in (("a", decisions.cost(1.004)), ("b", decisions.cost(1.004)))
    ]
    plan = decisions.plan(*parts)
    assert plan.monthly_usd_after == 2.0
    assert document(plan)["summary"]["monthly_usd_after"] == 2.0


def test_what_a_document_does_not_hold_is_not_made_up() -> None:
    read = plan_of(document(decisions.live_plan()))
    assert read.endpoints[0].decision.arithmetic == ()
    assert read.endpoints[0].desired is not None
    assert read.endpoints[0].desired.resources[0].body["Environment"]["HF_TOKEN"] == "(hidden)"
