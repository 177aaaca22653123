"""What may stop a write to SageMaker, looked at before the first one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from planner.errors import AuthError, PlannerError
from planner.model.change import ChangeSet
from planner.model.check import Check, Verdict
from planner.model.resource import DesiredState
from planner_sagemaker.reading import Ask

Work = Sequence[tuple[DesiredState, ChangeSet]]


def checks(ask: Ask, work: Work) -> Iterator[Check]:
    """Every check over all of the work, in a fixed order; what cannot be read is said."""
    if work:
        yield _identity(ask)


def _identity(ask: Ask) -> Check:
    """Who asks, as the cloud sees it."""
    try:
        who = ask("sts", "GetCallerIdentity", {})
    except AuthError as error:
        return Check(
            name="credentials",
            subject="account",
            verdict=Verdict.DENIED,
            detail=str(error),
            hint=error.hint,
        )
    except PlannerError as error:
        return Check(
            name="credentials", subject="account", verdict=Verdict.UNKNOWN, detail=str(error)
        )
    return Check(
        name="credentials",
        subject=f"account {who['Account']}",
        verdict=Verdict.PASSED,
        detail=str(who["Arn"]),
    )
