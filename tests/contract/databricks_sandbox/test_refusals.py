"""What a workspace refuses, with the code and the text that it is known for."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from databricks.sdk.errors import (
    InvalidParameterValue,
    NotFound,
    ResourceAlreadyExists,
    ResourceConflict,
)
from databricks.sdk.service.serving import (
    EndpointCoreConfigInput,
    EndpointTag,
    ServedEntityInput,
)

from tests.support.workspace import ENDPOINTS, Workspace, entity, refused, routes, sdk_refusal

CONCURRENCY = {"workload_size": None, "max_provisioned_concurrency": 8}
TWO = [entity(name="a"), entity(name="b", entity_version="2")]


def _config(*entities: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"config": {"served_entities": [*entities], **more}}


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (
            _config(entity(scale_to_zero_enabled=None)),
            "scaleToZeroEnabled is undefined. Please set it to either true or false.",
        ),
        (_config(entity(**CONCURRENCY, min_provisioned_concurrency=5)), "multiple of 4"),
        (_config(entity(**CONCURRENCY, min_provisioned_concurrency=0)), "not a range"),
        (_config(entity(**CONCURRENCY, min_provisioned_concurrency=12)), "not a range"),
        (_config(entity(**CONCURRENCY)), "must be specified together"),
        (
            _config(entity(min_provisioned_concurrency=4, max_provisioned_concurrency=8)),
            "workload_size cannot be specified together",
        ),
        (
            _config(
                entity(
                    **{**CONCURRENCY, "max_provisioned_concurrency": 1028},
                    min_provisioned_concurrency=4,
                )
            ),
            "exceeds the limit of 1024",
        ),
        (
            _config(entity(workload_type="GPU_HUGE")),
            "Workload type 'GPU_HUGE' with size 'Small' is not supported. Please choose a node "
            "type from ",
        ),
        (_config(entity(workload_size="Huge")), "Workload type 'CPU' with size 'Huge'"),
        (
            _config(entity(environment_vars={f"V{at}": "x" for at in range(31)})),
            "exceeds the limit of 30",
        ),
        (_config(entity(entity_name=None)), "entity_name or external_model"),
        (_config(entity(name="a b")), "Served entity name a b is invalid"),
        (_config(*[entity(name=f"e{at}") for at in range(16)]), "more than 15 elements"),
        (_config(entity(name="a"), entity(name="a")), "must be unique: a"),
        (_config(*TWO), "traffic_config must be specified"),
        (_config(*TWO, traffic_config=routes(a=100)), "one route for each"),
        (_config(*TWO, traffic_config=routes(a=50, b=100)), "must sum to 100, not 150"),
        (_config(*TWO, traffic_config=routes(a=-1, b=101)), "between 0 and 100, not -1"),
        (_config(*TWO, traffic_config=routes(a=50, c=50)), "c, which is no served entity"),
        (
            _config(
                entity(),
                traffic_config={"routes": [{"traffic_percentage": 100}]},
            ),
            "must name one served entity",
        ),
        (_config(), "served_entities must be specified"),
        (
            _config(entity(), served_models=[{"model_name": "m", "model_version": "1"}]),
            "Only one of served_entities and served_models",
        ),
        (_config(entity(), auto_capture_config={"enabled": True}), "can no longer be enabled"),
        (
            _config(
                {"external_model": {"name": "m", "provider": "openai", "task": "llm/v1/chat"}},
                entity(),
                traffic_config=routes(m=50, **{"ranker-1": 50}),
            ),
            "External models cannot be served beside",
        ),
        (
            _config({"external_model": {"name": "m"}, "workload_size": "Small"}),
            "external_model cannot be specified together with workload_size",
        ),
        (
            _config({"external_model": {"name": "m", "provider": "nobody", "task": "t"}}),
            "provider nobody is not supported",
        ),
        (_config({"external_model": {"name": "m"}}), "external_model.provider must be specified"),
        (_config(entity(provisioned_model_units=100)), "provisioned throughput interface"),
        ({"name": "databricks-mine"}, "cannot start with databricks-"),
        ({"name": "a" * 64}, "63 at most"),
        ({"name": "a.b"}, "is invalid"),
        ({"tags": [{"key": "k"}, {"key": "k"}]}, "Tag keys must be unique"),
        ({"email_notifications": {"on_update_failure": ["nobody"]}}, "not a valid email"),
        ({"ai_gateway": {"inference_table_config": {"enabled": True}}}, "catalog_name"),
        (
            {"ai_gateway": {"rate_limits": [{"renewal_period": "hour", "calls": 1}]}},
            "hour is not one of minute",
        ),
        ({"ai_gateway": {"rate_limits": [{"renewal_period": "minute"}]}}, "calls or tokens"),
        (
            {
                "ai_gateway": {
                    "rate_limits": [{"renewal_period": "minute", "calls": 1, "key": "user_group"}]
                }
            },
            "must name its principal",
        ),
        ({"autoscaling": {}}, "autoscaling: unknown field"),
        (
            _config({**entity(), "entity_name": "main.search.ranker", "entity_version": "one"}),
            "one",
        ),
    ],
)
def test_a_body_that_the_backend_refuses(
    workspace: Workspace, body: dict[str, Any], text: str
) -> None:
    status, code, message = refused(workspace.create(**body))
    assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
    assert text in message
    assert workspace.ask("GET", f"{ENDPOINTS}/{body.get('name', 'e')}").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"name": 1},
        {"config": []},
        _config(entity(min_provisioned_concurrency="4", workload_size=None)),
        _config(entity(scale_to_zero_enabled="false")),
        _config(entity(), traffic_config={"routes": [{"traffic_percentage": 33.3}]}),
        _config(entity(environment_vars={"A": 1})),
    ],
)
def test_a_body_that_cannot_be_read(workspace: Workspace, body: dict[str, Any]) -> None:
    status, code, message = refused(workspace.create(**body))
    assert (status, code) == (400, "MALFORMED_REQUEST")
    assert message.startswith("Could not parse request object")


def test_what_is_no_json_cannot_be_read(workspace: Workspace) -> None:
    for raw in (b"{", b"[]"):
        answer = workspace.http.post(workspace.url + ENDPOINTS, data=raw, timeout=10)
        assert refused(answer)[:2] == (400, "MALFORMED_REQUEST")


def test_a_workload_type_must_exist_on_the_cloud(workspace: Workspace) -> None:
    assert workspace.create("any", **_config(entity(workload_type="GPU_MEDIUM"))).ok
    workspace.post("workspace", {"cloud": "azure"})
    status, code, message = refused(workspace.create(**_config(entity(workload_type="GPU_MEDIUM"))))
    assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
    assert message.startswith("Workload type 'GPU_MEDIUM' with size 'Small' is not supported.")
    assert "GPU_LARGE" in message
    assert workspace.create(**_config(entity(workload_type="GPU_LARGE_2"))).ok
    assert workspace.post("workspace", {"cloud": "moon"})["status"] == 400


def test_external_stays_external(workspace: Workspace) -> None:
    workspace.ready()
    model = {"name": "gpt.4", "provider": "openai", "task": "llm/v1/chat"}
    answer = workspace.update({"external_model": model})
    assert "cannot be switched" in refused(answer)[2]


def test_the_sdk_raises_its_own_errors(workspace: Workspace) -> None:
    endpoints = workspace.sdk.serving_endpoints
    workspace.create()
    served = ServedEntityInput(
        entity_name="main.search.ranker", entity_version="1", scale_to_zero_enabled=False
    )
    config = EndpointCoreConfigInput(name="e", served_entities=[served])
    sdk_refusal(ResourceAlreadyExists, endpoints.create, "e", config=config)
    sdk_refusal(ResourceConflict, endpoints.update_config, "e", served_entities=[served])
    twice = [EndpointTag(key="k"), EndpointTag(key="k")]
    sdk_refusal(InvalidParameterValue, endpoints.create, "f", tags=twice)
    sdk_refusal(NotFound, workspace.sdk.api_client.do, "GET", "/api/2.0/fortune")


def test_whoever_brings_no_token_is_unknown(workspace: Workspace) -> None:
    answer = requests.get(workspace.url + ENDPOINTS, timeout=10)
    assert refused(answer)[:2] == (401, "401")
    assert "Credential was not sent" in refused(answer)[2]
    answer = requests.get(workspace.url + "/.well-known/databricks-config", timeout=10)
    assert answer.ok
