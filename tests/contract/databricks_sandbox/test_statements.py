"""SQL about requests: large results come in chunks, and the SDK reads them as ours does."""

from __future__ import annotations

from typing import Any

from databricks.sdk.service.sql import StatementParameterListItem, StatementState
from planner_databricks.gateway import Connection
from planner_databricks.sql import rows

from tests.support.workspace import Workspace

STATEMENT = """\
SELECT unix_timestamp(request_time) AS at, count(*) AS requests
FROM system.serving.endpoint_usage
WHERE request_time >= CAST(:since AS TIMESTAMP)
GROUP BY unix_timestamp(request_time) ORDER BY at"""
SINCE = "2020-01-01T00:00:00Z"


def drive(workspace: Workspace, seconds: int) -> None:
    """An endpoint that had two requests a second, about."""
    workspace.ready("e", ai_gateway={"usage_tracking_config": {"enabled": True}})
    start = workspace.get("clock")["now"] - seconds
    nothing = dict.fromkeys(("total", "model", "overhead", "queue", "cold", "loads"), ())
    zero = dict.fromkeys(("refused", "failed", "capacity", "busy", "slots"), 0.0)
    minute = {
        **nothing,
        **zero,
        "at_s": start,
        "seconds": float(seconds),
        "requests": 2.0 * seconds,
    }
    assert workspace.post("load", {"endpoint": "e", "minutes": [minute]})["status"] == 200


def test_a_large_result_comes_in_chunks(workspace: Workspace) -> None:
    drive(workspace, 7_000)
    api = workspace.sdk.statement_execution
    given = [StatementParameterListItem(name="since", value=SINCE)]
    done = api.execute_statement(STATEMENT, "w", parameters=given)
    assert done.status is not None
    assert done.status.state is StatementState.SUCCEEDED
    assert done.manifest is not None
    assert done.manifest.total_chunk_count == 2
    assert done.result is not None
    assert done.result.next_chunk_index == 1
    assert done.statement_id is not None
    rest = api.get_statement_result_chunk_n(done.statement_id, 1)
    assert rest.next_chunk_index is None
    theirs = [*(done.result.data_array or ()), *(rest.data_array or ())]
    ask = Connection(None, workspace.url).ask
    ours = [list(row) for row in rows(ask, "w", STATEMENT, {"since": SINCE})]
    assert ours == theirs
    assert len(ours) == done.manifest.total_row_count
    assert sum(int(requests) for _, requests in theirs) == 14_000


def test_a_warehouse_that_takes_its_time_is_waited_for(workspace: Workspace) -> None:
    drive(workspace, 60)
    workspace.post("pace", {"statement_s": 10.4})  # longer than the first request waits

    def ask(method: str, path: str, **more: Any) -> dict[str, Any]:
        answer = connection.ask(method, path, **more)
        seen.append(answer["status"]["state"])
        workspace.advance(5.5)
        return answer

    seen: list[str] = []
    connection = Connection(None, workspace.url)
    found = list(rows(ask, "w", STATEMENT, {"since": SINCE}))
    assert sum(int(requests or 0) for _, requests in found) == 120
    assert seen == ["PENDING", "PENDING", "SUCCEEDED"]


def test_a_statement_that_is_cancelled_stays_so(workspace: Workspace) -> None:
    workspace.post("pace", {"statement_s": 3600.0})
    api = workspace.sdk.statement_execution
    done = api.execute_statement("SELECT sku_name FROM system.billing.list_prices", "w")
    assert done.statement_id is not None
    api.cancel_execution(done.statement_id)
    status = api.get_statement(done.statement_id).status
    assert status is not None
    assert status.state is StatementState.CANCELED
