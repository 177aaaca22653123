"""Queries about an endpoint, read by sqlglot as Databricks' SQL, and run by DuckDB on rows.

Both are by others. What they are asked is what an alert would be told.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from planner_databricks.exports.queries import queries
from planner_databricks.resources.alerts import marks

from planner.model.export import Asked
from planner.model.workload import ColdStart, LatencyTarget, ProviderChoice, Slo
from tests.support.databricks_values import decision, rendered, settings, workload
from tests.support.exports import asked, exported
from tests.support.tools import Tools

JUDGE = """
import json, sys
import duckdb, sqlglot
from sqlglot import exp

def flat(table):
    name = ".".join(part.name for part in table.parts)
    return exp.Table(this=exp.to_identifier(name, quoted=True), alias=table.args.get("alias"))

def answers(base, statement):
    assert isinstance(statement, exp.Select), type(statement)
    for table in list(statement.find_all(exp.Table)):
        if len(table.parts) == 3:
            table.replace(flat(table))
    found = base.execute(f"SELECT to_json(t) FROM ({statement.sql('duckdb')}) AS t").fetchall()
    return [json.loads(row) for row, in found]

for line in sys.stdin:
    given = json.loads(line)
    base = duckdb.connect()
    for name, columns in given["tables"].items():
        base.execute(f'CREATE TABLE "{name}" ({columns})')
    for name, rows in given["rows"].items():
        if rows:
            values = ", ".join(f"({row})" for row in rows)
            base.execute(f'INSERT INTO "{name}" VALUES {values}')
    found = [
        [answers(base, one) for one in sqlglot.parse(text, read="databricks")]
        for text in given["queries"]
    ]
    print(json.dumps(found), flush=True)
"""
Judge = Callable[..., list[Any]]
"""Rows by table, and queries: the rows that each statement of each query answers."""

LOGGED = "main.logs.shop_payload"
USED = "system.serving.endpoint_usage"
SERVED = "system.serving.served_entities"
TABLES = {
    LOGGED: "request_time TIMESTAMPTZ, status_code INT, execution_duration_ms BIGINT, "
    "sampling_fraction DOUBLE",
    USED: "request_time TIMESTAMPTZ, status_code INT, served_entity_id VARCHAR, "
    "input_token_count BIGINT, output_token_count BIGINT",
    SERVED: "served_entity_id VARCHAR, endpoint_name VARCHAR, workspace_id VARCHAR, "
    "change_time TIMESTAMPTZ, endpoint_delete_time TIMESTAMPTZ",
    "system.billing.usage": "cloud VARCHAR, sku_name VARCHAR, usage_unit VARCHAR, usage_date DATE, "
    "usage_start_time TIMESTAMPTZ, usage_quantity DOUBLE, workspace_id VARCHAR, "
    "usage_metadata STRUCT(endpoint_name VARCHAR)",
    "system.billing.list_prices": "cloud VARCHAR, sku_name VARCHAR, usage_unit VARCHAR, "
    'price_start_time TIMESTAMPTZ, price_end_time TIMESTAMPTZ, pricing STRUCT("default" DOUBLE)',
}
SLO = Slo(
    latency=(
        LatencyTarget(label="p50", quantile=0.5, seconds=0.2),
        LatencyTarget(label="mean", quantile=None, seconds=0.2),
        LatencyTarget(label="max", quantile=1.0, seconds=2.0),
    ),
    cold_start=ColdStart(allowed=True),
    availability=0.9,
)
MADE = decision(peak_per_s=1.0)
WANTED = workload(slo=SLO)
TABLE = {"inference_table": {"catalog": "main", "schema": "logs"}}


def endpoint(**block: Any) -> Asked:
    given = {"alerts": {"warehouse": "w", "workspace": "7"}, **block}
    choice = ProviderChoice(name="databricks", settings=settings(**given))
    return asked(rendered(MADE, WANTED, **given), MADE, replace(WANTED, providers=(choice,)))


def alerting(one: Asked) -> dict[str, str]:
    """The query of each alert by its name."""
    return {alert.name: alert.body["query_text"] for alert in one.state.resources[1:]}


@pytest.fixture(scope="module")
def judge(tools: Tools) -> Iterator[Judge]:
    """A warehouse of others, kept for all tests: that it is loaded takes the most of its time."""
    with subprocess.Popen(
        [tools.python, "-c", JUDGE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        asks, answers = running.stdin, running.stdout

        def judged(rows: dict[str, list[str]], *texts: str) -> list[Any]:
            given = {"tables": TABLES, "rows": rows, "queries": texts}
            asks.write(json.dumps(given) + "\n")
            asks.flush()
            answer = answers.readline()
            assert answer, "the judge has refused a query, and says why above"
            found: list[Any] = json.loads(answer)
            return found

        yield judged
        asks.close()


def logged(
    minute: int, *, bad: int = 0, good: int = 8, ms: int = 50, share: float = 1.0
) -> list[str]:
    """Requests of one minute of the last day, counted back from half an hour ago."""
    at = f"date_trunc('minute', now() - INTERVAL 30 MINUTES) - INTERVAL {minute} MINUTES"
    return [f"{at}, 200, {ms}, {share}"] * good + [f"{at}, 503, {ms}, {share}"] * bad


def used(minute: int, *, status: int = 200, entity: str = "e1", count: int = 8) -> list[str]:
    at = f"date_trunc('minute', now() - INTERVAL 30 MINUTES) - INTERVAL {minute} MINUTES"
    return [f"{at}, {status}, '{entity}', 10, 20"] * count


OLD = "'e1', 'shop', '7', now() - INTERVAL 90 DAYS, NULL"
ELSEWHERE = "'e2', 'shop', '8', now() - INTERVAL 90 DAYS, NULL"
GONE = "'e3', 'shop', '7', now() - INTERVAL 95 DAYS, now() - INTERVAL 90 DAYS"


def told(judge: Judge, one: Asked, rows: dict[str, list[str]]) -> dict[str, float]:
    """What each alert of an endpoint would compare, by its name."""
    named = alerting(one)
    answers = judge(rows, *named.values())
    found: dict[str, float] = {}
    for name, statements in zip(named, answers, strict=True):
        ((row,),) = statements
        (found[name],) = row.values()
    return found


def test_two_bad_minutes_of_three_in_the_table_of_payloads(judge: Judge) -> None:
    one = endpoint(**TABLE)
    assert set(alerting(one)) == {
        *("shop-errors", "shop-refused", "shop-rate", "shop-idle"),
        *("shop-latency-p50", "shop-latency-mean", "shop-latency-max"),
    }
    burst = [row for minute in range(20) for row in logged(minute, bad=4 if minute == 9 else 0)]
    ill = [row for minute in range(20) for row in logged(minute, bad=4 if minute in {7, 9} else 0)]
    slow = [row for minute in range(20) for row in logged(minute, ms=2_500 if minute < 3 else 50)]
    apart = [row for minute in (4, 12) for row in logged(minute, bad=8, good=0)]
    at = {SERVED: [OLD]}
    assert told(judge, one, {**at, LOGGED: burst})["shop-errors"] == 1
    assert told(judge, one, {**at, LOGGED: ill})["shop-errors"] == 2
    assert told(judge, one, {**at, LOGGED: apart})["shop-errors"] == 1
    late = told(judge, one, {**at, LOGGED: slow})
    assert [late[f"shop-latency-{label}"] for label in ("p50", "mean", "max")] == [3, 3, 3]
    assert late["shop-errors"] == late["shop-refused"] == late["shop-rate"] == 0


def test_a_sample_counts_for_all_that_it_stands_for(judge: Judge) -> None:
    rows = [row for minute in range(30) for row in logged(minute, good=8, share=0.1)]
    found = told(judge, endpoint(**TABLE), {SERVED: [OLD], LOGGED: rows})
    assert found["shop-rate"] == 15  # 80 a minute are over 1.25/s
    rows = [row for minute in range(30) for row in logged(minute, good=8)]
    assert told(judge, endpoint(**TABLE), {SERVED: [OLD], LOGGED: rows})["shop-rate"] == 0


def test_usage_is_that_of_the_endpoint_in_its_workspace(judge: Judge) -> None:
    one = endpoint()
    assert set(alerting(one)) == {"shop-errors", "shop-refused", "shop-rate", "shop-idle"}
    rows = [row for minute in range(6) for row in used(minute, status=429)]
    others = [row.replace("429, 'e1'", "503, 'e2'") for row in rows]
    gone = [row.replace("429, 'e1'", "503, 'e3'") for row in rows]
    at = {SERVED: [OLD, ELSEWHERE, GONE]}
    found = told(judge, one, {**at, USED: [*rows, *others, *gone]})
    assert (found["shop-errors"], found["shop-refused"]) == (0, 5)
    assert told(judge, one, {**at, USED: [*others, *gone]})["shop-refused"] == 0


@pytest.mark.parametrize("block", [TABLE, {}], ids=["table", "usage"])
def test_idle_is_what_is_old_enough_and_was_not_called(judge: Judge, block: dict[str, Any]) -> None:
    one = endpoint(**block)
    old, new = {SERVED: [OLD]}, {SERVED: [OLD.replace("90 DAYS", "3 HOURS")]}
    assert told(judge, one, old)["shop-idle"] == 0
    assert told(judge, one, new)["shop-idle"] == 1
    assert told(judge, one, {SERVED: []})["shop-idle"] == 1
    called = {LOGGED: logged(700), USED: used(700)}
    assert told(judge, one, {**old, **called})["shop-idle"] == 8
    long_ago = {LOGGED: logged(1600), USED: used(1600)}
    assert told(judge, one, {**old, **long_ago})["shop-idle"] == 0


@pytest.mark.parametrize("block", [TABLE, {}], ids=["table", "usage"])
def test_every_query_of_the_set_answers(judge: Judge, block: dict[str, Any]) -> None:
    one = endpoint(**block)
    (file,) = queries([one])
    day = "current_date() - INTERVAL 3 DAYS"
    rows = {
        SERVED: [OLD],
        LOGGED: logged(1, bad=2, ms=100),
        USED: [*used(1, count=8), *used(1, status=503, count=2)],
        "system.billing.usage": [
            f"'AWS', 'SKU', 'DBU', {day}, now() - INTERVAL 3 DAYS, 4.0, '{workspace}', "
            "{'endpoint_name': 'shop'}"
            for workspace in "78"
        ],
        "system.billing.list_prices": [
            "'AWS', 'SKU', 'DBU', now() - INTERVAL 9 DAYS, NULL, {'default': 0.07}",
            "'AWS', 'SKU', 'DBU', now() - INTERVAL 20 DAYS, now() - INTERVAL 9 DAYS, "
            "{'default': 9.0}",
        ],
    }
    (answers,) = judge(rows, str(file.content))
    by_column = {name: row for found in answers for row in found for name in row}
    assert by_column["share_of_5xx"]["share_of_5xx"] == 0.2
    assert by_column["share_of_5xx"]["alarm_over"] == pytest.approx(0.1)
    assert by_column["usd"] | {"day": ""} == {
        "day": "",
        "dbu": 4.0,
        "usd": pytest.approx(0.28),
        "planned_usd": pytest.approx(204.4 * 24 / 730, abs=0.01),
    }
    assert by_column["input_tokens"]["input_tokens"] == 100
    assert ("seconds_mean" in by_column) is bool(block)


def test_every_query_of_an_example_answers(judge: Judge) -> None:
    texts = [str(file.content) for file in exported("databricks-high-qps", "databricks-queries")]
    answers = judge({}, *texts)
    assert [len(found) for found in answers] == [text.count(";\n") for text in texts]


def test_marks_are_read_from_the_first_line_alone() -> None:
    (text, *_) = alerting(endpoint()).values()
    assert marks(text) == {
        "planner_owner": "shop",
        "planner_self": "shop-errors",
        "planner_endpoint": "shop",
    }
    assert marks(f"SELECT 1\n{text}") == {}
    assert marks("-- planner_owner=shop\nSELECT 1") == {}
