"""Who asks, as the cloud sees it."""

from __future__ import annotations

import re

from planner.errors import AuthError, PlannerError
from planner.model.check import Check, Verdict
from planner.model.value import value
from planner_sagemaker.preflight.asking import asked
from planner_sagemaker.reading import Ask

_SESSION = re.compile(r"arn:[^:]+:sts::\d+:assumed-role/(?P<role>[^/]+)/.+")


@value
class Caller:
    """The identity behind the credentials."""

    account: str
    arn: str

    @property
    def partition(self) -> str:
        """`aws`, `aws-cn`, `aws-us-gov`."""
        return self.arn.split(":")[1]

    @property
    def session_of(self) -> str:
        """Name of the role whose session this is, empty for a user."""
        found = _SESSION.fullmatch(self.arn)
        return found["role"] if found else ""


def identified(ask: Ask) -> tuple[Caller | None, Check]:
    """Who asks, and the check of the credentials."""
    found = asked(ask, "sts", "GetCallerIdentity", {})
    if isinstance(found, PlannerError):
        refused = isinstance(found, AuthError)
        return None, Check(
            name="credentials",
            subject="account",
            verdict=Verdict.DENIED if refused else Verdict.UNKNOWN,
            detail=str(found),
            hint=found.hint,
        )
    caller = Caller(account=str(found["Account"]), arn=str(found["Arn"]))
    return caller, Check(
        name="credentials",
        subject=f"account {caller.account}",
        verdict=Verdict.PASSED,
        detail=caller.arn,
    )
