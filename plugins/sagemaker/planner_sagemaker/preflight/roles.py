"""The role that containers run as: whose it is, that it exists, and whom it trusts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from planner.errors import PlannerError
from planner.model.check import Check, Verdict
from planner_sagemaker.preflight.asking import asked, each, is_absent, unread
from planner_sagemaker.preflight.caller import Caller
from planner_sagemaker.preflight.finding import Finding, told
from planner_sagemaker.preflight.launches import Launch
from planner_sagemaker.reading import Ask

SERVICE = "sagemaker.amazonaws.com"
_ASSUMING = {"sts:assumerole", "sts:*", "*"}


def roles_of(launches: Sequence[Launch]) -> list[str]:
    """ARNs of the execution roles, each once."""
    found = (model.body.get("ExecutionRoleArn") for one in launches for model in one.models)
    return list(dict.fromkeys(arn for arn in found if arn))


def role_checks(ask: Ask, launches: Sequence[Launch], caller: Caller | None) -> Iterator[Check]:
    """One look at each role, in whatever number of models it stands."""

    def look(arn: str) -> Finding:
        return _looked_at(ask, arn, caller)

    yield from told("role", "role", each(look, roles_of(launches)))


def _looked_at(ask: Ask, arn: str, caller: Caller | None) -> Finding:
    account = arn.split(":")[4]
    if caller is not None and account != caller.account:
        # A role is passed within its account only (IAM user guide, id_roles_use_passrole); services
        # answer "Cross-account pass role is not allowed" (Lambda, Forecast, EKS).
        return _failed(
            arn,
            f"the credentials are of account {caller.account}, and no role of another is taken",
            "aws sts get-caller-identity",
        )
    name = arn.rpartition("/")[2]
    found = asked(ask, "iam", "GetRole", {"RoleName": name})
    if isinstance(found, PlannerError):
        if is_absent(found):
            return _failed(arn, "there is no such role", "aws iam list-roles --query Roles[].Arn")
        return unread(arn, "GetRole", found)
    role = found["Role"]
    if role["Arn"] != arn:
        # Names are unique in an account whatever the path, which an ARN has to tell.
        return _failed(arn, f"the ARN of that role is {role['Arn']}", f"role_arn: {role['Arn']}")
    if not _trusts(role.get("AssumeRolePolicyDocument")):
        # sagemaker/latest/dg sagemaker-roles: the service assumes the role that it is passed.
        return _failed(
            arn,
            f"its trust policy does not let {SERVICE} assume it",
            f"aws iam get-role --role-name {name} --query Role.AssumeRolePolicyDocument",
        )
    return Finding(subject=arn, verdict=Verdict.PASSED, cause=f"exists and trusts {SERVICE}")


def _failed(arn: str, cause: str, hint: str) -> Finding:
    return Finding(subject=arn, verdict=Verdict.FAILED, cause=cause, hint=hint)


def _trusts(policy: Any) -> bool:
    statements = _listed((policy or {}).get("Statement"))
    return any(_lets_in(one) for one in statements if one.get("Effect") == "Allow")


def _lets_in(statement: dict[str, Any]) -> bool:
    principal = statement.get("Principal")
    services = _listed(principal.get("Service")) if isinstance(principal, dict) else [principal]
    actions = {str(one).lower() for one in _listed(statement.get("Action"))}
    return bool({SERVICE, "*"} & set(services)) and bool(_ASSUMING & actions)


def _listed(given: Any) -> list[Any]:
    """IAM writes a list of one as that one."""
    return given if isinstance(given, list) else [] if given is None else [given]
