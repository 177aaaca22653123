"""The alarms that roll an update back: that they are there, and that none has gone off."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from planner.errors import PlannerError
from planner.model.check import Check, Verdict
from planner_sagemaker.preflight.asking import asked, unread
from planner_sagemaker.preflight.finding import Finding, told
from planner_sagemaker.preflight.launches import Launch, Work
from planner_sagemaker.reading import Ask

_AT_A_TIME = 100
"""DescribeAlarms takes no more names."""


def alarm_checks(ask: Ask, work: Work, launches: Sequence[Launch]) -> Iterator[Check]:
    """The spec's own alarms, and all alarms of what is updated; a hundred at a time."""
    made = {one.name for desired, _ in work for one in desired.resources if one.kind == "alarm"}
    updating = {name for one in launches if one.updates for name in watched_by(one)}
    every = dict.fromkeys(name for one in launches for name in watched_by(one))
    wanted = [name for name in every if name not in made or name in updating]
    yield from told("alarm", "alarm", _findings(ask, wanted, made, updating))


def watched_by(launch: Launch) -> list[str]:
    """Names of the alarms that roll a launch back."""
    configured = launch.deployment.get("AutoRollbackConfiguration") or {}
    return [one["AlarmName"] for one in configured.get("Alarms") or ()]


def _findings(
    ask: Ask, wanted: Sequence[str], made: set[str], updating: set[str]
) -> Iterator[Finding]:
    for start in range(0, len(wanted), _AT_A_TIME):
        names = wanted[start : start + _AT_A_TIME]
        parameters = {"AlarmNames": names, "AlarmTypes": ["MetricAlarm", "CompositeAlarm"]}
        found = asked(ask, "cloudwatch", "DescribeAlarms", parameters)
        if isinstance(found, PlannerError):
            yield from (unread(name, "DescribeAlarms", found) for name in names)
            continue
        several = [*(found.get("MetricAlarms") or ()), *(found.get("CompositeAlarms") or ())]
        states = {one["AlarmName"]: one["StateValue"] for one in several}
        for name in names:
            if name in states or name not in made:
                yield _finding(name, states.get(name), updates=name in updating)


def _finding(name: str, state: str | None, *, updates: bool) -> Finding:
    if state is None:
        return Finding(
            subject=name,
            verdict=Verdict.FAILED,
            cause="there is no alarm of this name",
            hint="aws cloudwatch describe-alarms --query MetricAlarms[].AlarmName",
        )
    if updates and state == "ALARM":
        # docs.aws.amazon.com sagemaker/latest/dg deployment-guardrails-configuration: an alarm
        # that the old fleet trips ends the deployment, too.
        return Finding(
            subject=name,
            verdict=Verdict.FAILED,
            cause="has gone off already, so that the update would be rolled back",
            hint=f"aws cloudwatch describe-alarms --alarm-names {name}",
        )
    return Finding(subject=name, verdict=Verdict.PASSED, cause="exists and has not gone off")
