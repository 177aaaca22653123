"""What to ask a warehouse of an endpoint: one SQL file for each, its limits beside the numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from planner.alerts import Alert, Measure, alerts
from planner.model.export import Asked, ExportedFile
from planner_databricks.resources.queries import (
    ENTITIES,
    USAGE,
    Source,
    literal,
    measured,
    number,
    source_of,
    watching,
)

BILLED, LISTED = "system.billing.usage", "system.billing.list_prices"
_DAYS = 30
_HOURS_A_MONTH = 730.0
_COLUMNS = {
    Measure.ERRORS: "share_of_5xx",
    Measure.REFUSED: "share_of_4xx",
    Measure.RATE: "requests_per_s",
}


def queries(asked: Sequence[Asked]) -> tuple[ExportedFile, ...]:
    """One file for each endpoint, with the queries that the tables it logs to can answer."""
    return tuple(_file(one) for one in asked)


def _file(asked: Asked) -> ExportedFile:
    source = _source(asked)
    watched = alerts(asked.workload, asked.decision)
    unseen = [
        one.id
        for one in watched
        if one.measure is not Measure.IDLE and measured(one, source) is None
    ]
    said = tuple(_notes(asked, source, unseen))
    head = "".join(f"-- {note}\n" for note in said)
    return ExportedFile(
        name=f"{asked.state.endpoint}.sql",
        syntax="text",
        content="\n".join([head, *_statements(asked, source, watched)]),
        notes=said,
        annotated=True,
    )


def _source(asked: Asked) -> Source:
    own = (one.settings for one in asked.workload.providers if one.name == asked.state.provider)
    block = getattr(next(own, None), "alerts", None)
    return source_of(asked.state.resources[0].body, (block.workspace or "") if block else "")


def _statements(asked: Asked, source: Source, watched: Sequence[Alert]) -> Iterator[str]:
    yield _traffic(source)
    yield _busy(source)
    for one in watched:
        expression = measured(one, source)
        if expression is not None:
            yield _minutes(one, source, expression, asked.owner)
        elif one.measure is Measure.IDLE:
            text = watching(one, source, 0)
            yield f"-- {one.said}: row {one.row}, planner doctor {asked.owner}\n{text};\n"
    yield _tokens(source)
    yield _cost(asked, source)


def _minutes(alert: Alert, source: Source, expression: str, owner: str) -> str:
    name = _COLUMNS.get(alert.measure, f"seconds_{alert.id.rpartition('-')[2].replace('.', '_')}")
    way = "under" if alert.below else "over"
    return f"""\
-- {alert.said}: {alert.meaning}
-- threshold {alert.threshold}, row {alert.row} of docs/coverage.md; planner doctor {owner}
WITH requests AS (
{source.requests("now() - INTERVAL 1 DAY")}
)
SELECT date_trunc('MINUTE', request_time) AS minute, sum(weight) AS requests,
  {expression} AS {name},
  {number(alert.limit)} AS alarm_{way}
FROM requests
GROUP BY date_trunc('MINUTE', request_time)
ORDER BY minute;
"""  # noqa: S608 - nobody else's text


def _traffic(source: Source) -> str:
    return f"""\
-- requests by the minute and their status
WITH requests AS (
{source.requests("now() - INTERVAL 1 DAY")}
)
SELECT date_trunc('MINUTE', request_time) AS minute, status_code, sum(weight) AS requests
FROM requests
GROUP BY date_trunc('MINUTE', request_time), status_code
ORDER BY minute, status_code;
"""  # noqa: S608 - nobody else's text


def _busy(source: Source) -> str:
    return f"""\
-- share of 429 by the hour: requests that came when there was no room (row D9)
WITH requests AS (
{source.requests("now() - INTERVAL 7 DAYS")}
)
SELECT date_trunc('HOUR', request_time) AS hour,
  sum(CASE WHEN status_code = 429 THEN weight ELSE 0 END) / sum(weight) AS share_of_429
FROM requests
GROUP BY date_trunc('HOUR', request_time)
ORDER BY hour;
"""  # noqa: S608 - nobody else's text


def _tokens(source: Source) -> str:
    """Counted by usage tracking alone, whatever else is logged."""
    return f"""\
-- tokens by the day, for models that have some
SELECT to_date(request_time) AS day, count(*) AS requests,
  sum(input_token_count) AS input_tokens, sum(output_token_count) AS output_tokens
FROM {USAGE}
WHERE request_time >= now() - INTERVAL {_DAYS} DAYS AND served_entity_id IN (
  SELECT served_entity_id FROM {ENTITIES}
  WHERE {source.entities})
GROUP BY to_date(request_time)
ORDER BY day;
"""  # noqa: S608 - nobody else's text


def _cost(asked: Asked, source: Source) -> str:
    """What is billed beside what was planned, at list prices.

    docs.databricks.com admin/system-tables/billing and pricing.
    """
    daily = asked.decision.cost.monthly_usd * 24.0 / _HOURS_A_MONTH
    here = f" AND used.workspace_id = {literal(source.workspace)}" if source.workspace else ""
    return f"""\
-- cost by the day at list prices, and what the plan comes to
SELECT used.usage_date AS day, sum(used.usage_quantity) AS dbu,
  sum(used.usage_quantity * listed.pricing.default) AS usd,
  {number(round(daily, 2))} AS planned_usd
FROM {BILLED} AS used
LEFT JOIN {LISTED} AS listed
  ON used.cloud = listed.cloud AND used.sku_name = listed.sku_name
  AND used.usage_unit = listed.usage_unit
  AND used.usage_start_time >= listed.price_start_time
  AND (listed.price_end_time IS NULL OR used.usage_start_time < listed.price_end_time)
WHERE used.usage_metadata.endpoint_name = {literal(asked.state.endpoint)}{here}
  AND used.usage_date >= current_date() - INTERVAL {_DAYS} DAYS
GROUP BY used.usage_date
ORDER BY day;
"""  # noqa: S608 - nobody else's text


def _notes(asked: Asked, source: Source, unseen: Sequence[str]) -> Iterator[str]:
    name = asked.state.endpoint
    yield f"{name}: requests are those of {source.named}, logged within an hour at best effort"
    if source.table:
        yield f"{name}: latency is that of the model; what the platform adds is not logged"
    else:
        yield f"{name}: usage is tracked where its AI gateway is told to, and without latencies"
    yield f"{name}: whether refused requests (429) are logged is not documented"
    if unseen:
        yield f"{name}: the tables do not have {', '.join(unseen)}"
    if not source.workspace:
        yield f"{name}: without alerts.workspace one of that name in another workspace counts, too"
