"""A live endpoint as the part of a spec that it can tell; what no spec can say is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from planner.alerts import thresholds
from planner.model.live import Health, LiveObject, LiveState
from planner_sagemaker import tables
from planner_sagemaker.alarms import ALARM
from planner_sagemaker.alignment import config_of
from planner_sagemaker.importing.capacity import Capacity, capacity
from planner_sagemaker.importing.refusal import only, unsayable
from planner_sagemaker.offerings import PROVIDER
from planner_sagemaker.options import DEFAULT_OVERHEAD_S
from planner_sagemaker.resources.dashboard import KIND as DASHBOARD
from planner_sagemaker.resources.names import readable

Body = Mapping[str, Any]
Part = dict[str, Any]

_OWN = "planner:"
_CONFIG = {"EndpointConfigName", "ProductionVariants", "DataCaptureConfig", "KmsKeyId", "Tags"}
_VARIANT = {
    *("VariantName", "ModelName", "InstanceType", "InitialInstanceCount", "InitialVariantWeight"),
    *("ServerlessConfig", "VolumeSizeInGB", "RoutingConfig"),
}
_MODEL = {
    *("ModelName", "ExecutionRoleArn", "PrimaryContainer", "VpcConfig"),
    *("EnableNetworkIsolation", "Tags"),
}
_CONTAINER = {
    *("Image", "ModelPackageName", "ModelDataUrl", "ModelDataSource", "Environment", "Mode"),
    *("MultiModelConfig", "ImageConfig"),
}


def imported(live: LiveState, region: str) -> Part:
    """`metadata`, parts of `spec` and `notes`; ProviderError `not-importable` for the rest."""
    endpoint = next(one for one in live.objects if one.kind == "endpoint")
    if live.health is Health.MOVING:
        raise unsayable(endpoint.address, f"{live.detail}: it is not yet what it is to be")
    config = config_of(live)
    if config is None:
        raise unsayable(endpoint.address, "its config cannot be read")
    variant = _only_variant(config)
    _only_rollbacks(live)
    model = live.find(f"model/{variant['ModelName']}")
    if model is None:
        raise unsayable(config.address, f"its model {variant['ModelName']} cannot be read")
    only(model.address, model.body, _MODEL)
    container = model.body.get("PrimaryContainer") or {}
    only(f"{model.address} PrimaryContainer", container, _CONTAINER)
    labels, left = _labels([endpoint, config, model, *_alarms(live)])
    block = _block(region, config.body, model.body, variant)
    held = capacity(live, variant, shared=container.get("Mode") == "MultiModel")
    return {
        "metadata": {"name": _name(endpoint), **({"labels": labels} if labels else {})},
        "spec": {
            "models": _models(variant, container),
            **_objectives(live, held),
            **held.spec,
            "providers": {PROVIDER: {**block, **held.block}},
        },
        "notes": [*left, *_notes(container)],
    }


def _only_variant(config: LiveObject) -> Body:
    only(config.address, config.body, _CONFIG)
    variants: Sequence[Body] = config.body["ProductionVariants"]
    if len(variants) != 1:
        names = ", ".join(str(one["VariantName"]) for one in variants)
        raise unsayable(config.address, f"it has {len(variants)} variants ({names}), a spec one")
    (variant,) = variants
    if "ModelName" not in variant:
        raise unsayable(config.address, "it hosts inference components, which a spec cannot say")
    only(f"{config.address} ProductionVariants[0]", variant, _VARIANT)
    return variant


def _only_rollbacks(live: LiveState) -> None:
    """Refuse what a block `alerts` made: its limits rest on traffic that no cloud tells."""
    own = re.compile(rf"{re.escape(readable(live.endpoint))}-(5xx|latency-.*)")
    for one in live.objects:
        if one.kind == DASHBOARD or (one.kind == ALARM and not own.fullmatch(one.name)):
            raise unsayable(
                one.address,
                "its limits rest on the traffic of the spec that it was made from; delete it and "
                "its like, or keep that spec",
            )


def _name(endpoint: LiveObject) -> str:
    """The owner's name, the endpoint's own where it has none."""
    owner = endpoint.owner if endpoint.origin in {None, endpoint.name} else None
    if owner is not None and readable(owner) != endpoint.name:
        raise unsayable(
            endpoint.address, f"it is one of several endpoints of the spec {owner}, no spec alone"
        )
    return owner or endpoint.name


def _labels(owned: Sequence[LiveObject]) -> tuple[dict[str, str], list[str]]:
    """Tags that all objects carry alike, and a word on those that only some do."""
    each = [
        {tag["Key"]: tag["Value"] for tag in one.body.get("Tags", ()) if tag["Value"].strip()}
        for one in owned
    ]
    shared = {
        key: value
        for key, value in each[0].items()
        if not key.startswith(_OWN) and all(tags.get(key) == value for tags in each)
    }
    rest = {key for tags in each for key in tags if not key.startswith(_OWN)} - shared.keys()
    told = f"left as they are, not on every object alike: the tags {', '.join(sorted(rest))}"
    return dict(sorted(shared.items())), [told] if rest else []


def _alarms(live: LiveState) -> Iterator[LiveObject]:
    return (one for one in live.objects if one.kind == ALARM)


def _models(variant: Body, container: Body) -> list[Part]:
    """The model; of a shared endpoint two that stand for all, which only its folder knows."""
    told: Part = {}
    if "InstanceType" in variant:
        told["reference_instance"] = variant["InstanceType"]
    if container.get("Environment"):
        told["environment"] = dict(container["Environment"])
    if container.get("Mode") == "MultiModel":
        return [{"name": f"model-{number}", **told} for number in (1, 2)]
    source = container.get("ModelDataSource", {}).get("S3DataSource", {})
    address = container.get("ModelDataUrl") or source.get("S3Uri")
    if "ModelPackageName" in container:
        address = None
    return [{"name": "model", **({"artifact": address} if address else {}), **told}]


def _notes(container: Body) -> Iterator[str]:
    if container.get("Mode") == "MultiModel":
        yield (
            "model-1 and model-2 stand for the models below model_prefix, which SageMaker does "
            "not list"
        )


def _block(region: str, config: Body, model: Body, variant: Body) -> Part:
    """The provider's own block."""
    container = model["PrimaryContainer"]
    block: Part = {
        "region": region,
        "role_arn": model["ExecutionRoleArn"],
        "image": container.get("ModelPackageName") or container.get("Image"),
    }
    arch = next((row.hardware.arch for row in _rows(variant)), "")
    if arch and arch != "x86_64":
        block["image_architectures"] = [arch]
    if container.get("Mode") == "MultiModel":
        block["model_prefix"] = container["ModelDataUrl"]
    if "VpcConfig" in model:
        vpc = model["VpcConfig"]
        block["vpc"] = {
            "subnets": list(vpc["Subnets"]),
            "security_groups": list(vpc["SecurityGroupIds"]),
        }
    if model.get("EnableNetworkIsolation"):
        block["network_isolation"] = True
    capture = config.get("DataCaptureConfig") or {}
    key = config.get("KmsKeyId") or capture.get("KmsKeyId")
    if key:
        block["kms_key"] = key
    if capture.get("EnableCapture"):
        block["data_capture"] = {
            "percentage": f"{capture['InitialSamplingPercentage']}%",
            "s3_uri": capture["DestinationS3Uri"],
        }
    if any(not row.nvme_gb for row in _rows(variant)):
        volume_gb = variant.get("VolumeSizeInGB", 0)
        block["volume"] = f"{volume_gb}GB" if volume_gb else 0
    return block


def _rows(variant: Body) -> Iterator[tables.InstanceRow]:
    return (row for row in tables.instances() if row.name == variant.get("InstanceType"))


def _objectives(live: LiveState, held: Capacity) -> Part:
    """The goals that alarms hold an endpoint to, and that none watches it where there are none."""
    found = {
        one.name.removeprefix(f"{readable(live.endpoint)}-"): one.body for one in _alarms(live)
    }
    slo = dict(held.slo)
    if not found:
        unwatched = {"rollout": {"rollback": False}} if held.guarded else {}
        return {"slo": slo, **unwatched}
    usual = thresholds()["error-share"].value
    failed = found.pop("5xx", {}).get("Threshold", usual)
    if failed != usual and 0.0 < failed < 1.0:
        slo["availability"] = f"{100 * (1.0 - failed):.9g}%"
    slo["latency"] = {
        label.removeprefix("latency-"): _within(body["Threshold"]) for label, body in found.items()
    }
    return {"slo": slo}


def _within(threshold_us: float) -> str:
    """A bound on ModelLatency as one at the endpoint, in whole microseconds."""
    return f"{round(threshold_us + DEFAULT_OVERHEAD_S * 1e6) / 1000:.10g}ms"
