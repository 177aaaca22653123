"""What a reviewer is told beside the numbers."""

from __future__ import annotations

from dataclasses import replace

from planner.model.candidate import Decision
from planner.model.traffic import Steady, Traffic
from planner.model.workload import Constraints, Pin, Workload
from planner.solver import solve
from tests.support.asks import catalogs, solved, workload


def decided(asked: Workload, *providers: str) -> Decision:
    return solved(solve(asked, catalogs(*(providers or ("sagemaker",))))).decisions[0]


def subjects(decision: Decision) -> set[str]:
    return {one.subject for one in decision.assumptions}


def test_arrivals_burstier_than_poisson_are_said_to_be_outside_the_model() -> None:
    calm = workload(50.0)
    bursty = replace(calm, traffic=Traffic(pattern=Steady(rate=50.0), burstiness=3.0))
    words = "burstier than Poisson"
    assert not any(words in one for one in decided(calm).warnings)
    assert any(words in one for one in decided(bursty).warnings)


def test_a_minimum_of_replicas_that_serverless_cannot_hold_is_said() -> None:
    asked = workload(
        5.0,
        constraints=Constraints(replicas_min=3, zones=2, scale_to_zero=True),
        pin=Pin(hosting="serverless"),
    )
    assert {"spec.constraints.replicas.min", "spec.constraints.zones"} <= subjects(decided(asked))
    counted = replace(asked, pin=Pin(hosting="dedicated"))
    assert "spec.constraints.replicas.min" not in subjects(decided(counted))


def test_a_quota_that_nobody_gave_is_an_assumption() -> None:
    reasons = [one.reason for one in decided(workload(50.0)).assumptions]
    assert any("for endpoint usage` is enough" in reason for reason in reasons)
