"""Bodies with what SageMaker does where nothing is said, so that two ways to say it are equal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

COUNT = "sagemaker:variant:DesiredInstanceCount"
COOLDOWN_S = 300
"""Cooldown of SageMaker variants where a policy states none (TargetTrackingScalingPolicyConfig)."""

Body = dict[str, Any]


def usual(kind: str, body: Mapping[str, Any], *, scaled: bool = False) -> Body:
    """The content with every default stated; `scaled` leaves out what an autoscaler sets."""
    if kind == "model":
        return _model(body)
    if kind == "endpoint-config":
        return _config(body, scaled=scaled)
    if kind == "scaling-policy":
        return _policy(body)
    if kind == "scheduled-action":
        return {"Timezone": "UTC", **body}
    return dict(body)


def _model(body: Mapping[str, Any]) -> Body:
    container = dict(body.get("PrimaryContainer") or {})
    if container.get("Mode") == "MultiModel":
        container.setdefault("MultiModelConfig", {"ModelCacheSetting": "Enabled"})
    if "ModelPackageName" in container:
        # DescribeModel shows what the package holds beside its name.
        for filled in ("Image", "ModelDataUrl", "ModelDataSource"):
            container.pop(filled, None)
    return {**body, "PrimaryContainer": container} if container else dict(body)


def _config(body: Mapping[str, Any], *, scaled: bool) -> Body:
    found = {**body, "ProductionVariants": [_variant(v, body) for v in body["ProductionVariants"]]}
    if scaled:
        for variant in found["ProductionVariants"]:
            variant.pop("InitialInstanceCount", None)
    capture = body.get("DataCaptureConfig")
    if capture is not None and not capture.get("EnableCapture"):
        found.pop("DataCaptureConfig")
    elif capture is not None:
        # How captured requests are encoded is never asked for, and filled in.
        found["DataCaptureConfig"] = {
            key: item for key, item in capture.items() if key != "CaptureContentTypeHeader"
        }
    return found


def _variant(variant: Mapping[str, Any], config: Mapping[str, Any]) -> Body:
    found = dict(variant)
    if len(config["ProductionVariants"]) == 1:
        # A variant alone takes all traffic, whatever its weight.
        found["InitialVariantWeight"] = 1.0
    if "ServerlessConfig" not in found:
        # ProductionVariant: RANDOM is the default.
        found.setdefault("RoutingConfig", {"RoutingStrategy": "RANDOM"})
    return found


def _policy(body: Mapping[str, Any]) -> Body:
    tracking = body.get("TargetTrackingScalingPolicyConfiguration")
    if tracking is None:
        return dict(body)
    waits = dict.fromkeys(("ScaleOutCooldown", "ScaleInCooldown"), COOLDOWN_S)
    return {**body, "TargetTrackingScalingPolicyConfiguration": {**waits, **tracking}}
