"""Live state of SageMaker for tests: what was desired, as it is read again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from planner.model.live import Health, LiveObject, LiveState
from planner.model.resource import DesiredState, Resource

OWNER = "fraud-scorer"


def lives(state: DesiredState, *more: LiveObject, **changed: Any) -> LiveState:
    """An endpoint that was applied as desired; only an update keeps how it was rolled out."""
    found = LiveState(
        endpoint=state.endpoint,
        health=Health.READY,
        objects=(*(_object(one) for one in state.resources), *more),
        digest=state.digest,
    )
    return replace(found, **changed)


def _object(resource: Resource) -> LiveObject:
    tags = {tag["Key"]: tag["Value"] for tag in resource.body.get("Tags", ())}
    return LiveObject(
        address=resource.address,
        kind=resource.kind,
        name=resource.name,
        body={key: item for key, item in resource.body.items() if key != "DeploymentConfig"},
        owner=tags.get("planner:owner"),
        origin=tags.get("planner:self"),
    )


def renamed(live: LiveState, kind: str, name: str) -> LiveState:
    """The same endpoint as it were, had another tool made its model or its config."""
    member = {"model": "ModelName", "endpoint-config": "EndpointConfigName"}[kind]
    before = next(one for one in live.objects if one.kind == kind).name

    def swap(item: Any) -> Any:
        if isinstance(item, dict):
            return {key: _swapped(key, value) for key, value in item.items()}
        return [swap(one) for one in item] if isinstance(item, list) else item

    def _swapped(key: str, item: Any) -> Any:
        return name if (key, item) == (member, before) else swap(item)

    objects = tuple(
        replace(one, address=f"{kind}/{name}", name=name, origin=None, body=_bare(swap(one.body)))
        if one.name == before and one.kind == kind
        else replace(one, body=swap(one.body))
        for one in live.objects
    )
    return replace(live, objects=objects)


def _bare(body: dict[str, Any]) -> dict[str, Any]:
    """Without the tags that only the planner sets, but for the owner's."""
    own = {"planner:self", "planner:digest"}
    return {**body, "Tags": [tag for tag in body["Tags"] if tag["Key"] not in own]}


def tagged(live: LiveState, address: str, **tags: str) -> LiveState:
    """With tags of an object set by hand; `planner_digest` is `planner:digest`."""
    by_hand = {key.replace("planner_", "planner:"): text for key, text in tags.items()}

    def put(one: LiveObject) -> LiveObject:
        kept = {tag["Key"]: tag["Value"] for tag in one.body["Tags"]} | by_hand
        body = {**one.body, "Tags": [{"Key": key, "Value": kept[key]} for key in sorted(kept)]}
        return replace(one, body=body, owner=kept["planner:owner"], origin=kept["planner:self"])

    return replace(
        live, objects=tuple(put(one) if one.address == address else one for one in live.objects)
    )
