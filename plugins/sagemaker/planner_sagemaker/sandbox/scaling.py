"""What targets, policies and scheduled actions of Application Auto Scaling have in common.

Each belongs to a resource and one of its dimensions; its document is named by both, then by its own
name.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from planner_sagemaker.sandbox.cloud import ACCOUNT, Call, partition
from planner_sagemaker.sandbox.errors import CloudError
from planner_sagemaker.sandbox.paging import Paging, kept_page, page_of
from planner_sagemaker.sandbox.store import Document
from planner_sagemaker.sandbox.targets import TARGET

INSTANCES = "sagemaker:variant:DesiredInstanceCount"
PROVISIONED = "sagemaker:variant:DesiredProvisionedConcurrency"
COPIES = "sagemaker:inference-component:DesiredCopyCount"
INVALID_TOKEN = "InvalidNextTokenException"  # noqa: S105 - a code
SEPARATOR = "|"


def place(asked: Mapping[str, Any]) -> str:
    """The name of the document of a scalable target, with which all that is its own begins."""
    return f"{asked['ResourceId']}{SEPARATOR}{asked['ScalableDimension']}"


def identity(call: Call) -> Document:
    """The members that say which target is meant."""
    members = ("ServiceNamespace", "ResourceId", "ScalableDimension")
    return {member: call.parameters[member] for member in members}


def registered(call: Call, *, verb: str = "registered") -> Document:
    """The target that a request names; the refusal is known from many public reports.

    With `verb` "found" it is that of DeregisterScalableTarget.
    """
    # "There might be a brief delay": the documentation of RegisterScalableTarget.
    target = call.seen(TARGET, place(call.parameters))
    if target is None:
        raise absent(call, f"No scalable target {verb}")
    return target


def absent(call: Call, what: str, rest: str = "") -> CloudError:
    """An ObjectNotFoundException in the words of the service."""
    asked = call.parameters
    return CloudError(
        "ObjectNotFoundException",
        f"{what} for service namespace: {asked['ServiceNamespace']}, resource ID: "
        f"{asked['ResourceId']}, scalable dimension: {asked['ScalableDimension']}{rest}",
    )


def new_id(call: Call, kind: str, name: str) -> str:
    """An identifier: another one for each thing that is made anew."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{call.region} {kind} {name} {call.now}"))


def owned_arn(call: Call, kind: str, label: str) -> str:
    """The ARN of a policy or an action, which the older service is named in."""
    asked = call.parameters
    name = asked[label[0].upper() + label[1:]]
    own = new_id(call, kind, f"{place(asked)}{SEPARATOR}{name}")
    where = f"arn:{partition(call.region)}:autoscaling:{call.region}:{ACCOUNT}"
    return f"{where}:{kind}:{own}:resource/sagemaker/{asked['ResourceId']}:{label}/{name}"


def described(
    call: Call, kind: str, paging: Paging, *, names: str = "", label: str = ""
) -> tuple[list[Document], str | None]:
    """One page of targets, policies or actions; `names` filters by the member `label`."""
    asked = call.parameters
    dimension, wanted = asked.get("ScalableDimension"), asked.get(names)
    resources = asked.get("ResourceIds") or [asked.get("ResourceId")]
    if dimension and resources == [None]:
        raise CloudError(
            "ValidationException", "A scalable dimension needs the resource ID it belongs to."
        )
    if resources == [None] and not wanted:
        return kept_page(call, kind, paging)
    found = [
        document
        for resource in dict.fromkeys(resources)
        for document in _of(call, kind, resource)
        if dimension in (None, document["ScalableDimension"])
        if not wanted or document[label] in wanted
    ]
    return page_of(call, found, paging)


def _of(call: Call, kind: str, resource: str | None) -> list[Document]:
    if resource is None:
        return call.every(kind)
    found = call.cloud.store.starting(call.region, kind, f"{resource}{SEPARATOR}")
    return [document for _, document in found]
