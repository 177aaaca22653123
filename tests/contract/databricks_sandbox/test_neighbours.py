"""What a planner reads beside endpoints: models, secrets, prices, who asks; queries and logs."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from databricks.sdk.errors import InvalidParameterValue, ResourceDoesNotExist
from databricks.sdk.service.catalog import ModelVersionInfoStatus
from databricks.sdk.service.serving import DataframeSplitInput
from databricks.sdk.service.sql import StatementState

from tests.support.workspace import ENDPOINTS, Workspace, entity, refused, routes, sdk_refusal

PRICES = """
SELECT sku_name, cloud, currency_code, usage_unit, pricing.default, price_start_time, price_end_time
FROM system.billing.list_prices
WHERE price_end_time IS NULL AND sku_name LIKE '%SERVERLESS_REAL_TIME_INFERENCE%'
"""
MODELS = {
    "main.search.ranker": {
        "versions": {"1": "READY", "2": "PENDING_REGISTRATION", "10": "READY"},
        "aliases": {"champion": "10"},
    }
}


def test_every_model_exists_until_they_are_listed(workspace: Workspace) -> None:
    versions = workspace.sdk.model_versions
    found = versions.get("main.any.model", 7)
    assert (found.version, found.status) == (7, ModelVersionInfoStatus.READY)
    assert versions.get_by_alias("main.any.model", "live").version == 1
    workspace.post("models", MODELS)
    text = sdk_refusal(ResourceDoesNotExist, versions.get, "main.any.model", 7)
    assert text == "Registered model 'main.any.model' does not exist."


def test_listed_models(workspace: Workspace) -> None:
    workspace.post("models", MODELS)
    versions = workspace.sdk.model_versions
    pending = versions.get("main.search.ranker", 2)
    assert pending.status is ModelVersionInfoStatus.PENDING_REGISTRATION
    champion = versions.get_by_alias("main.search.ranker", "champion")
    assert champion.version == 10
    assert champion.aliases is not None
    assert [one.alias_name for one in champion.aliases] == ["champion"]
    assert [one.version for one in versions.list("main.search.ranker")] == [1, 2, 10]
    sdk_refusal(ResourceDoesNotExist, versions.get, "main.search.ranker", 3)
    sdk_refusal(ResourceDoesNotExist, versions.get_by_alias, "main.search.ranker", "none")
    sdk_refusal(InvalidParameterValue, versions.get, "ranker", 3)
    registered = workspace.sdk.registered_models.get("main.search.ranker")
    assert registered.full_name == "main.search.ranker"


@pytest.mark.parametrize(
    ("version", "code", "text"),
    [
        ("3", "RESOURCE_DOES_NOT_EXIST", "Model version '3'"),
        ("2", "INVALID_PARAMETER_VALUE", "PENDING_REGISTRATION"),
    ],
)
def test_what_is_not_there_is_not_served(
    workspace: Workspace, version: str, code: str, text: str
) -> None:
    workspace.post("models", MODELS)
    answer = workspace.create(config={"served_entities": [entity(entity_version=version)]})
    assert refused(answer)[1] == code
    assert text in refused(answer)[2]


def test_a_list_of_models_that_is_none_is_refused(workspace: Workspace) -> None:
    assert workspace.post("models", {"m": {"versions": {"1": "FINE"}}})["status"] == 400
    assert workspace.sdk.model_versions.get("main.any.model", 7).version == 7


def test_references_to_secrets_resolve(workspace: Workspace) -> None:
    names = entity(environment_vars={"KEY": "{{secrets/prod/token}}", "PLAIN": "text"})
    assert workspace.create("a", config={"served_entities": [names]}).ok
    secrets = workspace.sdk.secrets
    assert [one.key for one in secrets.list_secrets("prod")] == ["token"]
    assert secrets.get_secret("anything", "goes").key == "goes"
    workspace.post("secrets", {"prod": ["other"]})
    answer = workspace.create("b", config={"served_entities": [names]})
    text = "Secret does not exist with scope: prod and key: token"
    assert refused(answer) == (404, "RESOURCE_DOES_NOT_EXIST", text)
    assert [one.key for one in secrets.list_secrets("prod")] == ["other"]
    assert sdk_refusal(ResourceDoesNotExist, secrets.get_secret, "prod", "token") == text
    sdk_refusal(ResourceDoesNotExist, lambda: list(secrets.list_secrets("dev")))


def test_prices_are_asked_for_in_sql(workspace: Workspace) -> None:
    workspace.post("workspace", {"cloud": "aws"})
    answer = workspace.sdk.statement_execution.execute_statement(PRICES, "warehouse")
    assert answer.status is not None
    assert answer.status.state is StatementState.SUCCEEDED
    assert answer.result is not None
    assert answer.result.data_array is not None
    assert answer.manifest is not None
    assert answer.manifest.schema is not None
    assert answer.manifest.schema.columns is not None
    assert [column.name for column in answer.manifest.schema.columns][4] == "default"
    rows = {row[0]: row for row in answer.result.data_array}
    assert {row[1] for row in rows.values()} == {"AWS"}
    virginia = rows["PREMIUM_SERVERLESS_REAL_TIME_INFERENCE_US_EAST_N_VIRGINIA"]
    assert float(virginia[4]) == 0.07
    assert virginia[6] is None
    assert "PREMIUM_SERVERLESS_REAL_TIME_INFERENCE_LAUNCH_US_EAST_N_VIRGINIA" in rows


def test_a_statement_may_take_its_time(workspace: Workspace) -> None:
    api = workspace.sdk.statement_execution
    statement = "SELECT sku_name FROM system.billing.list_prices WHERE sku_name = 'X'"
    begun = api.execute_statement(statement, "warehouse", wait_timeout="0s")
    assert begun.status is not None
    assert begun.status.state is StatementState.PENDING
    workspace.advance(1)
    assert begun.statement_id is not None
    done = api.get_statement(begun.statement_id)
    assert done.status is not None
    assert done.status.state is StatementState.SUCCEEDED
    assert done.manifest is not None
    assert done.manifest.total_row_count == 0
    sdk_refusal(ResourceDoesNotExist, api.get_statement, "none")
    sdk_refusal(InvalidParameterValue, api.execute_statement, "SELECT 1", "w", wait_timeout="3s")


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        ("DROP TABLE t", "PARSE_SYNTAX_ERROR"),
        ("SELECT a FROM main.t", "`main.t` cannot be found"),
        ("SELECT colour FROM system.billing.list_prices", "`colour` cannot be resolved"),
        ("SELECT cloud FROM system.billing.list_prices WHERE cloud > 'A'", "near 'cloud > 'A''"),
    ],
)
def test_other_statements_fail(workspace: Workspace, statement: str, text: str) -> None:
    answer = workspace.sdk.statement_execution.execute_statement(statement, "warehouse")
    assert answer.status is not None
    assert answer.status.state is StatementState.FAILED
    assert answer.status.error is not None
    assert text in str(answer.status.error.message)


def test_the_client_learns_where_it_is(workspace: Workspace) -> None:
    assert workspace.client().config.workspace_id == "1234567890123456"
    assert workspace.client().config.cloud is None
    workspace.post("workspace", {"cloud": "gcp"})
    cloud = workspace.client().config.cloud
    assert cloud is not None
    assert cloud.value == "GCP"
    assert workspace.sdk.current_user.me().user_name == "sandbox@example.com"


def test_queries_follow_the_split(workspace: Workspace) -> None:
    two = [entity(name="blue"), entity(name="green", entity_version="2")]
    workspace.ready(config={"served_entities": two, "traffic_config": routes(blue=75, green=25)})
    served = Counter(
        workspace.ask("POST", "/serving-endpoints/e/invocations", {"instances": [1, 2]}).headers[
            "served-model-name"
        ]
        for _ in range(20)
    )
    assert served == {"blue": 15, "green": 5}
    path = "/serving-endpoints/e/served-models/green/invocations"
    answer = workspace.ask("POST", path, {"inputs": [1, 2, 3]})
    assert answer.headers["served-model-name"] == "green"
    assert answer.json() == {"predictions": [0, 1, 2]}


def test_the_sdk_queries(workspace: Workspace) -> None:
    workspace.ready()
    frame = DataframeSplitInput(columns=["x"], data=[[1], [2]], index=[0, 1])
    answer = workspace.sdk.serving_endpoints.query("e", dataframe_split=frame)
    assert (answer.predictions, answer.served_model_name) == ([0, 1], "ranker-1")


def test_what_is_not_ready_does_not_answer(workspace: Workspace) -> None:
    path = "/serving-endpoints/e/invocations"
    assert refused(workspace.ask("POST", path, {}))[:2] == (404, "RESOURCE_DOES_NOT_EXIST")
    workspace.create()
    assert workspace.ask("POST", path, {"inputs": []}).status_code == 503
    workspace.advance(60)
    assert refused(workspace.ask("POST", path, {"x": 1}))[:2] == (400, "INVALID_PARAMETER_VALUE")


def test_metrics_are_those_of_the_last_minute(workspace: Workspace) -> None:
    workspace.create()
    assert workspace.ask("GET", f"{ENDPOINTS}/e/metrics").status_code == 404
    workspace.advance(60)
    for _ in range(3):
        workspace.ask("POST", "/serving-endpoints/e/invocations", {"inputs": [1]})
    raw = workspace.sdk.serving_endpoints.export_metrics("e").contents
    assert raw is not None
    text = raw.read().decode()
    line = r'[a-z0-9_]+\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\} [0-9.]+ [0-9]+'
    samples = [one for one in text.splitlines() if not one.startswith("#")]
    assert all(re.fullmatch(line, one) for one in samples)
    typed = re.findall(r"^# TYPE (\S+)", text, re.MULTILINE)
    assert len(typed) == len(set(typed))
    assert re.search(r'^request_count_total\{endpoint_name="e"\} 3\.0 ', text, re.MULTILINE)
    assert re.search(r"^provisioned_concurrent_requests_total\{.*\} 4\.0 ", text, re.MULTILINE)
    workspace.advance(61)
    text = workspace.ask("GET", f"{ENDPOINTS}/e/metrics").text
    assert 'request_count_total{endpoint_name="e"} 0.0' in text


def test_logs_and_events_say_why(workspace: Workspace) -> None:
    workspace.ready()
    workspace.fault("update-failed", "UpdateConfig", rule={"message": "no such module: xgboost"})
    workspace.update(entity(entity_version="2"))
    workspace.advance(60)
    events = workspace.ask("GET", f"{ENDPOINTS}/e/events").json()["events"]
    assert events[0]["message"] == "Update failed: no such module: xgboost"
    assert events[0]["timestamp"] > events[-1]["timestamp"]
    endpoints = workspace.sdk.serving_endpoints
    assert "no such module: xgboost" in endpoints.logs("e", "ranker-2").logs
    assert "Container image" in endpoints.build_logs("e", "ranker-2").logs
    assert "xgboost" not in endpoints.build_logs("e", "ranker-2").logs
    path = f"{ENDPOINTS}/e/served-models/ranker-1/logs"
    assert workspace.ask("GET", path, config_version="1").ok
    assert workspace.ask("GET", path, config_version="2").status_code == 404
