"""GetCallerIdentity: who a preflight finds itself to be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from planner_sagemaker.sandbox.account import account
from planner_sagemaker.sandbox.cloud import ACCOUNT, Call, Handler, partition


def get_caller_identity(call: Call) -> Mapping[str, Any]:
    """The one user of the account, or whoever was put in its place."""
    caller = account(call.cloud).caller.replace("arn:aws:", f"arn:{partition(call.region)}:", 1)
    return {"UserId": "AIDASANDBOX", "Account": ACCOUNT, "Arn": caller}


HANDLERS: Mapping[str, Handler] = {"GetCallerIdentity": get_caller_identity}
