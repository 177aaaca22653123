"""What the execution roles need to start containers: to load, to pull, to watch alarms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from planner.errors import PlannerError
from planner.model.check import Check, Verdict
from planner_sagemaker.preflight.actions import arn_of
from planner_sagemaker.preflight.alarms import watched_by
from planner_sagemaker.preflight.artifacts import artifacts_of
from planner_sagemaker.preflight.caller import Caller
from planner_sagemaker.preflight.finding import Finding, told, worst
from planner_sagemaker.preflight.images import repository_arns
from planner_sagemaker.preflight.launches import Launch
from planner_sagemaker.preflight.permissions import Decision, questions, simulated, unsimulated
from planner_sagemaker.preflight.roles import roles_of
from planner_sagemaker.reading import Ask


def role_permission_checks(
    ask: Ask, launches: Sequence[Launch], caller: Caller | None, region: str
) -> Iterator[Check]:
    """Every role once, over all that it starts; those of another account are no role here."""
    if caller is None:
        return
    findings: list[Finding] = []
    for role in roles_of(launches):
        if role.split(":")[4] == caller.account:
            started = [one for one in launches if role in roles_of([one])]
            needed = _needed(started, caller, region)
            findings.extend(_simulated(ask, role, needed, region))
    yield from told("role permissions", "action", findings)


def _needed(launches: Sequence[Launch], caller: Caller, region: str) -> Mapping[str, Sequence[str]]:
    """Per action its resources.

    Reading and pulling: sagemaker/latest/dg sagemaker-roles; watching: its
    deployment-guardrails-configuration, as long as that is 2024 or later.
    """
    artifacts = artifacts_of(launches)
    s3 = f"arn:{caller.partition}:s3:::"
    objects = [f"{s3}{one.bucket}/{one.key}{'*' * one.folder}" for one in artifacts]
    folders = [f"{s3}{one.bucket}" for one in artifacts if one.folder]
    alarms = [arn_of("alarm", name, caller, region) for one in launches for name in watched_by(one)]
    images = repository_arns(launches, caller.partition)
    every = {
        "s3:GetObject": objects,
        "s3:ListBucket": folders,
        "ecr:BatchGetImage": images,
        "ecr:GetDownloadUrlForLayer": images,
        "cloudwatch:DescribeAlarms": alarms,
    }
    return {action: list(dict.fromkeys(arns)) for action, arns in every.items() if arns}


def _simulated(
    ask: Ask, role: str, needed: Mapping[str, Sequence[str]], region: str
) -> Iterator[Finding]:
    answered = simulated(ask, questions(role, needed, region))
    if isinstance(answered, PlannerError):
        yield unsimulated(role, answered)
        return
    yield from worst(_finding(role, one) for one in answered)


def _finding(role: str, one: Decision) -> Finding:
    if one.decision == "allowed":
        return Finding(subject=one.action, verdict=Verdict.PASSED, cause=f"{role} is allowed")
    if one.decision == "explicitDeny":
        return Finding(
            subject=one.action,
            verdict=Verdict.FAILED,
            cause=f"{role} is denied",
            words=f"{role} is denied on {one.resource}",
        )
    # The policy of a bucket or of a repository may allow it, and no simulation sees that.
    cause = f"the policies of {role} do not allow it; one of the resource may"
    return Finding(
        subject=one.action,
        verdict=Verdict.UNKNOWN,
        cause=cause,
        words=f"{cause}: {one.resource}",
    )
