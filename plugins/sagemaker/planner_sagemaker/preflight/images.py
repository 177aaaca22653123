"""The images of containers: from where they can be pulled, and that they are there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from planner.errors import PlannerError
from planner.model.check import Check, Verdict
from planner_sagemaker.images import is_ecr
from planner_sagemaker.preflight.asking import asked, each, is_absent, unread
from planner_sagemaker.preflight.caller import Caller
from planner_sagemaker.preflight.finding import Finding, told
from planner_sagemaker.preflight.launches import Launch
from planner_sagemaker.reading import Ask, RefusedError

_ECR = re.compile(
    r"(?P<registry>\d{12})\.dkr\.ecr(-fips)?\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?/"
    r"(?P<repository>[^:@]+)(:(?P<tag>[^@]+))?(@(?P<digest>sha256:[0-9a-f]{64}))?"
)


def image_checks(
    ask: Ask, launches: Sequence[Launch], caller: Caller | None, region: str
) -> Iterator[Check]:
    """One look at each image, in whatever number of models it stands."""

    def look(image: str) -> Finding:
        found = _ECR.fullmatch(image)
        if found is None:
            return _elsewhere(image)
        return _looked_at(ask, image, found, caller, region)

    containers = [one for launch in launches for one in launch.containers]
    yield from told("image", "image", each(look, [o["Image"] for o in containers if "Image" in o]))
    named = (one.get("ModelPackageName") for one in containers)
    packages = dict.fromkeys(package for package in named if package)
    unknown = "model packages are not looked up"
    yield from told("image", "model package", [_unknown(package, unknown) for package in packages])


def repository_arns(launches: Sequence[Launch], partition: str) -> list[str]:
    """The repositories of ECR that the containers of all launches come from."""
    images = (one.get("Image") or "" for launch in launches for one in launch.containers)
    found = (_ECR.fullmatch(image) for image in images)
    return [
        f"arn:{partition}:ecr:{one['region']}:{one['registry']}:repository/{one['repository']}"
        for one in found
        if one is not None
    ]


def _elsewhere(image: str) -> Finding:
    if is_ecr(image):
        return _unknown(image, "the public gallery is not looked up")
    # SageMaker reaches it from the VPC of the model, not from here (RepositoryAccessMode).
    return _unknown(image, "a registry outside of Amazon ECR is not looked up")


def _looked_at(
    ask: Ask, image: str, parts: re.Match[str], caller: Caller | None, region: str
) -> Finding:
    if parts["region"] != region:
        # "Cross region ECR image pulls are not allowed": the refusal of CreateModel in
        # aws/sagemaker-pytorch-inference-toolkit#7.
        return _failed(
            image,
            f"SageMaker pulls no image from another region than the endpoint's, {region}",
            f"image: {image.replace(parts['region'], region, 1)}",
        )
    found = asked(ask, "ecr", "DescribeImages", _asked_for(parts))
    if not isinstance(found, PlannerError):
        return Finding(subject=image, verdict=Verdict.PASSED, cause="exists")
    own = caller is not None and parts["registry"] == caller.account
    if is_absent(found) and (own or _no_such_image(found)):
        return _failed(image, "there is no such image", _listing(parts))
    if not own:
        # A registry need not tell strangers what they may pull, nor that it knows them.
        cause = f"registry {parts['registry']} does not let account {_account(caller)} look"
        return _unknown(image, cause)
    return unread(image, "DescribeImages", found)


def _asked_for(parts: re.Match[str]) -> dict[str, Any]:
    if parts["digest"]:
        wanted = {"imageDigest": parts["digest"]}
    else:
        wanted = {"imageTag": parts["tag"] or "latest"}
    return {
        "registryId": parts["registry"],
        "repositoryName": parts["repository"],
        "imageIds": [wanted],
    }


def _no_such_image(error: PlannerError) -> bool:
    """Whether who may look into the repository did not find it."""
    return isinstance(error, RefusedError) and error.cloud_code == "ImageNotFoundException"


def _listing(parts: re.Match[str]) -> str:
    return (
        f"aws ecr describe-images --registry-id {parts['registry']}"
        f" --repository-name {parts['repository']} --region {parts['region']}"
    )


def _account(caller: Caller | None) -> str:
    return caller.account if caller is not None else "?"


def _unknown(subject: str, cause: str) -> Finding:
    return Finding(subject=subject, verdict=Verdict.UNKNOWN, cause=cause)


def _failed(subject: str, cause: str, hint: str) -> Finding:
    return Finding(subject=subject, verdict=Verdict.FAILED, cause=cause, hint=hint)
