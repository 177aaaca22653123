"""What the service model forbids is refused in the words of the cloud.

Requests go over plain HTTP: boto3 would stop some of them before they leave.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tests.support.sandbox import IMAGE, ROLE, SERVERLESS, Sandbox, refusal

SCOPE = "AWS4-HMAC-SHA256 Credential=sandbox/20260101/us-east-1/sagemaker/aws4_request"
FAILED = "failed to satisfy constraint: "
NAME = "[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}"


def _raw(
    sandbox: Sandbox, target: str, body: Any, headers: dict[str, str] | None = None
) -> tuple[int, Any]:
    given = {"X-Amz-Target": target, "Authorization": SCOPE, **(headers or {})}
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    try:
        with urlopen(Request(sandbox.url, data=data, headers=given)) as answer:
            return answer.status, json.loads(answer.read() or b"{}")
    except HTTPError as error:
        return error.code, json.load(error)


def _message(sandbox: Sandbox, operation: str, body: Any) -> str:
    status, answer = _raw(sandbox, f"SageMaker.{operation}", body)
    assert (status, answer["__type"]) == (400, "ValidationException")
    return str(answer["message"])


def _config(**variant: Any) -> dict[str, Any]:
    one = {"VariantName": "v", "ModelName": "m", **variant}
    return {"EndpointConfigName": "c", "ProductionVariants": [one]}


@pytest.mark.parametrize(
    ("operation", "body", "message"),
    [
        (
            "DescribeEndpoint",
            {"EndpointName": "my_endpoint"},
            f"1 validation error detected: Value 'my_endpoint' at 'endpointName' {FAILED}"
            f"Member must satisfy regular expression pattern: {NAME}",
        ),
        (
            "DescribeEndpoint",
            {},
            f"1 validation error detected: Value null at 'endpointName' {FAILED}"
            "Member must not be null",
        ),
        (
            "CreateEndpoint",
            {"EndpointName": "a-", "EndpointConfigName": None},
            f"2 validation errors detected: Value null at 'endpointConfigName' {FAILED}"
            f"Member must not be null; Value 'a-' at 'endpointName' {FAILED}"
            f"Member must satisfy regular expression pattern: {NAME}",
        ),
        (
            "ListEndpoints",
            {"MaxResults": 101},
            f"1 validation error detected: Value '101' at 'maxResults' {FAILED}"
            "Member must have value less than or equal to 100",
        ),
        (
            "ListEndpoints",
            {"MaxResults": 0, "SortOrder": "Up"},
            f"2 validation errors detected: Value '0' at 'maxResults' {FAILED}"
            f"Member must have value greater than or equal to 1; Value 'Up' at 'sortOrder' {FAILED}"
            "Member must satisfy enum value set: [Ascending, Descending]",
        ),
        (
            "CreateEndpointConfig",
            {"EndpointConfigName": "c", "ProductionVariants": []},
            f"1 validation error detected: Value '[]' at 'productionVariants' {FAILED}"
            "Member must have length greater than or equal to 1",
        ),
        (
            "CreateEndpointConfig",
            _config(ServerlessConfig={"MemorySizeInMB": 2048, "MaxConcurrency": 500}),
            "1 validation error detected: Value '500' at "
            f"'productionVariants.1.member.serverlessConfig.maxConcurrency' {FAILED}"
            "Member must have value less than or equal to 200",
        ),
        (
            "AddTags",
            {
                "ResourceArn": "arn:aws:sagemaker:us-east-1:123456789012:model/m",
                "Tags": [{"Key": "k" * 129, "Value": ""}],
            },
            f"1 validation error detected: Value '{'k' * 129}' at 'tags.1.member.key' {FAILED}"
            "Member must have length less than or equal to 128",
        ),
    ],
)
def test_the_message_is_the_clouds(
    sandbox: Sandbox, operation: str, body: dict[str, Any], message: str
) -> None:
    assert _message(sandbox, operation, body) == message


def test_an_unknown_instance_type_names_them_all(sandbox: Sandbox) -> None:
    message = _message(
        sandbox,
        "CreateEndpointConfig",
        _config(InstanceType="ml.t3.medium", InitialInstanceCount=1),
    )
    start = (
        "1 validation error detected: Value 'ml.t3.medium' at "
        f"'productionVariants.1.member.instanceType' {FAILED}Member must satisfy enum value set: ["
    )
    assert message.startswith(start)
    assert "ml.g5.xlarge" in message
    assert "ml.c7i.large" in message


def test_keys_and_values_of_an_environment_are_judged(sandbox: Sandbox) -> None:
    message = _message(
        sandbox,
        "CreateModel",
        {
            "ModelName": "m",
            "ExecutionRoleArn": ROLE,
            "PrimaryContainer": {"Image": IMAGE, "Environment": {"1A": "x", "B": "y" * 1025}},
        },
    )
    assert message.startswith("2 validation errors detected: ")
    assert (
        f"at 'primaryContainer.environment' {FAILED}Map keys must satisfy constraint: [" in message
    )
    assert f"at 'primaryContainer.environment' {FAILED}Map value must satisfy" in message


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"EndpointName": 1}, "NUMBER_VALUE can not be converted to a String"),
        ({"EndpointName": ["e"]}, "START_ARRAY can not be converted to a String"),
        ({"EndpointName": "e", "Endpoint": "e"}, "DescribeEndpointInput has no member Endpoint"),
        ([], "Start of structure expected"),
        (b"{", None),
    ],
)
def test_what_cannot_be_read_is_no_matter_of_constraints(
    sandbox: Sandbox, body: Any, message: str | None
) -> None:
    assert _raw(sandbox, "SageMaker.DescribeEndpoint", body) == (
        400,
        {"__type": "SerializationException", "message": message},
    )


def test_what_cannot_be_read_is_recorded_too(sandbox: Sandbox) -> None:
    _raw(sandbox, "SageMaker.DescribeEndpoint", b"{")
    (call,) = sandbox.get("calls")
    assert (call["operation"], call["error"]) == ("DescribeEndpoint", "SerializationException")


def test_an_integer_is_no_truth_and_no_fraction(sandbox: Sandbox) -> None:
    for given, token in ((True, "TRUE_VALUE"), (1.5, "NUMBER_VALUE"), ("1", "STRING_VALUE")):
        _, answer = _raw(sandbox, "SageMaker.ListEndpoints", {"MaxResults": given})
        assert answer["message"] == f"{token} can not be converted to an Integer"


@pytest.mark.parametrize(
    ("target", "headers", "status", "code"),
    [
        ("SageMaker.MakeCoffee", {}, 400, "UnknownOperationException"),
        ("Coffee.Make", {}, 400, "UnknownOperationException"),
        ("SageMaker.CreateDomain", {}, 501, "NotImplemented"),
        (
            "SageMaker.ListModels",
            {"Authorization": ""},
            400,
            "MissingAuthenticationTokenException",
        ),
        ("SageMaker.ListModels", {"Authorization": "Basic x"}, 400, "IncompleteSignatureException"),
    ],
)
def test_a_stranger_is_refused(
    sandbox: Sandbox, target: str, headers: dict[str, str], status: int, code: str
) -> None:
    valid = {
        "DomainName": "d",
        "AuthMode": "IAM",
        "DefaultUserSettings": {},
    }
    body = valid if target.endswith("CreateDomain") else {}
    got, answer = _raw(sandbox, target, body, headers)
    assert (got, answer["__type"]) == (status, code)


@pytest.mark.parametrize(
    ("variant", "more", "text"),
    [
        ({"InstanceType": "ml.m5.large"}, {}, "InitialInstanceCount"),
        ({}, {}, "Exactly one of InstanceType, InstancePools, ServerlessConfig"),
        ({**SERVERLESS, "InstanceType": "ml.m5.large"}, {}, "Exactly one of"),
        (
            {"ServerlessConfig": {"MemorySizeInMB": 1500, "MaxConcurrency": 1}},
            {},
            "MemorySizeInMB must be one of",
        ),
        (
            {
                "ServerlessConfig": {
                    "MemorySizeInMB": 1024,
                    "MaxConcurrency": 1,
                    "ProvisionedConcurrency": 2,
                }
            },
            {},
            "ProvisionedConcurrency must not be greater",
        ),
        (
            SERVERLESS,
            {"AsyncInferenceConfig": {"OutputConfig": {"S3OutputPath": "s3://b/o"}}},
            "AsyncInferenceConfig is not supported for serverless",
        ),
        (
            {"InstanceType": "ml.g5.xlarge", "InitialInstanceCount": 1},
            {"KmsKeyId": "alias/key"},
            "local storage",
        ),
        (
            {
                "InstanceType": "ml.m5.large",
                "InitialInstanceCount": 1,
                "ManagedInstanceScaling": {"Status": "ENABLED"},
            },
            {},
            "ManagedInstanceScaling is not supported with the given EndpointConfig setup.",
        ),
    ],
)
def test_combinations_that_the_cloud_excludes_are_refused(
    sandbox: Sandbox, variant: dict[str, Any], more: dict[str, Any], text: str
) -> None:
    sandbox.model()
    code, message = refusal(
        sandbox.sagemaker.create_endpoint_config, **{**_config(**variant), **more}
    )
    assert code == "ValidationException"
    assert text in message
    assert sandbox.sagemaker.list_endpoint_configs()["EndpointConfigs"] == []


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({}, "Exactly one of PrimaryContainer and Containers"),
        ({"PrimaryContainer": {"ModelDataUrl": "s3://b/m"}}, "Exactly one of Image and ModelPack"),
        ({"PrimaryContainer": {"Image": "i", "Mode": "MultiModel"}}, "needs ModelDataUrl"),
        (
            {
                "PrimaryContainer": {
                    "Image": "i",
                    "Environment": {f"V{n}": "x" * 1024 for n in range(33)},
                }
            },
            "32 KB",
        ),
        (
            {
                "Containers": [{"Image": "i"}, {"Image": "j"}],
                "InferenceExecutionConfig": {"Mode": "Direct"},
            },
            "ContainerHostname",
        ),
        (
            {
                "PrimaryContainer": {
                    "Image": "i",
                    "ImageConfig": {"RepositoryAccessMode": "Vpc"},
                }
            },
            "needs a VpcConfig",
        ),
    ],
)
def test_models_that_cannot_be_are_refused(
    sandbox: Sandbox, given: dict[str, Any], text: str
) -> None:
    code, message = refusal(
        sandbox.sagemaker.create_model, ModelName="m", ExecutionRoleArn=ROLE, **given
    )
    assert code == "ValidationException"
    assert text in message


@pytest.mark.parametrize(
    ("deployment", "text"),
    [
        ({"Type": "CANARY", "WaitIntervalInSeconds": 60}, "CanarySize must be provided"),
        (
            {
                "Type": "ALL_AT_ONCE",
                "WaitIntervalInSeconds": 60,
                "LinearStepSize": {"Type": "INSTANCE_COUNT", "Value": 1},
            },
            "LinearStepSize must not be provided",
        ),
        (
            {
                "Type": "CANARY",
                "WaitIntervalInSeconds": 60,
                "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 60},
            },
            "between 0% and 50%",
        ),
        (
            {
                "Type": "LINEAR",
                "WaitIntervalInSeconds": 600,
                "LinearStepSize": {"Type": "CAPACITY_PERCENT", "Value": 50},
            },
            "greater than the sum of all waits",
        ),
    ],
)
def test_deployments_that_cannot_be_are_refused(
    sandbox: Sandbox, deployment: dict[str, Any], text: str
) -> None:
    sandbox.endpoint()
    policy = {"TrafficRoutingConfiguration": deployment, "MaximumExecutionTimeoutInSeconds": 1200}
    code, message = refusal(
        sandbox.sagemaker.update_endpoint,
        EndpointName="e",
        EndpointConfigName="c1",
        DeploymentConfig={"BlueGreenUpdatePolicy": policy},
    )
    assert code == "ValidationException"
    assert text in message
