"""SQL alerts in the sandbox, as databricks-sdk makes and reads them."""

from __future__ import annotations

from typing import Any

import pytest
from databricks.sdk.errors import NotFound
from databricks.sdk.service.sql import (
    AlertLifecycleState,
    AlertV2,
    AlertV2Evaluation,
    AlertV2Operand,
    AlertV2OperandColumn,
    AlertV2OperandValue,
    ComparisonOperator,
    CronSchedule,
)

from tests.support.workspace import Workspace, refused

PATH = "/api/2.0/alerts"
ALERT = AlertV2(
    display_name="errors",
    query_text="SELECT 1 AS n",
    warehouse_id="abc",
    evaluation=AlertV2Evaluation(
        source=AlertV2OperandColumn(name="n"),
        comparison_operator=ComparisonOperator.GREATER_THAN,
        threshold=AlertV2Operand(value=AlertV2OperandValue(double_value=2.0)),
    ),
    schedule=CronSchedule(quartz_cron_schedule="0 0 * * * ?", timezone_id="UTC"),
)


def test_an_alert_is_made_changed_and_thrown_away(workspace: Workspace) -> None:
    api = workspace.sdk.alerts_v2
    made = api.create_alert(ALERT)
    assert made.lifecycle_state is AlertLifecycleState.ACTIVE
    assert (made.query_text, made.schedule) == (ALERT.query_text, ALERT.schedule)
    shown = api.get_alert(str(made.id))
    assert shown == made
    changed = AlertV2.from_dict({**ALERT.as_dict(), "display_name": "x", "query_text": "SELECT 2"})
    answer = api.update_alert(str(made.id), changed, "query_text")
    assert (answer.display_name, answer.query_text) == ("errors", "SELECT 2")
    api.trash_alert(str(made.id))
    assert list(api.list_alerts()) == []
    assert api.get_alert(str(made.id)).lifecycle_state is AlertLifecycleState.DELETED
    api.trash_alert(str(made.id), purge=True)
    with pytest.raises(NotFound):
        api.get_alert(str(made.id))


def test_pages_are_in_the_order_of_creation(workspace: Workspace) -> None:
    api = workspace.sdk.alerts_v2
    made = [api.create_alert(ALERT).id for _ in range(5)]
    assert [one.id for one in api.list_alerts(page_size=2)] == made
    first = workspace.ask("GET", PATH, page_size=2).json()
    assert (len(first["alerts"]), first["next_page_token"]) == (2, "2")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"warehouse_id": None}, "warehouse_id must be specified"),
        ({"query_text": ""}, "query_text must be specified"),
        ({"colour": "red"}, "colour: unknown field"),
        ({"schedule": {"quartz_cron_schedule": "hourly", "timezone_id": "UTC"}}, "quartz cron"),
        ({"evaluation": {"source": {"name": "n"}}}, "comparison_operator must be specified"),
        (
            {"evaluation": {"source": {"name": "n"}, "comparison_operator": "ABOVE"}},
            "ABOVE is not one of",
        ),
    ],
)
def test_what_is_no_alert_is_refused(
    workspace: Workspace, changed: dict[str, Any], said: str
) -> None:
    body = {**ALERT.as_dict(), **changed}
    answer = workspace.ask("POST", PATH, body)
    assert said in refused(answer)[2]
    assert workspace.ask("GET", PATH).json() == {}


def test_an_update_names_its_fields(workspace: Workspace) -> None:
    made = workspace.sdk.alerts_v2.create_alert(ALERT)
    answer = workspace.ask("PATCH", f"{PATH}/{made.id}", ALERT.as_dict())
    assert "update_mask" in refused(answer)[2]
    moved = {**ALERT.as_dict(), "parent_path": "/elsewhere"}
    answer = workspace.ask("PATCH", f"{PATH}/{made.id}", moved, update_mask="parent_path")
    assert "only be set on create" in refused(answer)[2]
