"""Tags, AI gateway, notifications, telemetry, permissions, stop and start."""

from __future__ import annotations

from databricks.sdk.service.serving import (
    AiGatewayConfig,
    AiGatewayInferenceTableConfig,
    EmailNotifications,
    EndpointTag,
    ServingEndpointAccessControlRequest,
    ServingEndpointPermissionLevel,
    TelemetryConfig,
    UnityCatalogTableNames,
)

from tests.support.workspace import ENDPOINTS, Workspace, entity, refused


def test_tags_are_added_and_deleted(workspace: Workspace) -> None:
    workspace.ready(tags=[{"key": "old", "value": "1"}, {"key": "kept", "value": "1"}])
    answer = workspace.sdk.serving_endpoints.patch(
        "e",
        add_tags=[EndpointTag(key="new", value="2"), EndpointTag(key="kept", value="2")],
        delete_tags=["old", "never"],
    )
    expected = {("new", "2"), ("kept", "2")}
    assert answer.tags is not None
    assert {(tag.key, tag.value) for tag in answer.tags} == expected
    assert {(tag["key"], tag["value"]) for tag in workspace.shown()["tags"]} == expected


def _table(prefix: str, *, enabled: bool = True) -> AiGatewayInferenceTableConfig:
    return AiGatewayInferenceTableConfig(
        enabled=enabled, catalog_name="main", schema_name="logs", table_name_prefix=prefix
    )


def test_an_ai_gateway_is_put_as_a_whole(workspace: Workspace) -> None:
    workspace.ready()
    put = workspace.sdk.serving_endpoints.put_ai_gateway
    put("e", inference_table_config=_table("a"))
    read = AiGatewayConfig.from_dict(workspace.shown()["ai_gateway"])
    assert read.inference_table_config == _table("a")
    answer = workspace.ask(
        "PUT", f"{ENDPOINTS}/e/ai-gateway", {"inference_table_config": _table("b").as_dict()}
    )
    text = refused(answer)[2]
    assert text == "Disable the inference table first in order to change its table_name_prefix"
    put("e", inference_table_config=_table("a", enabled=False))
    put("e", inference_table_config=_table("b"))
    put("e")
    assert "ai_gateway" not in workspace.shown()


def test_notifications_are_replaced(workspace: Workspace) -> None:
    workspace.ready()
    mails = EmailNotifications(on_update_failure=["a@example.com"])
    answer = workspace.sdk.serving_endpoints.update_notifications("e", email_notifications=mails)
    assert (answer.name, answer.email_notifications) == ("e", mails)
    assert workspace.shown()["email_notifications"] == mails.as_dict()
    workspace.sdk.serving_endpoints.update_notifications("e")
    assert "email_notifications" not in workspace.shown()


def test_telemetry_waits_for_the_update(workspace: Workspace) -> None:
    workspace.create()
    tables = {"telemetry_config": {"table_names": {"logs_table": "main.logs.l"}}}
    answer = workspace.ask("PATCH", f"{ENDPOINTS}/e/telemetry-config", tables)
    assert refused(answer)[:2] == (409, "RESOURCE_CONFLICT")
    workspace.advance(60)
    config = TelemetryConfig(table_names=UnityCatalogTableNames(logs_table="main.logs.l"))
    workspace.sdk.serving_endpoints.patch_telemetry_config("e", telemetry_config=config)
    # The tables are never shown; the profile that was made of them is.
    assert list(workspace.shown()["telemetry_config"]) == ["telemetry_profile_id"]
    workspace.sdk.serving_endpoints.patch_telemetry_config("e")
    assert "telemetry_config" not in workspace.shown()


def test_telemetry_is_not_for_every_endpoint(workspace: Workspace) -> None:
    workspace.ask("POST", ENDPOINTS, {"name": "bare"})
    answer = workspace.ask("PATCH", f"{ENDPOINTS}/bare/telemetry-config", {})
    assert refused(answer)[:2] == (400, "INVALID_PARAMETER_VALUE")


def test_what_hangs_on_an_endpoint_is_changed_during_an_update(workspace: Workspace) -> None:
    workspace.ready()
    workspace.update(entity(entity_version="2"))
    assert workspace.ask("PATCH", f"{ENDPOINTS}/e/tags", {"add_tags": [{"key": "k"}]}).ok
    assert workspace.ask("PATCH", f"{ENDPOINTS}/e/notifications", {}).ok
    assert workspace.shown()["tags"] == [{"key": "k", "value": ""}]
    assert workspace.shown()["state"]["config_update"] == "IN_PROGRESS"


def test_permissions_go_by_id(workspace: Workspace) -> None:
    identity = workspace.ready()["id"]
    endpoints = workspace.sdk.serving_endpoints
    entry = ServingEndpointAccessControlRequest(
        group_name="users", permission_level=ServingEndpointPermissionLevel.CAN_QUERY
    )
    endpoints.update_permissions(identity, access_control_list=[entry])
    endpoints.update_permissions(identity, access_control_list=[entry])
    shown = endpoints.get_permissions(identity)
    assert shown.access_control_list is not None
    assert [one.group_name for one in shown.access_control_list] == [None, "users"]
    endpoints.set_permissions(identity, access_control_list=[])
    shown = endpoints.get_permissions(identity)
    assert shown.access_control_list is not None
    assert [one.user_name for one in shown.access_control_list] == ["sandbox@example.com"]
    assert endpoints.get_permission_levels(identity).permission_levels
    answer = workspace.ask("GET", "/api/2.0/permissions/serving-endpoints/e")
    assert refused(answer)[:2] == (404, "RESOURCE_DOES_NOT_EXIST")


def test_stop_and_start(workspace: Workspace) -> None:
    workspace.ready()
    query = {"dataframe_records": [{"x": 1}]}
    stopped = workspace.ask("POST", f"{ENDPOINTS}/e/config:stop").json()
    assert stopped["state"]["suspend"] == "SUSPENDED"
    assert stopped["state"]["ready"] == "NOT_READY"
    answer = workspace.ask("POST", "/serving-endpoints/e/invocations", query)
    assert refused(answer)[:2] == (400, "BAD_REQUEST")
    assert not workspace.ask("POST", f"{ENDPOINTS}/e/config:stop").ok
    workspace.ask("POST", f"{ENDPOINTS}/e/config:start")
    assert workspace.shown()["state"]["config_update"] == "IN_PROGRESS"
    workspace.advance(60)
    assert workspace.shown()["config"]["config_version"] == 2
    assert workspace.ask("POST", "/serving-endpoints/e/invocations", query).ok
    assert not workspace.ask("POST", f"{ENDPOINTS}/e/config:start").ok
