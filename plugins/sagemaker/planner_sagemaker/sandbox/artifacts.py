"""What a model needs from elsewhere: its role, its data, its images.

SageMaker looks at role and data when a model is made, and pulls images when an endpoint begins.
Where no list of a kind was put, all is there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from planner_sagemaker.sandbox.account import SERVICE, Account, Image, Role, account
from planner_sagemaker.sandbox.cloud import Call
from planner_sagemaker.sandbox.permissions import matches


def model_problems(call: Call, containers: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Why SageMaker cannot make a model with this role and this data."""
    has = account(call.cloud)
    arn = str(call.parameters["ExecutionRoleArn"])
    role = has.role(arn.rpartition("/")[2])
    if role is None or SERVICE not in role.trusts:
        # awslabs/predictive-maintenance-using-machine-learning#3, there of a transform job.
        yield (
            f"Could not assume role {arn}. Please ensure that the role exists and allows principal "
            f"'{SERVICE}' to assume the role."
        )
        return
    for uri, is_prefix in _data(containers):
        if not _readable(has, role, uri, is_prefix):
            # philschmid/llm-sagemaker-sample#2
            yield (
                f"Could not access model data at {uri}. Please ensure that the role "
                f'"{arn}" exists and that its trust relationship policy allows the action '
                f'"sts:AssumeRole" for the service principal "{SERVICE}". Also ensure that the '
                f'role has "s3:GetObject" permissions and that the object is located in '
                f"{call.region}. If your Model uses multiple models or uncompressed models, please "
                'ensure that the role has "s3:ListBucket" permission.'
            )


def _data(containers: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, bool]]:
    """Where the artifacts lie, and whether that is what their names begin with."""
    for container in containers:
        if container.get("ModelDataUrl"):
            yield container["ModelDataUrl"], container.get("Mode") == "MultiModel"
        source = (container.get("ModelDataSource") or {}).get("S3DataSource")
        if source:
            yield source["S3Uri"], source["S3DataType"] == "S3Prefix"


def _readable(has: Account, role: Role, uri: str, is_prefix: bool) -> bool:
    needed = ["s3:GetObject", "s3:ListBucket"] if is_prefix else ["s3:GetObject"]
    if any(matches(role.denied, action) for action in needed):
        return False
    if has.objects is None or not uri.startswith("s3://"):
        return True
    return any(one.uri.startswith(uri) if is_prefix else one.uri == uri for one in has.objects)


def image_problem(call: Call, images: Iterable[tuple[str, str]]) -> str:
    """Why an endpoint cannot begin: one of its images, each named after its variant, is missing.

    "" where all are there; those outside of ECR are not looked for.
    """
    put = account(call.cloud).images
    if put is None:
        return ""
    for variant, image in images:
        if not _is_there(put, image):
            # aws/sagemaker-python-sdk#1835
            return (
                "Please make sure all images included in the model for the production variant "
                f"{variant} exist, and that the execution role used to create the model has "
                "permissions to access them."
            )
    return ""


def _is_there(put: Iterable[Image], uri: str) -> bool:
    wanted = Image.read(uri if re.search(r"[:@][^/]*$", uri) else f"{uri}:latest")
    if wanted is None:
        return True
    return any(
        one.place == wanted.place
        and (one.digest == wanted.digest if wanted.is_digested else one.tag == wanted.tag)
        for one in put
    )
