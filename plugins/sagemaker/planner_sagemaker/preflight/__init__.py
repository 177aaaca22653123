"""What may stop a write to SageMaker, looked at before the first one.

Every kind of question is asked once for each distinct subject, and only where the changes need its
answer: a thousand endpoints with one role are one GetRole.
"""

from __future__ import annotations

from collections.abc import Iterator

from planner.model.check import Check, Verdict
from planner_sagemaker.preflight.alarms import alarm_checks
from planner_sagemaker.preflight.artifacts import artifact_checks
from planner_sagemaker.preflight.caller import identified
from planner_sagemaker.preflight.clashes import clash_checks
from planner_sagemaker.preflight.demand import demands
from planner_sagemaker.preflight.images import image_checks
from planner_sagemaker.preflight.launches import Work, launches
from planner_sagemaker.preflight.permissions import permission_checks
from planner_sagemaker.preflight.quotas import quota_checks
from planner_sagemaker.preflight.role_permissions import role_permission_checks
from planner_sagemaker.preflight.roles import role_checks
from planner_sagemaker.preflight.usage import Listed, Usage
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
    wanted = demands(work, usage.known)
    listed: Listed = usage.names() if starting or wanted else []
    yield from permission_checks(ask, work, caller, region)
    yield from quota_checks(ask, wanted, usage, listed=listed, region=region)
    yield from clash_checks(work, starting, listed)
    yield from role_checks(ask, starting, caller)
    yield from role_permission_checks(ask, starting, caller, region)
    yield from image_checks(ask, starting, caller, region)
    yield from artifact_checks(ask, starting, region)
    yield from alarm_checks(ask, work, starting)
