"""What the caller may not do: the patterns that were put, held against each request."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from planner_sagemaker.sandbox.account import account
from planner_sagemaker.sandbox.cloud import Call
from planner_sagemaker.sandbox.errors import CloudError

_PREFIXES = {
    "service-quotas": "servicequotas",
    "resourcegroupstaggingapi": "tag",
    "sagemaker-runtime": "sagemaker",
}
_ACTIONS = {
    "s3:HeadObject": "s3:GetObject",
    "s3:HeadBucket": "s3:ListBucket",
    "s3:ListObjectsV2": "s3:ListBucket",
}
"""Operations that have no action of their own (Service Authorization Reference of S3)."""

_ALWAYS = {"sts:GetCallerIdentity"}
"""Works even where a policy denies it (documentation of GetCallerIdentity)."""


def permit(call: Call) -> None:
    """Refuse a call that the caller is denied, or that passes a role it may not pass."""
    denied = account(call.cloud).denied
    if not denied:
        return
    for action, resource in _needed(call):
        if action not in _ALWAYS and matches(denied, action):
            raise _refused(call, action, resource)


def _needed(call: Call) -> Iterator[tuple[str, str]]:
    plain = f"{_PREFIXES.get(call.service, call.service)}:{call.operation}"
    yield _ACTIONS.get(plain, plain), "*"
    role = call.parameters.get("ExecutionRoleArn")
    if call.service == "sagemaker" and call.operation.startswith("Create") and role:
        yield "iam:PassRole", str(role)


def matches(patterns: Iterable[str], action: str) -> bool:
    """Whether one of them names the action; case does not matter, `*` and `?` are wild."""
    return any(_compiled(pattern).fullmatch(action) for pattern in patterns)


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    text = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.compile(text, re.IGNORECASE)


def _refused(call: Call, action: str, resource: str) -> CloudError:
    """The text of the IAM user guide, "Troubleshoot access denied error messages"."""
    text = (
        f"User: {account(call.cloud).caller} is not authorized to perform: {action} on resource: "
        f"{resource} because no identity-based policy allows the {action} action"
    )
    return CloudError("AccessDeniedException", text)
