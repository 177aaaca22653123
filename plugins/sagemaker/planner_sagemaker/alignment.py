"""What is desired, under the names of objects that have the same content already.

Models and configs are named by their content here, and the variant and its policy by a constant; an
endpoint that was made by other means has them under other names, and is not to be rolled out anew
for that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from planner.model.live import LiveObject, LiveState
from planner.model.resource import DesiredState, Resource
from planner_sagemaker.resources.names import VARIANT, hashed
from planner_sagemaker.resources.tags import DIGEST, SELF
from planner_sagemaker.usual import COUNT, usual

Body = dict[str, Any]

_NAMED = {"model": "ModelName", "endpoint-config": "EndpointConfigName"}
_SCALING: dict[str, tuple[str, ...]] = {
    "scalable-target": (),
    "scaling-policy": ("PolicyName",),
    "scheduled-action": ("ScheduledActionName",),
}
"""Kinds by the members that name them; where they sit is no name."""


def aligned(desired: DesiredState, live: LiveState) -> DesiredState:
    """The same state; what lives with equal content keeps its name, and so does the one variant.

    Where an autoscaler sets the count, the count that a config begins with says nothing any more.
    """
    variant = variant_of(live)
    scaled = any(one.body.get("ScalableDimension") == COUNT for one in desired.resources)
    names: dict[str, str] = {}
    resources: list[Resource] = []
    for resource in desired.resources:
        known = _renamed(_on_variant(resource, variant, desired.endpoint), names)
        twin = _twin(known, live, scaled=scaled)
        if known.name != resource.name or twin is not None:
            names[resource.address] = known.address if twin is None else twin.address
        resources.append(known if twin is None else _as(known, twin))
    return replace(desired, resources=tuple(_after(one, names) for one in resources))


def variant_of(live: LiveState) -> str:
    """The name of the only variant that runs, the planner's own where there is none or more."""
    config = config_of(live)
    variants: list[Body] = config.body["ProductionVariants"] if config is not None else []
    return str(variants[0]["VariantName"]) if len(variants) == 1 else VARIANT


def config_of(live: LiveState) -> LiveObject | None:
    """The config that the endpoint uses."""
    endpoint = next((one for one in live.objects if one.kind == "endpoint"), None)
    if endpoint is None:
        return None
    return live.find(f"endpoint-config/{endpoint.body.get('EndpointConfigName')}")


def _twin(resource: Resource, live: LiveState, *, scaled: bool) -> LiveObject | None:
    """The live object of another name that is this one, None where there is none."""
    found = _alike(resource, live, scaled=scaled)
    return found if found is not None and _differs(resource, found) else None


def _differs(resource: Resource, found: LiveObject) -> bool:
    return found.address != resource.address or (
        resource.kind in _NAMED and _content(resource.kind, found.body) != _plain(resource)
    )


def _alike(resource: Resource, live: LiveState, *, scaled: bool) -> LiveObject | None:
    if resource.kind in _NAMED:
        wanted = usual(resource.kind, _plain(resource), scaled=scaled)
        for one in _used_first(resource.kind, live):
            if usual(one.kind, _content(one.kind, one.body), scaled=scaled) == wanted:
                return one
    if resource.kind in _SCALING and live.find(resource.address) is None:
        found = [one for one in live.objects if _scales_alike(resource, one)]
        # Of several that could be meant none is.
        return found[0] if len(found) == 1 else None
    return None


def _used_first(kind: str, live: LiveState) -> Iterator[LiveObject]:
    config = config_of(live)
    variants = config.body.get("ProductionVariants", ()) if config is not None else ()
    used = {one.get("ModelName") for one in variants}
    if config is not None:
        used.add(config.name)
    ours = [one for one in live.objects if one.kind == kind]
    yield from (one for one in ours if one.name in used)
    yield from (one for one in ours if one.name not in used)


def _scales_alike(resource: Resource, one: LiveObject) -> bool:
    """Whether a live target, policy or action does what this one is to do, with other numbers."""
    if one.kind != resource.kind:
        return False
    return bool(_purpose(one.kind, one.body) == _purpose(resource.kind, resource.body))


def _purpose(kind: str, body: Body) -> Any:
    place = (body["ResourceId"], body["ScalableDimension"])
    if kind == "scheduled-action":
        return place, usual(kind, {key: item for key, item in body.items() if key not in _NAMES})
    tracking = body.get("TargetTrackingScalingPolicyConfiguration", {})
    return place, tracking.get("PredefinedMetricSpecification")


_NAMES = {*_NAMED.values(), *(name for names in _SCALING.values() for name in names), "Tags"}


def _content(kind: str, body: Mapping[str, Any]) -> Body:
    return {key: item for key, item in body.items() if key not in {_NAMED[kind], "Tags"}}


def _plain(resource: Resource) -> Body:
    return _content(resource.kind, resource.body)


def _as(resource: Resource, twin: LiveObject) -> Resource:
    """The resource under the name of its twin; what cannot be changed in place is as it lives."""
    if resource.kind in _SCALING:
        names = {name: twin.body[name] for name in _SCALING[resource.kind]}
        body = {**resource.body, **names}
        if usual(resource.kind, body) == usual(twin.kind, twin.body):
            body = twin.body
        return replace(resource, address=twin.address, name=twin.name, body=body)
    body = {**_content(twin.kind, twin.body), _NAMED[twin.kind]: twin.name}
    # An object of other means has no digest of ours, and needs none: it is never named by it.
    tags = [
        {**tag, "Value": twin.name} if tag["Key"] == SELF else tag
        for tag in resource.body.get("Tags", ())
        if twin.name == resource.name or tag["Key"] != DIGEST
    ]
    return replace(resource, address=twin.address, name=twin.name, body={**body, "Tags": tags})


def _renamed(resource: Resource, names: Mapping[str, str]) -> Resource:
    """The resource with its references to what has another name."""
    if resource.kind == "endpoint-config":
        variants = [_model(one, names) for one in resource.body["ProductionVariants"]]
        return replace(resource, body={**resource.body, "ProductionVariants": variants})
    if resource.kind == "endpoint":
        config = resource.body["EndpointConfigName"]
        kept = _name(names, "endpoint-config", config)
        return replace(resource, body={**resource.body, "EndpointConfigName": kept})
    return resource


def _model(variant: Body, names: Mapping[str, str]) -> Body:
    if "ModelName" not in variant:
        return variant
    return {**variant, "ModelName": _name(names, "model", variant["ModelName"])}


def _name(names: Mapping[str, str], kind: str, name: str) -> str:
    address = f"{kind}/{name}"
    return names.get(address, address).partition("/")[2]


def _after(resource: Resource, names: Mapping[str, str]) -> Resource:
    return replace(resource, after=tuple(names.get(one, one) for one in resource.after))


def _on_variant(resource: Resource, variant: str, endpoint: str) -> Resource:
    """The resource for a variant of this name; a config is named by its content again.

    What was aligned before stays as it is.
    """
    if variant == VARIANT:
        return resource
    body = resource.body
    if resource.kind == "endpoint-config":
        if body["ProductionVariants"][0]["VariantName"] == variant:
            return resource
        variants = [{**one, "VariantName": variant} for one in body["ProductionVariants"]]
        body = {**body, "ProductionVariants": variants}
        name = hashed(endpoint, _content(resource.kind, body))
        body = {**body, "EndpointConfigName": name}
        tags = [{**t, "Value": name} if t["Key"] == SELF else t for t in body.get("Tags", ())]
        return replace(
            resource, address=f"{resource.kind}/{name}", name=name, body={**body, "Tags": tags}
        )
    if resource.kind in {"alarm", "dashboard"}:
        return replace(resource, body=_filed_under(body, variant))
    if resource.kind in _SCALING:
        place = body["ResourceId"].rpartition("/")[0]
        return replace(resource, body={**body, "ResourceId": f"{place}/{variant}"})
    return resource


def _filed_under(given: Any, variant: str) -> Any:
    """A body with the metrics of another variant: of dimensions, and of rows of a dashboard."""
    if isinstance(given, dict):
        if given.get("Name") == "VariantName":
            return {**given, "Value": variant}
        return {key: _filed_under(item, variant) for key, item in given.items()}
    if not isinstance(given, list):
        return given
    found = [_filed_under(item, variant) for item in given]
    if "VariantName" in found:
        found[found.index("VariantName") + 1] = variant
    return found
