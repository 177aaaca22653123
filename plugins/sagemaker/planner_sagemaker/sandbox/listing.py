"""Lists: filters, order and pages, the same for models, configs and endpoints."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from planner_sagemaker.sandbox.cloud import Call
from planner_sagemaker.sandbox.errors import invalid
from planner_sagemaker.sandbox.store import Document, Page

_DEFAULT_SIZE = 10
"""Of every list: "This value defaults to 10"."""

_SORTED = {"Name": "name", "CreationTime": "CreationTime", "Status": "EndpointStatus"}


def listed(call: Call, kind: str, *, member: str, name: str) -> dict[str, Any]:
    """One page of a kind; `member` holds it in the answer, `name` is the member with the name."""
    asked = call.parameters
    page = _page(call)
    rows, more = call.page(kind, page)
    answer: dict[str, Any] = {member: rows}
    if more:
        answer["NextToken"] = _token(asked, rows[-1], name)
    return answer


def _page(call: Call) -> Page:
    asked = call.parameters
    lagging = call.cloud.pace.consistency_s > 0
    return Page(
        size=asked.get("MaxResults", _DEFAULT_SIZE),
        sort_by=asked.get("SortBy", "CreationTime"),
        descending=asked.get("SortOrder", "Descending") == "Descending",
        contains=asked.get("NameContains", ""),
        status=asked.get("StatusEquals", ""),
        created=(asked.get("CreationTimeAfter"), asked.get("CreationTimeBefore")),
        modified=(asked.get("LastModifiedTimeAfter"), asked.get("LastModifiedTimeBefore")),
        after=_after(asked),
        visible_at=call.visible_at if lagging else None,
    )


def _filter(asked: Mapping[str, Any]) -> dict[str, Any]:
    return {key: asked[key] for key in sorted(asked) if key not in {"NextToken", "MaxResults"}}


def _token(asked: Mapping[str, Any], last: Document, name: str) -> str:
    column = _SORTED[asked.get("SortBy", "CreationTime")]
    place = [last[name if column == "name" else column], last[name]]
    text = json.dumps([_filter(asked), *place])
    return base64.urlsafe_b64encode(text.encode()).decode()


def _after(asked: Mapping[str, Any]) -> tuple[Any, str] | None:
    token = asked.get("NextToken")
    if not token:
        return None
    try:
        filters, sorted_by, name = json.loads(base64.urlsafe_b64decode(token))
    except (ValueError, binascii.Error, TypeError):
        raise invalid("Invalid NextToken") from None
    if filters != _filter(asked):
        raise invalid("Invalid NextToken: it belongs to another list")
    return sorted_by, str(name)
