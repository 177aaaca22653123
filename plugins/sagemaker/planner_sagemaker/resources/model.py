"""CreateModel: one container with one artifact, or with the prefix that many models share."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from planner.errors import ProviderError
from planner.model.candidate import Decision
from planner.model.resource import DesiredState, Resource
from planner.model.workload import Model, Workload
from planner_sagemaker.images import is_ecr, is_model_package
from planner_sagemaker.resources.names import hashed
from planner_sagemaker.resources.tags import tagged
from planner_sagemaker.settings import SageMakerSettings

_VARIABLE = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]{0,1023}\Z")


def model(
    decision: Decision, workload: Workload, settings: SageMakerSettings, tags: dict[str, str]
) -> Resource:
    """The model object of one decision; raises where the spec lacks what SageMaker needs."""
    served = set(decision.models)
    models = tuple(one for one in workload.models if one.name in served)
    body: dict[str, Any] = {
        "ExecutionRoleArn": settings.role_arn,
        "PrimaryContainer": _container(decision, models, settings),
    }
    if settings.vpc is not None:
        body["VpcConfig"] = {
            "SecurityGroupIds": list(settings.vpc.security_groups),
            "Subnets": list(settings.vpc.subnets),
        }
    if settings.network_isolation:
        body["EnableNetworkIsolation"] = True
    name = hashed(decision.endpoint, body)
    return Resource(
        address=f"model/{name}",
        kind="model",
        name=name,
        body=tagged({"ModelName": name, **body}, tags),
    )


def _container(
    decision: Decision, models: tuple[Model, ...], settings: SageMakerSettings
) -> dict[str, Any]:
    container = _image(models, settings)
    if decision.hosting == "multi-model":
        container["Mode"] = "MultiModel"
        container["ModelDataUrl"] = _prefix(models, settings)
        cache = decision.option("model_cache", "enabled").capitalize()
        container["MultiModelConfig"] = {"ModelCacheSetting": cache}
    else:
        if len(models) != 1:
            raise ProviderError(
                "one-model-per-endpoint",
                f"{decision.hosting} hosting serves one model, not {len(models)}",
                hint="allow multi-model in constraints.hosting, or write one document per model",
            )
        container.update(_artifact(models[0], decision.hosting, settings))
    environment = _environment(models)
    if environment:
        container["Environment"] = environment
    return container


def _image(models: tuple[Model, ...], settings: SageMakerSettings) -> dict[str, Any]:
    image = _one_image(models) or settings.image or ""
    if not image:
        framework = settings.container.framework if settings.container else models[0].framework
        built = f" for {framework}" if framework else ""
        raise ProviderError(
            "image-missing",
            f"SageMaker runs a container image, and the spec names none{built}",
            hint="set image: <account>.dkr.ecr.<region>.amazonaws.com/<name>:<tag>",
            path="container" if settings.container else "image",
        )
    if is_model_package(image):
        return {"ModelPackageName": image}
    if settings.marketplace:
        raise ProviderError(
            "model-package-missing",
            f"a Marketplace model is named by the ARN of its package, not by the image {image}",
            hint="set image: arn:aws:sagemaker:<region>:<account>:model-package/<name>/<version>",
            path="image",
        )
    if is_ecr(image):
        return {"Image": image}
    return _private(image, settings)


def _private(image: str, settings: SageMakerSettings) -> dict[str, Any]:
    if settings.vpc is None:
        raise ProviderError(
            "private-registry-needs-vpc",
            f"SageMaker pulls {image} through a VPC, and the spec names none",
            hint="push the image to Amazon ECR, or set vpc: {subnets: [..], security_groups: [..]}",
            path="image",
        )
    return {"Image": image, "ImageConfig": {"RepositoryAccessMode": "Vpc"}}


def _one_image(models: Iterable[Model]) -> str:
    images = sorted({model.image for model in models if model.image})
    if len(images) > 1:
        raise ProviderError(
            "images-differ",
            f"models of one endpoint share one container, not {', '.join(images[:3])}",
            hint="set one image for all, or write one document per image",
            path="image",
        )
    return images[0] if images else ""


def _artifact(model: Model, hosting: str, settings: SageMakerSettings) -> dict[str, Any]:
    """Where the container finds the model; nothing where the image already holds it.

    A key without a scheme lies below `model_prefix`, for a model that left a shared endpoint too.
    """
    address = model.artifact
    if not address:
        return {}
    if "://" not in address and settings.model_prefix is not None:
        address = f"{settings.model_prefix.rstrip('/')}/{address.lstrip('/')}"
    if not address.startswith("s3://"):
        raise ProviderError(
            "artifact-not-s3",
            f"SageMaker loads models from S3, and {model.name} lies at {address}",
            hint=f"copy it to S3 and set artifact of {model.name} to s3://bucket/model.tar.gz",
        )
    if not address.endswith("/"):
        return {"ModelDataUrl": address}
    if hosting == "serverless":
        raise ProviderError(
            "artifact-not-archive",
            f"serverless endpoints load one archive, and {address} is a folder",
            hint=f"pack it and set artifact of {model.name} to {address}model.tar.gz",
        )
    source = {"S3Uri": address, "S3DataType": "S3Prefix", "CompressionType": "None"}
    return {"ModelDataSource": {"S3DataSource": source}}


def shared_prefix(desired: DesiredState) -> str | None:
    """The folder that the models of an endpoint share, None where it has one model for all."""
    for resource in desired.resources:
        container = resource.body.get("PrimaryContainer", {})
        if container.get("Mode") == "MultiModel":
            return str(container["ModelDataUrl"])
    return None


def below(prefix: str, artifact: str) -> str:
    """How a call names one of the models that share a folder: its TargetModel."""
    return artifact.removeprefix(prefix).lstrip("/")


def _prefix(models: tuple[Model, ...], settings: SageMakerSettings) -> str:
    """The folder of a multi-model endpoint: every artifact lies below it."""
    addresses = [model.artifact for model in models if model.artifact.startswith("s3://")]
    given = settings.model_prefix
    if given is not None:
        prefix = given if given.endswith("/") else f"{given}/"
        outside = [address for address in addresses if not address.startswith(prefix)]
        if outside:
            raise _no_prefix(f"{outside[0]} does not lie below {prefix}")
        return prefix
    if len(addresses) < len(models):
        raise _no_prefix("not every model has an artifact on S3")
    shared = _shared_folder(addresses)
    if not shared:
        raise _no_prefix(f"{addresses[0]} and others lie in different buckets")
    return shared


def _shared_folder(addresses: list[str]) -> str:
    """The deepest folder above all addresses, or nothing when the buckets differ."""
    # Every string between the least and the greatest starts with what these two have in common.
    least, greatest = min(addresses), max(addresses)
    same = 0
    while same < min(len(least), len(greatest)) and least[same] == greatest[same]:
        same += 1
    folder = least[: least.rfind("/", 0, same) + 1]
    return folder if len(folder) > len("s3://") else ""


def _no_prefix(cause: str) -> ProviderError:
    return ProviderError(
        "model-prefix-missing",
        f"a multi-model endpoint loads from one S3 folder: {cause}",
        hint="set model_prefix: s3://bucket/models/",
        path="model_prefix",
    )


def _environment(models: tuple[Model, ...]) -> dict[str, str]:
    environments = sorted({model.environment for model in models})
    if len(environments) > 1:
        raise ProviderError(
            "environments-differ",
            "models of one endpoint share one container and so one environment",
            hint="give all models the same environment, or write one document per environment",
        )
    environment = dict(environments[0]) if environments else {}
    for name, value in environment.items():
        if not _VARIABLE.match(name) or len(value) > 1024:
            raise ProviderError(
                "invalid-environment",
                f"SageMaker does not accept the environment variable {name}",
                hint="letters, digits and underscores, no leading digit; 1024 characters at most",
            )
    return dict(sorted(environment.items()))
