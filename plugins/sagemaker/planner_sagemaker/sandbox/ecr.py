"""DescribeImages: whether a container's image exists, and how large it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from planner_sagemaker.sandbox.account import MADE_AT, Image, account
from planner_sagemaker.sandbox.cloud import ACCOUNT, Call, Handler
from planner_sagemaker.sandbox.errors import CloudError
from planner_sagemaker.sandbox.paging import Paging, page_of

_PAGING = Paging(
    name=lambda row: str(row["imageDigest"]),
    refusal="InvalidParameterException",
    size=100,
    most=1000,
    size_member="maxResults",
    token_member="nextToken",  # noqa: S106 - a member
)
_ANY_TAG = "latest"
"""What a repository holds as long as nothing was put."""


def describe_images(call: Call) -> Mapping[str, Any]:
    """The images that are asked for by tag or digest, or one page of a repository."""
    asked = call.parameters
    registry, repository = asked.get("registryId", ACCOUNT), asked["repositoryName"]
    wanted = asked.get("imageIds")
    if wanted and {"nextToken", "maxResults"} & asked.keys():
        raise CloudError("InvalidParameterException", "imageIds excludes maxResults and nextToken.")
    if wanted:
        found = [_wanted(call, registry, repository, one) for one in wanted]
        return {"imageDetails": _details(found)}
    rows, token = page_of(call, _details(_images(call, registry, repository)), _PAGING)
    return {"imageDetails": rows, "nextToken": token}


def _images(call: Call, registry: str, repository: str) -> list[Image]:
    put = account(call.cloud).images
    place = (call.region, registry, repository)
    if put is None:
        return [_image(place, {"imageTag": _ANY_TAG})]
    found = [one for one in put if one.place == place]
    if not found:
        raise CloudError(
            "RepositoryNotFoundException",
            f"The repository with name '{repository}' does not exist in the registry with id "
            f"'{registry}'",
        )
    return found


def _image(place: tuple[str, str, str], wanted: Mapping[str, str]) -> Image:
    region, registry, repository = place
    tag, digest = wanted.get("imageTag"), wanted.get("imageDigest")
    end = (f":{tag}" if tag else "") + (f"@{digest}" if digest else "")
    return Image(uri=f"{registry}.dkr.ecr.{region}.amazonaws.com/{repository}{end}")


def _wanted(call: Call, registry: str, repository: str, wanted: Mapping[str, str]) -> Image:
    if not wanted:
        raise CloudError("InvalidParameterException", "An image needs a tag or a digest.")
    if account(call.cloud).images is None:
        return _image((call.region, registry, repository), wanted)
    for one in _images(call, registry, repository):
        is_tag = wanted.get("imageTag") in (None, one.tag)
        if is_tag and wanted.get("imageDigest") in (None, one.digest):
            return one
    digest, tag = wanted.get("imageDigest", "null"), wanted.get("imageTag", "null")
    raise CloudError(
        "ImageNotFoundException",
        f"The image with imageId {{imageDigest:'{digest}', imageTag:'{tag}'}} does not exist "
        f"within the repository with name '{repository}' in the registry with id '{registry}'",
    )


def _details(images: list[Image]) -> list[dict[str, Any]]:
    """An image with several tags is shown once."""
    rows: dict[str, dict[str, Any]] = {}
    for image in images:
        _, registry, repository = image.place
        row = rows.setdefault(
            image.digest,
            {
                "registryId": registry,
                "repositoryName": repository,
                "imageDigest": image.digest,
                "imageSizeInBytes": image.bytes,
                "imagePushedAt": MADE_AT,
                "imageManifestMediaType": "application/vnd.docker.distribution.manifest.v2+json",
                "imageStatus": "ACTIVE",
            },
        )
        if image.tag is not None:
            row["imageTags"] = sorted({*row.get("imageTags", []), image.tag})
    return list(rows.values())


HANDLERS: Mapping[str, Handler] = {"DescribeImages": describe_images}
