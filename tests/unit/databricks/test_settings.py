"""The `providers.databricks` block as a person writes it."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from planner_databricks.provider import provider
from planner_databricks.settings import Settings
from pydantic import ValidationError

from planner.alerts import Measure
from planner.model.units import UnitError
from tests.support.databricks_values import settings


def test_an_empty_block_is_a_block() -> None:
    block = settings()
    assert (block.cloud, block.region, block.tier) == (None, None, "premium")
    assert block.route_optimized is None


def test_every_field_of_a_full_block_is_read() -> None:
    block = settings(
        cloud="aws",
        region="us-west-2",
        tier="enterprise",
        profile="search-prod",
        entity="main.search.ranker",
        entity_version=42,
        route_optimized=True,
        overhead="8ms",
        cold_start="42s",
        prices={"CPU_LARGE": "1.2 USD"},
        quotas={"qps": "500/s", "provisioned_concurrency": 8192},
        inference_table={"catalog": "main", "schema": "logs", "prefix": "ranker"},
        tags={"team": "search"},
        email_notifications={"on_update_failure": ["search@example.com"]},
        alerts={"warehouse": "abc", "emails": ["a@b.c"], "every": "15m", "skip": ["idle"]},
    )
    assert block.alerts is not None
    assert (block.alerts.every, block.alerts.skip) == ("15m", (Measure.IDLE,))
    assert (block.entity, block.entity_version) == ("main.search.ranker", "42")
    assert (block.overhead, block.cold_start) == (0.008, 42.0)
    assert block.prices == {"CPU_LARGE": 1.2}
    assert (block.quotas.qps, block.quotas.provisioned_concurrency) == (500.0, 8192)
    assert block.inference_table is not None
    assert block.inference_table.schema_name == "logs"
    assert block.email_notifications.on_update_failure == ("search@example.com",)


@pytest.mark.parametrize(
    ("written", "meant"),
    [("auto", None), (True, True), (False, False), ("true", True), ("false", False)],
)
def test_route_optimized_takes_three_words(written: object, meant: bool | None) -> None:
    assert settings(route_optimized=written).route_optimized is meant


@pytest.mark.parametrize(
    "block",
    [
        {"regoin": "us-east-1"},
        {"cloud": "oracle"},
        {"tier": "standard"},
        {"region": ""},
        {"entity": "ranker"},
        {"entity": "main.search"},
        {"entity": "main.search.ranker@champion"},
        {"entity": {}},
        {"alerts": {}},
        {"alerts": {"warehouse": "w", "every": "7m"}},
        {"alerts": {"warehouse": "w", "skip": ["everything"]}},
        {"entity_version": "champion"},
        {"entity_version": 0},
        {"entity_version": True},
        {"entity_version": 1.5},
        {"route_optimized": "maybe"},
        {"route_optimized": 1},
        {"overhead": 20},
        {"prices": {"CPU_HUGE": "1 USD"}},
        {"prices": {"CPU_LARGE": 1.2}},
        {"prices": {"CPU_LARGE": "0 USD"}},
        {"quotas": {"qps": "0/s"}},
        {"quotas": {"endpoints": -1}},
        {"inference_table": {"catalog": "main"}},
        {"tags": {"team": 7}},
        {"email_notifications": {"on_success": ["a@example.com"]}},
    ],
)
def test_what_is_wrong_in_a_block_is_an_error(block: dict[str, Any]) -> None:
    with pytest.raises((ValidationError, UnitError)):
        settings(**block)


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        settings().region = "eu-west-1"  # type: ignore[misc]


def test_the_schema_describes_the_block_for_editors() -> None:
    schema = Settings.model_json_schema()
    assert schema["additionalProperties"] is False
    assert set(schema["properties"]) >= {"cloud", "region", "entity", "route_optimized", "quotas"}
    assert schema["$defs"]["InferenceTable"]["required"] == ["catalog", "schema"]


def test_the_starter_is_a_valid_block_that_can_be_priced() -> None:
    block = settings(**yaml.safe_load(provider.starter()))
    assert block.entity == "main.default.my_model"
    assert provider.catalog(block).region == "us-east-1"


def test_no_field_asks_for_what_an_offering_excludes() -> None:
    table = {"catalog": "main", "schema": "logs"}
    assert provider.features(settings(inference_table=table)) == ()
