"""Variants that run: from a config to what DescribeEndpoint shows, and what they take of quotas."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from planner_sagemaker.sandbox import models
from planner_sagemaker.sandbox.cloud import Call
from planner_sagemaker.sandbox.quotas import demand
from planner_sagemaker.sandbox.store import Document

_SHOWN = ("ManagedInstanceScaling", "RoutingConfig", "InstancePools")
_EXTRAS = ("AsyncInferenceConfig", "ExplainerConfig", "MetricsConfig")
_FLEETS = ("ProductionVariants", "ShadowProductionVariants")


def deployed(call: Call, config: Mapping[str, Any]) -> Document:
    """The members of an endpoint that a config brings; refuses a config whose model is gone."""
    members: Document = {"EndpointConfigName": config["EndpointConfigName"]}
    for fleet in _FLEETS:
        given = config.get(fleet) or []
        members[fleet] = [summary(call, variant) for variant in given] or None
        members[f"_{fleet}"] = given
    for extra in _EXTRAS:
        members[extra] = config.get(extra)
    capture = config.get("DataCaptureConfig")
    members["DataCaptureConfig"] = _capture(capture) if capture else None
    return members


def summary(call: Call, variant: Mapping[str, Any]) -> Document:
    """A variant as DescribeEndpoint shows it."""
    weight = variant["InitialVariantWeight"]
    shown = {
        "VariantName": variant["VariantName"],
        "CurrentWeight": weight,
        "DesiredWeight": weight,
        "CurrentInstanceCount": 0,
        **{member: variant[member] for member in _SHOWN if member in variant},
    }
    if "ModelName" in variant:
        model = models.existing(call, variant["ModelName"])
        shown["DeployedImages"] = [
            {"SpecifiedImage": image, "ResolvedImage": image, "ResolutionTime": call.now}
            for container in models.containers(model)
            if (image := container.get("Image"))
        ]
    serverless = variant.get("ServerlessConfig")
    if serverless is not None:
        return {**shown, "CurrentServerlessConfig": serverless}
    count = variant["InitialInstanceCount"]
    return {**shown, "CurrentInstanceCount": count, "DesiredInstanceCount": count}


def images(members: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The images that the variants run, each with the variant's name."""
    for fleet in _FLEETS:
        for variant in members[fleet] or ():
            for image in variant.get("DeployedImages") or ():
                yield variant["VariantName"], image["SpecifiedImage"]


def pending(members: Mapping[str, Any], now: float) -> Document:
    """The PendingDeploymentSummary of members that an endpoint will have."""
    shown: Document = {"EndpointConfigName": members["EndpointConfigName"], "StartTime": now}
    for fleet in _FLEETS:
        types = {one["VariantName"]: one.get("InstanceType") for one in members[f"_{fleet}"]}
        shown[fleet] = [
            {
                **one,
                "CurrentWeight": 0.0,
                "CurrentInstanceCount": 0,
                "InstanceType": types[one["VariantName"]],
                "VariantStatus": [{"Status": "Creating", "StartTime": now}],
            }
            for one in members[fleet] or ()
        ] or None
    return shown


def retained(new: Document, old: Document, excluded: set[str]) -> Document:
    """The new members with what RetainAllVariantProperties keeps of the old ones."""
    kept = {"DesiredInstanceCount", "DesiredWeight", "DataCaptureConfig"} - excluded
    before = {one["VariantName"]: one for one in old.get("ProductionVariants") or ()}
    variants = [
        _keeping(one, before.get(one["VariantName"], {}), kept) for one in new["ProductionVariants"]
    ]
    capture = "DataCaptureConfig" in kept and old.get("DataCaptureConfig")
    changed = {"DataCaptureConfig": old["DataCaptureConfig"]} if capture else {}
    return {**new, **changed, "ProductionVariants": variants}


def _keeping(new: Document, old: Mapping[str, Any], kept: set[str]) -> Document:
    found = dict(new)
    for desired, current in (
        ("DesiredInstanceCount", "CurrentInstanceCount"),
        ("DesiredWeight", "CurrentWeight"),
    ):
        if desired in kept and desired in new and desired in old:
            found[desired] = found[current] = old[desired]
    return found


def instances(members: Mapping[str, Any]) -> int:
    """Instances of the production variants; 0 where all are serverless."""
    return sum(one.get("DesiredInstanceCount", 0) for one in members["ProductionVariants"] or ())


def is_serverless(members: Mapping[str, Any]) -> bool:
    """Whether the production variants run without instances."""
    return any("ServerlessConfig" in one for one in members["_ProductionVariants"])


def needs(members: Mapping[str, Any]) -> Counter[str]:
    """What the variants take by quota, once they have the counts that are desired."""
    total: Counter[str] = Counter()
    for fleet in _FLEETS:
        counts = {
            one["VariantName"]: one.get("DesiredInstanceCount", 0)
            for one in members.get(fleet) or ()
        }
        total += demand(members.get(f"_{fleet}") or (), counts)
    return total


def taken(endpoint: Mapping[str, Any]) -> Counter[str]:
    """What an endpoint takes by quota now, with what an update adds while it lasts."""
    if endpoint["EndpointStatus"] == "Failed":
        return Counter()
    return needs(endpoint) + Counter(endpoint.get("_extra") or {})


def _capture(config: Mapping[str, Any]) -> Document:
    enabled = config.get("EnableCapture", False)
    return {
        "EnableCapture": enabled,
        "CaptureStatus": "Started" if enabled else "Stopped",
        "CurrentSamplingPercentage": config["InitialSamplingPercentage"],
        "DestinationS3Uri": config["DestinationS3Uri"],
        "KmsKeyId": config.get("KmsKeyId", ""),
    }
