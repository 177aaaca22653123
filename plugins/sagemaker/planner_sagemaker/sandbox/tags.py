"""AddTags, ListTags and DeleteTags; tags live in their object's document and go with it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from planner_sagemaker.sandbox.cloud import Call, Handler
from planner_sagemaker.sandbox.errors import CloudError, invalid
from planner_sagemaker.sandbox.store import Document

MOST = 50
_ARN = re.compile(r"arn:[^:]+:sagemaker:[^:]+:\d{12}:(?P<kind>[a-z-]+)/(?P<name>.+)")


def given_tags(parameters: Mapping[str, Any]) -> dict[str, str]:
    """Tags of a request by key; refuses what AWS keeps to itself and keys that come twice."""
    tags: dict[str, str] = {}
    for tag in parameters.get("Tags") or ():
        if tag["Key"].lower().startswith("aws:"):
            raise invalid("aws: prefixed tag key names are not allowed for external use.")
        if tag["Key"] in tags:
            raise invalid(f"Duplicate tag keys found: {tag['Key']}")
        tags[tag["Key"]] = tag["Value"]
    return tags


def add_tags(call: Call) -> Mapping[str, Any]:
    """Overwrite tags of the same keys, add the others; answer all."""
    kind, name, document = _tagged(call)
    tags = {**document.get("_tags", {}), **given_tags(call.parameters)}
    if len(tags) > MOST:
        raise CloudError(
            "ResourceLimitExceeded", f"a resource has at most {MOST} tags, not {len(tags)}"
        )
    _write(call, kind, name, {**document, "_tags": tags})
    return {"Tags": _shown(tags)}


def list_tags(call: Call) -> Mapping[str, Any]:
    """All tags by key: fifty fit on the smallest page there is."""
    _, _, document = _tagged(call)
    return {"Tags": _shown(document.get("_tags", {}))}


def delete_tags(call: Call) -> Mapping[str, Any]:
    """Remove tags; keys that are not there are no error."""
    kind, name, document = _tagged(call)
    gone = set(call.parameters["TagKeys"])
    left = {key: text for key, text in document.get("_tags", {}).items() if key not in gone}
    _write(call, kind, name, {**document, "_tags": left})
    return {}


def _shown(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": tags[key]} for key in sorted(tags)]


def _tagged(call: Call) -> tuple[str, str, Document]:
    arn = call.parameters["ResourceArn"]
    found = _ARN.fullmatch(arn)
    document = call.strong(found["kind"], found["name"]) if found else None
    if found is None or document is None or arn != call.arn(found["kind"], found["name"]):
        raise CloudError("ResourceNotFound", f'Could not find resource "{arn}".')
    return found["kind"], found["name"], document


def _write(call: Call, kind: str, name: str, document: Document) -> None:
    call.put(kind, name, document)


HANDLERS: Mapping[str, Handler] = {
    "AddTags": add_tags,
    "ListTags": list_tags,
    "DeleteTags": delete_tags,
}
