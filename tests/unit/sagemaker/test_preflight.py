"""What a preflight makes of plans and of answers, without a cloud."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest
from planner_sagemaker.preflight.caller import Caller
from planner_sagemaker.preflight.demand import PER_TYPE, TOTAL, demands
from planner_sagemaker.preflight.finding import Finding, told
from planner_sagemaker.preflight.launches import Launch
from planner_sagemaker.preflight.permissions import Decision, Question, permission_checks, simulated
from planner_sagemaker.preflight.role_permissions import role_permission_checks
from planner_sagemaker.reading import Ask

from planner.model.change import Action, Change, ChangeSet, FieldChange, Risk
from planner.model.check import Verdict
from planner.model.resource import DesiredState, Resource

LARGE, XLARGE = (f"ml.c6i.{size}{PER_TYPE}" for size in ("large", "xlarge"))


def resource(kind: str, **body: Any) -> Resource:
    return Resource(address=f"{kind}/e", kind=kind, name="e", body=body)


def state(*more: Resource, count: int = 2, **endpoint: Any) -> DesiredState:
    variant = {"VariantName": "v", "InstanceType": "ml.c6i.large", "InitialInstanceCount": count}
    resources = (
        resource("endpoint-config", ProductionVariants=[variant]),
        resource("endpoint", EndpointConfigName="e", **endpoint),
        *more,
    )
    return DesiredState(endpoint="e", provider="sagemaker", region="r", resources=resources)


def scales(kind: str, most: int | None) -> Resource:
    owner = {
        "ResourceId": "endpoint/e/variant/v",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }
    bounds = {"MaxCapacity": most}
    return resource(
        kind, **owner, **(bounds if kind == "scalable-target" else {"ScalableTargetAction": bounds})
    )


def changes(*acting: tuple[str, Action, str]) -> ChangeSet:
    return ChangeSet(
        endpoint="e",
        action=Action.UPDATE,
        changes=tuple(
            Change(
                address=f"{kind}/e",
                action=action,
                reason="",
                risk=Risk.NONE,
                fields=(FieldChange(path=path, desired=1, live=0, action=action, reason=""),),
            )
            for kind, action, path in acting
        ),
    )


CREATED = changes(("endpoint", Action.CREATE, "EndpointName"))
SWITCHED = changes(("endpoint", Action.UPDATE, "EndpointConfigName"))


def most(desired: DesiredState, found: ChangeSet, **used: int) -> dict[str, int]:
    """What is taken at most, where `used` is what the endpoint has."""
    names = {"large": LARGE, "xlarge": XLARGE}
    before = Counter({names[size]: count for size, count in used.items()})
    before[TOTAL] = sum(used.values())
    (one,) = demands([(desired, found)], {"e": before})
    return dict(one.most)


def test_a_creation_takes_what_it_starts_with_or_scales_to() -> None:
    assert most(state(), CREATED) == {LARGE: 2, TOTAL: 2}
    target, night = scales("scalable-target", 5), scales("scheduled-action", 9)
    assert most(state(target), CREATED) == {LARGE: 5, TOTAL: 5}
    assert most(state(target, night), CREATED) == {LARGE: 9, TOTAL: 9}
    assert most(state(target, scales("scheduled-action", None)), CREATED)[LARGE] == 5


def test_an_update_runs_both_fleets() -> None:
    assert most(state(), SWITCHED, large=2) == {LARGE: 4, TOTAL: 4}
    assert most(state(count=3), SWITCHED, large=2) == {LARGE: 5, TOTAL: 5}
    assert most(state(), SWITCHED, large=6)[LARGE] == 12, "counts that scaling moved are kept"
    assert most(state(), SWITCHED, xlarge=3) == {LARGE: 2, XLARGE: 3, TOTAL: 6}
    assert most(state(scales("scalable-target", 9)), SWITCHED, large=2)[LARGE] == 9


@pytest.mark.parametrize(
    ("size", "extra"),
    [
        ({"Type": "CAPACITY_PERCENT", "Value": 50}, 3),
        ({"Type": "CAPACITY_PERCENT", "Value": 5}, 1),
        ({"Type": "INSTANCE_COUNT", "Value": 2}, 2),
    ],
)
def test_a_rolling_update_runs_a_batch_more(size: dict[str, Any], extra: int) -> None:
    rolling = {"RollingUpdatePolicy": {"MaximumBatchSize": size}}
    desired = state(count=6, DeploymentConfig=rolling)
    assert most(desired, SWITCHED, large=6)[LARGE] == 6 + extra


def test_what_neither_starts_nor_scales_demands_nothing() -> None:
    tags = changes(("endpoint", Action.UPDATE, "Tags[team]"))
    assert demands([(state(), tags)], {}) == []
    assert demands([(state(), changes(("alarm", Action.CREATE, "AlarmName")))], {}) == []
    (one,) = demands([(state(), changes(("scalable-target", Action.UPDATE, "MaxCapacity")))], {})
    assert one.grows == {LARGE, TOTAL}


def test_of_several_pools_the_first_to_be_filled_counts() -> None:
    pools = [{"InstanceType": "ml.c6i.xlarge", "Priority": 2}, {"InstanceType": "ml.c6i.large"}]
    variant = {"VariantName": "v", "InstancePools": pools, "InitialInstanceCount": 3}
    config = resource("endpoint-config", ProductionVariants=[variant])
    desired = DesiredState(
        endpoint="e",
        provider="sagemaker",
        region="r",
        resources=(config, resource("endpoint", EndpointConfigName="e")),
    )
    assert most(desired, CREATED) == {LARGE: 3, TOTAL: 3}


def test_decisions_are_those_on_resources_where_there_are_some() -> None:
    asked: list[Any] = []

    def answer(service: str, operation: str, parameters: Any) -> dict[str, Any]:
        asked.append(parameters)
        specific = {"EvalResourceName": "arn:a", "EvalResourceDecision": "allowed"}
        condition = {
            "EvalResourceName": "arn:b",
            "EvalResourceDecision": "implicitDeny",
            "MissingContextValues": ["aws:RequestTag/team"],
        }
        whole = {"EvalActionName": "a:B", "EvalResourceName": "*", "EvalDecision": "implicitDeny"}
        return {"EvaluationResults": [{**whole, "ResourceSpecificResults": [specific, condition]}]}

    question = Question(
        source="arn:u", actions=("a:B",), resources=tuple(map(str, range(50))), region="r"
    )
    assert simulated(answer, [question]) == [
        Decision(action="a:B", resource="arn:a", decision="allowed"),
        Decision(
            action="a:B",
            resource="arn:b",
            decision="implicitDeny",
            missing=("aws:RequestTag/team",),
        ),
    ]
    assert len(asked[0]["ResourceArns"]) == 20
    assert asked[0]["ContextEntries"][0]["ContextKeyValues"] == ["r"]


ROLE = "arn:aws:iam::123456789012:role/Execution"
CALLER = Caller(account="123456789012", arn="arn:aws:iam::123456789012:user/u")


def simulator(decision: str, *missing: str) -> Ask:
    """IAM as it answers for every action alike."""

    def answer(service: str, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        assert (service, operation) == ("iam", "SimulatePrincipalPolicy")
        whole = {
            "EvalResourceName": "*",
            "EvalDecision": decision,
            "MissingContextValues": list(missing),
        }
        actions = parameters["ActionNames"]
        return {"EvaluationResults": [{**whole, "EvalActionName": one} for one in actions]}

    return answer


@pytest.mark.parametrize(
    ("decision", "missing", "verdict"),
    [
        ("allowed", (), Verdict.PASSED),
        ("implicitDeny", (), Verdict.DENIED),
        ("implicitDeny", ("aws:RequestTag/team",), Verdict.UNKNOWN),
        ("explicitDeny", ("aws:RequestTag/team",), Verdict.DENIED),
    ],
)
def test_a_condition_that_only_a_request_meets_denies_nothing(
    decision: str, missing: tuple[str, ...], verdict: Verdict
) -> None:
    work = [(state(), SWITCHED)]
    (check,) = permission_checks(simulator(decision, *missing), work, CALLER, "r")
    assert (check.subject, check.verdict) == ("sagemaker:UpdateEndpoint", verdict)
    assert all(key in check.detail for key in missing) or verdict is Verdict.DENIED


@pytest.mark.parametrize(
    ("decision", "verdict"),
    [
        ("allowed", Verdict.PASSED),
        ("implicitDeny", Verdict.UNKNOWN),
        ("explicitDeny", Verdict.FAILED),
    ],
)
def test_only_a_denial_in_words_fails_a_role(decision: str, verdict: Verdict) -> None:
    container = {"ModelDataUrl": "s3://b/m.tar.gz"}
    launch = Launch(
        endpoint=resource("endpoint", EndpointConfigName="e"),
        config=resource("endpoint-config", ProductionVariants=[]),
        models=(resource("model", ExecutionRoleArn=ROLE, PrimaryContainer=container),),
        updates=False,
    )
    (check,) = role_permission_checks(simulator(decision), [launch], CALLER, "r")
    assert (check.subject, check.verdict) == ("s3:GetObject", verdict)
    assert ROLE in check.detail


def test_the_worst_comes_first_and_those_alike_together() -> None:
    def found(subject: str, verdict: Verdict, cause: str) -> Finding:
        return Finding(subject=subject, verdict=verdict, cause=cause, words=f"{subject}'s words")

    checks = list(
        told(
            "n",
            "thing",
            [
                *(found(f"p{number}", Verdict.PASSED, "fine") for number in range(1200)),
                found("u", Verdict.UNKNOWN, "dark"),
                found("f", Verdict.FAILED, "broken"),
                found("d", Verdict.DENIED, "forbidden"),
            ],
        )
    )
    assert [(one.subject, one.detail) for one in checks] == [
        ("d", "d's words"),
        ("f", "f's words"),
        ("u", "u's words"),
        ("1,200 things", "fine: p0, p1, p2 and 1,197 more"),
    ]
