"""What is shown of an endpoint is not what it was given: defaults, hidden fields, order."""

from __future__ import annotations

from typing import Any

import pytest
from databricks.sdk.service.serving import EndpointPendingConfig, ServingEndpointDetailed

from tests.support.workspace import ENDPOINTS, Workspace, entity, routes

NAMES = [f"m{at}" for at in range(8)]


def _names(items: list[dict[str, Any]], field: str) -> list[str]:
    return [one[field] for one in items]


def test_what_was_left_out_is_filled_in(workspace: Workspace) -> None:
    shown = workspace.ready(config={"served_entities": [entity(workload_size=None)]})
    assert shown["description"] == ""
    assert shown["route_optimized"] is False
    assert "tags" not in shown
    served = workspace.served()
    assert (served["workload_type"], served["workload_size"]) == ("CPU", "Small")
    assert served["name"] == "ranker-1"
    assert shown["config"]["traffic_config"] == {
        "routes": [
            {
                "served_model_name": "ranker-1",
                "traffic_percentage": 100,
                "served_entity_name": "ranker-1",
            }
        ]
    }


def test_a_capacity_in_numbers_has_no_size(workspace: Workspace) -> None:
    capacity = {"min_provisioned_concurrency": 0, "max_provisioned_concurrency": 16}
    given = entity(workload_size=None, scale_to_zero_enabled=True, **capacity)
    workspace.ready(config={"served_entities": [given]})
    served = workspace.served()
    assert {name: served[name] for name in capacity} == capacity
    assert "workload_size" not in served


def test_lists_of_named_things_have_an_order_of_their_own(workspace: Workspace) -> None:
    shown = workspace.ready(
        config={
            "served_entities": [entity(name=name) for name in NAMES],
            "traffic_config": routes(**dict(zip(NAMES, (13,) * 7 + (9,), strict=True))),
        },
        tags=[{"key": name, "value": "x"} for name in NAMES],
    )
    for found, field in (
        (shown["tags"], "key"),
        (shown["config"]["served_entities"], "name"),
        (shown["config"]["traffic_config"]["routes"], "served_entity_name"),
    ):
        assert sorted(_names(found, field)) == NAMES
        assert _names(found, field) != NAMES


def test_the_older_name_of_entities_is_there_too(workspace: Workspace) -> None:
    (model,) = workspace.ready()["config"]["served_models"]
    assert (model["model_name"], model["model_version"]) == ("main.search.ranker", "1")
    workspace.ready(
        "old",
        config={
            "served_models": [
                {
                    "model_name": "main.search.ranker",
                    "model_version": "4",
                    "workload_size": "Small",
                    "scale_to_zero_enabled": True,
                }
            ],
            "traffic_config": {
                "routes": [{"served_model_name": "ranker-4", "traffic_percentage": 100}]
            },
        },
    )
    assert workspace.served("old")["entity_version"] == "4"


def test_a_workload_type_that_the_sdk_does_not_know_survives(workspace: Workspace) -> None:
    given = entity(workload_type="GPU_MEDIUM_8")
    raw = workspace.ready(config={"served_entities": [given]})
    read = ServingEndpointDetailed.from_dict(raw)
    assert read.config is not None
    assert read.config.served_entities is not None
    assert read.config.served_entities[0].workload_type is None
    assert workspace.served()["workload_type"] == "GPU_MEDIUM_8"


def test_some_fields_are_taken_and_never_shown(workspace: Workspace) -> None:
    shown = workspace.ready(
        config={
            "served_entities": [
                {
                    "external_model": {
                        "name": "gpt.4:mini",
                        "provider": "openai",
                        "task": "llm/v1/chat",
                        "openai_config": {
                            "openai_api_key_plaintext": "sk-secret",
                            "openai_organization": "us",
                        },
                    }
                }
            ]
        },
        budget_policy_id="policy-1",
        rate_limits=[{"calls": 1}],
    )
    assert "sk-secret" not in str(shown)
    served = workspace.served()
    assert served["external_model"]["openai_config"] == {"openai_organization": "us"}
    assert served["name"] == "gpt-4-mini"
    assert "budget_policy_id" not in shown
    assert shown["effective_budget_policy_id"] == "policy-1"
    assert "rate_limits" not in shown


def test_burst_scaling_is_never_shown(workspace: Workspace) -> None:
    workspace.ready(config={"served_entities": [entity(burst_scaling_enabled=True)]})
    assert "burst_scaling_enabled" not in workspace.served()


def test_a_foundation_model_does_not_scale_to_zero(workspace: Workspace) -> None:
    given = {
        "entity_name": "system.ai.llama",
        "entity_version": "1",
        "min_provisioned_throughput": 970,
        "max_provisioned_throughput": 1940,
        "scale_to_zero_enabled": True,
    }
    workspace.ready(config={"served_entities": [given]})
    assert workspace.served()["scale_to_zero_enabled"] is False


def test_a_feature_has_no_version(workspace: Workspace) -> None:
    given = entity(entity_name="main.search.features", entity_version=None)
    workspace.ready(config={"served_entities": [given]})
    assert workspace.served()["name"] == "features"


def test_a_list_shows_configs_in_outline(workspace: Workspace) -> None:
    workspace.ready("a", tags=[{"key": "k", "value": "v"}])
    workspace.create("b")
    rows = workspace.ask("GET", ENDPOINTS).json()["endpoints"]
    assert _names(rows, "name") == ["a", "b"]
    (outline,) = rows[0]["config"]["served_entities"]
    assert set(outline) == {"name", "entity_name", "entity_version", "type"}
    assert rows[0]["tags"] == [{"key": "k", "value": "v"}]
    assert "pending_config" not in rows[1]


def test_route_optimization_has_an_address_of_its_own(workspace: Workspace) -> None:
    shown = workspace.ready(route_optimized=True)
    query = {"dataframe_records": [{"x": 1}]}
    assert workspace.ask("POST", "/serving-endpoints/e/invocations", query).status_code == 404
    own = shown["endpoint_url"].removeprefix(workspace.url)
    assert workspace.ask("POST", own, query).ok
    assert shown["data_plane_info"]["query_info"]["endpoint_url"] == shown["endpoint_url"]


@pytest.mark.parametrize("settled", [False, True])
def test_the_sdk_reads_every_answer(workspace: Workspace, settled: bool) -> None:
    raw = workspace.create(tags=[{"key": "k", "value": "v"}]).json()
    if settled:
        workspace.advance(60)
        raw = workspace.shown()
    read = ServingEndpointDetailed.from_dict(raw).as_dict()
    kept = {*read["state"], *read}
    # What the real one answers and the SDK has no field for.
    assert {*raw, *raw["state"]} - kept == {
        *("creator_display_name", "creator_kind", "resource_credential_strategy", "suspend"),
    }
    if not settled:
        pending = EndpointPendingConfig.from_dict(raw["pending_config"])
        assert pending.start_time == raw["creation_timestamp"]
