"""GetCallerIdentity: who a preflight finds itself to be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from planner_sagemaker.sandbox.cloud import ACCOUNT, Call, Handler, partition


def get_caller_identity(call: Call) -> Mapping[str, Any]:
    """The one user of the account."""
    arn = f"arn:{partition(call.region)}:iam::{ACCOUNT}:user/sandbox"
    return {"UserId": "AIDASANDBOX", "Account": ACCOUNT, "Arn": arn}


HANDLERS: Mapping[str, Handler] = {"GetCallerIdentity": get_caller_identity}
