"""The ordered REST calls, and what the vendor's SDK makes of their bodies."""

from __future__ import annotations

import json
from typing import Any

import pytest
from databricks.sdk.service.serving import (
    AiGatewayConfig,
    EmailNotifications,
    EndpointCoreConfigInput,
    EndpointTag,
    ServedEntityInput,
)
from planner_databricks.provider import provider

from planner.model.candidate import Range
from planner.model.resource import ApiCall
from tests.support.databricks_values import body, decision, model, rendered, workload

ALIASED = "uc:main.legal.tagger@champion"
ENUM_TYPES = (
    "CPU",
    "CPU_MEDIUM",
    "CPU_LARGE",
    "GPU_SMALL",
    "GPU_MEDIUM",
    "GPU_LARGE",
    "MULTIGPU_MEDIUM",
    "GPU_XLARGE",
    "GPU_XLARGE_8",
)


def calls(*args: Any, **block: Any) -> list[ApiCall]:
    found: list[ApiCall] = provider.exports()["api"](rendered(*args, **block))
    return found


def test_one_endpoint_is_one_post_with_the_body_of_its_resource() -> None:
    (call,) = calls()
    assert (call.service, call.operation) == ("databricks", "serving-endpoints.create")
    assert (call.method, call.path) == ("POST", "/api/2.0/serving-endpoints")
    assert call.parameters == body()
    assert json.loads(json.dumps(call.parameters)) == call.parameters


def test_an_alias_is_looked_up_first_and_the_post_refers_to_the_answer() -> None:
    lookup, create = calls(None, workload(model(artifact=ALIASED)))
    assert (lookup.operation, lookup.method) == ("model-versions.get-by-alias", "GET")
    assert lookup.path == "/api/2.1/unity-catalog/models/main.legal.tagger/aliases/champion"
    (served,) = create.parameters["config"]["served_entities"]
    assert served["entity_version"] == {"$from": {"call": 0, "field": "version"}}


def test_the_same_alias_is_looked_up_once() -> None:
    other = "uc:main.legal.tagger@challenger"
    asked = workload(
        model("a", weight=0.4, artifact=ALIASED),
        model("b", weight=0.3, artifact=other),
        model("c", weight=0.3, artifact=ALIASED),
    )
    *lookups, create = calls(decision(models=("a", "b", "c")), asked)
    assert [lookup.path.rpartition("/")[2] for lookup in lookups] == ["champion", "challenger"]
    served = create.parameters["config"]["served_entities"]
    assert [one["entity_version"]["$from"]["call"] for one in served] == [0, 1, 0]


@pytest.mark.parametrize("kind", ENUM_TYPES)
def test_the_sdk_keeps_every_field_of_a_served_entity(kind: str) -> None:
    variables = (("KEY", "{{secrets/scope/key}}"),)
    made = body(decision(instance_type=kind), workload(model(environment=variables)))
    (served,) = made["config"]["served_entities"]
    assert ServedEntityInput.from_dict(served).as_dict() == served


def test_the_sdk_keeps_a_minimum_of_zero() -> None:
    made = decision(units=Range(min=0, max=4), options=(("scale_to_zero", "true"),))
    config = body(made)["config"]
    assert EndpointCoreConfigInput.from_dict(config).as_dict() == config


def test_the_sdk_keeps_the_rest_of_the_body() -> None:
    made = body(
        inference_table={"catalog": "main", "schema": "logs", "prefix": "p"},
        tags={"team": "search"},
        email_notifications={"on_update_success": ["a@b.c"], "on_update_failure": ["d@e.f"]},
    )
    assert AiGatewayConfig.from_dict(made["ai_gateway"]).as_dict() == made["ai_gateway"]
    mails = made["email_notifications"]
    assert EmailNotifications.from_dict(mails).as_dict() == mails
    assert [EndpointTag.from_dict(tag).as_dict() for tag in made["tags"]] == made["tags"]
