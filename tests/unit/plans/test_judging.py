"""Rules against hand-made plans: each bound where it holds, at its edge and where it is broken."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from planner.model.candidate import Range
from planner.model.change import Action, Risk
from planner.model.plan import Plan
from planner.model.policy import Bounds, Level, Names, Rule
from planner.plans import document
from planner.plans.judging import judge
from planner.plans.reading import plan_of
from tests.support import decisions


def rule(**bounds: Any) -> Rule:
    return Rule(policy="p", name="r", level=Level.MANDATORY, bounds=Bounds(**bounds))


def live(**of_endpoint: Any) -> Plan:
    """One endpoint that costs 612.40 and cost 830 before, unless told otherwise."""
    plan = decisions.live_plan()
    (endpoint,) = plan.endpoints
    labels = {"labels": (("env", "prod"), ("team", "risk")), "zones": 2}
    return replace(plan, endpoints=(replace(endpoint, **{**labels, **of_endpoint}),))


def deciding(**changed: Any) -> Plan:
    return live(decision=decisions.decision(**changed))


DEARER = live(monthly_usd_before=500.0)
RISKY = decisions.changes(Action.REPLACE)
HELD = [
    (live(), rule(total_usd=612.4)),
    (live(), rule(endpoint_usd=612.4)),
    (live(), rule(increase_usd=0.0, increase=0.01)),
    (DEARER, rule(increase_usd=112.4, increase=0.2249)),
    (live(), rule(regions=Names(allow=("north-*",), forbid=("south-*",)))),
    (live(), rule(providers=Names(allow=("cloud",)))),
    (live(), rule(instances=Names(forbid=("large.*",)))),
    (live(), rule(hosting=Names(allow=("single-model", "dedicated")))),
    (live(), rule(labels=("env", "team"))),
    (live(), rule(replicas=5, zones=2)),
    (deciding(replicas=None), rule(replicas=5, zones=5)),
    (live(), rule(cold_start_forbidden=True)),
    (live(), rule(risks_forbidden=(Risk.ONE_WAY,))),
    (live(monthly_usd_before=0.0), rule(increase=0.1)),
]
BROKEN = [
    ("budget", live(), rule(total_usd=612.39)),
    ("budget", live(), rule(endpoint_usd=600.0)),
    ("increase", DEARER, rule(increase_usd=112.39)),
    ("increase", DEARER, rule(increase=0.2247)),
    ("region", live(), rule(regions=Names(allow=("south-*",)))),
    ("region", live(), rule(regions=Names(forbid=("north-?",)))),
    ("provider", live(), rule(providers=Names(forbid=("cloud",)))),
    ("instance", live(), rule(instances=Names(allow=("large.*",)))),
    ("hosting", live(), rule(hosting=Names(forbid=("single-model",)))),
    ("label", live(), rule(labels=("team", "owner"))),
    ("replicas", live(), rule(replicas=6)),
    ("zones", live(), rule(zones=3)),
    ("zones", live(decision=decisions.decision(replicas=Range(min=1, max=9))), rule(zones=2)),
    ("cold-start", deciding(cold_start_fraction=0.001), rule(cold_start_forbidden=True)),
    ("risk", live(changes=RISKY), rule(risks_forbidden=(RISKY.risk,))),
]


@pytest.mark.parametrize(("plan", "asked"), HELD)
def test_a_rule_that_holds_says_nothing(plan: Plan, asked: Rule) -> None:
    plan = replace(plan, removals=())
    assert judge(plan, [asked]).violations == ()


@pytest.mark.parametrize(("code", "plan", "asked"), BROKEN)
def test_a_rule_that_does_not_hold_says_what_and_where(code: str, plan: Plan, asked: Rule) -> None:
    (found,) = judge(plan, [asked]).violations
    assert (found.code, found.endpoints) == (f"policy-{code}", ("fraud-scorer",))
    assert found.message
    assert (found.policy, found.rule, found.mandatory) == ("p", "r", True)
    if code != "increase":
        assert (found.workload, bool(found.spec_path)) == ("fraud-scorer", True)


@pytest.mark.parametrize(
    ("match", "fits"),
    [
        ({"names": ("fraud-*",)}, True),
        ({"names": ("other", "f*")}, True),
        ({"names": ("other",)}, False),
        ({"labels": (("env", "prod"),)}, True),
        ({"labels": (("env", "prod"), ("team", "ri*"))}, True),
        ({"labels": (("env", "dev"),)}, False),
        ({"labels": (("owner", "*"),)}, False),
        ({"names": ("other",), "labels": (("env", "prod"),)}, False),
    ],
)
def test_a_rule_is_about_what_it_matches(match: dict[str, Any], *, fits: bool) -> None:
    found = judge(live(), [replace(rule(replicas=99), **match)])
    assert bool(found.violations) is fits


def test_budgets_are_of_all_that_match_together() -> None:
    plan = live()
    (one,) = plan.endpoints
    other = replace(one, decision=replace(one.decision, endpoint="b"), workload="b")
    both = replace(plan, endpoints=(one, other))
    (found,) = judge(both, [rule(total_usd=1224.79)]).violations
    assert found.endpoints == ("fraud-scorer", "b")
    assert "2 endpoints together cost $1,224.80 a month" in found.message
    assert judge(both, [rule(total_usd=1224.8)]).violations == ()
    assert judge(both, [replace(rule(total_usd=700.0), names=("b",))]).violations == ()


def test_offline_what_only_a_cloud_tells_is_not_judged_and_that_is_said() -> None:
    plan = decisions.plan(decisions.solved())
    found = judge(plan, [rule(increase_usd=0.0, risks_forbidden=(Risk.DOWNTIME, Risk.IN_PLACE))])
    assert found.violations == ()
    assert [text.split(",")[0] for text in found.untold] == ["r: increase", "r: risk"]


def test_removals_have_risks_too() -> None:
    plan = live()
    (removal,) = plan.removals
    forbidden = rule(risks_forbidden=(removal.changes.risk,))
    (found,) = judge(plan, [forbidden]).violations
    assert found.endpoints == ("old-scorer",)
    assert judge(plan, [replace(forbidden, labels=(("env", "prod"),))]).violations == ()


def test_what_runs_without_a_price_is_named() -> None:
    (found,) = judge(live(monthly_usd_before=0.0), [rule(increase_usd=1.0)]).violations
    assert "what runs of fraud-scorer has no price" in found.message


def test_mandatory_comes_first_and_alone_refuses() -> None:
    advisory = replace(rule(replicas=9), level=Level.ADVISORY)
    assert not judge(live(), [advisory]).refused
    found = judge(live(), [advisory, rule(replicas=8)])
    assert found.refused
    assert [one.mandatory for one in found.violations] == [True, False]


def test_a_judgement_is_read_back_from_the_document() -> None:
    plan = live()
    judged = replace(plan, policy=judge(plan, [rule(replicas=9, labels=("owner",))]))
    made = document(judged)
    assert document(plan_of(made)) == made
    assert plan_of(made).policy == judged.policy
    assert judge(plan_of(made), [rule(zones=3, labels=("env",))]) == judge(
        plan, [rule(zones=3, labels=("env",))]
    )
