"""What the autoscaler does to an endpoint, at a word from outside: no load is ever measured."""

from __future__ import annotations

from typing import Any

from planner_sagemaker.sandbox import fleets, quotas, scaling
from planner_sagemaker.sandbox.cloud import Call
from planner_sagemaker.sandbox.errors import invalid
from planner_sagemaker.sandbox.store import Document
from planner_sagemaker.sandbox.targets import TARGET
from planner_sagemaker.sandbox.transitions import KIND, save


def scale(call: Call) -> dict[str, Any]:
    """Bring a scaled variant to a count, or to the nearest in its range, at once.

    Reads `endpoint`, `instances` and, where several are scaled, `variant`. CloudError where
    the endpoint is not in service, nothing is scaled or a quota does not allow it.
    """
    name = str(call.parameters["endpoint"])
    endpoint = call.strong(KIND, name)
    if endpoint is None or endpoint["EndpointStatus"] != "InService":
        raise invalid(f"no endpoint {name} is in service in {call.region}")
    target = _target(call, name)
    variant = target["ResourceId"].rpartition("/")[2]
    wanted = int(call.parameters["instances"])
    count = min(max(wanted, target["MinCapacity"]), target["MaxCapacity"])
    reached = {"DesiredInstanceCount": count, "CurrentInstanceCount": count}
    variants = [
        {**one, **reached} if one["VariantName"] == variant else one
        for one in endpoint["ProductionVariants"]
    ]
    changed = {**endpoint, "ProductionVariants": variants, "LastModifiedTime": call.now}
    more = fleets.needs(changed)
    more.subtract(fleets.needs(endpoint))
    quotas.check(call, more)
    save(call.cloud, call.key(KIND, name), changed)
    return {"endpoint": name, "variant": variant, "instances": count}


def _target(call: Call, endpoint: str) -> Document:
    prefix = f"endpoint/{endpoint}/variant/"
    found = [
        target
        for _, target in call.cloud.store.starting(call.region, TARGET, prefix)
        if target["ScalableDimension"] == scaling.INSTANCES
        if call.parameters.get("variant") in (None, target["ResourceId"].rpartition("/")[2])
    ]
    if len(found) != 1:
        raise invalid(f"{len(found)} variants of {endpoint} are scaled that this may mean, not one")
    return found[0]
