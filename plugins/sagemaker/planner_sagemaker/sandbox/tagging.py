"""GetResources of the Resource Groups Tagging API: everything of a region that has tags."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any

from planner_sagemaker.sandbox import endpoint_configs, models, scaling
from planner_sagemaker.sandbox.cloud import Call, Handler
from planner_sagemaker.sandbox.errors import CloudError
from planner_sagemaker.sandbox.paging import Paging, after, size, token
from planner_sagemaker.sandbox.store import Document, Page
from planner_sagemaker.sandbox.targets import TARGET
from planner_sagemaker.sandbox.transitions import ALARM, KIND

_AT_ONCE = 200
_WRONG = "InvalidParameterException"
_PAGING = Paging(
    name=lambda row: str(row["_place"]),
    refusal="PaginationTokenExpiredException",
    size=50,
    most=100,
    size_member="ResourcesPerPage",
    token_member="PaginationToken",  # noqa: S106 - a member
)
_ALONE = ("ResourcesPerPage", "TagFilters", "ResourceTypeFilters", "TagsPerPage")


Naming = Callable[[Document], str]


def _named(member: str) -> Naming:
    return lambda document: str(document[member])


_KINDS: Mapping[str, tuple[str, str, Naming]] = {
    TARGET: ("application-autoscaling:scalable-target", "ScalableTargetARN", scaling.place),
    ALARM: ("cloudwatch:alarm", "AlarmArn", _named("AlarmName")),
    KIND: ("sagemaker:endpoint", "EndpointArn", _named("EndpointName")),
    endpoint_configs.KIND: (
        "sagemaker:endpoint-config",
        "EndpointConfigArn",
        _named("EndpointConfigName"),
    ),
    models.KIND: ("sagemaker:model", "ModelArn", _named("ModelName")),
}
"""Kinds of documents in the order in which they are listed: type, member with the ARN, name."""


def get_resources(call: Call) -> Mapping[str, Any]:
    """One page of what has tags, in no order that a client may count on."""
    asked = call.parameters
    listed = asked.get("ResourceARNList")
    if listed and any(member in asked for member in _ALONE):
        raise CloudError(_WRONG, f"ResourceARNList excludes {', '.join(_ALONE)}.")
    most = size(call, _PAGING)
    rows = list(islice(_found(call), most + 1))
    more = len(rows) > most
    return {
        "ResourceTagMappingList": rows[:most],
        "PaginationToken": token(call, _PAGING, rows[most - 1]["_place"]) if more else "",
    }


def _found(call: Call) -> Iterator[Document]:
    asked = call.parameters
    order = list(_KINDS)
    number, _, last = after(call, _PAGING).partition("|")
    for index in range(int(number or 0), len(order)):
        kind = order[index]
        service, member, naming = _KINDS[kind]
        if not _of_type(asked.get("ResourceTypeFilters"), service):
            continue
        for document in _documents(call, kind, naming, last if str(index) == number else ""):
            tags = document["_tags"]
            if tags and _is_wanted(asked, document[member], tags):
                yield {
                    "_place": f"{index}|{naming(document)}",
                    "ResourceARN": document[member],
                    "Tags": [{"Key": key, "Value": tags[key]} for key in sorted(tags)],
                }


def _documents(call: Call, kind: str, naming: Naming, last: str) -> Iterator[Document]:
    more = True
    while more:
        behind = (last, last) if last else None
        page = Page(
            size=_AT_ONCE, sort_by="Name", descending=False, after=behind, tagged=_first(call)
        )
        rows, more = call.page(kind, page)
        yield from rows
        last = naming(rows[-1]) if rows else ""


def _first(call: Call) -> tuple[str, tuple[str, ...]] | None:
    """The first filter that names values, so that the rest of an account is not read."""
    filters = call.parameters.get("TagFilters", ())
    return next(((one["Key"], tuple(one["Values"])) for one in filters if one.get("Values")), None)


def _of_type(filters: list[str] | None, kind: str) -> bool:
    """A filter is a whole type or the service alone."""
    return not filters or bool({kind, kind.partition(":")[0]} & set(filters))


def _is_wanted(asked: Mapping[str, Any], arn: str, tags: Mapping[str, str]) -> bool:
    """All keys must be there, each with one of its values where values are given."""
    if arn not in asked.get("ResourceARNList", [arn]):
        return False
    return all(
        one["Key"] in tags and tags[one["Key"]] in (one.get("Values") or [tags[one["Key"]]])
        for one in asked.get("TagFilters", ())
    )


HANDLERS: Mapping[str, Handler] = {"GetResources": get_resources}
