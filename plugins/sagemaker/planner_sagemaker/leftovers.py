"""Models and configs of an endpoint that it does not use any more."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from planner.model.live import LiveObject
from planner.model.resource import DesiredState
from planner_sagemaker.reading import Ask
from planner_sagemaker.resources.names import MAX_LENGTH, readable
from planner_sagemaker.resources.tags import OWNER

_LISTS = (
    ("endpoint-config", "ListEndpointConfigs", "EndpointConfigs", "EndpointConfig"),
    ("model", "ListModels", "Models", "Model"),
)


def leftovers(ask: Ask, desired: DesiredState, *, owner: str) -> Iterator[LiveObject]:
    """Those of an owner that are named after the endpoint, except those that are desired.

    A name alone proves nothing: the owner's tag has to stand on the object.
    """
    prefix = readable(desired.endpoint, MAX_LENGTH - 9)
    named = re.compile(rf"{re.escape(prefix)}-[0-9a-f]{{8}}\Z")
    wanted = {resource.address for resource in desired.resources}
    for kind, operation, members, noun in _LISTS:
        for one in _every(ask, operation, members, {"NameContains": prefix}):
            name = one[f"{noun}Name"]
            address = f"{kind}/{name}"
            if address in wanted or not named.match(name):
                continue
            tags = ask("sagemaker", "ListTags", {"ResourceArn": one[f"{noun}Arn"]})["Tags"]
            if {"Key": OWNER, "Value": owner} in tags:
                yield LiveObject(address=address, kind=kind, name=name, body={}, owner=owner)


def _every(ask: Ask, operation: str, members: str, given: dict[str, Any]) -> Iterator[Any]:
    token: str | None = None
    while True:
        asked = given if token is None else {**given, "NextToken": token}
        answer = ask("sagemaker", operation, asked)
        yield from answer[members]
        token = answer.get("NextToken")
        if not token:
            return
