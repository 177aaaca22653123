"""The serving endpoint of a decision, judged by the service's rules."""

from __future__ import annotations

from dataclasses import replace

import pytest

from planner.errors import ProviderError
from planner.model.candidate import Range
from tests.support.databricks_rules import violations
from tests.support.databricks_values import body, decision, entity, model, rendered, workload


def test_a_plain_endpoint_has_exactly_this_body() -> None:
    sent = body()
    assert [tag["key"] for tag in sent.pop("tags")] == [
        *("planner_digest", "planner_owner", "planner_self"),
    ]
    assert sent == {
        "name": "shop",
        "config": {
            "served_entities": [
                {
                    "name": "ranker",
                    "entity_name": "main.search.ranker",
                    "entity_version": "3",
                    "workload_type": "CPU",
                    "min_provisioned_concurrency": 4,
                    "max_provisioned_concurrency": 16,
                    "scale_to_zero_enabled": False,
                }
            ],
            "traffic_config": {
                "routes": [{"served_entity_name": "ranker", "traffic_percentage": 100}]
            },
        },
        "route_optimized": False,
    }


def test_one_endpoint_is_one_resource() -> None:
    state = rendered()
    (resource,) = state.resources
    assert (state.endpoint, state.provider, state.region) == ("shop", "databricks", "us-east-1")
    assert resource.address == "endpoint/shop"
    assert (resource.kind, resource.name, resource.after) == ("endpoint", "shop", ())


@pytest.mark.parametrize("least", [0, 4])
def test_scale_to_zero_sends_a_minimum_of_nothing(least: int) -> None:
    served = entity(
        decision(
            hosting="serverless",
            units=Range(min=least, max=8),
            options=(("route_optimized", "false"), ("scale_to_zero", "true")),
        )
    )
    assert served["scale_to_zero_enabled"] is True
    assert served["min_provisioned_concurrency"] == 0
    assert served["max_provisioned_concurrency"] == 8


def test_route_optimization_and_the_workload_type_come_from_the_decision() -> None:
    made = decision(instance_type="GPU_SMALL", options=(("route_optimized", "true"),))
    assert body(made)["route_optimized"] is True
    assert entity(made)["workload_type"] == "GPU_SMALL"
    assert violations(body(made)) == []


def test_several_models_keep_their_own_units_and_share_the_traffic() -> None:
    asked = workload(
        model("a", weight=0.5, artifact="uc:main.shop.a/1"),
        model("b", weight=0.333, artifact="uc:main.shop.b/2"),
        model("c", weight=0.167, artifact="uc:main.shop.c/3"),
    )
    made = decision(
        hosting="multi-model",
        models=("a", "b", "c"),
        units=Range(min=4, max=8),
        options=(("units:a", "8-24"), ("units:b", "4-12"), ("route_optimized", "false")),
    )
    config = body(made, asked)["config"]
    sizes = [
        (e["name"], e["min_provisioned_concurrency"], e["max_provisioned_concurrency"])
        for e in config["served_entities"]
    ]
    assert sizes == [("a", 8, 24), ("b", 4, 12), ("c", 4, 8)]
    shares = [route["traffic_percentage"] for route in config["traffic_config"]["routes"]]
    assert shares == [50, 33, 17]
    assert violations(body(made, asked)) == []


def test_an_endpoint_serves_only_the_models_of_its_decision() -> None:
    asked = workload(
        model("hot", weight=0.9, artifact="uc:main.shop.hot/1"),
        model("cold", weight=0.1, artifact="uc:main.shop.cold/1"),
    )
    served = entity(decision(models=("hot",)), asked)
    assert served["entity_name"] == "main.shop.hot"
    routes = body(decision(models=("hot",)), asked)["config"]["traffic_config"]["routes"]
    assert routes == [{"served_entity_name": "hot", "traffic_percentage": 100}]


def test_labels_and_tags_become_tags_sorted_and_the_block_wins() -> None:
    asked = workload(labels=(("team", "search"), ("env", "prod")))
    state = rendered(asked=asked, tags={"env": "test", "cost": "7"})
    assert state.resources[0].body["tags"] == [
        {"key": "cost", "value": "7"},
        {"key": "env", "value": "test"},
        {"key": "planner_digest", "value": state.digest},
        {"key": "planner_owner", "value": "shop"},
        {"key": "planner_self", "value": "shop"},
        {"key": "team", "value": "search"},
    ]


def test_the_digest_stands_for_all_that_is_asked() -> None:
    asked = workload(labels=(("team", "search"),))
    digests = {
        rendered().digest,
        rendered(asked=asked).digest,
        rendered(entity_version="4").digest,
        rendered(decision(instance_type="GPU_SMALL")).digest,
    }
    assert len(digests) == 4
    assert rendered().digest == rendered().digest


def test_the_profile_is_the_place() -> None:
    assert rendered(profile="prod").place == {"profile": "prod"}
    assert rendered().place == {}


def test_an_inference_table_goes_through_the_gateway() -> None:
    table = {"catalog": "main", "schema": "logs", "prefix": "shop"}
    made = body(inference_table=table)
    assert made["ai_gateway"] == {
        "inference_table_config": {
            "enabled": True,
            "catalog_name": "main",
            "schema_name": "logs",
            "table_name_prefix": "shop",
        }
    }
    assert violations(made) == []
    del table["prefix"]
    config = body(inference_table=table)["ai_gateway"]["inference_table_config"]
    assert "table_name_prefix" not in config


def test_only_the_mail_lists_that_are_given_are_sent() -> None:
    made = body(email_notifications={"on_update_failure": ["a@example.com"]})
    assert made["email_notifications"] == {"on_update_failure": ["a@example.com"]}


def test_a_description_stays_out_because_it_would_replace_the_endpoint() -> None:
    assert "description" not in body(asked=workload(description="ranks the shop"))


def test_environment_variables_and_secret_references_are_passed_on() -> None:
    variables = (("MODE", "fast"), ("KEY", "{{secrets/scope/key}}"))
    made = body(asked=workload(model(environment=variables)))
    (served,) = made["config"]["served_entities"]
    assert served["environment_vars"] == dict(variables)
    assert violations(made) == []


@pytest.mark.parametrize("value", ["{{secret/scope/key}}", "{{secrets/key}}", "{{secrets/a/b}} "])
def test_a_broken_secret_reference_is_not_sent_as_text(value: str) -> None:
    with pytest.raises(ProviderError) as caught:
        body(asked=workload(model(environment=(("KEY", value),))))
    assert caught.value.code == "secret-reference-invalid"
    assert caught.value.hint == 'KEY: "{{secrets/scope/key}}"'


def test_every_kind_of_body_obeys_the_rules_on_its_cloud() -> None:
    for cloud, kind in (("aws", "MULTIGPU_MEDIUM"), ("azure", "GPU_LARGE"), ("gcp", "GPU_MEDIUM")):
        assert violations(body(decision(instance_type=kind)), cloud=cloud) == []


def test_rendering_is_a_function_of_its_inputs() -> None:
    assert rendered() == rendered(replace(decision()), workload())
