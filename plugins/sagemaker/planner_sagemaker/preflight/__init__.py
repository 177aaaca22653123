"""What may stop a write to SageMaker, looked at before the first one.

Every kind of question is asked once for each distinct subject, and only where the changes need its
answer: a thousand endpoints with one role are one GetRole.
"""

from __future__ import annotations

from collections.abc import Iterator

from planner.model.check import Check, Verdict
from planner_sagemaker.preflight.artifacts import artifact_checks
from planner_sagemaker.preflight.caller import identified
from planner_sagemaker.preflight.launches import Work, launches
from planner_sagemaker.preflight.quotas import quota_checks
from planner_sagemaker.preflight.roles import role_checks
from planner_sagemaker.preflight.usage import Usage
from planner_sagemaker.reading import Ask

__all__ = ["Usage", "checks"]


def checks(ask: Ask, work: Work, usage: Usage, region: str) -> Iterator[Check]:
    """Every check over all of the work, in a fixed order; what cannot be read is said."""
    if not work:
        return
    caller, credentials = identified(ask)
    yield credentials
    if credentials.verdict is Verdict.DENIED:
        return
    starting = launches(work)
    yield from quota_checks(ask, work, usage, region)
    yield from role_checks(ask, starting, caller)
    yield from artifact_checks(ask, starting, region)
