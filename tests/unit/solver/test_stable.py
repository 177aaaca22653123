"""What runs is kept where moving it saves too little, and decides what can be reached."""

from __future__ import annotations

from typing import Any

import pytest

import planner
from planner import solver
from planner.model.candidate import Solved
from planner.provider.market import Market
from tests.support.code import ROOT

RUNNING = {"provider": "sagemaker", "instance": "ml.m5.large", "replicas": "9"}


def solved(*sets: str) -> tuple[Any, Any, Solved]:
    (spec,) = planner.load([str(ROOT / "examples" / "fraud-scorer")], sets=sets)
    offers = Market().offers(spec)
    best = solver.solve(spec.workload, offers)
    assert isinstance(best, Solved)
    return spec.workload, offers, best


def kept(workload: Any, offers: Any, best: Solved, **pins: str) -> Solved:
    return solver.stable(workload, offers, best, pins={**RUNNING, **pins}, effort=None)


def test_what_saves_enough_moves_what_runs() -> None:
    workload, offers, best = solved("objective.stability=5%")
    assert kept(workload, offers, best) is best


@pytest.mark.parametrize("instance", ["ml.c5.large", "ml.m5.large"])
def test_what_saves_too_little_stays(instance: str) -> None:
    workload, offers, best = solved("objective.stability=50%")
    stays = kept(workload, offers, best, instance=instance)
    (decision,) = stays.decisions
    assert decision.instance_type == instance
    assert best.monthly_usd <= stays.monthly_usd <= best.monthly_usd / 0.5
    first = stays.alternatives[0]
    assert (first.instance_type, first.rejection) == (best.decisions[0].instance_type, None)
    assert first.monthly_usd == best.monthly_usd
    assert instance not in {one.instance_type for one in stays.alternatives}


def test_a_tie_goes_to_what_runs_even_without_stability() -> None:
    workload, offers, best = solved("objective.stability=0%")
    tie = next(
        one.instance_type
        for one in best.alternatives
        if one.monthly_usd == best.monthly_usd
        and one.instance_type != best.decisions[0].instance_type
    )
    (decision,) = kept(workload, offers, best, instance=tie).decisions
    assert decision.instance_type == tie


def test_what_runs_and_cannot_meet_the_spec_is_left() -> None:
    workload, offers, best = solved(
        "objective.stability=99%", "constraints.instances={exclude: [ml.m5.*]}"
    )
    assert kept(workload, offers, best) is best


def test_a_pin_of_the_spec_wins_over_what_runs() -> None:
    workload, offers, best = solved("objective.stability=50%", "pin.instance=ml.c6i.large")
    assert kept(workload, offers, best) is best


def test_what_is_out_of_reach_is_told_with_its_price() -> None:
    workload, offers, best = solved("traffic.burst.rate=3600/s")
    (decision,) = best.decisions
    assert decision.hosting == "serverless"
    found = solver.reached(
        workload,
        offers,
        best,
        hostings=("dedicated", "single-model"),
        reason="instances run",
        effort=None,
    )
    assert found.decisions[0].hosting != "serverless"
    refused = found.alternatives[0]
    assert refused.rejection is not None
    assert refused.rejection.code == solver.REFUSED
    assert refused.monthly_usd == best.monthly_usd < found.monthly_usd


def test_a_mode_that_the_spec_asks_for_is_not_exchanged() -> None:
    workload, offers, best = solved("traffic.burst.rate=3600/s", "constraints.hosting=[serverless]")
    hostings = ("dedicated", "single-model")
    found = solver.reached(workload, offers, best, hostings=hostings, reason="-", effort=None)
    assert found is best
