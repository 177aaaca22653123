"""What the cloud answers when it refuses, with the texts that users know.

Texts that are documented or quoted in public say so; for the others only the code is certain.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class CloudError(Exception):
    """An error answer: the code that clients match, the message, the HTTP status.

    A message may be None: a throttled SageMaker answers `{"message": null}` at times
    (opensearch-project/ml-commons#2429). `more` are the other members that the error has.
    """

    def __init__(
        self,
        code: str,
        message: str | None,
        *,
        status: int = 400,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.more = dict(more or {})


_OLD = {
    "AccessDeniedException": ("AccessDenied", 403),
    "ExpiredTokenException": ("ExpiredToken", 403),
    "ThrottlingException": ("Throttling", 400),
}
_OLDER = {
    "AccessDeniedException": ("AccessDenied", 403),
    "ExpiredTokenException": ("ExpiredToken", 400),
    "ThrottlingException": ("SlowDown", 503),
    "InternalFailure": ("InternalError", 500),
}
_SPOKEN = {"sts": _OLD, "iam": _OLD, "s3": _OLDER}
"""Services older than JSON have codes of their own (their "Common errors", "Error responses")."""


def spoken(error: CloudError, service: str) -> CloudError:
    """An error in the words of a service; most have the same."""
    code, status = _SPOKEN.get(service, {}).get(error.code, (error.code, error.status))
    return CloudError(code, error.message, status=status, more=error.more)


def invalid(message: str) -> CloudError:
    """A ValidationException: SageMaker's answer to almost everything, also to unknown names."""
    return CloudError("ValidationException", message)


def violated(constraints: Sequence[str], code: str) -> CloudError:
    """The refusal of what the service model forbids, all in one message."""
    count = len(constraints)
    noun = "error" if count == 1 else "errors"
    return CloudError(code, f"{count} validation {noun} detected: {'; '.join(constraints)}")


def not_found(title: str, arn: str) -> CloudError:
    """SageMaker has no 404; the text is what the operator for Kubernetes matches."""
    return invalid(f'Could not find {title} "{arn}".')


def already_exists(title: str, arn: str) -> CloudError:
    """The text of hashicorp/terraform-provider-aws#40080."""
    return invalid(f'Cannot create already existing {title} "{arn}".')


def in_progress(arn: str) -> CloudError:
    """Also what DeleteEndpoint says while an endpoint is being created or updated."""
    return invalid(f'Cannot update in-progress endpoint "{arn}".')


def wrong_status(arn: str, status: str) -> CloudError:
    """The code is certain, the text ours: only DeleteEndpoint works on a failed endpoint."""
    return invalid(f'Cannot update endpoint "{arn}" in status {status}.')


def throttled(message: str | None = "Rate exceeded") -> CloudError:
    """SageMaker throttles with status 400, not 429."""
    return CloudError("ThrottlingException", message)


def quota_exceeded(
    quota: str, *, limit: int, used: int, delta: int, unit: str = "Instances"
) -> CloudError:
    """The text of aws/amazon-sagemaker-examples#307."""
    return CloudError(
        "ResourceLimitExceeded",
        f"The account-level service limit '{quota}' is {limit} {unit}, with current utilization "
        f"of {used} {unit} and a request delta of {delta} {unit}. Please contact AWS support to "
        "request an increase for this limit.",
    )
