"""CreateEndpointConfig, DescribeEndpointConfig, ListEndpointConfigs, DeleteEndpointConfig."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from planner_sagemaker import tables
from planner_sagemaker.sandbox import models
from planner_sagemaker.sandbox.cloud import Call, Handler
from planner_sagemaker.sandbox.errors import already_exists, invalid, not_found
from planner_sagemaker.sandbox.listing import listed
from planner_sagemaker.sandbox.store import Document
from planner_sagemaker.sandbox.tags import given_tags

KIND = "endpoint-config"
TITLE = "endpoint configuration"
_CAPACITY = ("InstanceType", "InstancePools", "ServerlessConfig")
_MEMORY_MB = (1024, 2048, 3072, 4096, 5120, 6144)
_NOT_SERVERLESS = ("DataCaptureConfig", "AsyncInferenceConfig", "ShadowProductionVariants")


def create_endpoint_config(call: Call) -> Mapping[str, Any]:
    """Keep what was given; refuses a name that exists and a model that does not."""
    asked = call.parameters
    name = asked["EndpointConfigName"]
    arn = call.arn(KIND, name)
    tags = given_tags(asked)
    for problem in _problems(call):
        raise invalid(problem)
    if call.strong(KIND, name) is not None:
        raise already_exists(TITLE, arn)
    kept = {key: asked[key] for key in asked if key != "Tags"}
    for member in ("ProductionVariants", "ShadowProductionVariants"):
        if member in kept:
            kept[member] = [{"InitialVariantWeight": 1.0, **one} for one in kept[member]]
    call.put(
        KIND,
        name,
        {
            "EnableNetworkIsolation": False,
            **kept,
            "EndpointConfigArn": arn,
            "CreationTime": call.now,
            "_tags": tags,
        },
    )
    return {"EndpointConfigArn": arn}


def describe_endpoint_config(call: Call) -> Mapping[str, Any]:
    """What was given, with the defaults of the cloud."""
    return existing(call, call.parameters["EndpointConfigName"])


def list_endpoint_configs(call: Call) -> Mapping[str, Any]:
    """One page of the configs of a region."""
    return listed(call, KIND, member="EndpointConfigs", name="EndpointConfigName")


def delete_endpoint_config(call: Call) -> Mapping[str, Any]:
    """Forget a config, in use or not: "you must not" is all that the documentation says.

    AWS can no longer patch such an endpoint (ministryofjustice/analytical-platform#10195).
    """
    name = call.parameters["EndpointConfigName"]
    if not call.remove(KIND, name):
        raise not_found(TITLE, call.arn(KIND, name))
    return {}


def existing(call: Call, name: str) -> Document:
    """The config as a read finds it, or the refusal."""
    found = call.seen(KIND, name)
    if found is None:
        raise not_found(TITLE, call.arn(KIND, name))
    return found


def variants(config: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Production and shadow variants of a config."""
    return [*config["ProductionVariants"], *(config.get("ShadowProductionVariants") or ())]


def _problems(call: Call) -> Iterator[str]:
    """What the service model cannot say; the wording is ours where no source is named."""
    asked = call.parameters
    every = variants(asked)
    names = [variant["VariantName"] for variant in every]
    if len(set(names)) < len(names):
        yield "Variant names must be unique within an endpoint configuration."
    for variant in every:
        yield from _variant_problems(variant, asked)
        if "ModelName" in variant:
            yield from _model_problems(variant, models.existing(call, variant["ModelName"]))
    if any("ServerlessConfig" in variant for variant in every):
        yield from _serverless_problems(asked, every)


def _variant_problems(variant: Mapping[str, Any], asked: Mapping[str, Any]) -> Iterator[str]:
    given = [member for member in _CAPACITY if member in variant]
    name = variant["VariantName"]
    if len(given) != 1:
        yield f"Exactly one of {', '.join(_CAPACITY)} must be provided for variant {name}."
    elif "ServerlessConfig" not in variant and "InitialInstanceCount" not in variant:
        yield f"InitialInstanceCount must be provided for variant {name}."
    if "ModelName" not in variant and not asked.get("ExecutionRoleArn"):
        yield f"ModelName must be provided for variant {name}."
    if "ModelName" in variant and "ManagedInstanceScaling" in variant:
        # DIAGNijmegen/rse-grand-challenge#4659
        yield "ManagedInstanceScaling is not supported with the given EndpointConfig setup."
    if asked.get("KmsKeyId") and variant.get("InstanceType") in _with_local_disks():
        # Documented for KmsKeyId of CreateEndpointConfig: the call fails.
        yield f"KmsKeyId cannot be used with {variant['InstanceType']}: it has local storage."


def _serverless_problems(asked: Mapping[str, Any], every: list[dict[str, Any]]) -> Iterator[str]:
    if len(every) > 1:
        yield "A serverless endpoint configuration has exactly one variant."
    for member in _NOT_SERVERLESS:
        if asked.get(member):
            yield f"{member} is not supported for serverless endpoints."
    if asked.get("VpcConfig") or asked.get("EnableNetworkIsolation"):
        yield "VpcConfig and network isolation are not supported for serverless endpoints."
    config = every[0]["ServerlessConfig"]
    if config["MemorySizeInMB"] not in _MEMORY_MB:
        yield f"MemorySizeInMB must be one of {', '.join(map(str, _MEMORY_MB))}."
    if config.get("ProvisionedConcurrency", 0) > config["MaxConcurrency"]:
        yield "ProvisionedConcurrency must not be greater than MaxConcurrency."


def _model_problems(variant: Mapping[str, Any], model: Mapping[str, Any]) -> Iterator[str]:
    """What a model has that serverless hosting excludes (serverless-endpoints.md)."""
    if "ServerlessConfig" not in variant:
        return
    containers = models.containers(model)
    if model.get("VpcConfig") or model.get("EnableNetworkIsolation"):
        yield "Models with VpcConfig or network isolation are not supported for serverless."
    if len(containers) > 1 or any(one.get("Mode") == "MultiModel" for one in containers):
        yield "Multi-container and multi-model models are not supported for serverless."
    if any("ModelDataSource" in one for one in containers):
        yield "ModelDataSource is not supported for serverless endpoints."


@cache
def _with_local_disks() -> frozenset[str]:
    return frozenset(row.name for row in tables.instances() if row.nvme_gb > 0)


HANDLERS: Mapping[str, Handler] = {
    "CreateEndpointConfig": create_endpoint_config,
    "DescribeEndpointConfig": describe_endpoint_config,
    "ListEndpointConfigs": list_endpoint_configs,
    "DeleteEndpointConfig": delete_endpoint_config,
}
