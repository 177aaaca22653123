from __future__ import annotations

from typing import Any

import pytest

from tests.support.botocore_walk import violations


def config(**variant: Any) -> dict[str, Any]:
    return {
        "EndpointConfigName": "fraud-0123abcd",
        "ProductionVariants": [{"VariantName": "AllTraffic", **variant}],
    }


def test_a_good_request_passes() -> None:
    request = config(ModelName="m", InstanceType="ml.c7i.large", InitialInstanceCount=1)
    assert violations("sagemaker", "CreateEndpointConfig", request) == []


@pytest.mark.parametrize(
    ("request_", "complaint"),
    [
        (config(InstanceType="ml.bogus.large"), "no member"),
        (config(ServerlessConfig={"MemorySizeInMB": 4096, "MaxConcurrency": 500}), "above"),
        (config(ServerlessConfig={"MemorySizeInMB": 4096}), "MaxConcurrency: missing"),
        (config(InitialInstanceCount=0), "below"),
        (config(InitialInstanceCount=True), "bool instead of integer"),
        (config(InitialInstanceCount="2"), "str instead of integer"),
        (config(InstanceKind="x"), "unknown"),
        (config() | {"EndpointConfigName": "ends-with-"}, "does not match"),
        (config() | {"EndpointConfigName": "has_underscore"}, "does not match"),
        (config() | {"EndpointConfigName": "n" * 64}, "above"),
        (config() | {"EndpointConfigName": "newline\n"}, "does not match"),
        (config() | {"ProductionVariants": []}, "below"),
        (config() | {"Tags": [{"Key": "a"}]}, "Value: missing"),
        (config() | {"Tags": [{"Key": "a*b", "Value": ""}]}, "does not match"),
    ],
)
def test_a_bad_request_is_caught(request_: dict[str, Any], complaint: str) -> None:
    found = violations("sagemaker", "CreateEndpointConfig", request_)
    assert any(complaint in text for text in found), found


def test_map_keys_and_values_are_walked() -> None:
    container = {"Image": "i", "Environment": {"1BAD": "x", "GOOD": "y" * 1025}}
    request = {"ModelName": "m", "PrimaryContainer": container}
    found = violations("sagemaker", "CreateModel", request)
    assert len(found) == 2


def test_application_autoscaling_is_walked() -> None:
    request = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": "endpoint/é/variant/AllTraffic",
        "ScalableDimension": "sagemaker:variant:DesiredCount",
    }
    found = violations("application-autoscaling", "RegisterScalableTarget", request)
    assert len(found) == 1
    assert "ScalableDimension" in found[0]
