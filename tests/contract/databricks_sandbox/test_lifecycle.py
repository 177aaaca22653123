"""An endpoint's life, as databricks-sdk sees it and as it stands on the wire."""

from __future__ import annotations

from datetime import timedelta

import pytest
from databricks.sdk.errors import OperationFailed, ResourceDoesNotExist
from databricks.sdk.service.serving import (
    EndpointCoreConfigInput,
    EndpointStateConfigUpdate,
    EndpointStateReady,
    EndpointTag,
    ServedEntityInput,
)
from planner_databricks.sandbox.serve import running
from planner_databricks.sandbox.workspace import Pace

from tests.support.workspace import ENDPOINTS, Workspace, entity, refused, routes, sdk_refusal

BRISK = Pace(create_s=0.2, update_s=0.2)


def _input(version: str) -> ServedEntityInput:
    return ServedEntityInput(
        entity_name="main.search.ranker",
        entity_version=version,
        workload_size="Small",
        scale_to_zero_enabled=False,
    )


def test_the_sdk_creates_waits_lists_updates_and_deletes() -> None:
    with running(":memory:", pace=BRISK) as url:
        endpoints = Workspace(url=url).client().serving_endpoints
        created = endpoints.create_and_wait(
            "ranker",
            config=EndpointCoreConfigInput(name="ranker", served_entities=[_input("1")]),
            tags=[EndpointTag(key="team", value="search")],
            timeout=timedelta(seconds=20),
        )
        assert created.state is not None
        assert created.state.ready is EndpointStateReady.READY
        assert created.config is not None
        assert created.config.config_version == 1
        updated = endpoints.update_config_and_wait(
            "ranker", served_entities=[_input("2")], timeout=timedelta(seconds=20)
        )
        assert updated.config is not None
        assert updated.config.served_entities is not None
        assert updated.config.config_version == 2
        assert updated.config.served_entities[0].entity_version == "2"
        assert [one.name for one in endpoints.list()] == ["ranker"]
        endpoints.delete("ranker")
        text = sdk_refusal(ResourceDoesNotExist, endpoints.get, "ranker")
        assert text == "Endpoint with name 'ranker' does not exist."


def test_a_creation_is_not_ready_before_its_time(workspace: Workspace) -> None:
    answer = workspace.create().json()
    assert answer["state"]["config_update"] == "IN_PROGRESS"
    assert answer["state"]["ready"] == "NOT_READY"
    assert "config" not in answer
    assert answer["pending_config"]["config_version"] == 1
    assert answer["pending_config"]["start_time"] == answer["creation_timestamp"]
    (served,) = answer["pending_config"]["served_entities"]
    assert served["state"]["deployment"] == "DEPLOYMENT_CREATING"
    workspace.advance(3)
    shown = workspace.shown()
    assert shown["state"]["config_update"] == "NOT_UPDATING"
    assert shown["state"]["ready"] == "READY"
    assert "pending_config" not in shown
    assert workspace.served()["state"]["deployment"] == "DEPLOYMENT_READY"


def test_while_it_is_updated_the_old_config_serves(workspace: Workspace) -> None:
    workspace.ready()
    workspace.update(entity(entity_version="2"))
    shown = workspace.shown()
    assert (shown["state"]["ready"], shown["state"]["config_update"]) == ("READY", "IN_PROGRESS")
    assert shown["config"]["config_version"] == 1
    assert shown["pending_config"]["config_version"] == 2
    assert workspace.served()["entity_version"] == "1"
    workspace.advance(3)
    assert workspace.served()["entity_version"] == "2"
    assert workspace.shown()["config"]["config_version"] == 2


def test_no_second_update_is_taken_meanwhile(workspace: Workspace) -> None:
    workspace.ready()
    workspace.update(entity(entity_version="2"))
    answer = workspace.update(entity(entity_version="3"))
    assert refused(answer) == (409, "RESOURCE_CONFLICT", "Endpoint e is currently updating.")
    workspace.advance(3)
    assert workspace.update(entity(entity_version="3")).ok


def test_a_failed_update_leaves_the_old_config_serving(workspace: Workspace) -> None:
    workspace.ready()
    workspace.fault("update-failed", "UpdateConfig", rule={"message": "the model does not load"})
    workspace.update(entity(entity_version="2"))
    workspace.advance(3)
    shown = workspace.shown()
    assert (shown["state"]["ready"], shown["state"]["config_update"]) == ("READY", "UPDATE_FAILED")
    assert workspace.served()["entity_version"] == "1"
    (tried,) = shown["pending_config"]["served_entities"]
    assert tried["state"] == {
        "deployment": "DEPLOYMENT_FAILED",
        "deployment_state_message": "the model does not load",
    }
    workspace.post("faults", [])
    workspace.update(entity(entity_version="3"))
    workspace.advance(3)
    shown = workspace.shown()
    assert shown["state"]["config_update"] == "NOT_UPDATING"
    # The version that failed was counted.
    assert shown["config"]["config_version"] == 3
    assert "pending_config" not in shown


@pytest.mark.parametrize(
    ("effect", "ended"),
    [("update-failed", "UPDATE_FAILED"), ("update-canceled", "UPDATE_CANCELED")],
)
def test_a_failed_creation_serves_nothing(workspace: Workspace, effect: str, ended: str) -> None:
    workspace.fault(effect, "CreateEndpoint")
    workspace.create()
    workspace.advance(3)
    shown = workspace.shown()
    assert shown["state"]["ready"] == "NOT_READY"
    assert shown["state"]["config_update"] == ended
    assert "config" not in shown
    with pytest.raises(OperationFailed):
        workspace.sdk.serving_endpoints.wait_get_serving_endpoint_not_updating("e")


def test_stuck_is_stuck(workspace: Workspace) -> None:
    workspace.fault("stuck", "CreateEndpoint")
    workspace.create()
    workspace.advance(10**6)
    shown = workspace.sdk.serving_endpoints.get("e")
    assert shown.state is not None
    assert shown.state.config_update is EndpointStateConfigUpdate.IN_PROGRESS
    assert workspace.ask("DELETE", f"{ENDPOINTS}/e").ok


def test_a_name_is_taken_once(workspace: Workspace) -> None:
    workspace.create()
    assert refused(workspace.create())[:2] == (409, "RESOURCE_ALREADY_EXISTS")
    workspace.ask("DELETE", f"{ENDPOINTS}/e")
    assert workspace.create().ok


def test_an_endpoint_may_have_no_config_yet(workspace: Workspace) -> None:
    answer = workspace.ask("POST", ENDPOINTS, {"name": "e"}).json()
    assert answer["state"] == {
        "ready": "NOT_READY",
        "config_update": "NOT_UPDATING",
        "suspend": "NOT_SUSPENDED",
    }
    assert workspace.update(entity()).ok
    workspace.advance(3)
    assert workspace.shown()["state"]["ready"] == "READY"


def test_a_split_between_two(workspace: Workspace) -> None:
    shown = workspace.ready(
        config={
            "served_entities": [entity(name="blue"), entity(name="green", entity_version="2")],
            "traffic_config": routes(blue=90, green=10),
        }
    )
    shares = {
        route["served_model_name"]: route["traffic_percentage"]
        for route in shown["config"]["traffic_config"]["routes"]
    }
    assert shares == {"blue": 90, "green": 10}
