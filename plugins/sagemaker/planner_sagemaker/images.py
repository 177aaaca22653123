"""What the name of a container image says about where it comes from."""

from __future__ import annotations

import re

_ECR = re.compile(r"(\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?|public\.ecr\.aws)/")
_PACKAGE = re.compile(r"arn:aws[a-z\-]*:sagemaker:[a-z0-9\-]*:[0-9]{12}:model-package/")


def is_ecr(image: str) -> bool:
    """Whether the image lies in Amazon ECR, the only registry that every mode reads."""
    return _ECR.match(image) is not None


def is_model_package(image: str) -> bool:
    """Whether the name is the ARN of a model package rather than of an image."""
    return _PACKAGE.match(image) is not None
