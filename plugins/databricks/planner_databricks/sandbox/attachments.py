"""What an endpoint has beside its config: tags, AI gateway, notifications, telemetry.

Each has a request of its own; none of them deploys anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from planner.provider.sandbox.store import Document
from planner_databricks.sandbox import bodies
from planner_databricks.sandbox.configs import external
from planner_databricks.sandbox.errors import invalid
from planner_databricks.sandbox.finding import existing, idle
from planner_databricks.sandbox.operation import ENDPOINT, Operation
from planner_databricks.sandbox.quotas import count_write
from planner_databricks.sandbox.transitions import save
from planner_databricks.sandbox.views import detailed, tags
from planner_databricks.sandbox.workspace import Call

_TABLE = ("catalog_name", "schema_name", "table_name_prefix")


def check_tags(given: list[dict[str, str]]) -> dict[str, str]:
    """Tags by key, each of which stands once; the value may be left out."""
    found: dict[str, str] = {}
    for tag in given:
        if tag["key"] in found or not tag["key"]:
            raise invalid(f"Tag keys must be unique and not empty: {tag['key']}")
        found[tag["key"]] = tag.get("value", "")
    return found


def check_gateway(given: Mapping[str, Any]) -> dict[str, Any] | None:
    """An AI gateway that can be; nothing at all unsets it."""
    table = given.get("inference_table_config", {})
    if table.get("enabled") and not (table.get("catalog_name") and table.get("schema_name")):
        raise invalid("catalog_name and schema_name are required to enable inference tables")
    for one in given.get("rate_limits", ()):
        if "calls" not in one and "tokens" not in one:
            raise invalid("A rate limit must specify calls or tokens")
        if one.get("key") in {"user_group", "service_principal"} and "principal" not in one:
            raise invalid(f"A rate limit for a {one['key']} must name its principal")
    return dict(given) or None


def check_mails(given: Mapping[str, Any]) -> dict[str, Any] | None:
    """Addresses that could be ones."""
    for address in (address for addresses in given.values() for address in addresses):
        if "@" not in address:
            raise invalid(f"{address} is not a valid email address")
    return dict(given) or None


def with_profile(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Telemetry as it is kept: tables that are given make a profile, which is what is shown."""
    telemetry = dict(given)
    if "table_names" in telemetry and "telemetry_profile_id" not in telemetry:
        made = sha256(repr((name, sorted(telemetry["table_names"].items()))).encode())
        telemetry["telemetry_profile_id"] = made.hexdigest()[:32]
    return telemetry


def change_tags(call: Call) -> Mapping[str, Any]:
    """Add and delete tags, and answer with all that there are."""
    given = bodies.TAGS(call.body, "")
    endpoint = _counted(call)
    for name in given.get("delete_tags", ()):
        endpoint["tags"].pop(name, None)
    endpoint["tags"].update(check_tags(given.get("add_tags", [])))
    _changed(call, endpoint)
    return {"tags": tags(endpoint)}


def put_gateway(call: Call) -> Mapping[str, Any]:
    """Put a whole AI gateway in the place of the old one; an empty body unsets it."""
    given = check_gateway(bodies.GATEWAY(call.body, ""))
    endpoint = _counted(call)
    before = (endpoint["ai_gateway"] or {}).get("inference_table_config", {})
    after = (given or {}).get("inference_table_config", {})
    if before.get("enabled") and after.get("enabled"):
        for field in _TABLE:
            # As databricks-sdk documents it, field by field.
            if before.get(field) != after.get(field):
                raise invalid(f"Disable the inference table first in order to change its {field}")
    endpoint["ai_gateway"] = given
    _changed(call, endpoint)
    return given or {}


def patch_notifications(call: Call) -> Mapping[str, Any]:
    """Who hears of updates."""
    given = bodies.NOTIFICATIONS(call.body, "")
    endpoint = _counted(call)
    endpoint["notifications"] = check_mails(given.get("email_notifications", {}))
    _changed(call, endpoint)
    return {"name": endpoint["name"], "email_notifications": endpoint["notifications"] or {}}


def patch_telemetry(call: Call) -> Mapping[str, Any]:
    """Refused while an update is in progress, unlike the others (databricks/cli, testserver)."""
    given = bodies.TELEMETRY_PATCH(call.body, "")
    count_write(call)
    endpoint = idle(call)
    if endpoint["config"] is None or external(endpoint["config"]):
        raise invalid("Telemetry is not supported for this endpoint")
    telemetry = given.get("telemetry_config")
    endpoint["telemetry"] = None if telemetry is None else with_profile(endpoint["name"], telemetry)
    _changed(call, endpoint)
    return detailed(call, endpoint)


def _counted(call: Call) -> Document:
    count_write(call)
    return existing(call)


def _changed(call: Call, endpoint: Document) -> None:
    endpoint["modified"] = call.now
    save(call.workspace, endpoint)


OPERATIONS = (
    Operation(
        name="PatchTags",
        method="PATCH",
        path=f"{ENDPOINT}/tags",
        handler=change_tags,
        mutating=True,
    ),
    Operation(
        name="PutAiGateway",
        method="PUT",
        path=f"{ENDPOINT}/ai-gateway",
        handler=put_gateway,
        mutating=True,
    ),
    Operation(
        name="UpdateNotifications",
        method="PATCH",
        path=f"{ENDPOINT}/notifications",
        handler=patch_notifications,
        mutating=True,
    ),
    Operation(
        name="PatchTelemetryConfig",
        method="PATCH",
        path=f"{ENDPOINT}/telemetry-config",
        handler=patch_telemetry,
        mutating=True,
    ),
)
