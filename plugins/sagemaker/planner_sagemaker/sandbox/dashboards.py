"""PutDashboard, GetDashboard, ListDashboards, DeleteDashboards: one set for all regions.

What a body must have: the CloudWatch API reference, "Dashboard body structure and syntax".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from planner_sagemaker.sandbox.cloud import ACCOUNT, Call, Handler, partition
from planner_sagemaker.sandbox.errors import CloudError
from planner_sagemaker.sandbox.paging import Paging, page_of
from planner_sagemaker.sandbox.store import Key
from planner_sagemaker.sandbox.tags import given_tags

KIND = "dashboard"
EVERYWHERE = "global"
_MOST_WIDGETS = 500
_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
_TYPES = {"metric", "text", "log", "alarm", "explorer", "custom", "chart"}
_PAGING = Paging(
    name=lambda row: str(row["DashboardName"]),
    refusal="InvalidParameterValue",
    size=1000,
    most=1000,
    size_member="",
)
_COLUMNS = 24
_MOST_AT_ONCE = 100

Problem = tuple[str, str]
"""Where in a body something is wrong, and what."""


def key_of(name: str) -> Key:
    """Where a dashboard is kept."""
    return Key(region=EVERYWHERE, kind=KIND, name=name)


def put_dashboard(call: Call) -> Mapping[str, Any]:
    """Make a dashboard, or replace what one shows; its tags are those of its creation."""
    name, text = call.parameters["DashboardName"], call.parameters["DashboardBody"]
    found = list(_problems(name, text))
    if found:
        more = [{"DataPath": path, "Message": message} for path, message in found]
        raise CloudError(
            "InvalidParameterInput",
            f"The field DashboardBody must be a valid dashboard: {found[0][1]}",
            more={"dashboardValidationMessages": more},
        )
    before = call.cloud.store.get(key_of(name))
    document = {
        "DashboardName": name,
        "DashboardArn": f"arn:{partition(call.region)}:cloudwatch::{ACCOUNT}:dashboard/{name}",
        "DashboardBody": text,
        "LastModified": call.now,
        "Size": len(text.encode()),
        "_tags": given_tags(call.parameters) if before is None else before["_tags"],
    }
    call.cloud.store.put(key_of(name), document)
    return {"DashboardValidationMessages": []}


def _problems(name: str, text: str) -> Iterator[Problem]:
    """The rules are those of the documentation; the wording is ours."""
    if not _NAME.fullmatch(name):
        yield "", f"The dashboard name {name} has characters other than A-Z, a-z, 0-9, - and _."
    try:
        body = json.loads(text)
    except ValueError as error:
        yield "", f"not valid JSON: {error}"
        return
    widgets = body.get("widgets") if isinstance(body, dict) else None
    if not isinstance(widgets, list):
        yield "/widgets", "Should have an array of widgets."
        return
    if len(widgets) > _MOST_WIDGETS:
        yield "/widgets", f"Should have at most {_MOST_WIDGETS} widgets."
    for number, one in enumerate(widgets):
        for path, message in _widget(one):
            yield f"/widgets/{number}{path}", message


def _widget(one: Any) -> Iterator[Problem]:
    if not isinstance(one, dict) or one.get("type") not in _TYPES:
        yield "/type", f"Should be one of {', '.join(sorted(_TYPES))}."
        return
    shown = one.get("properties")
    if not isinstance(shown, dict):
        yield "/properties", "Should have properties."
        return
    x, width = one.get("x", 0), one.get("width", 6)
    if not (isinstance(width, int) and 1 <= width <= _COLUMNS and 0 <= x <= _COLUMNS - 1):
        yield "", f"Should fit the {_COLUMNS} columns of the grid."
    if one["type"] == "metric":
        yield from _metric(shown)
    needed = {"text": "markdown", "alarm": "alarms"}.get(one["type"], "")
    if needed and not shown.get(needed):
        yield f"/properties/{needed}", f"Should have {needed}."


def _metric(shown: Mapping[str, Any]) -> Iterator[Problem]:
    if "metrics" not in shown and "annotations" not in shown:
        yield "/properties/metrics", "Should have metrics or annotations."
    if "region" not in shown:
        yield "/properties/region", "Should have a region."
    for number, row in enumerate(shown.get("metrics", ())):
        if not isinstance(row, list) or not row:
            yield f"/properties/metrics/{number}", "Should be an array."
    for number, line in enumerate(shown.get("annotations", {}).get("horizontal", ())):
        bands = line if isinstance(line, list) else [line]
        if any(not isinstance(one.get("value"), int | float) for one in bands):
            yield f"/properties/annotations/horizontal/{number}", "Should have a value."


def get_dashboard(call: Call) -> Mapping[str, Any]:
    """What a dashboard shows, as it was put."""
    name = call.parameters["DashboardName"]
    document = call.cloud.store.get(key_of(name))
    if document is None:
        raise _missing(name)
    return document


def _missing(names: str) -> CloudError:
    return CloudError("ResourceNotFound", f"Dashboard {names} does not exist", status=404)


def list_dashboards(call: Call) -> Mapping[str, Any]:
    """One page of the dashboards whose names begin with a prefix."""
    prefix = call.parameters.get("DashboardNamePrefix", "")
    found = [one for _, one in call.cloud.store.starting(EVERYWHERE, KIND, prefix)]
    rows, more = page_of(call, found, _PAGING)
    return {"DashboardEntries": rows, "NextToken": more}


def delete_dashboards(call: Call) -> Mapping[str, Any]:
    """Forget dashboards; a wrong name keeps no other from being deleted, and then is said."""
    names = list(dict.fromkeys(call.parameters["DashboardNames"]))
    if len(names) > _MOST_AT_ONCE:
        raise CloudError("InvalidParameterValue", f"At most {_MOST_AT_ONCE} names are allowed.")
    unknown = [name for name in names if not call.cloud.store.remove(key_of(name))]
    if unknown:
        raise _missing(", ".join(unknown))
    return {}


HANDLERS: Mapping[str, Handler] = {
    "PutDashboard": put_dashboard,
    "GetDashboard": get_dashboard,
    "ListDashboards": list_dashboards,
    "DeleteDashboards": delete_dashboards,
}
