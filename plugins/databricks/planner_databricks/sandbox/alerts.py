"""SQL alerts: kept and checked as `AlertsV2API` of databricks-sdk documents, never evaluated."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from planner.provider.sandbox.store import Document
from planner_databricks.sandbox.errors import invalid, not_found
from planner_databricks.sandbox.operation import Operation
from planner_databricks.sandbox.shapes import flag, list_of, number, one_of, record, text, whole
from planner_databricks.sandbox.workspace import REGION, USER, Call, key

KIND = "alert"
PATH = "/api/2.0/alerts"
ALERT = f"{PATH}/{{id}}"
_PAGE = 20
_COMPARISONS = (
    *("EQUAL", "GREATER_THAN", "GREATER_THAN_OR_EQUAL", "IS_NOT_NULL", "IS_NULL"),
    *("LESS_THAN", "LESS_THAN_OR_EQUAL", "NOT_EQUAL"),
)
_AGGREGATIONS = ("AVG", "COUNT", "COUNT_DISTINCT", "MAX", "MEDIAN", "MIN", "STDDEV", "SUM")
_STATES = ("ERROR", "OK", "TRIGGERED", "UNKNOWN")
_COLUMN = record(("name",), name=text, aggregation=one_of(*_AGGREGATIONS), display=text)
_RUN_AS = record(service_principal_name=text, user_name=text)
_BODY = record(
    display_name=text,
    query_text=text,
    warehouse_id=text,
    evaluation=record(
        ("source", "comparison_operator"),
        source=_COLUMN,
        comparison_operator=one_of(*_COMPARISONS),
        threshold=record(
            column=_COLUMN,
            value=record(bool_value=flag, double_value=number, string_value=text),
        ),
        empty_result_state=one_of(*_STATES),
        notification=record(
            notify_on_ok=flag,
            retrigger_seconds=whole,
            subscriptions=list_of(record(destination_id=text, user_email=text)),
        ),
    ),
    schedule=record(
        ("quartz_cron_schedule", "timezone_id"),
        quartz_cron_schedule=text,
        timezone_id=text,
        pause_status=one_of("PAUSED", "UNPAUSED"),
    ),
    custom_description=text,
    custom_summary=text,
    custom_template_format=one_of("HTML", "MARKDOWN"),
    parameters=list_of(record(("name",), name=text, type=text, value=text)),
    parent_path=text,
    run_as=_RUN_AS,
    run_as_user_name=text,
)
_NEEDED = ("display_name", "query_text", "warehouse_id", "evaluation", "schedule")
_QUARTZ = re.compile(r"\S+( \S+){5,6}\Z")


def create(call: Call) -> Mapping[str, Any]:
    """Make an alert; names need not be unique."""
    given = _checked(_BODY(call.body, ""))
    made = call.workspace.store.fact("alerts-made")
    count = int(made or 0) + 1
    call.workspace.store.remember("alerts-made", str(count))
    # As UUIDs look, and rising as they are made: the list is in the order of creation.
    name = f"{count:08x}-0000-4000-8000-000000000000"
    document = {"id": name, "made": call.now, "changed": call.now, "trashed": False, "given": given}
    call.workspace.store.put(key(KIND, name), document)
    return _shown(document)


def get(call: Call) -> Mapping[str, Any]:
    """One alert, in the trash too."""
    return _shown(_existing(call))


def every(call: Call) -> Mapping[str, Any]:
    """A page of the alerts that are not in the trash, the oldest first."""
    alerts = sorted(
        (one for one in call.workspace.store.every(REGION, KIND) if not one["trashed"]),
        key=lambda one: str(one["id"]),
    )
    size = min(int(call.query.get("page_size", _PAGE)), 100)
    first = int(call.query.get("page_token", "0"))
    page = alerts[first : first + size]
    more = {"next_page_token": str(first + size)} if first + size < len(alerts) else {}
    return {**({"alerts": [_shown(one) for one in page]} if page else {}), **more}


def update(call: Call) -> Mapping[str, Any]:
    """Change the fields of the mask, each as a whole."""
    document = _existing(call)
    mask = call.query.get("update_mask", "")
    given = _BODY(call.body, "")
    fields = sorted(given) if mask == "*" else [one for one in mask.split(",") if one]
    if not fields:
        raise invalid("update_mask must be specified")
    if "parent_path" in fields and mask != "*":
        raise invalid("parent_path can only be set on create")
    changed = {name: one for name, one in document["given"].items() if name not in fields}
    changed |= {name: given[name] for name in fields if name in given}
    document["given"], document["changed"] = _checked(changed), call.now
    call.workspace.store.put(key(KIND, document["id"]), document)
    return _shown(document)


def trash(call: Call) -> Mapping[str, Any]:
    """Out of every list; still shown to who asks for it by its ID, unless it is purged."""
    document = _existing(call)
    document["trashed"] = True
    if call.query.get("purge") == "true":
        call.workspace.store.remove(key(KIND, document["id"]))
    else:
        call.workspace.store.put(key(KIND, document["id"]), document)
    return {}


def _existing(call: Call) -> Document:
    found = call.found(KIND, call.path["id"])
    if found is None:
        # The text as databricks/cli shows it, acceptance/bundle/resources/alerts/basic.
        raise not_found(f"Alert with ID '{call.path['id']}' does not exist.")
    return found


def _checked(given: dict[str, Any]) -> dict[str, Any]:
    for name in _NEEDED:
        if not given.get(name):
            raise invalid(f"{name} must be specified")
    cron = given["schedule"]["quartz_cron_schedule"]
    if not _QUARTZ.match(cron):
        raise invalid(f"'{cron}' is not a valid quartz cron expression")
    for one in given["evaluation"].get("notification", {}).get("subscriptions", ()):
        if len(one) != 1:
            raise invalid("A subscription must have either a user_email or a destination_id")
    return given


def _shown(document: Document) -> dict[str, Any]:
    evaluation = {**document["given"]["evaluation"], "state": "UNKNOWN"}
    return {
        **document["given"],
        "evaluation": evaluation,
        "id": document["id"],
        "lifecycle_state": "DELETED" if document["trashed"] else "ACTIVE",
        "create_time": _stamp(document["made"]),
        "update_time": _stamp(document["changed"]),
        "owner_user_name": USER,
        "effective_run_as": {"user_name": USER},
        "run_as_user_name": USER,
    }


def _stamp(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, UTC).isoformat().replace("+00:00", "Z")


OPERATIONS = (
    Operation(name="CreateAlert", method="POST", path=PATH, handler=create, mutating=True),
    Operation(name="ListAlerts", method="GET", path=PATH, handler=every),
    Operation(name="GetAlert", method="GET", path=ALERT, handler=get),
    Operation(name="UpdateAlert", method="PATCH", path=ALERT, handler=update, mutating=True),
    Operation(name="TrashAlert", method="DELETE", path=ALERT, handler=trash, mutating=True),
)
