"""SQL statements: about list prices of model serving, and tables that requests are logged to.

Of SQL there is as much as a look-up of prices needs: columns of the one table, and conditions that
are joined by AND. `usage_tables` knows more of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from hashlib import sha256
from typing import Any

from planner.provider.sandbox.store import Document, Key
from planner_databricks import tables
from planner_databricks.sandbox import usage_tables
from planner_databricks.sandbox.errors import invalid, not_found
from planner_databricks.sandbox.operation import Operation
from planner_databricks.sandbox.shapes import anything, record, text
from planner_databricks.sandbox.workspace import Call, Workspace, key
from planner_databricks.sku import sku_of, sku_regions

KIND = "statement"
PATH = "/api/2.0/sql/statements"
TABLE = "system.billing.list_prices"
CHUNK = 5_000
"""Rows of a result that come at once; how many they are in a warehouse depends on their size."""

_FACT = "prices"
_TYPES = {
    "price_start_time": "TIMESTAMP",
    "price_end_time": "TIMESTAMP",
    "account_id": "STRING",
    "sku_name": "STRING",
    "cloud": "STRING",
    "currency_code": "STRING",
    "usage_unit": "STRING",
    "pricing.default": "DECIMAL",
}
_SELECT = re.compile(
    r"\s*SELECT\s+(?P<columns>.+?)\s+FROM\s+(?P<table>[\w.]+)(?:\s+WHERE\s+(?P<where>.+?))?\s*;?\s*\Z",
    re.IGNORECASE | re.DOTALL,
)
_CONDITION = re.compile(
    r"(?P<column>[\w.]+)\s*(?:(?P<null>IS\s+NULL)|(?P<how>=|LIKE)\s*'(?P<text>[^']*)')\Z",
    re.IGNORECASE,
)
_BODY = record(
    ("statement", "warehouse_id"),
    statement=text,
    warehouse_id=text,
    wait_timeout=text,
    on_wait_timeout=text,
    disposition=text,
    format=text,
    catalog=text,
    schema=text,
    row_limit=anything,
    byte_limit=anything,
    parameters=anything,
)

Row = Mapping[str, str | None]


class _SqlError(Exception):
    """A statement that cannot be carried out."""


def execute(call: Call) -> Mapping[str, Any]:
    """Carry out a statement; with `wait_timeout` 0s it is answered later."""
    given = _BODY(call.body, "")
    wait_s = _wait_s(given.get("wait_timeout", "10s"))
    name = sha256(f"{call.now} {given['statement']}".encode()).hexdigest()[:32]
    lasts_s = call.workspace.pace.statement_s
    document: Document = {
        "id": name,
        "state": "PENDING",
        "statement": given["statement"],
        "cloud": call.workspace.store.fact("cloud"),
        "prices": call.workspace.store.fact(_FACT, "{}"),
        "parameters": {one["name"]: one.get("value") for one in given.get("parameters", ())},
    }
    if wait_s >= lasts_s:
        document.update(_carried_out(call.workspace, document))
        call.workspace.store.put(key(KIND, name), document)
    else:
        call.workspace.store.put(key(KIND, name), document, due=call.now + lasts_s)
    return _shown(document)


def get(call: Call) -> Mapping[str, Any]:
    """What became of a statement."""
    found = call.found(KIND, call.path["id"])
    if found is None:
        raise not_found(f"The statement {call.path['id']} was not found.")
    return _shown(found)


def chunk(call: Call) -> Mapping[str, Any]:
    """A part of the result."""
    found = call.found(KIND, call.path["id"])
    index = call.path["index"]
    if found is None or found["state"] != "SUCCEEDED" or not index.isdigit():
        raise not_found(f"The statement {call.path['id']} has no chunk {index}.")
    return _part(found, int(index))


def cancel(call: Call) -> Mapping[str, Any]:
    """Stop a statement that is not through; of any other nothing is said."""
    found = call.found(KIND, call.path["id"])
    if found is None:
        raise not_found(f"The statement {call.path['id']} was not found.")
    if found["state"] == "PENDING":
        call.workspace.store.put(key(KIND, call.path["id"]), {**found, "state": "CANCELED"})
    return {}


def change(workspace: Workspace, place: Key, document: Document) -> None:
    """Carry out a statement whose time has come."""
    workspace.store.put(place, {**document, **_carried_out(workspace, document)})


def _wait_s(given: str) -> float:
    found = re.fullmatch(r"(\d+)s", given)
    # Documented: 0s, or between 5s and 50s.
    if found is None or not (int(found[1]) == 0 or 5 <= int(found[1]) <= 50):
        raise invalid(f"wait_timeout must be 0s or between 5s and 50s, not {given}")
    return float(found[1])


def _carried_out(workspace: Workspace, document: Document) -> dict[str, Any]:
    statement = document["statement"]
    try:
        if usage_tables.knows(workspace, statement):
            columns, rows = usage_tables.answer(workspace, statement, document["parameters"])
        else:
            columns, rows = _select(document)
    except (_SqlError, usage_tables.TableError) as error:
        return {"state": "FAILED", "error": {"error_code": "BAD_REQUEST", "message": str(error)}}
    return {"state": "SUCCEEDED", "columns": columns, "rows": rows}


def _select(document: Document) -> tuple[list[str], list[list[str | None]]]:
    statement = document["statement"]
    found = _SELECT.match(statement)
    if found is None:
        raise _SqlError("[PARSE_SYNTAX_ERROR] The sandbox knows SELECT ... FROM ... WHERE ... only")
    if found["table"].lower() != TABLE:
        raise _SqlError(
            f"[TABLE_OR_VIEW_NOT_FOUND] The table or view `{found['table']}` cannot be found. "
            "Verify the spelling and correctness of the schema and catalog."
        )
    columns = [_column(name.strip()) for name in found["columns"].split(",")]
    keep = _conditions(found["where"])
    prices = _changed(_prices(document["cloud"]), json.loads(document["prices"]))
    rows = [row for row in prices if all(test(row) for test in keep)]
    return columns, [[row[name] for name in columns] for row in rows]


def _column(name: str) -> str:
    if name.lower() not in _TYPES:
        raise _SqlError(
            f"[UNRESOLVED_COLUMN.WITH_SUGGESTION] A column with name `{name}` cannot be resolved."
        )
    return name.lower()


def _conditions(where: str | None) -> list[Callable[[Row], bool]]:
    parts = re.split(r"\s+AND\s+", where, flags=re.IGNORECASE) if where else []
    return [_condition(part.strip()) for part in parts]


def _condition(part: str) -> Callable[[Row], bool]:
    found = _CONDITION.match(part)
    if found is None:
        raise _SqlError(f"[PARSE_SYNTAX_ERROR] Syntax error at or near '{part}'.")
    column = _column(found["column"])
    if found["null"]:
        return lambda row: row[column] is None
    given = found["text"]
    if found["how"] == "=":
        return lambda row: row[column] == given
    # Of the signs of LIKE only % stands for anything here; _ is in every name.
    pattern = given.replace("[", "[[]").replace("?", "[?]").replace("%", "*")
    return lambda row: fnmatchcase(row[column] or "", pattern)


def _prices(cloud: str) -> Iterator[Row]:
    """Rows of the price table: those of the workspace's own cloud, if it has one.

    Where no public list has the name of a region, its rows are left out.
    """
    for price in tables.dbu_prices():
        region = sku_regions().get((price.cloud, price.region))
        if region is None or cloud not in ("", price.cloud):
            continue
        amounts = {"": price.usd_per_dbu, "_LAUNCH": price.usd_per_launch}
        for kind, usd in amounts.items():
            if usd is not None:
                sku = sku_of(price.tier, region, launch=bool(kind))
                yield _row(price.cloud.upper(), sku, usd, price.as_of)


def set_prices(workspace: Workspace, given: Any) -> None:
    """List SKUs at other prices: a number, several for as many rows, None for none."""
    if not isinstance(given, dict):
        raise ValueError('{"SKU": price} expected')
    kept = json.loads(workspace.store.fact(_FACT, "{}"))
    for sku, amounts in given.items():
        listed = amounts if isinstance(amounts, list) else [amounts]
        try:
            kept[sku] = [float(one) for one in listed if one is not None]
        except TypeError as error:
            raise ValueError(f"{amounts} is no price") from error
    workspace.store.remember(_FACT, json.dumps(kept))


def _changed(rows: Iterator[Row], changed: Mapping[str, list[float]]) -> Iterator[Row]:
    for row in rows:
        amounts = changed.get(str(row["sku_name"]))
        if amounts is None:
            yield row
        for usd in amounts or ():
            yield {**row, "pricing.default": f"{usd:.18f}"}


def _row(cloud: str, sku: str, usd: float, as_of: str) -> Row:
    return {
        "price_start_time": f"{as_of}T00:00:00.000Z",
        "price_end_time": None,
        "account_id": "00000000-0000-0000-0000-000000000000",
        "sku_name": sku,
        "cloud": cloud,
        "currency_code": "USD",
        "usage_unit": "DBU",
        "pricing.default": f"{usd:.18f}",
    }


def _shown(document: Document) -> Mapping[str, Any]:
    """Every value is text in the answer, whatever its type."""
    status = {"state": document["state"]}
    if document["state"] in {"PENDING", "CANCELED"}:
        return {"statement_id": document["id"], "status": status}
    if document["state"] == "FAILED":
        return {"statement_id": document["id"], "status": {**status, "error": document["error"]}}
    rows = document["rows"]
    columns = [
        {
            "name": name.rpartition(".")[2],
            "position": position,
            "type_name": _TYPES.get(name, "STRING"),
            "type_text": _TYPES.get(name, "STRING"),
        }
        for position, name in enumerate(document["columns"])
    ]
    return {
        "statement_id": document["id"],
        "status": status,
        "manifest": {
            "format": "JSON_ARRAY",
            "schema": {"column_count": len(columns), "columns": columns},
            "total_chunk_count": max(1, -(-len(rows) // CHUNK)),
            "total_row_count": len(rows),
            "truncated": False,
        },
        "result": _part(document, 0),
    }


def _part(document: Document, index: int) -> dict[str, Any]:
    """One chunk of the result, with where the next one is."""
    rows = document["rows"][index * CHUNK : (index + 1) * CHUNK]
    part = {
        "chunk_index": index,
        "row_offset": index * CHUNK,
        "row_count": len(rows),
        "data_array": rows,
    }
    if len(document["rows"]) <= (index + 1) * CHUNK:
        return part
    link = f"{PATH}/{document['id']}/result/chunks/{index + 1}"
    return {**part, "next_chunk_index": index + 1, "next_chunk_internal_link": link}


OPERATIONS = (
    Operation(name="ExecuteStatement", method="POST", path=PATH, handler=execute),
    Operation(
        name="GetStatementResultChunkN",
        method="GET",
        path=f"{PATH}/{{id}}/result/chunks/{{index}}",
        handler=chunk,
    ),
    Operation(name="CancelExecution", method="POST", path=f"{PATH}/{{id}}/cancel", handler=cancel),
    Operation(name="GetStatement", method="GET", path=f"{PATH}/{{id}}", handler=get),
)
