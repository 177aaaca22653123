"""CreateModel, DescribeModel, ListModels, DeleteModel: containers and artifacts, never changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from planner_sagemaker.sandbox.artifacts import model_problems
from planner_sagemaker.sandbox.cloud import Call, Handler
from planner_sagemaker.sandbox.errors import already_exists, invalid, not_found
from planner_sagemaker.sandbox.listing import listed
from planner_sagemaker.sandbox.store import Document
from planner_sagemaker.sandbox.tags import given_tags

KIND = "model"
TITLE = "model"
_ENVIRONMENT_BYTES = 32 * 1024


def create_model(call: Call) -> Mapping[str, Any]:
    """Keep what was given; refuses a name that exists."""
    asked = call.parameters
    name = asked["ModelName"]
    arn = call.arn(KIND, name)
    for problem in _problems(asked):
        raise invalid(problem)
    tags = given_tags(asked)
    if call.strong(KIND, name) is not None:
        raise already_exists(TITLE, arn)
    for problem in model_problems(call, containers(asked)):
        raise invalid(problem)
    kept = {key: asked[key] for key in asked if key != "Tags"}
    call.put(
        KIND,
        name,
        {
            "EnableNetworkIsolation": False,
            **kept,
            "ModelArn": arn,
            "CreationTime": call.now,
            "_tags": tags,
        },
    )
    return {"ModelArn": arn}


def describe_model(call: Call) -> Mapping[str, Any]:
    """What was given, with the defaults of the cloud."""
    return existing(call, call.parameters["ModelName"])


def list_models(call: Call) -> Mapping[str, Any]:
    """One page of the models of a region."""
    return listed(call, KIND, member="Models", name="ModelName")


def delete_model(call: Call) -> Mapping[str, Any]:
    """Forget a model; the cloud does not look whether a config names it."""
    name = call.parameters["ModelName"]
    if not call.remove(KIND, name):
        raise not_found(TITLE, call.arn(KIND, name))
    return {}


def existing(call: Call, name: str) -> Document:
    """The model as a read finds it, or the refusal."""
    found = call.seen(KIND, name)
    if found is None:
        raise not_found(TITLE, call.arn(KIND, name))
    return found


def containers(model: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The containers of a model, whether it was given one or several."""
    primary = model.get("PrimaryContainer")
    return [primary] if primary else list(model.get("Containers") or ())


def _problems(asked: Mapping[str, Any]) -> Iterator[str]:
    """What the service model cannot say; the wording is ours."""
    if bool(asked.get("PrimaryContainer")) == bool(asked.get("Containers")):
        yield "Exactly one of PrimaryContainer and Containers must be provided."
    if not asked.get("ExecutionRoleArn"):
        yield "ExecutionRoleArn must be provided."
    found = containers(asked)
    for container in found:
        yield from _container_problems(container)
    direct = (asked.get("InferenceExecutionConfig") or {}).get("Mode") == "Direct"
    if direct and not all(container.get("ContainerHostname") for container in found):
        yield "Each container of a Direct model must have a ContainerHostname."
    if not asked.get("VpcConfig") and any(_private(container) for container in found):
        yield "RepositoryAccessMode Vpc needs a VpcConfig."


def _private(container: Mapping[str, Any]) -> bool:
    return (container.get("ImageConfig") or {}).get("RepositoryAccessMode") == "Vpc"


def _container_problems(container: Mapping[str, Any]) -> Iterator[str]:
    if bool(container.get("Image")) == bool(container.get("ModelPackageName")):
        yield "Exactly one of Image and ModelPackageName must be provided for a container."
    if container.get("ModelDataUrl") and container.get("ModelDataSource"):
        yield "Only one of ModelDataUrl and ModelDataSource may be provided for a container."
    if container.get("Mode") == "MultiModel" and not container.get("ModelDataUrl"):
        yield "A MultiModel container needs ModelDataUrl: the S3 prefix of its models."
    environment = container.get("Environment") or {}
    size = sum(len(f"{key}{text}".encode()) for key, text in environment.items())
    if size > _ENVIRONMENT_BYTES:
        yield "The environment variables of a container must not exceed 32 KB."


HANDLERS: Mapping[str, Handler] = {
    "CreateModel": create_model,
    "DescribeModel": describe_model,
    "ListModels": list_models,
    "DeleteModel": delete_model,
}
