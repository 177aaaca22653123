"""What an endpoint has now, read from its live objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from planner.model.live import LiveState

_ROUTING = {"LEAST_OUTSTANDING_REQUESTS": "least-outstanding", "RANDOM": "random"}


def pins_of(live: LiveState) -> Mapping[str, str]:
    """Hosting, type and counts of the running variant; nothing where none runs."""
    endpoint = next((one for one in live.objects if one.kind == "endpoint"), None)
    if endpoint is None:
        return {}
    config = live.find(f"endpoint-config/{endpoint.body.get('EndpointConfigName')}")
    variants = config.body.get("ProductionVariants", []) if config is not None else []
    if len(variants) != 1:
        return {}
    if "ServerlessConfig" in variants[0]:
        return _serverless(variants[0]["ServerlessConfig"])
    return {"provider": "sagemaker", **_instances(variants[0], live)}


def _serverless(config: Mapping[str, Any]) -> dict[str, str]:
    return {
        "provider": "sagemaker",
        "hosting": "serverless",
        "instance": f"serverless-{config['MemorySizeInMB']}",
        "prewarm": str(config.get("ProvisionedConcurrency", 0)),
    }


def _instances(variant: Mapping[str, Any], live: LiveState) -> dict[str, str]:
    pins = {"instance": str(variant.get("InstanceType", ""))}
    routing = variant.get("RoutingConfig", {}).get("RoutingStrategy", "RANDOM")
    pins["routing"] = _ROUTING.get(routing, "random")
    pins["replicas"] = str(variant.get("InitialInstanceCount", 1))
    target = next((one for one in live.objects if one.kind == "scalable-target"), None)
    if target is not None:
        pins["replicas"] = f"{target.body['MinCapacity']}..{target.body['MaxCapacity']}"
    multi = any(
        one.kind == "model" and one.body.get("PrimaryContainer", {}).get("Mode") == "MultiModel"
        for one in live.objects
    )
    if multi:
        pins["hosting"] = "multi-model"
    return pins
