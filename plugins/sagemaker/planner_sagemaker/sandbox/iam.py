"""GetRole and SimulatePrincipalPolicy: what a preflight asks before it passes a role."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from planner_sagemaker.sandbox.account import MADE_AT, Account, Role, account
from planner_sagemaker.sandbox.cloud import ACCOUNT, Call, Handler, partition
from planner_sagemaker.sandbox.errors import CloudError
from planner_sagemaker.sandbox.paging import Paging, page_of
from planner_sagemaker.sandbox.permissions import matches

_PAGING = Paging(
    name=lambda row: str(row["_order"]),
    refusal="InvalidInput",
    size=100,
    most=1000,
    size_member="MaxItems",
    token_member="Marker",  # noqa: S106 - a member
)
_KINDS = ("user", "group", "role")


def get_role(call: Call) -> Mapping[str, Any]:
    """A role and whom it trusts; the policy is sent with the escapes of a URL, as IAM does."""
    name = call.parameters["RoleName"]
    role = account(call.cloud).role(name)
    if role is None:
        raise _unknown(f"The role with name {name} cannot be found.")
    return {
        "Role": {
            "Path": role.path,
            "RoleName": role.name,
            "RoleId": _id(role),
            "Arn": f"arn:{partition(call.region)}:iam::{ACCOUNT}:role{role.path}{role.name}",
            "CreateDate": MADE_AT,
            "AssumeRolePolicyDocument": quote(json.dumps(_trust(role)), safe=""),
            "MaxSessionDuration": 3600,
        }
    }


def _id(role: Role) -> str:
    return "AROA" + hashlib.sha256(role.name.encode()).hexdigest()[:17].upper()


def _trust(role: Role) -> dict[str, Any]:
    statements = [
        {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        for service in role.trusts
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def simulate_principal_policy(call: Call) -> Mapping[str, Any]:
    """A decision for each action, and on each resource, in the order in which they are asked."""
    asked = call.parameters
    denied = _denied(account(call.cloud), asked["PolicySourceArn"])
    for action in asked["ActionNames"]:
        if ":" not in action or "*" in action:
            # "does not support using wildcards": documentation of ActionNames; the text is ours.
            raise CloudError("InvalidInput", f"Invalid Input Action name: {action}")
    resources = asked.get("ResourceArns") or ["*"]
    rows = [
        {"_order": f"{number:06}", **_evaluated(action, resources, denied=matches(denied, action))}
        for number, action in enumerate(asked["ActionNames"])
    ]
    shown, marker = page_of(call, rows, _PAGING)
    return {"EvaluationResults": shown, "IsTruncated": marker is not None, "Marker": marker}


def _evaluated(action: str, resources: list[str], *, denied: bool) -> dict[str, Any]:
    """One result for an action; what holds for a resource stands below, not in EvalResourceName.

    That is so since the service model says it (botocore 1.44, EvaluationResult.EvalResourceName).
    """
    decision = "implicitDeny" if denied else "allowed"
    found: dict[str, Any] = {
        "EvalActionName": action,
        "EvalResourceName": "*",
        "EvalDecision": decision,
        "MatchedStatements": [],
        "MissingContextValues": [],
    }
    if resources != ["*"]:
        found["ResourceSpecificResults"] = [
            {
                "EvalResourceName": resource,
                "EvalResourceDecision": decision,
                "MatchedStatements": [],
                "MissingContextValues": [],
            }
            for resource in resources
        ]
    return found


def _denied(has: Account, source: str) -> tuple[str, ...]:
    """The patterns that bind the user or role that is asked about."""
    parts = source.split(":", 5)
    kind, _, name = parts[-1].partition("/")
    if len(parts) < 6 or parts[2] != "iam" or kind not in _KINDS:
        # A session is none of these: whoever runs as a role must name the role behind it.
        raise CloudError("InvalidInput", f"Invalid Entity Arn: {source}")
    if source == has.principal:
        return has.denied
    role = has.role(name.rpartition("/")[2]) if kind == "role" else None
    if kind == "role" and role is None:
        raise _unknown(f"No such entity: {source}")
    return role.denied if role is not None else ()


def _unknown(text: str) -> CloudError:
    return CloudError("NoSuchEntity", text, status=404)


HANDLERS: Mapping[str, Handler] = {
    "GetRole": get_role,
    "SimulatePrincipalPolicy": simulate_principal_policy,
}
