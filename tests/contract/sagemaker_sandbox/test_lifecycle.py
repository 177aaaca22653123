"""Models, configs and endpoints from creation to the end, as boto3 sees them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.config import Config
from planner_sagemaker.sandbox.cloud import Pace
from planner_sagemaker.sandbox.serve import running

from tests.support.sandbox import IMAGE, ROLE, SERVERLESS, Sandbox, arn, refusal


def _variant(shown: dict[str, Any]) -> dict[str, Any]:
    (variant,) = shown["ProductionVariants"]
    return dict(variant)


def test_a_model_comes_back_as_it_was_given(sandbox: Sandbox) -> None:
    container = {
        "Image": IMAGE,
        "Mode": "MultiModel",
        "ModelDataUrl": "s3://bucket/models/",
        "MultiModelConfig": {"ModelCacheSetting": "Disabled"},
        "Environment": {"A": "1"},
    }
    network = {"Subnets": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}
    made = sandbox.sagemaker.create_model(
        ModelName="m", ExecutionRoleArn=ROLE, PrimaryContainer=container, VpcConfig=network
    )
    shown = sandbox.sagemaker.describe_model(ModelName="m")
    assert made["ModelArn"] == shown["ModelArn"] == arn("model", "m")
    assert (shown["PrimaryContainer"], shown["VpcConfig"]) == (container, network)
    assert shown["EnableNetworkIsolation"] is False
    sandbox.sagemaker.delete_model(ModelName="m")
    assert sandbox.sagemaker.list_models()["Models"] == []


def test_a_config_comes_back_with_the_default_weight(sandbox: Sandbox) -> None:
    sandbox.model()
    sandbox.config("c1", KmsKeyId="alias/key")
    shown = sandbox.sagemaker.describe_endpoint_config(EndpointConfigName="c1")
    assert shown["ProductionVariants"] == [
        {
            "VariantName": "AllTraffic",
            "ModelName": "m",
            "InstanceType": "ml.m5.large",
            "InitialInstanceCount": 2,
            "InitialVariantWeight": 1.0,
        }
    ]
    assert shown["KmsKeyId"] == "alias/key"


def test_an_endpoint_is_created_over_time(sandbox: Sandbox) -> None:
    sandbox.model()
    sandbox.config("c1")
    sandbox.sagemaker.create_endpoint(EndpointName="e", EndpointConfigName="c1")
    shown = sandbox.shown()
    assert shown["EndpointStatus"] == "Creating"
    assert "ProductionVariants" not in shown
    assert shown["PendingDeploymentSummary"]["EndpointConfigName"] == "c1"
    sandbox.advance(2.9)
    assert sandbox.shown()["EndpointStatus"] == "Creating"
    sandbox.advance(0.2)
    served = sandbox.shown()
    assert served["EndpointStatus"] == "InService"
    assert "PendingDeploymentSummary" not in served
    variant = _variant(served)
    assert (variant["CurrentInstanceCount"], variant["DesiredInstanceCount"]) == (2, 2)
    assert variant["DeployedImages"][0]["SpecifiedImage"] == IMAGE
    took = served["LastModifiedTime"] - served["CreationTime"]
    assert took.total_seconds() == pytest.approx(3, abs=0.01)


def test_an_update_shows_the_old_config_until_the_new_one_serves(sandbox: Sandbox) -> None:
    sandbox.endpoint()
    sandbox.config("c2", capacity={"InstanceType": "ml.c5.large", "InitialInstanceCount": 1})
    sandbox.sagemaker.update_endpoint(EndpointName="e", EndpointConfigName="c2")
    during = sandbox.shown()
    assert (during["EndpointStatus"], during["EndpointConfigName"]) == ("Updating", "c1")
    (pending,) = during["PendingDeploymentSummary"]["ProductionVariants"]
    assert (pending["InstanceType"], pending["DesiredInstanceCount"]) == ("ml.c5.large", 1)
    sandbox.advance(4)
    after = sandbox.shown()
    assert (after["EndpointStatus"], after["EndpointConfigName"]) == ("InService", "c2")
    assert _variant(after)["CurrentInstanceCount"] == 1


@pytest.mark.parametrize(
    ("arguments", "count", "weight"),
    [
        ({}, 2, 1.0),
        ({"RetainAllVariantProperties": True}, 9, 0.5),
        (
            {
                "RetainAllVariantProperties": True,
                "ExcludeRetainedVariantProperties": [
                    {"VariantPropertyType": "DesiredInstanceCount"}
                ],
            },
            2,
            0.5,
        ),
        (
            {
                "RetainAllVariantProperties": True,
                "ExcludeRetainedVariantProperties": [{"VariantPropertyType": "DesiredWeight"}],
            },
            9,
            1.0,
        ),
    ],
)
def test_an_update_resets_what_it_does_not_retain(
    sandbox: Sandbox, arguments: dict[str, Any], count: int, weight: float
) -> None:
    sandbox.endpoint()
    sandbox.config("c2")
    wanted = {"VariantName": "AllTraffic", "DesiredInstanceCount": 9, "DesiredWeight": 0.5}
    sandbox.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName="e", DesiredWeightsAndCapacities=[wanted]
    )
    sandbox.advance(60)
    sandbox.sagemaker.update_endpoint(EndpointName="e", EndpointConfigName="c2", **arguments)
    sandbox.advance(60)
    variant = _variant(sandbox.shown())
    assert (variant["CurrentInstanceCount"], variant["CurrentWeight"]) == (count, weight)


def test_a_capacity_changes_in_place_and_keeps_the_weight(sandbox: Sandbox) -> None:
    sandbox.endpoint()
    sandbox.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName="e",
        DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", "DesiredInstanceCount": 5}],
    )
    during = sandbox.shown()
    assert during["EndpointStatus"] == "Updating"
    variant = _variant(during)
    assert (variant["CurrentInstanceCount"], variant["DesiredInstanceCount"]) == (2, 5)
    sandbox.advance(4)
    after = sandbox.shown()
    variant = _variant(after)
    assert (after["EndpointConfigName"], after["EndpointStatus"]) == ("c1", "InService")
    assert (variant["CurrentInstanceCount"], variant["CurrentWeight"]) == (5, 1.0)


def test_serverless_concurrency_changes_in_place(sandbox: Sandbox) -> None:
    sandbox.model()
    sandbox.config("s1", capacity=SERVERLESS)
    sandbox.endpoint(config="s1")
    sandbox.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName="e",
        DesiredWeightsAndCapacities=[
            {
                "VariantName": "AllTraffic",
                "ServerlessUpdateConfig": {"MaxConcurrency": 20, "ProvisionedConcurrency": 3},
            }
        ],
    )
    sandbox.advance(60)
    assert _variant(sandbox.shown())["CurrentServerlessConfig"] == {
        "MemorySizeInMB": 2048,
        "MaxConcurrency": 20,
        "ProvisionedConcurrency": 3,
    }


def test_serverless_becomes_real_time_and_not_the_other_way(sandbox: Sandbox) -> None:
    sandbox.model()
    sandbox.config("s1", capacity=SERVERLESS)
    sandbox.config("c1")
    sandbox.endpoint(config="s1")
    sandbox.sagemaker.update_endpoint(EndpointName="e", EndpointConfigName="c1")
    sandbox.advance(60)
    assert _variant(sandbox.shown())["CurrentInstanceCount"] == 2
    code, text = refusal(
        sandbox.sagemaker.update_endpoint, EndpointName="e", EndpointConfigName="s1"
    )
    assert code == "ValidationException"
    assert "serverless" in text
    assert sandbox.shown()["EndpointStatus"] == "InService"


def test_a_canary_waits_and_is_remembered(sandbox: Sandbox) -> None:
    sandbox.endpoint()
    sandbox.config("c2")
    deployment = {
        "BlueGreenUpdatePolicy": {
            "TrafficRoutingConfiguration": {
                "Type": "CANARY",
                "WaitIntervalInSeconds": 600,
                "CanarySize": {"Type": "INSTANCE_COUNT", "Value": 1},
            },
            "TerminationWaitInSeconds": 600,
        }
    }
    sandbox.sagemaker.update_endpoint(
        EndpointName="e", EndpointConfigName="c2", DeploymentConfig=deployment
    )
    sandbox.advance(4.5)  # an update takes 3 s, and of 1200 s of waiting stay 2 s
    assert sandbox.shown()["EndpointStatus"] == "Updating"
    sandbox.advance(1)
    shown = sandbox.shown()
    assert (shown["EndpointStatus"], shown["LastDeploymentConfig"]) == ("InService", deployment)


def test_an_endpoint_is_deleted_over_time_and_a_config_at_once(sandbox: Sandbox) -> None:
    sandbox.endpoint()
    sandbox.sagemaker.delete_endpoint_config(EndpointConfigName="c1")  # in use, and gone
    assert sandbox.shown()["EndpointConfigName"] == "c1"
    sandbox.sagemaker.delete_endpoint(EndpointName="e")
    assert sandbox.shown()["EndpointStatus"] == "Deleting"
    sandbox.advance(2)
    assert refusal(sandbox.sagemaker.describe_endpoint, EndpointName="e") == (
        "ValidationException",
        f'Could not find endpoint "{arn("endpoint", "e")}".',
    )


def test_what_an_endpoint_captures_is_shown(sandbox: Sandbox) -> None:
    sandbox.model()
    sandbox.config(
        "c1",
        DataCaptureConfig={
            "EnableCapture": True,
            "InitialSamplingPercentage": 20,
            "DestinationS3Uri": "s3://bucket/capture",
            "CaptureOptions": [{"CaptureMode": "Input"}],
        },
    )
    sandbox.endpoint()
    shown = sandbox.shown()["DataCaptureConfig"]
    assert (shown["CaptureStatus"], shown["CurrentSamplingPercentage"]) == ("Started", 20)


def test_maintenance_locks_an_endpoint(sandbox: Sandbox) -> None:
    sandbox.endpoint()
    sandbox.post("endpoints/e", {"region": "us-east-1", "seconds": 30})
    assert sandbox.shown()["EndpointStatus"] == "SystemUpdating"
    text = f'Cannot update in-progress endpoint "{arn("endpoint", "e")}".'
    calls: list[tuple[Any, dict[str, Any]]] = [
        (sandbox.sagemaker.delete_endpoint, {}),
        (sandbox.sagemaker.update_endpoint, {"EndpointConfigName": "c1"}),
    ]
    for call, more in calls:
        assert refusal(call, EndpointName="e", **more) == ("ValidationException", text)
    sandbox.advance(31)
    assert sandbox.shown()["EndpointStatus"] == "InService"


def test_the_waiters_of_boto3_work_on_a_clock_that_runs() -> None:
    with running(":memory:", pace=Pace(create_s=0.3, delete_s=0.1)) as url:
        sandbox = Sandbox(url=url)
        client = sandbox.client("sagemaker", config=Config())
        sandbox.model()
        sandbox.config("c1")
        client.create_endpoint(EndpointName="e", EndpointConfigName="c1")
        quick = {"Delay": 0.1, "MaxAttempts": 50}
        client.get_waiter("endpoint_in_service").wait(EndpointName="e", WaiterConfig=quick)
        shown = sandbox.shown()
        assert shown["EndpointStatus"] == "InService"
        now = datetime.now(UTC)
        assert abs((now - shown["CreationTime"]).total_seconds()) < 30
        client.delete_endpoint(EndpointName="e")
        client.get_waiter("endpoint_deleted").wait(EndpointName="e", WaiterConfig=quick)
        assert client.list_endpoints()["Endpoints"] == []
