"""The judge catches each violation; otherwise its silence on our bodies would prove nothing."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from tests.support.databricks_rules import violations

ENTITY: dict[str, Any] = {
    "name": "a",
    "entity_name": "main.shop.a",
    "entity_version": "3",
    "workload_type": "CPU",
    "min_provisioned_concurrency": 4,
    "max_provisioned_concurrency": 8,
    "scale_to_zero_enabled": False,
    "environment_vars": {"KEY": "{{secrets/scope/key}}"},
}
BODY: dict[str, Any] = {
    "name": "shop",
    "config": {
        "served_entities": [ENTITY, ENTITY | {"name": "b"}],
        "traffic_config": {
            "routes": [
                {"served_entity_name": "a", "traffic_percentage": 90},
                {"served_entity_name": "b", "traffic_percentage": 10},
            ]
        },
    },
    "tags": [{"key": "team", "value": "shop"}],
    "ai_gateway": {
        "inference_table_config": {"enabled": True, "catalog_name": "main", "schema_name": "logs"}
    },
    "email_notifications": {"on_update_failure": ["team@example.com"]},
    "route_optimized": False,
}


def changed(path: str, value: Any) -> dict[str, Any]:
    """BODY with one value replaced, or removed where it is None."""
    made = deepcopy(BODY)
    *way, last = path.split("/")
    place: Any = made
    for step in way:
        place = place[int(step) if step.isdigit() else step]
    if value is None:
        del place[int(last) if last.isdigit() else last]
    else:
        place[int(last) if last.isdigit() else last] = value
    return made


FIRST = "config/served_entities/0"
ROUTES = "config/traffic_config/routes"


def test_a_correct_body_breaks_no_rule() -> None:
    assert violations(BODY) == []


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("name", "", "letters, digits"),
        ("name", "x" * 64, "letters, digits"),
        ("name", "a b", "letters, digits"),
        ("name", "databricks-x", "reserved"),
        ("config", None, "config: missing"),
        ("config/served_models", [], "deprecated"),
        ("config/auto_capture_config", {}, "deprecated"),
        ("config/served_entities", [], "0, not 1"),
        ("config/served_entities/1/name", "a", "not unique"),
        (f"{FIRST}/entity_name", "ranker", "catalog.schema.model"),
        (f"{FIRST}/entity_version", "champion", "number of a version"),
        (f"{FIRST}/entity_version", {"$from": {}}, "number of a version"),
        (f"{FIRST}/entity_version", None, "number of a version"),
        (f"{FIRST}/workload_type", "GPU_LARGE", "not offered on aws"),
        (f"{FIRST}/workload_size", "Small", "excludes provisioned"),
        (f"{FIRST}/min_provisioned_concurrency", None, "neither workload_size"),
        (f"{FIRST}/min_provisioned_concurrency", 4.0, "neither workload_size"),
        (f"{FIRST}/max_provisioned_concurrency", 10, "multiple of 4"),
        (f"{FIRST}/max_provisioned_concurrency", 0, "out of range"),
        (f"{FIRST}/max_provisioned_concurrency", 1028, "out of range"),
        (f"{FIRST}/min_provisioned_concurrency", 12, "out of range"),
        (f"{FIRST}/min_provisioned_concurrency", 0, "do not go together"),
        (f"{FIRST}/scale_to_zero_enabled", True, "do not go together"),
        (f"{FIRST}/scale_to_zero_enabled", None, "undefined"),
        (f"{FIRST}/min_provisioned_throughput", 1, "unknown"),
        (f"{FIRST}/external_model", {"provider": "openai"}, "external_model excludes"),
        (f"{FIRST}/environment_vars", {f"V{i}": "" for i in range(31)}, "more than 30"),
        (f"{FIRST}/environment_vars/KEY", "{{secret/scope/key}}", "secrets/scope/key"),
        (f"{FIRST}/environment_vars/KEY", 7, "not text"),
        ("config/traffic_config", None, "one route per"),
        (f"{ROUTES}/1", None, "one route per"),
        (f"{ROUTES}/1/served_entity_name", "c", "one route per"),
        (f"{ROUTES}/1/served_entity_name", "a", "one route per"),
        (f"{ROUTES}/1/traffic_percentage", 11, "sum to 101"),
        (f"{ROUTES}/1/traffic_percentage", 10.0, "whole number"),
        (f"{ROUTES}/1/traffic_percentage", -10, "whole number"),
        ("tags/0/value", None, "not a key and a value"),
        ("tags", [{"key": "a", "value": "1"}, {"key": "a", "value": "2"}], "keys are not unique"),
        ("ai_gateway/inference_table_config/schema_name", None, "without catalog and schema"),
        ("ai_gateway/inference_table_config/prefix", "x", "unknown"),
        ("email_notifications/on_update_failure", "a@example.com", "not a list"),
        ("email_notifications/on_success", [], "unknown"),
        ("route_optimized", "true", "not a boolean"),
        ("rate_limits", [], "deprecated"),
    ],
)
def test_each_violation_is_caught(path: str, value: Any, message: str) -> None:
    found = violations(changed(path, value))
    assert any(message in line for line in found), found


def test_the_number_of_entities_is_the_documented_one_unless_raised() -> None:
    entities = [ENTITY | {"name": f"e{i}"} for i in range(11)]
    routes = [{"served_entity_name": f"e{i}", "traffic_percentage": 0} for i in range(10)]
    routes.append({"served_entity_name": "e10", "traffic_percentage": 100})
    many = BODY | {"config": {"served_entities": entities, "traffic_config": {"routes": routes}}}
    assert violations(many) == ["served_entities: 11, not 1 to 10"]
    assert violations(many, max_entities=15) == []


def test_types_differ_by_cloud() -> None:
    body = changed(f"{FIRST}/workload_type", "GPU_MEDIUM")
    assert violations(body, cloud="gcp") == []
    assert violations(body, cloud="azure") == [
        "served_entities[a].workload_type: GPU_MEDIUM is not offered on azure"
    ]
