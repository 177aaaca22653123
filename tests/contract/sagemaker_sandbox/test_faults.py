"""Faults by rule: what a client sees, and what was done all the same."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError
from planner_sagemaker.sandbox.serve import running

from planner.errors import ProviderError
from tests.support.sandbox import Sandbox, refusal


def _exists(sandbox: Sandbox, name: str) -> bool:
    return name in {one["ModelName"] for one in sandbox.sagemaker.list_models()["Models"]}


@pytest.mark.parametrize(
    ("effect", "code", "status"),
    [
        ("throttle", "ThrottlingException", 400),
        ("server-error", "InternalFailure", 500),
        ("unavailable", "ServiceUnavailable", 503),
        ("denied", "AccessDeniedException", 400),
        ("expired", "ExpiredTokenException", 400),
    ],
)
def test_a_refused_request_does_nothing(
    sandbox: Sandbox, effect: str, code: str, status: int
) -> None:
    sandbox.fault(effect, "CreateModel")
    with pytest.raises(ClientError) as refused:
        sandbox.model()
    answer = refused.value.response
    assert answer["Error"]["Code"] == code
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == status
    assert not _exists(sandbox, "m")


def test_a_throttled_message_may_be_null(sandbox: Sandbox) -> None:
    sandbox.fault("throttle", "ListModels", rule={"message": ""})
    code, text = refusal(sandbox.sagemaker.list_models)
    assert (code, text) == ("ThrottlingException", None)


def test_boto3_retries_a_throttled_request_by_itself(sandbox: Sandbox) -> None:
    sandbox.fault("throttle", "ListModels", rule={"times": 1})
    patient = sandbox.client("sagemaker", config=Config(retries={"total_max_attempts": 2}))
    answer = patient.list_models()
    assert answer["ResponseMetadata"]["RetryAttempts"] == 1


@pytest.mark.parametrize(("effect", "done"), [("lost-answer", True), ("lost-request", False)])
def test_a_connection_is_cut(sandbox: Sandbox, effect: str, done: bool) -> None:
    sandbox.fault(effect, "CreateModel", rule={"times": 1})
    with pytest.raises(ConnectionClosedError):
        sandbox.model()
    assert _exists(sandbox, "m") is done


def test_an_answer_comes_too_late_for_something_that_was_done(sandbox: Sandbox) -> None:
    sandbox.fault("timeout", "CreateModel", rule={"seconds": 1})
    hasty = sandbox.client(
        "sagemaker", config=Config(read_timeout=0.2, retries={"total_max_attempts": 1})
    )
    with pytest.raises(ReadTimeoutError):
        hasty.create_model(
            ModelName="m",
            ExecutionRoleArn="arn:aws:iam::123456789012:role/Execution",
            PrimaryContainer={"Image": "i"},
        )
    assert _exists(sandbox, "m")


def test_a_delay_holds_up_nobody_else(sandbox: Sandbox) -> None:
    sandbox.fault("delay", "ListModels", rule={"seconds": 0.3})
    begun = time.monotonic()
    sandbox.sagemaker.list_endpoints()
    between = time.monotonic()
    sandbox.sagemaker.list_models()
    assert between - begun < 0.3 <= time.monotonic() - between


def _update(sandbox: Sandbox, **rule: Any) -> dict[str, Any]:
    sandbox.endpoint()
    sandbox.config("c2")
    sandbox.fault(rule.pop("effect"), "UpdateEndpoint", rule=rule)
    sandbox.sagemaker.update_endpoint(EndpointName="e", EndpointConfigName="c2")
    sandbox.advance(60)
    return sandbox.shown()


def test_an_update_is_rolled_back_without_a_word(sandbox: Sandbox) -> None:
    shown = _update(sandbox, effect="rollback")
    assert (shown["EndpointStatus"], shown["EndpointConfigName"]) == ("InService", "c1")
    assert "FailureReason" not in shown


def test_an_update_is_rolled_back_with_a_reason(sandbox: Sandbox) -> None:
    shown = _update(sandbox, effect="rollback", message="an alarm tripped")
    assert (shown["EndpointConfigName"], shown["FailureReason"]) == ("c1", "an alarm tripped")
    sandbox.post("faults", [])
    sandbox.sagemaker.update_endpoint(EndpointName="e", EndpointConfigName="c2")
    sandbox.advance(60)
    assert "FailureReason" not in sandbox.shown()


@pytest.mark.parametrize(
    ("effect", "status", "config"),
    [
        ("no-capacity", "InService", "c1"),
        ("fail", "Failed", "c1"),
        ("rollback-failed", "UpdateRollbackFailed", "c1"),
        ("stuck", "Updating", "c1"),
    ],
)
def test_other_ends_of_an_update(sandbox: Sandbox, effect: str, status: str, config: str) -> None:
    shown = _update(sandbox, effect=effect)
    assert (shown["EndpointStatus"], shown["EndpointConfigName"]) == (status, config)
    assert ("FailureReason" in shown) is (effect != "stuck")


def test_a_change_of_capacity_rolls_back_visibly(sandbox: Sandbox) -> None:
    sandbox.endpoint()
    sandbox.fault("rollback", "UpdateEndpointWeightsAndCapacities")
    sandbox.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName="e",
        DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", "DesiredInstanceCount": 7}],
    )
    sandbox.advance(3.5)
    assert sandbox.shown()["EndpointStatus"] == "RollingBack"
    sandbox.advance(60)
    shown = sandbox.shown()
    assert shown["EndpointStatus"] == "InService"
    assert shown["ProductionVariants"][0]["DesiredInstanceCount"] == 2


@pytest.mark.parametrize("operation", ["CreateEndpoint", "DeleteEndpoint"])
def test_an_endpoint_is_stuck(sandbox: Sandbox, operation: str) -> None:
    sandbox.fault("stuck", operation)
    sandbox.endpoint()
    if operation == "DeleteEndpoint":
        sandbox.sagemaker.delete_endpoint(EndpointName="e")
    sandbox.advance(1_000_000)
    stuck = {"CreateEndpoint": "Creating", "DeleteEndpoint": "Deleting"}[operation]
    assert sandbox.shown()["EndpointStatus"] == stuck


def test_a_quota_is_exhausted_by_rule(sandbox: Sandbox) -> None:
    sandbox.endpoint()
    sandbox.fault("quota", "CreateEndpoint")
    code, text = refusal(
        sandbox.sagemaker.create_endpoint, EndpointName="f", EndpointConfigName="c1"
    )
    assert code == "ResourceLimitExceeded"
    assert "'ml.m5.large for endpoint usage' is 2 Instances" in text


def test_a_rule_picks_its_requests(sandbox: Sandbox) -> None:
    sandbox.post(
        "faults",
        b"- match: {operation: 'Describe*', name: 'm*', region: us-east-1, call: 2}\n"
        b"  effect: throttle\n"
        b"- match: {service: sts}\n"
        b"  effect: denied\n",
    )
    for name in ("m1", "m2", "x"):
        sandbox.model(name)
    describe = sandbox.sagemaker.describe_model
    describe(ModelName="m1")
    describe(ModelName="x")
    assert refusal(describe, ModelName="m2")[0] == "ThrottlingException"
    describe(ModelName="m2")
    assert refusal(sandbox.client("sts").get_caller_identity)[0] == "AccessDenied"


@pytest.mark.parametrize(
    "rules", [[{"effect": "flood"}], [{"effect": "throttle", "match": {"op": "x"}}], {"a": 1}]
)
def test_a_wrong_rule_is_refused_and_changes_nothing(sandbox: Sandbox, rules: Any) -> None:
    sandbox.fault("throttle", "CreateDomain")
    assert sandbox.post("faults", rules)["status"] == 400
    assert [rule["effect"] for rule in sandbox.get("faults")] == ["throttle"]


def test_rules_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "faults.yaml"
    file.write_text("- {match: {operation: ListModels}, effect: denied}\n")
    with running(":memory:", faults=str(file)) as url:
        sandbox = Sandbox(url=url)
        assert refusal(sandbox.sagemaker.list_models)[0] == "AccessDeniedException"
    file.write_text("- {effect: flood}\n")
    with (
        pytest.raises(ProviderError, match="holds no fault rules"),
        running(":memory:", faults=str(file)),
    ):
        pass


def test_every_request_is_recorded(sandbox: Sandbox) -> None:
    sandbox.model()
    sandbox.sagemaker.list_models()
    sandbox.fault("lost-answer", "DeleteModel")
    with pytest.raises(ConnectionClosedError):
        sandbox.sagemaker.delete_model(ModelName="m")
    refusal(sandbox.sagemaker.describe_model, ModelName="m")
    calls = sandbox.get("calls")
    assert [(one["operation"], one["status"], one["error"], one["fault"]) for one in calls] == [
        ("CreateModel", 200, "", ""),
        ("ListModels", 200, "", ""),
        ("DeleteModel", 200, "", "lost-answer"),
        ("DescribeModel", 400, "ValidationException", ""),
    ]
    assert [one["number"] for one in calls] == [1, 2, 3, 4]
    writing = [one["operation"] for one in sandbox.get("calls?mutating=true")]
    assert writing == ["CreateModel", "DeleteModel"]
    assert calls[2]["parameters"] == {"ModelName": "m"}
    sandbox.post("reset")
    assert sandbox.get("calls") == []
