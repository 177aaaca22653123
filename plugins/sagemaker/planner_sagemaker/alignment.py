"""What is desired, under the names of objects that have the same content already.

Models and configs are named by their content here; an endpoint that was made by other means has
them under other names, and is not to be rolled out anew for that.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from planner.model.live import LiveState
from planner.model.resource import DesiredState, Resource
from planner_sagemaker.resources.tags import DIGEST, SELF

_NAMED = {"model": "ModelName", "endpoint-config": "EndpointConfigName"}


def aligned(desired: DesiredState, live: LiveState) -> DesiredState:
    """The same state; models and configs that live with equal content keep their names."""
    names: dict[str, str] = {}
    resources: list[Resource] = []
    for resource in desired.resources:
        known = _renamed(resource, names)
        twin = _twin(known, live) if resource.kind in _NAMED else None
        if twin is not None and twin != resource.name:
            names[resource.name] = twin
            known = _under(known, twin)
        resources.append(known)
    return replace(desired, resources=tuple(resources)) if names else desired


def _twin(resource: Resource, live: LiveState) -> str | None:
    """The live object that the endpoint uses and that has this content, whatever its name."""
    wanted = _content(resource.kind, resource.body)
    return next(
        (
            one.name
            for one in live.objects
            if one.kind == resource.kind and _content(one.kind, one.body) == wanted
        ),
        None,
    )


def _content(kind: str, body: dict[str, Any]) -> dict[str, Any]:
    return {key: item for key, item in body.items() if key not in {_NAMED[kind], "Tags"}}


def _under(resource: Resource, name: str) -> Resource:
    body = {**resource.body, _NAMED[resource.kind]: name}
    # An object of other means has no digest of ours, and needs none: it is never named by it.
    body["Tags"] = [
        {**tag, "Value": name} if tag["Key"] == SELF else tag
        for tag in body.get("Tags", ())
        if tag["Key"] != DIGEST
    ]
    return replace(resource, address=f"{resource.kind}/{name}", name=name, body=body)


def _renamed(resource: Resource, names: dict[str, str]) -> Resource:
    """The resource with its references to what has kept another name."""
    body = resource.body
    if resource.kind == "endpoint-config":
        body = {
            **body,
            "ProductionVariants": [_variant(v, names) for v in body["ProductionVariants"]],
        }
    elif resource.kind == "endpoint":
        config = body["EndpointConfigName"]
        body = {**body, "EndpointConfigName": names.get(config, config)}
    else:
        return resource
    after = tuple(_address(one, names) for one in resource.after)
    return replace(resource, body=body, after=after)


def _address(address: str, names: dict[str, str]) -> str:
    kind, _, name = address.partition("/")
    return f"{kind}/{names.get(name, name)}"


def _variant(variant: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    if "ModelName" not in variant:
        return variant
    return {**variant, "ModelName": names.get(variant["ModelName"], variant["ModelName"])}
