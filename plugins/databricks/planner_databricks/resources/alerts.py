"""The SQL alerts of an endpoint, as the REST interface takes them.

Alerts have no tags. Whose an alert is stands in the first line of its query, a comment; as with
tags it proves nothing in a copy, which is called by another name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from planner.alerts import Alert, Measure, alerts
from planner.model.candidate import Decision
from planner.model.resource import Resource
from planner.model.workload import Workload
from planner_databricks.resources.queries import Source, column, source_of, watching
from planner_databricks.resources.tags import OWNER, SELF

if TYPE_CHECKING:
    from planner_databricks.settings import Settings

KIND = "alert"
ENDPOINT = "planner_endpoint"
_MARK = re.compile(r"([a-z_]+)=(\S+)")
_EVERY_S = {"15m": 900, "30m": 1800, "1h": 3600, "6h": 21_600, "24h": 86_400}


def alerts_of(
    endpoint: Mapping[str, Any], decision: Decision, workload: Workload, settings: Settings
) -> tuple[tuple[Resource, ...], tuple[str, ...]]:
    """The alerts of an endpoint's body, and notes on what they do not see; nothing without a block.

    Each comes after the endpoint.
    """
    if settings.alerts is None:
        return (), ()
    source = source_of(endpoint, settings.alerts.workspace or "")
    found: list[Resource] = []
    unseen: list[str] = []
    for one in alerts(workload, decision):
        if one.measure in settings.alerts.skip:
            continue
        query = watching(one, source, _EVERY_S[settings.alerts.every])
        if query is None:
            unseen.append(one.id)
            continue
        name = f"{source.endpoint}-{one.id}"
        body = _body(name, one, query, workload.name, settings, source)
        at = f"endpoint/{source.endpoint}"
        found.append(
            Resource(address=f"{KIND}/{name}", kind=KIND, name=name, body=body, after=(at,))
        )
    return tuple(found), tuple(_notes(source, unseen))


def marks(query: str) -> dict[str, str]:
    """What the first line of a query says of its alert; nothing where it is somebody's own."""
    first = query.partition("\n")[0]
    found = dict(_MARK.findall(first)) if first.startswith("-- ") else {}
    return found if {OWNER, SELF, ENDPOINT} <= found.keys() else {}


def marked(query: str, given: Mapping[str, str]) -> str:
    """The query with these marks in the place of its own."""
    rest = query.partition("\n")[2] if marks(query) else query
    return f"-- {' '.join(f'{key}={text}' for key, text in given.items())}\n{rest}"


def _body(
    name: str, alert: Alert, query: str, owner: str, settings: Settings, source: Source
) -> dict[str, Any]:
    block = settings.alerts
    assert block is not None, "there are no alerts without a block"
    whose = {OWNER: owner, SELF: name, ENDPOINT: source.endpoint}
    told = [
        *({"user_email": one} for one in sorted(block.emails)),
        *({"destination_id": one} for one in sorted(block.destinations)),
    ]
    idle = alert.measure is Measure.IDLE
    body: dict[str, Any] = {
        "display_name": name,
        "query_text": marked(f"-- {source.endpoint}: {alert.said}\n{query}\n", whose),
        "warehouse_id": block.warehouse,
        "custom_summary": f"{source.endpoint}: {alert.said}",
        "custom_description": (
            f"{alert.meaning}. Threshold {alert.threshold}, row {alert.row} of docs/coverage.md. "
            f"Run: planner doctor {owner}"
        ),
        "evaluation": {
            "source": {"name": column(alert)},
            "comparison_operator": "LESS_THAN" if idle else "GREATER_THAN_OR_EQUAL",
            "threshold": {"value": {"double_value": float(alert.limit if idle else alert.bad)}},
            "notification": {
                "notify_on_ok": True,
                **({"subscriptions": told} if told else {}),
            },
        },
        "schedule": {
            "quartz_cron_schedule": _cron(source.endpoint, block.every),
            "timezone_id": "UTC",
            "pause_status": "UNPAUSED",
        },
    }
    return {**body, "parent_path": block.folder} if block.folder else body


def _cron(endpoint: str, every: str) -> str:
    """All alerts of an endpoint at the same minute, so that its warehouse starts once for them."""
    minutes = _EVERY_S[every] // 60
    minute = sha256(endpoint.encode()).digest()[0] % min(60, minutes)
    if minutes < 60:
        return f"0 {minute}/{minutes} * * * ?"
    if minutes == 60:
        return f"0 {minute} * * * ?"
    return f"0 {minute} 0/{minutes // 60} * * ?" if minutes < 1440 else f"0 {minute} 0 * * ?"


def _notes(source: Source, unseen: list[str]) -> Iterator[str]:
    if unseen:
        yield (
            f"no SQL alert tells {', '.join(unseen)}, which the tables do not have: "
            "planner render --to prometheus-rules does"
        )
    if source.table:
        yield "latencies of SQL alerts are those of the model: the table has no others"
    else:
        yield (
            "SQL alerts see what usage tracking of the endpoint's AI gateway records, and no "
            "latency; an inference_table has both"
        )
        if not source.workspace:
            yield (
                f"an endpoint {source.endpoint} of another workspace of the region counts, too: "
                "alerts.workspace tells them apart"
            )
