"""What is looked at before the first write to SageMaker, over HTTP; quotas have their own file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from planner_sagemaker.gateway import SageMakerGateway

from planner.model.resource import DesiredState
from planner.plans import desired_changes
from tests.support.preflight import (
    DENIED,
    FAILED,
    PASSED,
    UNKNOWN,
    about,
    applied,
    bad,
    changed,
    checked,
    edited,
    of,
    of_kind,
    operations,
    planned,
    renamed,
    serving,
)
from tests.support.sandbox import Sandbox

ROLE = "arn:aws:iam::123456789012:role/SageMakerExecution"
USER = "arn:aws:iam::123456789012:user/sandbox"
REGISTRY = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
OWN = f"{REGISTRY}/fraud:1"


@pytest.fixture(scope="module")
def fraud() -> DesiredState:
    return planned("fraud-scorer", f"providers.sagemaker.image={OWN}")


@pytest.fixture(scope="module")
def newer() -> DesiredState:
    artifact = "models[0].artifact=s3://risk-models/fraud/next/model.tar.gz"
    return planned("fraud-scorer", f"providers.sagemaker.image={OWN}", artifact)


@pytest.fixture(scope="module")
def served() -> Iterator[Sandbox]:
    with serving() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(served: Sandbox) -> Sandbox:
    served.post("reset")
    return served


def put(sandbox: Sandbox, **kinds: Any) -> None:
    assert "error" not in sandbox.post("account", kinds)


@pytest.mark.parametrize("example", ["fraud-scorer", "internal-tool", "merchant-fleet"])
def test_all_is_well_as_long_as_nothing_was_put(sandbox: Sandbox, example: str) -> None:
    checks = checked(sandbox, planned(example))
    assert bad(checks) == []
    kinds = {one.name for one in checks}
    assert kinds >= {"credentials", "permissions", "quota", "role", "role permissions", "image"}
    assert sandbox.get("calls?mutating=true") == []


def test_nothing_to_do_asks_nothing(sandbox: Sandbox) -> None:
    assert checked(sandbox) == ()
    assert operations(sandbox) == []


def test_keys_that_are_refused_are_the_end(sandbox: Sandbox, fraud: DesiredState) -> None:
    sandbox.fault("expired", "GetCallerIdentity")
    (check,) = checked(sandbox, fraud)
    assert (check.name, check.verdict) == ("credentials", DENIED)
    assert "aws sso login" in check.hint
    assert operations(sandbox) == ["GetCallerIdentity"]


def test_who_asks_may_be_unknown(sandbox: Sandbox, fraud: DesiredState) -> None:
    sandbox.fault("denied", "GetCallerIdentity", rule={"message": "no"})
    sandbox.fault("server-error", "GetCallerIdentity")
    checks = checked(sandbox, fraud)
    assert of(checks, "credentials").verdict is UNKNOWN
    assert {one.verdict for one in checks} == {PASSED, UNKNOWN}
    assert "permissions" not in {one.name for one in checks}


def test_what_the_caller_may_not_is_named(sandbox: Sandbox, fraud: DesiredState) -> None:
    put(sandbox, denied=["sagemaker:CreateEndpoint"])
    (denied,) = bad(checked(sandbox, fraud))
    assert (denied.name, denied.verdict) == ("permissions", DENIED)
    assert denied.subject == "sagemaker:CreateEndpoint"
    assert denied.detail.startswith(f"{USER} is not allowed on arn:aws:sagemaker:us-east-1:")
    assert "--action-names sagemaker:CreateEndpoint" in denied.hint
    put(sandbox, denied=["sagemaker:Create*", "iam:PassRole", "cloudwatch:Put*"])
    denied = of(bad(checked(sandbox, fraud)), "permissions")
    assert (denied.subject, denied.verdict) == ("5 actions", DENIED)
    assert denied.detail.endswith("and 2 more")


def test_dashboards_have_permissions_of_their_own_and_no_region(sandbox: Sandbox) -> None:
    put(sandbox, denied=["cloudwatch:PutDashboard"])
    (denied,) = bad(checked(sandbox, planned("fraud-scorer", "providers.sagemaker.alerts={}")))
    assert (denied.subject, denied.verdict) == ("cloudwatch:PutDashboard", DENIED)
    assert "arn:aws:cloudwatch::123456789012:dashboard/fraud-scorer-us-east-1" in denied.detail


def test_to_pass_the_role_is_a_permission(sandbox: Sandbox, fraud: DesiredState) -> None:
    put(sandbox, denied=["iam:PassRole"])
    (denied,) = bad(checked(sandbox, fraud))
    assert (denied.subject, denied.verdict) == ("iam:PassRole", DENIED)
    assert ROLE in denied.detail


def test_only_what_the_changes_need_is_asked(
    sandbox: Sandbox, fraud: DesiredState, newer: DesiredState
) -> None:
    applied(sandbox, fraud)
    refused = ["sagemaker:CreateEndpoint", "cloudwatch:PutMetricAlarm", "sagemaker:Delete*"]
    assert bad(changed(sandbox, newer, denied=refused)) == []
    (denied,) = bad(changed(sandbox, newer, denied=["sagemaker:UpdateEndpoint"]))
    assert (denied.subject, denied.verdict) == ("sagemaker:UpdateEndpoint", DENIED)


def test_new_tags_start_nothing(sandbox: Sandbox, fraud: DesiredState) -> None:
    applied(sandbox, fraud)
    tagged = planned(
        "fraud-scorer", f"providers.sagemaker.image={OWN}", "providers.sagemaker.tags.team=new"
    )
    before = len(operations(sandbox))
    checks = changed(sandbox, tagged, objects=[], roles=[])
    assert {one.name for one in checks} == {"credentials", "permissions"}
    found = of(checks, "permissions")
    assert found.subject == "2 actions"
    assert found.detail.endswith(": sagemaker:AddTags, cloudwatch:TagResource")
    asked = operations(sandbox, before)
    assert asked[asked.index("GetCallerIdentity") :] == [
        "GetCallerIdentity",
        *["SimulatePrincipalPolicy"] * 2,
    ]


def test_behind_a_session_stands_its_role(sandbox: Sandbox, fraud: DesiredState) -> None:
    session = "arn:aws:sts::123456789012:assumed-role/Deploy/ci"
    behind = "arn:aws:iam::123456789012:role/teams/Deploy"
    put(sandbox, caller=session, roles=[behind, ROLE])
    found = of(checked(sandbox, fraud), "permissions")
    assert (found.verdict, found.detail.startswith(f"{behind} is allowed: ")) == (PASSED, True)
    put(sandbox, roles=[{"name": "Deploy", "path": "/teams/", "denied": ["sagemaker:*"]}, ROLE])
    assert of(bad(checked(sandbox, fraud)), "permissions").verdict is DENIED


@pytest.mark.parametrize("kind", ["root", "user/x", "federated-user/x"])
def test_who_cannot_be_simulated_is_said(sandbox: Sandbox, fraud: DesiredState, kind: str) -> None:
    service = "sts" if kind.startswith("federated") else "iam"
    caller = f"arn:aws:{service}::123456789012:{kind}"
    put(sandbox, caller=caller, denied=["iam:Simulate*"])
    found = of([one for one in checked(sandbox, fraud) if one.subject == caller], "permissions")
    assert (found.verdict, found.detail.startswith("could not be checked: ")) == (UNKNOWN, True)


def test_who_may_not_simulate_asks_once_for_each_principal(
    sandbox: Sandbox, fraud: DesiredState
) -> None:
    put(sandbox, denied=["iam:SimulatePrincipalPolicy"])
    unknown = bad(checked(sandbox, fraud))
    assert [(one.subject, one.verdict) for one in unknown] == [(USER, UNKNOWN), (ROLE, UNKNOWN)]
    assert all("SimulatePrincipalPolicy is not allowed" in one.detail for one in unknown)
    assert operations(sandbox).count("SimulatePrincipalPolicy") == 2


def test_a_role_must_exist_and_trust(sandbox: Sandbox, fraud: DesiredState) -> None:
    put(sandbox, roles=["Other"])
    found = of(checked(sandbox, fraud), "role")
    assert (found.subject, found.verdict, found.detail) == (ROLE, FAILED, "there is no such role")
    put(sandbox, roles=[{"name": "SageMakerExecution", "trusts": ["ec2.amazonaws.com"]}])
    found = of(checked(sandbox, fraud), "role")
    assert (found.verdict, "does not let sagemaker" in found.detail) == (FAILED, True)
    put(sandbox, roles=["arn:aws:iam::123456789012:role/path/SageMakerExecution"])
    found = of(checked(sandbox, fraud), "role")
    assert found.verdict is FAILED
    assert found.hint == "role_arn: arn:aws:iam::123456789012:role/path/SageMakerExecution"
    put(sandbox, roles=None, denied=["iam:GetRole"])
    found = of(checked(sandbox, fraud), "role")
    assert (found.verdict, "GetRole is not allowed" in found.detail) == (UNKNOWN, True)


def test_a_role_of_another_account_is_never_taken(sandbox: Sandbox, fraud: DesiredState) -> None:
    theirs = "arn:aws:iam::210987654321:role/SageMakerExecution"
    checks = checked(sandbox, edited(fraud, "model", ExecutionRoleArn=theirs))
    found = of(checks, "role")
    assert (found.subject, found.verdict) == (theirs, FAILED)
    assert found.detail.startswith("the credentials are of account 123456789012")
    assert "role permissions" not in {one.name for one in checks}


def test_what_the_role_may_not_is_said(sandbox: Sandbox, fraud: DesiredState) -> None:
    put(sandbox, roles=[{"name": "SageMakerExecution", "denied": ["s3:*", "cloudwatch:*"]}])
    (unknown,) = bad(checked(sandbox, fraud))
    assert (unknown.name, unknown.verdict) == ("role permissions", UNKNOWN)
    assert unknown.subject == "2 actions"
    assert unknown.detail.endswith(": s3:GetObject, cloudwatch:DescribeAlarms")


def test_an_artifact_must_be_there(sandbox: Sandbox, fraud: DesiredState) -> None:
    uri = of_kind(fraud, "model").body["PrimaryContainer"]["ModelDataUrl"]
    put(sandbox, objects=[uri])
    assert of(checked(sandbox, fraud), "artifact").verdict is PASSED
    put(sandbox, objects=[uri + ".bak"])
    found = of(checked(sandbox, fraud), "artifact")
    assert (found.subject, found.verdict, found.hint) == (uri, FAILED, f"aws s3 ls {uri}")
    put(sandbox, objects=["s3://other/model.tar.gz"])
    found = of(checked(sandbox, fraud), "artifact")
    assert (found.verdict, found.detail) == (FAILED, "there is no bucket risk-models")


def test_a_stand_in_that_the_environment_names_is_asked_for_artifacts(
    sandbox: Sandbox, fraud: DesiredState, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = of_kind(fraud, "model").body["PrimaryContainer"]["ModelDataUrl"]
    put(sandbox, objects=[uri])
    monkeypatch.setenv("AWS_ENDPOINT_URL", sandbox.url.replace("127.0.0.1", "localhost"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "sandbox")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "sandbox")
    made = desired_changes(fraud, reason="new")
    found = SageMakerGateway("us-east-1").checks([(fraud, made)])
    assert of(found, "artifact").verdict is PASSED


def test_a_bucket_must_lie_in_the_region(sandbox: Sandbox, fraud: DesiredState) -> None:
    put(sandbox, objects=[{"uri": "s3://far/m.tar.gz", "region": "eu-west-1"}])
    container = {"Image": OWN, "ModelDataUrl": "s3://far/m.tar.gz"}
    found = of(checked(sandbox, edited(fraud, "model", PrimaryContainer=container)), "artifact")
    assert found.detail == "bucket far lies in eu-west-1, the endpoint in us-east-1"
    assert found.verdict is FAILED


def test_the_role_may_read_what_the_caller_may_not(sandbox: Sandbox, fraud: DesiredState) -> None:
    put(sandbox, denied=["s3:*"])
    found = of(checked(sandbox, fraud), "artifact")
    assert (found.verdict, "HeadObject is not allowed" in found.detail) == (UNKNOWN, True)
    put(sandbox, objects=["s3://risk-models/other"], denied=["s3:ListBucket"])
    assert of(checked(sandbox, fraud), "artifact").verdict is UNKNOWN


def test_something_must_lie_below_a_prefix(sandbox: Sandbox) -> None:
    fleet = planned("merchant-fleet")
    prefix = of_kind(fleet, "model").body["PrimaryContainer"]["ModelDataUrl"]
    put(sandbox, objects=[f"{prefix}{number}.tar.gz" for number in range(3)])
    assert of(checked(sandbox, fleet), "artifact").verdict is PASSED
    bucket = prefix.split("/")[2]
    put(sandbox, objects=[f"s3://{bucket}/elsewhere/model.tar.gz"])
    found = of(checked(sandbox, fleet), "artifact")
    assert (found.subject, found.verdict, found.detail) == (
        prefix,
        FAILED,
        "nothing lies below it",
    )
    put(sandbox, denied=["s3:ListBucket"])
    assert of(checked(sandbox, fleet), "artifact").verdict is UNKNOWN


def test_many_that_fare_alike_are_told_once(sandbox: Sandbox, fraud: DesiredState) -> None:
    states = [
        edited(
            renamed(fraud, f"fraud-{number}"),
            "model",
            PrimaryContainer={"Image": OWN, "ModelDataUrl": f"s3://risk-models/{number}.tar.gz"},
        )
        for number in range(5)
    ]
    put(sandbox, objects=["s3://risk-models/0.tar.gz"])
    found = [one for one in checked(sandbox, *states) if one.name == "artifact"]
    assert [(one.subject, one.verdict) for one in found] == [
        ("4 artifacts", FAILED),
        ("s3://risk-models/0.tar.gz", PASSED),
    ]
    assert found[0].detail == (
        "there is no such object: s3://risk-models/1.tar.gz, s3://risk-models/2.tar.gz, "
        "s3://risk-models/3.tar.gz and 1 more"
    )
    put(sandbox, denied=["s3:*"])
    found = [one for one in checked(sandbox, *states) if one.name == "artifact"]
    assert [(one.subject, one.verdict) for one in found] == [("5 artifacts", UNKNOWN)]


def imaged(state: DesiredState, image: str) -> DesiredState:
    container = of_kind(state, "model").body["PrimaryContainer"]
    return edited(state, "model", PrimaryContainer={**container, "Image": image})


def test_an_image_must_be_there(sandbox: Sandbox, fraud: DesiredState) -> None:
    put(sandbox, images=[OWN, f"{REGISTRY}/plain:latest"])
    assert of(checked(sandbox, fraud), "image").verdict is PASSED
    assert of(checked(sandbox, imaged(fraud, f"{REGISTRY}/plain")), "image").verdict is PASSED
    for wrong in (f"{REGISTRY}/fraud:2", f"{REGISTRY}/none:1", f"{OWN}@sha256:{'0' * 64}"):
        found = of(checked(sandbox, imaged(fraud, wrong)), "image")
        assert (found.subject, found.verdict) == (wrong, FAILED)
        assert found.hint.startswith("aws ecr describe-images --registry-id 123456789012 ")
    put(sandbox, denied=["ecr:*"])
    found = of(checked(sandbox, fraud), "image")
    assert (found.verdict, "DescribeImages is not allowed" in found.detail) == (UNKNOWN, True)


def test_no_image_is_pulled_from_another_region(sandbox: Sandbox, fraud: DesiredState) -> None:
    far = OWN.replace("us-east-1", "us-west-2")
    found = of(checked(sandbox, imaged(fraud, far)), "image")
    assert (found.subject, found.verdict, found.hint) == (far, FAILED, f"image: {OWN}")
    assert "DescribeImages" not in operations(sandbox)


def test_a_registry_of_others_need_not_answer(sandbox: Sandbox, fraud: DesiredState) -> None:
    theirs = OWN.replace("123456789012", "763104351884")
    put(sandbox, images=[theirs])
    assert of(checked(sandbox, imaged(fraud, theirs)), "image").verdict is PASSED
    found = of(checked(sandbox, imaged(fraud, f"{theirs}1")), "image")
    assert (found.verdict, found.detail) == (FAILED, "there is no such image")
    put(sandbox, images=[OWN])
    found = of(checked(sandbox, imaged(fraud, theirs)), "image")
    assert (found.verdict, "registry 763104351884 does not let" in found.detail) == (UNKNOWN, True)


@pytest.mark.parametrize(
    "container",
    [
        {"Image": "public.ecr.aws/team/model:1"},
        {"Image": "registry.example.com/team/model:1"},
        {"ModelPackageName": "arn:aws:sagemaker:us-east-1:123456789012:model-package/p/1"},
    ],
)
def test_what_is_not_looked_up_is_said(
    sandbox: Sandbox, fraud: DesiredState, container: dict[str, str]
) -> None:
    (unknown,) = bad(checked(sandbox, edited(fraud, "model", PrimaryContainer=container)))
    assert (unknown.name, unknown.verdict) == ("image", UNKNOWN)
    assert unknown.subject in container.values()


def test_the_alarms_of_a_spec_must_exist(sandbox: Sandbox) -> None:
    fraud = planned("fraud-scorer", "rollout.alarms=[fraud-p99,fraud-5xx]")
    put(sandbox, alarms=["fraud-p99", "fraud-5xx"])
    assert of(checked(sandbox, fraud), "alarm").verdict is PASSED
    put(sandbox, alarms=["fraud-p99"])
    failed = about(checked(sandbox, fraud), "fraud-5xx")
    assert (failed.verdict, failed.detail) == (FAILED, "there is no alarm of this name")
    put(sandbox, alarms=None, denied=["cloudwatch:DescribeAlarms"])
    found = of(checked(sandbox, fraud), "alarm")
    assert (found.subject, found.verdict) == ("2 alarms", UNKNOWN)


def test_an_alarm_that_has_gone_off_would_roll_an_update_back(
    sandbox: Sandbox, fraud: DesiredState, newer: DesiredState
) -> None:
    applied(sandbox, fraud)
    assert bad(changed(sandbox, newer)) == []
    (own,) = [one for one in fraud.resources if one.name == "fraud-scorer-5xx"]
    sandbox.client("cloudwatch").set_alarm_state(
        AlarmName=own.name, StateValue="ALARM", StateReason="by hand"
    )
    (failed,) = bad(changed(sandbox, newer))
    assert (failed.name, failed.subject, failed.verdict) == ("alarm", own.name, FAILED)
    assert "rolled back" in failed.detail


def test_two_of_a_name_are_told_before_one_is_made(sandbox: Sandbox, fraud: DesiredState) -> None:
    first, second = renamed(fraud, "fraud-1"), renamed(fraud, "fraud-1")
    found = of(checked(sandbox, first, replace(second, endpoint="fraud_1")), "name")
    assert (found.subject, found.verdict) == ("5 names", FAILED)
    assert found.detail.startswith("is wanted by fraud-1 and fraud_1: model/fraud-1-")


def test_case_does_not_tell_endpoints_apart(sandbox: Sandbox, fraud: DesiredState) -> None:
    sandbox.endpoint("Fraud-Scorer")
    found = of(checked(sandbox, fraud), "name")
    assert (found.subject, found.verdict) == ("fraud-scorer", FAILED)
    assert found.detail.startswith("exists as Fraud-Scorer")
