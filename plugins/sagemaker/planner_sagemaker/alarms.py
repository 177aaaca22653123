"""The alarms of an endpoint in CloudWatch: found, put and deleted, those of others never."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from planner.errors import AuthError, ProviderError
from planner.model.change import Action
from planner.model.live import LiveObject, LiveState, Operation
from planner.model.resource import DesiredState
from planner_sagemaker.reading import (
    Answer,
    Ask,
    Known,
    Reader,
    RefusedError,
    nothing_known,
    tag_of,
    tagged_object,
    watch_tags,
)
from planner_sagemaker.resources.alarms import SUFFIXES
from planner_sagemaker.resources.names import readable
from planner_sagemaker.resources.tags import OWNER, SELF
from planner_sagemaker.telling import TELLING, tells

ALARM = "alarm"
THEIRS = (
    "ActionsEnabled",
    "OKActions",
    "AlarmActions",
    "InsufficientDataActions",
    "ActionConfiguration",
    "WarmUpConfiguration",
)
"""What people attach to an alarm; PutMetricAlarm would drop it, so it is put again."""

_CLOUDWATCH = "cloudwatch"


class Alarms:
    """Alarms of endpoints through `ask`; keeps nothing."""

    def __init__(self, ask: Ask, reader: Reader) -> None:
        self._ask = ask
        self._reader = reader

    def read(
        self, desired: DesiredState, live: LiveState, known: Known = nothing_known
    ) -> Iterator[LiveObject]:
        """Alarms of the desired names, whosoever's, and others that the planner made before.

        `live` is the endpoint without its alarms. They may be unreadable where none is desired.
        """
        endpoint = readable(desired.endpoint)
        wanted = {one.name for one in desired.resources if one.kind == ALARM}
        try:
            found = self._described(AlarmNamePrefix=f"{endpoint}-")
        except AuthError:
            if wanted:
                raise
            return
        owners = {one.owner for one in live.objects if one.kind == "endpoint"}
        owners |= {tag_of(one.body.get("Tags"), OWNER) for one in desired.resources}
        owners.discard(None)
        named = re.compile(rf"{re.escape(endpoint)}-{SUFFIXES}")
        for shown in found:
            own = named.fullmatch(shown["AlarmName"]) and _watches(shown, endpoint)
            if shown["AlarmName"] not in wanted and not own:
                continue
            alarm = self._object(shown, known)
            # Without an owner to compare with, whoever asks looks at the owner himself.
            if alarm.name in wanted or (alarm.owner and alarm.owner in (owners or {alarm.owner})):
                yield alarm

    def write(self, operation: Operation) -> None:
        """Make one change; what is done already is a success."""
        if operation.action is Action.DELETE:
            try:
                self._ask(_CLOUDWATCH, "DeleteAlarms", {"AlarmNames": [operation.name]})
            except RefusedError as refusal:
                if not refusal.missing:
                    raise
            return
        shown = next(iter(self._described(AlarmNames=[operation.name])), None)
        if shown is None:
            self._ask(_CLOUDWATCH, "PutMetricAlarm", operation.body)
        else:
            self._change(operation, shown)

    def claim(self, live: LiveState, owner: str) -> Iterator[str]:
        """Put the owner's tags on the alarms; gives the addresses of those that changed hands."""
        for alarm in live.objects:
            if alarm.kind != ALARM or alarm.owned_by(owner):
                continue
            own = {OWNER: owner, SELF: alarm.name}
            for shown in self._described(AlarmNames=[alarm.name]):
                self._tag(shown, [{"Key": key, "Value": text} for key, text in own.items()])
                yield alarm.address

    def _change(self, operation: Operation, shown: Answer) -> None:
        """Put an alarm in place of itself, with what others attached to it."""
        alarm, wanted = self._object(shown), operation.body.get("Tags", [])
        if not alarm.owned_by(tag_of(wanted, OWNER) or ""):
            raise ProviderError(
                "foreign-alarm",
                f"{alarm.address} is owned by {alarm.proprietor}: it is not touched",
                hint="give this spec another metadata.name, or delete the other alarm first",
            )
        body = {key: item for key, item in operation.body.items() if key != "Tags"}
        live = {key: item for key, item in alarm.body.items() if key != "Tags"}
        kept = [key for key in THEIRS if key not in TELLING or not tells(alarm.body)]
        theirs = {key: live[key] for key in kept if key in live}
        if live != {**theirs, **body}:
            self._ask(_CLOUDWATCH, "PutMetricAlarm", {**theirs, **body})
        # PutMetricAlarm takes tags at a creation only, and ignores them where there is an alarm.
        present = alarm.body.get("Tags") or []
        changed = [tag for tag in wanted if tag not in present]
        if changed:
            self._tag(shown, changed)

    def _tag(self, shown: Answer, tags: list[Answer]) -> None:
        asked = {"ResourceARN": shown["AlarmArn"], "Tags": tags}
        self._ask(_CLOUDWATCH, "TagResource", asked)

    def _described(self, **asked: Any) -> list[Answer]:
        answer = self._ask(_CLOUDWATCH, "DescribeAlarms", {"AlarmTypes": ["MetricAlarm"], **asked})
        found: list[Answer] = answer.get("MetricAlarms") or []
        return found

    def _object(self, shown: Answer, known: Known = nothing_known) -> LiveObject:
        name = shown["AlarmName"]
        body = self._reader.body(ALARM, shown)
        if "Dimensions" in body:
            body["Dimensions"] = _by("Name", body["Dimensions"])
        if "Metrics" in body:
            body["Metrics"] = [_in_order(one) for one in _by("Id", body["Metrics"])]
        arn = shown["AlarmArn"]
        tags = known(f"{ALARM}/{name}", arn) or watch_tags(self._ask, arn)
        return tagged_object(ALARM, name, body, tags)


def _watches(alarm: Answer, endpoint: str) -> bool:
    metrics = [one["MetricStat"]["Metric"] for one in alarm.get("Metrics") or () if _is_metric(one)]
    return any(
        {"Name": "EndpointName", "Value": endpoint} in (one.get("Dimensions") or ())
        for one in (alarm, *metrics)
    )


def _is_metric(query: Answer) -> bool:
    return "MetricStat" in query


def _by(member: str, items: list[Answer]) -> list[Answer]:
    return sorted(items, key=lambda one: str(one[member]))


def _in_order(query: Answer) -> Answer:
    """A part of an expression with the dimensions of its metric by name."""
    if not _is_metric(query):
        return query
    stat = query["MetricStat"]
    metric = {**stat["Metric"], "Dimensions": _by("Name", stat["Metric"].get("Dimensions", []))}
    return {**query, "MetricStat": {**stat, "Metric": metric}}
