"""What is looked at before the first write to SageMaker, over HTTP, against the sandbox."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from planner_sagemaker.gateway import SageMakerGateway
from planner_sagemaker.sandbox.serve import running

import planner
from planner.model.check import Check, Verdict
from planner.model.resource import DesiredState
from planner.plans import desired_changes
from tests.support.code import ROOT
from tests.support.sandbox import Sandbox

ROLE = "arn:aws:iam::123456789012:role/SageMakerExecution"
PER_TYPE = " for endpoint usage"
PASSED, FAILED, DENIED, UNKNOWN = Verdict.PASSED, Verdict.FAILED, Verdict.DENIED, Verdict.UNKNOWN


def planned(example: str, *sets: str) -> DesiredState:
    specs = planner.load([str(ROOT / "examples" / example)], sets=sets)
    return planner.plan(specs, verify=False).desired[0]


@pytest.fixture(scope="module")
def fraud() -> DesiredState:
    return planned("fraud-scorer")


@pytest.fixture(scope="module")
def served() -> Iterator[Sandbox]:
    with pytest.MonkeyPatch.context() as environment, running(":memory:", frozen=True) as url:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
            environment.delenv(name, raising=False)
        yield Sandbox(url=url)


@pytest.fixture
def sandbox(served: Sandbox) -> Sandbox:
    served.post("reset")
    return served


def checked(sandbox: Sandbox, *states: DesiredState) -> tuple[Check, ...]:
    """The checks of creating all of these."""
    gateway = SageMakerGateway("us-east-1", sandbox.url)
    for state in states:
        gateway.read(state)
    return gateway.checks([(state, desired_changes(state, reason="new")) for state in states])


def of(checks: Sequence[Check], name: str) -> Check:
    """The one check of this name."""
    (found,) = [one for one in checks if one.name == name]
    return found


def test_all_is_well_as_long_as_nothing_was_put(sandbox: Sandbox, fraud: DesiredState) -> None:
    checks = checked(sandbox, fraud)
    assert {one.verdict for one in checks} == {PASSED}, checks
    assert sandbox.get("calls?mutating=true") == []


def many(state: DesiredState, number: int) -> list[DesiredState]:
    """The same endpoint under other names."""
    return [renamed(state, f"fraud-{index}") for index in range(number)]


def renamed(state: DesiredState, name: str) -> DesiredState:
    old = state.endpoint

    def written(given: Any) -> Any:
        if isinstance(given, dict):
            return {key: written(item) for key, item in given.items()}
        if isinstance(given, list):
            return [written(item) for item in given]
        return given.replace(old, name) if isinstance(given, str) else given

    resources = tuple(
        replace(
            one,
            address=written(one.address),
            name=written(one.name),
            body=written(one.body),
            after=tuple(map(written, one.after)),
        )
        for one in state.resources
    )
    return replace(state, endpoint=name, resources=resources)


def quota_of(state: DesiredState) -> tuple[str, int]:
    """The quota that an endpoint counts against, and how many instances it may have."""
    (variant,) = next(one for one in state.resources if one.kind == "endpoint-config").body[
        "ProductionVariants"
    ]
    most = [one.body["MaxCapacity"] for one in state.resources if one.kind == "scalable-target"]
    return variant["InstanceType"] + PER_TYPE, max(most, default=variant["InitialInstanceCount"])


def grant(sandbox: Sandbox, **quotas: int) -> None:
    sandbox.post("quotas", {"quotas": quotas})


def test_the_most_of_all_endpoints_together_counts(sandbox: Sandbox, fraud: DesiredState) -> None:
    quota, most = quota_of(fraud)
    three = many(fraud, 3)
    grant(sandbox, **{quota: 3 * most})
    assert {one.verdict for one in checked(sandbox, *three)} == {PASSED}
    grant(sandbox, **{quota: 3 * most - 1})
    (failed,) = [one for one in checked(sandbox, *three) if one.verdict is not PASSED]
    assert (failed.name, failed.subject, failed.verdict) == ("quota", quota, FAILED)
    assert f"{3 * most} planned at most (fraud-0 {most}, fraud-1 {most}" in failed.detail
    assert failed.detail.endswith(f": {3 * most} of {3 * most - 1} allowed in us-east-1")
    assert f"--desired-value {3 * most} --region us-east-1" in failed.hint


def test_what_runs_already_counts(sandbox: Sandbox, fraud: DesiredState) -> None:
    quota, most = quota_of(fraud)
    kind = quota.removesuffix(PER_TYPE)
    sandbox.model()
    sandbox.config("c1", capacity={"InstanceType": kind, "InitialInstanceCount": 2})
    sandbox.endpoint("other", "c1")
    grant(sandbox, **{quota: most + 2})
    assert of_quota(checked(sandbox, fraud), quota).verdict is PASSED
    grant(sandbox, **{quota: most + 1})
    failed = of_quota(checked(sandbox, fraud), quota)
    assert (failed.verdict, "2 used by others" in failed.detail) == (FAILED, True)


def of_quota(checks: Sequence[Check], quota: str) -> Check:
    (found,) = [one for one in checks if one.subject == quota]
    return found


def test_a_role_must_exist_and_trust(sandbox: Sandbox, fraud: DesiredState) -> None:
    sandbox.post("account", {"roles": ["Other"]})
    found = of(checked(sandbox, fraud), "role")
    assert (found.subject, found.verdict, found.detail) == (ROLE, FAILED, "there is no such role")
    sandbox.post("account", {"roles": [{"name": "SageMakerExecution", "trusts": ["ec2"]}]})
    found = of(checked(sandbox, fraud), "role")
    assert (found.verdict, "does not let sagemaker" in found.detail) == (FAILED, True)
    sandbox.post("account", {"roles": ["arn:aws:iam::123456789012:role/path/SageMakerExecution"]})
    found = of(checked(sandbox, fraud), "role")
    assert found.verdict is FAILED
    assert found.hint == "role_arn: arn:aws:iam::123456789012:role/path/SageMakerExecution"
    sandbox.post("account", {"roles": None, "denied": ["iam:GetRole"]})
    found = of(checked(sandbox, fraud), "role")
    assert (found.verdict, "GetRole is not allowed" in found.detail) == (UNKNOWN, True)


def test_an_artifact_must_be_there(sandbox: Sandbox, fraud: DesiredState) -> None:
    model = next(one for one in fraud.resources if one.kind == "model")
    uri = model.body["PrimaryContainer"]["ModelDataUrl"]
    sandbox.post("account", {"objects": [uri]})
    assert of(checked(sandbox, fraud), "artifact").verdict is PASSED
    sandbox.post("account", {"objects": [uri + ".bak"]})
    found = of(checked(sandbox, fraud), "artifact")
    assert (found.subject, found.verdict) == (uri, FAILED)
    sandbox.post("account", {"objects": ["s3://other/model.tar.gz"]})
    found = of(checked(sandbox, fraud), "artifact")
    assert (found.verdict, found.detail) == (FAILED, "there is no bucket risk-models")
    sandbox.post("account", {"objects": None, "denied": ["s3:*"]})
    found = of(checked(sandbox, fraud), "artifact")
    assert (found.verdict, "HeadObject is not allowed" in found.detail) == (UNKNOWN, True)
