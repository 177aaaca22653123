"""CreateEndpointConfig and CreateEndpoint: one variant that takes all traffic."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from planner.model.candidate import Decision
from planner.model.resource import Resource
from planner_sagemaker import tables
from planner_sagemaker.resources.names import VARIANT, hashed, readable
from planner_sagemaker.resources.tags import tagged
from planner_sagemaker.settings import SageMakerSettings

_STRATEGY = {"least-outstanding": "LEAST_OUTSTANDING_REQUESTS", "random": "RANDOM"}


def endpoint_config(
    decision: Decision, settings: SageMakerSettings, model: Resource, tags: dict[str, str]
) -> Resource:
    """The immutable config of one decision."""
    body: dict[str, Any] = {"ProductionVariants": [_variant(decision, model.name)]}
    if settings.data_capture is not None:
        body["DataCaptureConfig"] = _capture(settings)
    if settings.kms_key is not None and not _local_disk(decision.instance_type):
        body["KmsKeyId"] = settings.kms_key
    name = hashed(decision.endpoint, body)
    return Resource(
        address=f"endpoint-config/{name}",
        kind="endpoint-config",
        name=name,
        body=tagged({"EndpointConfigName": name, **body}, tags),
        after=(model.address,),
    )


def endpoint(
    decision: Decision,
    config: Resource,
    alarms: Sequence[str],
    *,
    deployment: dict[str, Any],
    tags: dict[str, str],
) -> Resource:
    """The endpoint that clients call; its name is the decision's.

    `alarms` are the names of those that roll its updates back, which `deployment` says how to do:
    that is no property of it, and the digest leaves it out.
    """
    name = readable(decision.endpoint)
    body = tagged({"EndpointName": name, "EndpointConfigName": config.name}, tags)
    return Resource(
        address=f"endpoint/{name}",
        kind="endpoint",
        name=name,
        body={**body, "DeploymentConfig": deployment} if deployment else body,
        after=(config.address, *(f"alarm/{name}" for name in alarms)),
    )


def _variant(decision: Decision, model_name: str) -> dict[str, Any]:
    variant: dict[str, Any] = {
        "VariantName": VARIANT,
        "ModelName": model_name,
        "InitialVariantWeight": 1.0,
    }
    if decision.hosting == "serverless":
        return {**variant, "ServerlessConfig": _serverless(decision)}
    assert decision.replicas is not None, "instance-backed hosting counts replicas"
    variant["InstanceType"] = decision.instance_type
    variant["InitialInstanceCount"] = max(1, decision.replicas.min)
    volume_gb = int(decision.option("volume_gb", "0"))
    if volume_gb:
        variant["VolumeSizeInGB"] = volume_gb
    if decision.routing in _STRATEGY:
        variant["RoutingConfig"] = {"RoutingStrategy": _STRATEGY[decision.routing]}
    return variant


def _serverless(decision: Decision) -> dict[str, int]:
    memory_mb = decision.option("memory_mb") or decision.instance_type.removeprefix("serverless-")
    config = {"MemorySizeInMB": int(memory_mb), "MaxConcurrency": decision.concurrency.max}
    prewarm = int(decision.option("prewarm", "0"))
    if prewarm:
        config["ProvisionedConcurrency"] = prewarm
    return config


def _capture(settings: SageMakerSettings) -> dict[str, Any]:
    capture = settings.data_capture
    assert capture is not None, "asked only where the block has data_capture"
    body: dict[str, Any] = {
        "EnableCapture": True,
        # A whole number of percent is all that the API takes; nothing at all is never meant.
        "InitialSamplingPercentage": max(1, round(capture.percentage * 100)),
        "DestinationS3Uri": capture.s3_uri,
        "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
    }
    if settings.kms_key is not None:
        body["KmsKeyId"] = settings.kms_key
    return body


def _local_disk(instance_type: str) -> bool:
    """True where no EBS volume is attached, so that CreateEndpointConfig refuses KmsKeyId."""
    return any(row.name == instance_type and row.nvme_gb > 0 for row in tables.instances())
