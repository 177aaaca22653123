"""A judge of serving-endpoint bodies that knows the service's rules and none of our code.

The rules are those of the REST documents, the SDK's docstrings and the errors the service answers;
several of them are held nowhere but in the backend.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

NAME = re.compile(r"[A-Za-z0-9_-]{1,63}")
UC_NAME = re.compile(r"[^\s./]+\.[^\s./]+\.[^\s./]+")
SECRET = re.compile(r"\{\{secrets/[^/{}\s]+/[^/{}\s]+\}\}")
TYPES = {
    "aws": {"CPU", "GPU_SMALL", "GPU_MEDIUM", "MULTIGPU_MEDIUM", "GPU_MEDIUM_8"},
    "azure": {"CPU", "GPU_SMALL", "GPU_LARGE", "GPU_LARGE_2", "GPU_LARGE_4"},
    "gcp": {"CPU", "GPU_MEDIUM"},
}
PREVIEW_TYPES = {"CPU_MEDIUM", "CPU_LARGE", "GPU_XLARGE", "GPU_XLARGE_8"}
BODY = {
    "name", "config", "tags", "ai_gateway", "route_optimized", "budget_policy_id", "description",
    "email_notifications", "telemetry_config",
}  # fmt: skip
ENTITY = {
    "name", "entity_name", "entity_version", "workload_size", "workload_type",
    "min_provisioned_concurrency", "max_provisioned_concurrency", "scale_to_zero_enabled",
    "environment_vars", "instance_profile_arn",
}  # fmt: skip


def violations(body: dict[str, Any], *, cloud: str = "aws", max_entities: int = 10) -> list[str]:
    """Every broken rule of a create request, each as `place: what`."""
    return [
        *_unknown("body", body, BODY),
        *_name("name", body.get("name")),
        *_config(body.get("config"), cloud, max_entities),
        *_tags(body.get("tags", [])),
        *_gateway(body.get("ai_gateway", {})),
        *_mails(body.get("email_notifications", {})),
        *_flag("route_optimized", body.get("route_optimized", False)),
    ]


def _unknown(place: str, value: dict[str, Any], known: set[str]) -> Iterator[str]:
    for key in sorted(set(value) - known):
        yield f"{place}: unknown or deprecated field {key}"


def _flag(place: str, value: Any) -> Iterator[str]:
    if not isinstance(value, bool):
        yield f"{place}: not a boolean"


def _name(place: str, value: Any) -> Iterator[str]:
    if not isinstance(value, str) or not NAME.fullmatch(value):
        yield f"{place}: not 1-63 letters, digits, dashes, underscores"
    elif value.startswith("databricks-"):
        yield f"{place}: reserved prefix"


def _config(config: Any, cloud: str, max_entities: int) -> Iterator[str]:
    if not isinstance(config, dict):
        yield "config: missing"
        return
    yield from _unknown("config", config, {"served_entities", "traffic_config"})
    entities = config.get("served_entities", [])
    if not 1 <= len(entities) <= max_entities:
        yield f"served_entities: {len(entities)}, not 1 to {max_entities}"
    for entity in entities:
        yield from _entity(f"served_entities[{entity.get('name')}]", entity, cloud)
    names = [entity.get("name") for entity in entities]
    if len(set(names)) != len(names):
        yield "served_entities: names are not unique"
    yield from _routes(config.get("traffic_config"), names)


def _entity(place: str, entity: dict[str, Any], cloud: str) -> Iterator[str]:
    if "external_model" in entity:
        others = set(entity) - {"external_model", "name"}
        if others:
            yield f"{place}: external_model excludes {', '.join(sorted(others))}"
        return
    yield from _unknown(place, entity, ENTITY)
    yield from _name(f"{place}.name", entity.get("name"))
    if not UC_NAME.fullmatch(str(entity.get("entity_name", ""))):
        yield f"{place}.entity_name: not catalog.schema.model"
    version = entity.get("entity_version")
    if not isinstance(version, str) or not re.fullmatch(r"[1-9][0-9]*", version):
        yield f"{place}.entity_version: not the number of a version"
    if entity.get("workload_type", "CPU") not in TYPES[cloud] | PREVIEW_TYPES:
        yield f"{place}.workload_type: {entity['workload_type']} is not offered on {cloud}"
    if not isinstance(entity.get("scale_to_zero_enabled"), bool):
        yield f"{place}: scaleToZeroEnabled is undefined"
    yield from _capacity(place, entity)
    yield from _environment(place, entity.get("environment_vars", {}))


def _capacity(place: str, entity: dict[str, Any]) -> Iterator[str]:
    least = entity.get("min_provisioned_concurrency")
    most = entity.get("max_provisioned_concurrency")
    sized = "workload_size" in entity
    if sized and (least is not None or most is not None):
        yield f"{place}: workload_size excludes provisioned concurrency"
    if sized:
        return
    if type(least) is not int or type(most) is not int:
        yield f"{place}: neither workload_size nor both provisioned concurrencies"
        return
    if least % 4 or most % 4:
        yield f"{place}: provisioned concurrency is not a multiple of 4"
    if not 0 <= least <= most or not 4 <= most <= 1024:
        yield f"{place}: provisioned concurrency {least}-{most} is out of range"
    if (least == 0) != (entity.get("scale_to_zero_enabled") is True):
        yield f"{place}: minimum {least} and scale to zero do not go together"


def _environment(place: str, variables: dict[str, Any]) -> Iterator[str]:
    if len(variables) > 30:
        yield f"{place}.environment_vars: more than 30"
    for key, value in variables.items():
        if not isinstance(value, str):
            yield f"{place}.environment_vars.{key}: not text"
        elif "{{" in value and not SECRET.fullmatch(value):
            yield f"{place}.environment_vars.{key}: not {{{{secrets/scope/key}}}}"


def _routes(traffic: Any, names: list[Any]) -> Iterator[str]:
    if traffic is None and len(names) == 1:
        return
    routes = traffic.get("routes", []) if isinstance(traffic, dict) else []
    targets = [route.get("served_entity_name") for route in routes]
    if sorted(map(str, targets)) != sorted(map(str, names)):
        yield "traffic_config: not one route per served entity"
    shares = [route.get("traffic_percentage") for route in routes]
    if any(type(share) is not int or not 0 <= share <= 100 for share in shares):
        yield "traffic_config: a percentage is not a whole number from 0 to 100"
    elif sum(shares) != 100:
        yield f"traffic_config: the percentages sum to {sum(shares)}"


def _tags(tags: list[dict[str, Any]]) -> Iterator[str]:
    for tag in tags:
        if set(tag) != {"key", "value"} or not all(isinstance(v, str) for v in tag.values()):
            yield f"tags: {tag} is not a key and a value"
    keys = [tag.get("key") for tag in tags]
    if len(set(keys)) != len(keys):
        yield "tags: keys are not unique"


def _gateway(gateway: dict[str, Any]) -> Iterator[str]:
    table = gateway.get("inference_table_config", {})
    known = {"enabled", "catalog_name", "schema_name", "table_name_prefix"}
    yield from _unknown("inference_table_config", table, known)
    if table.get("enabled") and not (table.get("catalog_name") and table.get("schema_name")):
        yield "inference_table_config: enabled without catalog and schema"


def _mails(mails: dict[str, Any]) -> Iterator[str]:
    yield from _unknown("email_notifications", mails, {"on_update_success", "on_update_failure"})
    for key, addresses in mails.items():
        if not isinstance(addresses, list) or not all(isinstance(a, str) for a in addresses):
            yield f"email_notifications.{key}: not a list of addresses"
