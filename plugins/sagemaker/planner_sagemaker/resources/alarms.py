"""The alarms of an endpoint: those that roll an update back, and those of `alerts`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from planner.alerts import Alert, Measure, alerts
from planner.errors import ProviderError
from planner.model.candidate import Decision
from planner.model.resource import Resource
from planner.model.value import value
from planner.model.workload import Workload
from planner_sagemaker.resources.measures import Watched, fitted, measured, watched_of
from planner_sagemaker.resources.rollout import unguarded
from planner_sagemaker.resources.tags import tagged
from planner_sagemaker.settings import SageMakerSettings

SUFFIXES = r"(5xx|4xx|latency-(p[\d.]+|mean|max)|cpu|memory|fullness|hits|cold-starts|rate|idle)"
"""What stands behind an endpoint's name in the names of its alarms, as a pattern."""

TOLD = "Whom it tells stands in the spec."
"""End of the description of an alarm whose actions are the spec's, not for people to attach."""

_NAMES = {Measure.ERRORS: "5xx", Measure.REFUSED: "4xx"}
_USD_PER_METRIC = 0.10
_USD_PER_DASHBOARD = 3.0
_PRICED = "us-east-1, aws.amazon.com/cloudwatch/pricing as of 2026-11"


@value
class Alarms:
    """The alarms, names of those that roll updates back, and what none can watch."""

    resources: tuple[Resource, ...] = ()
    rollback: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def alarms(
    decision: Decision, workload: Workload, settings: SageMakerSettings, tags: dict[str, str]
) -> Alarms:
    """Nothing where an update is not rolled back by alarms and the block has no `alerts`.

    Those that roll back watch the variant, and so the old fleet as well as the new one: an
    endpoint that fails already is not updated (docs.aws.amazon.com sagemaker/latest/dg
    deployment-guardrails-configuration). None of their numbers rests on the rollout.
    """
    _check_topics(settings)
    guarded = workload.rollout.rollback and not unguarded(decision, settings)
    watched = watched_of(decision, workload, settings)
    found: list[Resource] = []
    rollback: list[str] = []
    notes: list[str] = []
    for one in alerts(workload, decision):
        alert = fitted(one, watched.filled)
        rolls, told = guarded and _rolls_back(alert), _told(alert, settings)
        if not (rolls or told):
            continue
        body = measured(alert, watched)
        if isinstance(body, str):
            notes.extend([f"no alarm on {alert.id.replace('-', ' ')}: {body}"] if told else [])
            continue
        name = f"{watched.endpoint}-{_NAMES.get(alert.measure, alert.id)}"
        telling = (workload.name, settings.alerts.topics) if told and settings.alerts else None
        stated = _stated(alert, watched.endpoint, telling, rolls=rolls)
        whole = {"AlarmName": name, **stated, **body}
        found.append(
            Resource(address=f"alarm/{name}", kind="alarm", name=name, body=tagged(whole, tags))
        )
        rollback.extend([name] if rolls else [])
    if settings.alerts is not None:
        notes.extend(_notes(found, watched, settings))
    return Alarms(resources=tuple(found), rollback=tuple(rollback), notes=tuple(notes))


def _rolls_back(alert: Alert) -> bool:
    return alert.measure is Measure.ERRORS or alert.tail


def _told(alert: Alert, settings: SageMakerSettings) -> bool:
    return settings.alerts is not None and alert.measure not in settings.alerts.skip


def _stated(
    alert: Alert, endpoint: str, told: tuple[str, tuple[str, ...]] | None, *, rolls: bool
) -> dict[str, Any]:
    """What an alarm says, and whom it tells; `told` is the spec's name and its topics."""
    parts = [f"Rolls updates of endpoint {endpoint} back"] if rolls else []
    if told is None:
        return {"AlarmDescription": parts[0]}
    name, topics = told
    parts += [
        f"{endpoint}: {alert.said} ({alert.meaning})",
        f"Row {alert.row} of docs/coverage.md",
        f"What to do: planner doctor {name}",
    ]
    actions = list(topics)
    said = ". ".join([*parts, ""]).strip()
    if not actions:
        return {"AlarmDescription": said}
    return {
        "AlarmDescription": f"{said} {TOLD}",
        "OKActions": actions,
        "AlarmActions": actions,
    }


def _check_topics(settings: SageMakerSettings) -> None:
    """CloudWatch tells topics of its own region alone (cds-snc/notification-terraform#128)."""
    for topic in settings.alerts.topics if settings.alerts is not None else ():
        region = topic.split(":")[3]
        if region != settings.region:
            raise ProviderError(
                "topic-region",
                f"alarms in {settings.region} do not reach a topic in {region}: {topic}",
                hint=f"make a topic in {settings.region}, which may forward to others",
                path="alerts.topics",
            )


def _notes(
    found: Sequence[Resource], watched: Watched, settings: SageMakerSettings
) -> Iterator[str]:
    block = settings.alerts
    assert block is not None, "asked only where the block has alerts"
    names = {one.body.get("MetricName") for one in found}
    if watched.serverless and "ModelLatency" in names:
        yield (
            "alarms on latency do not see cold starts, which SageMaker counts to OverheadLatency"
        )
    metrics = sum(map(_metrics, found))
    dashboard = f", and ${_USD_PER_DASHBOARD:g} for its dashboard beyond the account's free ones"
    yield (
        f"{len(found)} alarms on {metrics} metrics cost ${metrics * _USD_PER_METRIC:.2f} a month"
        f"{dashboard if block.dashboard else ''} ({_PRICED}); the plan's cost leaves them out"
    )


def _metrics(alarm: Resource) -> int:
    """What CloudWatch bills of an alarm."""
    return sum("MetricStat" in one for one in alarm.body.get("Metrics", ())) or 1
