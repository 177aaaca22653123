"""Who may do what with an endpoint, by its id: names are no key here (databricks/cli#4367)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from planner.provider.sandbox.store import Document
from planner_databricks.sandbox.errors import not_found
from planner_databricks.sandbox.operation import Operation
from planner_databricks.sandbox.shapes import list_of, one_of, record, text
from planner_databricks.sandbox.transitions import KIND, save
from planner_databricks.sandbox.workspace import REGION, USER, Call

PATH = "/api/2.0/permissions/serving-endpoints/{id}"
LEVELS = {
    "CAN_VIEW": "Can view the endpoint",
    "CAN_QUERY": "Can query the endpoint",
    "CAN_MANAGE": "Can manage the endpoint",
}
_WHO = ("user_name", "group_name", "service_principal_name")
_ENTRY = record(
    ("permission_level",),
    permission_level=one_of(*LEVELS),
    user_name=text,
    group_name=text,
    service_principal_name=text,
)
_BODY = record(access_control_list=list_of(_ENTRY))

Entry = Mapping[str, Any]


def show(call: Call) -> Mapping[str, Any]:
    """Everybody's permissions; the creator manages it whatever they say."""
    return _shown(_by_id(call))


def put(call: Call) -> Mapping[str, Any]:
    """Put these in the place of all others."""
    return _written(call, [])


def patch(call: Call) -> Mapping[str, Any]:
    """Add these; whoever had one has the new one."""
    return _written(call, _by_id(call)["permissions"])


def levels(call: Call) -> Mapping[str, Any]:
    """The levels that there are."""
    _by_id(call)
    return {
        "permission_levels": [
            {"permission_level": level, "description": told} for level, told in LEVELS.items()
        ]
    }


def _by_id(call: Call) -> Document:
    for endpoint in call.workspace.store.every(REGION, KIND):
        if endpoint["id"] == call.path["id"]:
            return endpoint
    raise not_found(f"Serving endpoint with id {call.path['id']} does not exist.")


def _written(call: Call, before: list[Entry]) -> Mapping[str, Any]:
    given = _BODY(call.body, "").get("access_control_list", [])
    endpoint = _by_id(call)
    named = {_who(entry): entry for entry in (*before, *given)}
    endpoint["permissions"] = list(named.values())
    save(call.workspace, endpoint)
    return _shown(endpoint)


def _who(entry: Entry) -> tuple[Any, ...]:
    return tuple(entry.get(kind) for kind in _WHO)


def _shown(endpoint: Document) -> Mapping[str, Any]:
    creator = {"user_name": USER, "permission_level": "CAN_MANAGE"}
    entries = [creator, *(one for one in endpoint["permissions"] if _who(one) != _who(creator))]
    return {
        "object_id": f"/serving-endpoints/{endpoint['id']}",
        "object_type": "serving-endpoint",
        "access_control_list": [
            {
                **{kind: entry[kind] for kind in _WHO if kind in entry},
                "all_permissions": [
                    {"permission_level": entry["permission_level"], "inherited": False}
                ],
            }
            for entry in entries
        ],
    }


OPERATIONS = (
    Operation(name="GetPermissions", method="GET", path=PATH, handler=show),
    Operation(name="SetPermissions", method="PUT", path=PATH, handler=put, mutating=True),
    Operation(name="UpdatePermissions", method="PATCH", path=PATH, handler=patch, mutating=True),
    Operation(
        name="GetPermissionLevels", method="GET", path=f"{PATH}/permissionLevels", handler=levels
    ),
)
