"""Test calls in plans: part of what is reviewed, the sample only where it is to be sent."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from planner.errors import UsageError
from planner.model.change import Action
from planner.model.plan import EndpointPlan, Mode, Plan
from planner.model.warm_up import Sample, Target, Warming, WarmUp
from planner.model.workload import Model, Workload
from planner.plans import document, document_pieces, to_bytes
from planner.plans.reading import plan_of
from planner.plans.saved import read_plan
from planner.plans.schema import plan_schema
from planner.views.plan_wording import warming_texts
from tests.support import decisions

BODY = b"\x93card 4111\xff"
WARM_UP = WarmUp(sample=Sample.of(BODY, "application/x-npy"), models=2, timeout_s=90.0)


def asked(warm_up: WarmUp | None, *models: str) -> Workload:
    """A workload of these models, each with less traffic than the next."""
    made = decisions.workload("fraud-scorer")
    return replace(
        made,
        rollout=replace(made.rollout, warm_up=warm_up),
        models=tuple(
            Model(
                name=name,
                weight=float(rank + 1),
                size_bytes=1,
                memory_bytes=2,
                load_s=0.5,
                artifact=f"{name}.tar.gz",
            )
            for rank, name in enumerate(models)
        ),
    )


def made(warm_up: WarmUp | None = WARM_UP, action: Action = Action.UPDATE, **given: Any) -> Plan:
    served = decisions.decision().models
    stamp = decisions.stamp(mode=Mode.LIVE, workloads=(asked(warm_up, *served),))
    state = decisions.desired()
    model, endpoint = state.resources
    # What holds a secret is not applied from a file, whatever is called.
    open_ = replace(model, body={**model.body, "Environment": {}})
    return decisions.live_plan(
        stamp=stamp,
        removals=(),
        changes={"fraud-scorer": decisions.changes(action)},
        desired={"fraud-scorer": replace(state, resources=(open_, endpoint))},
        **given,
    )


def only(plan: Plan) -> EndpointPlan:
    (found,) = plan.endpoints
    return found


def text(plan: Plan, *, bodies: bool) -> str:
    return to_bytes(document(plan, bodies=bodies)).decode()


def test_the_hottest_models_are_called_first_and_no_others() -> None:
    solved = decisions.solved(decisions=(decisions.decision(models=("a", "b", "c")),))
    stamp = decisions.stamp(workloads=(asked(WARM_UP, "a", "b", "c"),))
    warming = only(decisions.plan(solved, stamp=stamp)).warming
    assert warming == Warming(
        warm_up=WARM_UP,
        targets=(
            Target(model="c", artifact="c.tar.gz"),
            Target(model="b", artifact="b.tar.gz"),
        ),
        served=3,
    )


def test_a_file_holds_the_sample_and_what_is_printed_does_not() -> None:
    plan = made()
    printed, saved = text(plan, bodies=False), text(plan, bodies=True)
    assert json.loads(printed)["endpoints"][0]["warm_up"]["sample"] == {
        "body": None,
        "bytes": len(BODY),
        "content_type": "application/x-npy",
        "sha256": WARM_UP.sample.sha256,
    }
    assert b"".join(document_pieces(plan)).decode() == printed
    assert "4111" not in f"{printed}{saved}"
    for one in (printed, saved):
        Draft202012Validator(plan_schema()).validate(json.loads(one))
    # What was saved calls what was reviewed; what is read of it is it.
    assert only(plan_of(json.loads(saved))).warming == only(plan).warming
    assert text(plan_of(json.loads(printed)), bodies=True) == printed
    (pending,) = read_plan(saved, "p.json").pending
    assert pending.to_warm == only(plan).warming


def test_what_was_printed_cannot_be_applied_where_something_is_to_be_called() -> None:
    with pytest.raises(UsageError) as error:
        read_plan(text(made(), bodies=False), "p.json")
    assert error.value.code == "plan-holds-no-sample"
    assert error.value.hint == "planner plan SPEC --out FILE"
    nothing = text(made(action=Action.NONE), bodies=False)
    (pending,) = read_plan(nothing, "p.json").pending
    assert pending.to_warm is None


def test_the_fingerprint_stands_for_the_calls_too() -> None:
    other = replace(WARM_UP, sample=Sample.of(b"other", "application/x-npy"))
    assert len({made(one).fingerprint for one in (None, WARM_UP, other)}) == 3
    without = decisions.live_plan(
        stamp=decisions.stamp(mode=Mode.LIVE),
        removals=(),
        changes={"fraud-scorer": decisions.changes(Action.UPDATE)},
    )
    assert made(None).fingerprint == without.fingerprint


def test_the_plan_says_what_will_be_called() -> None:
    one = only(made())
    assert warming_texts(one) == ["up to 20 once it is ready, for 90 s at most"]
    assert warming_texts(only(made(action=Action.NONE))) == []
    assert warming_texts(only(made(None))) == []
    many = Warming(warm_up=WARM_UP, targets=(Target(model="a"), Target(model="b")), served=312)
    assert warming_texts(replace(one, warming=many)) == [
        "up to 20 of each of the 2 hottest of its 312 models once it is ready, for 90 s at most"
    ]
    both = replace(many, served=2)
    assert warming_texts(replace(one, warming=both)) == [
        "up to 20 of each of its 2 models once it is ready, for 90 s at most"
    ]
