"""Quotas before the first write to SageMaker, over HTTP; and how few calls a preflight takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from planner.model.resource import DesiredState
from tests.support.preflight import (
    FAILED,
    PASSED,
    UNKNOWN,
    about,
    applied,
    bad,
    changed,
    checked,
    edited,
    link_to,
    many,
    of_kind,
    operations,
    planned,
    serving,
    variant,
)
from tests.support.sandbox import Sandbox

PER_TYPE = " for endpoint usage"
TOTAL = "Number of instances across active endpoints"
CONCURRENCY = "Maximum total concurrency serverless endpoints"
ENDPOINTS = "Maximum number of serverless endpoints"


@pytest.fixture(scope="module")
def fraud() -> DesiredState:
    return planned("fraud-scorer")


@pytest.fixture(scope="module")
def newer() -> DesiredState:
    artifact = "models[0].artifact=s3://risk-models/fraud/next/model.tar.gz"
    return planned("fraud-scorer", artifact)


@pytest.fixture(scope="module")
def served() -> Iterator[Sandbox]:
    with serving() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(served: Sandbox) -> Sandbox:
    served.post("reset")
    return served


def taken(state: DesiredState) -> tuple[str, int]:
    """The quota that an endpoint counts against, and how many instances it may have."""
    shown = variant(state)
    most = [one.body["MaxCapacity"] for one in state.resources if one.kind == "scalable-target"]
    return shown["InstanceType"] + PER_TYPE, max([*most, shown["InitialInstanceCount"]])


def grant(sandbox: Sandbox, **quotas: int) -> None:
    sandbox.post("quotas", {"quotas": quotas})


def scaled(state: DesiredState, least: int, most: int) -> DesiredState:
    """The endpoint with a target between these counts."""
    endpoint = of_kind(state, "endpoint")
    body: dict[str, Any] = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": f"endpoint/{endpoint.name}/variant/AllTraffic",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
        "MinCapacity": least,
        "MaxCapacity": most,
    }
    target = replace(
        endpoint,
        address=f"scalable-target/{endpoint.name}",
        kind="scalable-target",
        body=body,
        after=(endpoint.address,),
    )
    return replace(state, resources=(*state.resources, target))


def test_the_most_of_all_endpoints_together_counts(sandbox: Sandbox, fraud: DesiredState) -> None:
    quota, most = taken(fraud)
    three = many(fraud, 3)
    grant(sandbox, **{quota: 3 * most})
    assert bad(checked(sandbox, *three)) == []
    grant(sandbox, **{quota: 3 * most - 1})
    (failed,) = bad(checked(sandbox, *three))
    assert (failed.name, failed.subject, failed.verdict) == ("quota", quota, FAILED)
    assert f"{3 * most} planned at most (fraud-0 {most}, fraud-1 {most}" in failed.detail
    assert failed.detail.endswith(f": {3 * most} of {3 * most - 1} allowed in us-east-1")
    assert f"--desired-value {3 * most} --region us-east-1" in failed.hint


def test_scaling_counts_at_its_top(sandbox: Sandbox, fraud: DesiredState) -> None:
    quota, few = taken(fraud)
    state = scaled(fraud, 1, few + 5)
    grant(sandbox, **{quota: few + 4})
    assert about(checked(sandbox, state), quota).verdict is FAILED
    grant(sandbox, **{quota: few + 5})
    assert bad(checked(sandbox, state)) == []


def test_what_runs_already_counts(sandbox: Sandbox, fraud: DesiredState) -> None:
    quota, most = taken(fraud)
    kind = quota.removesuffix(PER_TYPE)
    sandbox.model()
    sandbox.config("c1", capacity={"InstanceType": kind, "InitialInstanceCount": 2})
    sandbox.endpoint("other", "c1")
    grant(sandbox, **{quota: most + 2})
    assert about(checked(sandbox, fraud), quota).verdict is PASSED
    grant(sandbox, **{quota: most + 1})
    failed = about(checked(sandbox, fraud), quota)
    assert (failed.verdict, "2 used by others" in failed.detail) == (FAILED, True)
    sandbox.fault("fail", "CreateEndpoint")
    sandbox.endpoint("broken", "c1")
    failed = about(checked(sandbox, fraud), quota)
    assert "2 used by others" in failed.detail, "what has failed holds nothing"


def test_an_update_of_others_counts_both_fleets(sandbox: Sandbox, fraud: DesiredState) -> None:
    quota, _ = taken(fraud)
    capacity = {"InstanceType": quota.removesuffix(PER_TYPE), "InitialInstanceCount": 2}
    sandbox.model()
    for name in ("c1", "c2"):
        sandbox.config(name, capacity=capacity)
    sandbox.endpoint("other", "c1")
    sandbox.sagemaker.update_endpoint(EndpointName="other", EndpointConfigName="c2")
    assert "4 used by others" in about(checked(sandbox, fraud), quota).detail


def test_an_update_counts_both_of_its_fleets(
    sandbox: Sandbox, fraud: DesiredState, newer: DesiredState
) -> None:
    quota, most = taken(fraud)
    applied(sandbox, fraud)
    grant(sandbox, **{quota: 2 * most})
    assert bad(changed(sandbox, newer)) == []
    grant(sandbox, **{quota: 2 * most - 1})
    (failed,) = bad(changed(sandbox, newer))
    assert (failed.subject, failed.verdict) == (quota, FAILED)
    assert f"fraud-scorer {2 * most}" in failed.detail
    with pytest.raises(Exception, match="account-level service limit"):
        sandbox.sagemaker.update_endpoint(
            EndpointName="fraud-scorer",
            EndpointConfigName=of_kind(fraud, "endpoint-config").name,
        )


def test_a_rolling_update_counts_a_batch(
    sandbox: Sandbox, fraud: DesiredState, newer: DesiredState
) -> None:
    quota, most = taken(fraud)
    applied(sandbox, fraud)
    size = {"Type": "CAPACITY_PERCENT", "Value": 50}
    policy = {"MaximumBatchSize": size, "WaitIntervalInSeconds": 0}
    rolling = edited(newer, "endpoint", DeploymentConfig={"RollingUpdatePolicy": policy})
    batch = max(1, most // 2)
    grant(sandbox, **{quota: most + batch})
    assert bad(changed(sandbox, rolling)) == []
    grant(sandbox, **{quota: most + batch - 1})
    assert [one.subject for one in bad(changed(sandbox, rolling))] == [quota]


def test_a_new_top_alone_counts(sandbox: Sandbox, fraud: DesiredState) -> None:
    quota, most = taken(fraud)
    applied(sandbox, fraud)
    sandbox.model()
    kind = quota.removesuffix(PER_TYPE)
    sandbox.config("c1", capacity={"InstanceType": kind, "InitialInstanceCount": 1})
    sandbox.endpoint("other", "c1")
    grant(sandbox, **{quota: most + 4})
    assert bad(changed(sandbox, scaled(fraud, most, most + 3))) == []
    checks = changed(sandbox, scaled(fraud, most, most + 4))
    assert [one.subject for one in bad(checks)] == [quota]
    assert {one.name for one in checks} == {"credentials", "permissions", "quota"}


def test_functions_count_by_their_concurrency(sandbox: Sandbox) -> None:
    tool = planned("internal-tool")
    most = variant(tool)["ServerlessConfig"]["MaxConcurrency"]
    grant(sandbox, **{CONCURRENCY: most, ENDPOINTS: 1})
    assert bad(checked(sandbox, tool)) == []
    grant(sandbox, **{CONCURRENCY: most - 1, ENDPOINTS: 0})
    failed = bad(checked(sandbox, tool))
    assert [one.subject for one in failed] == [ENDPOINTS, CONCURRENCY]
    assert {one.verdict for one in failed} == {FAILED}


def test_quotas_that_cannot_be_read_are_named(sandbox: Sandbox, fraud: DesiredState) -> None:
    quota, _ = taken(fraud)
    sandbox.post("account", {"denied": ["servicequotas:*"]})
    (unknown,) = bad(checked(sandbox, fraud))
    assert (unknown.subject, unknown.verdict) == ("2 quotas", UNKNOWN)
    assert unknown.detail == f"ListServiceQuotas is not allowed: {TOTAL}, {quota}"


def test_a_quota_that_is_not_listed_is_named(sandbox: Sandbox, fraud: DesiredState) -> None:
    kind = {**variant(fraud), "InstanceType": "ml.new.large"}
    state = edited(fraud, "endpoint-config", ProductionVariants=[kind])
    (unknown,) = bad(checked(sandbox, state))
    assert (unknown.subject, unknown.verdict) == (f"ml.new.large{PER_TYPE}", UNKNOWN)


def test_what_others_have_may_not_be_known(sandbox: Sandbox, fraud: DesiredState) -> None:
    quota, most = taken(fraud)
    sandbox.post("account", {"denied": ["sagemaker:ListEndpoints"]})
    unknown = [one for one in bad(checked(sandbox, fraud)) if one.name == "quota"]
    assert {one.verdict for one in unknown} == {UNKNOWN}
    assert "was not counted" in unknown[0].detail
    grant(sandbox, **{quota: most - 1})
    assert about(checked(sandbox, fraud), quota).verdict is FAILED


def test_fifty_endpoints_take_no_more_calls_than_one(sandbox: Sandbox, fraud: DesiredState) -> None:
    def calls(*states: DesiredState) -> Counter[str]:
        before = len(operations(sandbox))
        assert bad(checked(sandbox, *states)) == []
        return Counter(operations(sandbox, before))

    one, fifty = calls(fraud), calls(*many(fraud, 50))
    assert fifty == one
    assert one["GetRole"] == one["DescribeImages"] == one["HeadObject"] == one["ListEndpoints"] == 1
    assert one.total() == 18


def test_endpoints_that_were_read_are_not_asked_for_again(
    sandbox: Sandbox, fraud: DesiredState, newer: DesiredState
) -> None:
    states = many(fraud, 3)
    for state in states:
        applied(sandbox, state)
    link = link_to(sandbox)
    for state in states:
        link.gateway.read(state)
    updated = many(newer, 3)[0]
    now = link.needed(updated, "fraud-0")
    before = len(operations(sandbox))
    checks = link.gateway.checks([(now.desired, now.changes)])
    assert bad(checks) == []
    assert "DescribeEndpoint" not in operations(sandbox, before)
