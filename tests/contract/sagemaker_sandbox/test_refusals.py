"""The documented errors, word for word."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from planner_sagemaker.sandbox.cloud import Pace
from planner_sagemaker.sandbox.serve import running

from tests.support.sandbox import IMAGE, ROLE, SERVERLESS, Sandbox, arn, refusal

VARIANT = {
    "VariantName": "v",
    "ModelName": "m",
    "InstanceType": "ml.m5.large",
    "InitialInstanceCount": 1,
}
Ask = Callable[[Any], Any]
MISSING: list[tuple[str, str, str, Ask]] = [
    ("model", "model", "no", lambda c: c.describe_model(ModelName="no")),
    ("model", "model", "no", lambda c: c.delete_model(ModelName="no")),
    (
        "model",
        "model",
        "no",
        lambda c: c.create_endpoint_config(
            EndpointConfigName="c", ProductionVariants=[{**VARIANT, "ModelName": "no"}]
        ),
    ),
    (
        "endpoint configuration",
        "endpoint-config",
        "no",
        lambda c: c.describe_endpoint_config(EndpointConfigName="no"),
    ),
    (
        "endpoint configuration",
        "endpoint-config",
        "no",
        lambda c: c.delete_endpoint_config(EndpointConfigName="no"),
    ),
    (
        "endpoint configuration",
        "endpoint-config",
        "no",
        lambda c: c.create_endpoint(EndpointName="x", EndpointConfigName="no"),
    ),
    (
        "endpoint configuration",
        "endpoint-config",
        "no",
        lambda c: c.update_endpoint(EndpointName="e", EndpointConfigName="no"),
    ),
    ("endpoint", "endpoint", "no", lambda c: c.describe_endpoint(EndpointName="no")),
    ("endpoint", "endpoint", "no", lambda c: c.delete_endpoint(EndpointName="no")),
    (
        "endpoint",
        "endpoint",
        "no",
        lambda c: c.update_endpoint(EndpointName="no", EndpointConfigName="c1"),
    ),
    (
        "endpoint",
        "endpoint",
        "no",
        lambda c: c.update_endpoint_weights_and_capacities(
            EndpointName="no", DesiredWeightsAndCapacities=[{"VariantName": "v"}]
        ),
    ),
]


@pytest.mark.parametrize(("title", "kind", "name", "ask"), MISSING)
def test_what_is_not_there(sandbox: Sandbox, title: str, kind: str, name: str, ask: Ask) -> None:
    sandbox.endpoint()
    assert refusal(lambda: ask(sandbox.sagemaker)) == (
        "ValidationException",
        f'Could not find {title} "{arn(kind, name)}".',
    )


def test_what_is_there_already(sandbox: Sandbox) -> None:
    sandbox.endpoint()
    client = sandbox.sagemaker
    code = "ValidationException"
    assert refusal(
        client.create_model,
        ModelName="m",
        ExecutionRoleArn=ROLE,
        PrimaryContainer={"Image": IMAGE},
    ) == (code, f'Cannot create already existing model "{arn("model", "m")}".')
    assert refusal(
        client.create_endpoint_config, EndpointConfigName="c1", ProductionVariants=[VARIANT]
    ) == (
        code,
        f'Cannot create already existing endpoint configuration "{arn("endpoint-config", "c1")}".',
    )
    # Names of endpoints differ by more than case.
    for name in ("e", "E"):
        assert refusal(client.create_endpoint, EndpointName=name, EndpointConfigName="c1") == (
            code,
            f'Cannot create already existing endpoint "{arn("endpoint", name)}".',
        )


@pytest.mark.parametrize("state", ["Creating", "Updating"])
def test_what_is_in_progress(sandbox: Sandbox, state: str) -> None:
    client = sandbox.sagemaker
    if state == "Creating":
        sandbox.model()
        sandbox.config("c1")
        client.create_endpoint(EndpointName="e", EndpointConfigName="c1")
    else:
        sandbox.endpoint()
        client.update_endpoint(EndpointName="e", EndpointConfigName="c1")
    expected = (
        "ValidationException",
        f'Cannot update in-progress endpoint "{arn("endpoint", "e")}".',
    )
    assert sandbox.shown()["EndpointStatus"] == state
    wanted = [{"VariantName": "AllTraffic", "DesiredInstanceCount": 1}]
    assert refusal(client.update_endpoint, EndpointName="e", EndpointConfigName="c1") == expected
    assert refusal(client.delete_endpoint, EndpointName="e") == expected
    assert (
        refusal(
            client.update_endpoint_weights_and_capacities,
            EndpointName="e",
            DesiredWeightsAndCapacities=wanted,
        )
        == expected
    )


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        (
            [{"VariantName": "no", "DesiredWeight": 1.0}],
            'The variant name(s) "no" is/are not present within endpoint configuration "c1".',
        ),
        (
            [{"VariantName": "AllTraffic", "DesiredInstanceCount": 0}],
            "DesiredInstanceCount must be at least 1 for real-time variants.",
        ),
        (
            [{"VariantName": "AllTraffic", "ServerlessUpdateConfig": {"MaxConcurrency": 5}}],
            "ServerlessUpdateConfig is supported for serverless variants only.",
        ),
    ],
)
def test_capacities_that_cannot_be(
    sandbox: Sandbox, wanted: list[dict[str, Any]], text: str
) -> None:
    sandbox.endpoint()
    assert refusal(
        sandbox.sagemaker.update_endpoint_weights_and_capacities,
        EndpointName="e",
        DesiredWeightsAndCapacities=wanted,
    ) == ("ValidationException", text)


def test_the_capacity_of_one_variant_at_a_time(sandbox: Sandbox) -> None:
    sandbox.model()
    two = [{**VARIANT, "VariantName": name} for name in ("a", "b")]
    sandbox.sagemaker.create_endpoint_config(EndpointConfigName="two", ProductionVariants=two)
    sandbox.endpoint(config="two")
    both = [{"VariantName": name, "DesiredInstanceCount": 3} for name in ("a", "b")]
    update = sandbox.sagemaker.update_endpoint_weights_and_capacities
    code, text = refusal(update, EndpointName="e", DesiredWeightsAndCapacities=both)
    assert (code, "only one variant" in text) == ("ValidationException", True)
    weights = [{"VariantName": name, "DesiredWeight": 2.0} for name in ("a", "b")]
    update(EndpointName="e", DesiredWeightsAndCapacities=weights)
    sandbox.advance(60)
    assert [one["CurrentWeight"] for one in sandbox.shown()["ProductionVariants"]] == [2.0, 2.0]


def _limit(quota: str, *, limit: int, used: int, delta: int, unit: str = "Instances") -> str:
    return (
        f"The account-level service limit '{quota}' is {limit} {unit}, with current utilization of "
        f"{used} {unit} and a request delta of {delta} {unit}. Please contact AWS support to "
        "request an increase for this limit."
    )


def test_a_quota_of_a_type_bounds_all_endpoints(sandbox: Sandbox) -> None:
    quota = "ml.m5.large for endpoint usage"
    sandbox.post("quotas", {"quotas": {quota: 5}})
    sandbox.endpoint("a")
    sandbox.endpoint("b")
    client = sandbox.sagemaker
    assert refusal(client.create_endpoint, EndpointName="d", EndpointConfigName="c1") == (
        "ResourceLimitExceeded",
        _limit(quota, limit=5, used=4, delta=2),
    )
    # An update runs two fleets at once; one more instance does not.
    assert refusal(client.update_endpoint, EndpointName="a", EndpointConfigName="c1") == (
        "ResourceLimitExceeded",
        _limit(quota, limit=5, used=4, delta=2),
    )
    client.update_endpoint_weights_and_capacities(
        EndpointName="a",
        DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", "DesiredInstanceCount": 3}],
    )
    sandbox.advance(60)
    client.delete_endpoint(EndpointName="a")
    sandbox.advance(60)
    client.create_endpoint(EndpointName="d", EndpointConfigName="c1")


def test_a_rolling_update_needs_one_batch_more(sandbox: Sandbox) -> None:
    sandbox.post("quotas", {"quotas": {"ml.m5.large for endpoint usage": 3}})
    sandbox.endpoint()
    sandbox.config("c2")
    rolling = {
        "RollingUpdatePolicy": {
            "MaximumBatchSize": {"Type": "CAPACITY_PERCENT", "Value": 50},
            "WaitIntervalInSeconds": 60,
        }
    }
    sandbox.sagemaker.update_endpoint(
        EndpointName="e", EndpointConfigName="c2", DeploymentConfig=rolling
    )
    sandbox.advance(60)
    assert sandbox.shown()["EndpointConfigName"] == "c2"


def test_serverless_endpoints_share_a_concurrency(sandbox: Sandbox) -> None:
    quota = "Maximum total concurrency serverless endpoints"
    sandbox.post("quotas", {"quotas": {quota: 10}, "region": "us-east-1"})
    sandbox.model()
    sandbox.config("s1", capacity=SERVERLESS)
    sandbox.endpoint("a", config="s1")
    sandbox.endpoint("b", config="s1")
    assert refusal(
        sandbox.sagemaker.create_endpoint, EndpointName="d", EndpointConfigName="s1"
    ) == ("ResourceLimitExceeded", _limit(quota, limit=10, used=10, delta=5, unit="Units"))


def test_a_failed_endpoint_can_only_be_deleted(sandbox: Sandbox) -> None:
    sandbox.fault("no-capacity", "CreateEndpoint")
    sandbox.endpoint()
    shown = sandbox.shown()
    assert shown["EndpointStatus"] == "Failed"
    assert "InsufficientInstanceCapacity" in shown["FailureReason"]
    code, _ = refusal(sandbox.sagemaker.update_endpoint, EndpointName="e", EndpointConfigName="c1")
    assert code == "ValidationException"
    sandbox.sagemaker.delete_endpoint(EndpointName="e")
    sandbox.advance(60)
    assert sandbox.sagemaker.list_endpoints()["Endpoints"] == []


def test_what_is_new_is_not_found_for_a_while() -> None:
    pace = Pace(consistency_s=5)
    with running(":memory:", frozen=True, pace=pace) as url:
        sandbox = Sandbox(url=url)
        client = sandbox.sagemaker
        sandbox.model()
        missing = f'Could not find model "{arn("model", "m")}".'
        assert refusal(client.describe_model, ModelName="m")[1] == missing
        assert client.list_models()["Models"] == []
        sandbox.advance(5)
        sandbox.config("c1")
        code, text = refusal(client.create_endpoint, EndpointName="e", EndpointConfigName="c1")
        assert (code, "Could not find endpoint configuration" in text) == (
            "ValidationException",
            True,
        )
        # A second create knows better than a read.
        assert "already existing" in refusal(lambda: sandbox.config("c1"))[1]
        sandbox.advance(5)
        client.create_endpoint(EndpointName="e", EndpointConfigName="c1")
        assert len(client.list_endpoint_configs()["EndpointConfigs"]) == 1
