"""Requests of an endpoint in SQL, for Databricks SQL: minute by minute, and as what an alert asks.

They are looked up in the table that the endpoint's AI gateway logs payloads to, where it has one,
else in what the account tracks of usage. Tables and columns: docs.databricks.com
ai-gateway/inference-tables and ai-gateway/configure-ai-gateway-endpoints.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from planner.alerts import Alert, Measure
from planner.model.value import value

USAGE = "system.serving.endpoint_usage"
ENTITIES = "system.serving.served_entities"
LATE_S = 3600
"""Requests are logged within an hour, as a best effort (docs, inference tables)."""


@value
class Source:
    """Where requests of an endpoint are looked up; `workspace` tells apart what is called alike.

    `table` is the table of payloads, quoted; "" stands for the usage tables.
    """

    endpoint: str
    table: str = ""
    workspace: str = ""

    @property
    def named(self) -> str:
        """The tables, for people."""
        return self.table.replace("`", "") or USAGE

    @property
    def entities(self) -> str:
        """Conditions that leave the entities of the endpoint."""
        where = [f"endpoint_name = {literal(self.endpoint)}", "endpoint_delete_time IS NULL"]
        if self.workspace:
            where.append(f"workspace_id = {literal(self.workspace)}")
        return " AND ".join(where)

    def requests(self, since: str) -> str:
        """Requests after a moment: when, with what status, in how many seconds, for how many.

        The time is that of the model: what the platform adds is not logged. A sample counts for
        all that it stands for.
        """
        if self.table:
            return (
                "  SELECT request_time, status_code, execution_duration_ms / 1000.0 AS seconds,\n"  # noqa: S608
                "    1.0 / coalesce(sampling_fraction, 1.0) AS weight\n"
                f"  FROM {self.table}\n"
                f"  WHERE request_time >= {since}"
            )
        return (
            "  SELECT request_time, status_code, 1.0 AS weight\n"  # noqa: S608 - nobody else's text
            f"  FROM {USAGE}\n"
            f"  WHERE request_time >= {since} AND served_entity_id IN (\n"
            f"    SELECT served_entity_id FROM {ENTITIES}\n"
            f"    WHERE {self.entities})"
        )


def source_of(body: Mapping[str, Any], workspace: str = "") -> Source:
    """Where an endpoint of this body logs its requests."""
    name = str(body["name"])
    table = (body.get("ai_gateway") or {}).get("inference_table_config")
    if not table:
        return Source(endpoint=name, workspace=workspace)
    parts = (
        table["catalog_name"],
        table["schema_name"],
        f"{table.get('table_name_prefix', name)}_payload",
    )
    quoted = ".".join("`" + part.replace("`", "``") + "`" for part in parts)
    return Source(endpoint=name, table=quoted, workspace=workspace)


def literal(text: str) -> str:
    """Text as SQL writes it; a backslash would begin an escape."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def measured(alert: Alert, source: Source) -> str | None:
    """The measure of a minute of `requests`; None where the tables do not have it."""
    made = _MEASURES.get(alert.measure)
    return None if made is None else made(alert, source)


def watching(alert: Alert, source: Source, every_s: int) -> str | None:
    """One row that an alert looks at, with a column as `column` calls it.

    `every_s` is how often it is asked; None where the tables do not have the measure.
    """
    if alert.measure is Measure.IDLE:
        return _idle(alert, source)
    expression = measured(alert, source)
    if expression is None:
        return None
    # No minute is missed between two looks, however late it comes.
    window_s = every_s + LATE_S + alert.periods * alert.period_s
    sign = "<" if alert.below else ">"
    return f"""\
WITH requests AS (
{source.requests(_ago(window_s))}
), minutes AS (
  SELECT date_trunc('MINUTE', request_time) AS minute, {expression} AS measured
  FROM requests
  GROUP BY date_trunc('MINUTE', request_time)
), runs AS (
  SELECT sum(CASE WHEN measured {sign} {number(alert.limit)} THEN 1 ELSE 0 END) OVER (
    ORDER BY minute RANGE BETWEEN INTERVAL {alert.periods - 1} MINUTES PRECEDING AND CURRENT ROW
  ) AS bad
  FROM minutes
)
SELECT coalesce(max(bad), 0) AS {column(alert)} FROM runs"""  # noqa: S608 - nobody else's text


def column(alert: Alert) -> str:
    """What the alert compares: requests of the period, or the most bad minutes of a run."""
    return "requests" if alert.measure is Measure.IDLE else "bad_minutes"


def number(amount: float) -> str:
    """A number as SQL reads it, without an exponent."""
    text = f"{amount:.12f}".rstrip("0")
    return f"{text}0" if text.endswith(".") else text


def _idle(alert: Alert, source: Source) -> str:
    """Requests of the period; one for an endpoint that is not that old."""
    since = _ago(alert.period_s + LATE_S)
    return f"""\
WITH requests AS (
{source.requests(since)}
), entities AS (
  SELECT coalesce(min(change_time), now()) AS since FROM {ENTITIES}
  WHERE {source.entities}
)
SELECT CASE WHEN (SELECT max(since) FROM entities) >= {since} THEN 1 ELSE count(*) END
  AS {column(alert)}
FROM requests"""  # noqa: S608 - nobody else's text


def _ago(seconds: float) -> str:
    return f"now() - INTERVAL {seconds / 60.0:.0f} MINUTES"


def _share(condition: str) -> Callable[[Alert, Source], str]:
    share = f"sum(CASE WHEN {condition} THEN weight ELSE 0 END) / sum(weight)"
    return lambda _, __: share


def _latency(alert: Alert, source: Source) -> str | None:
    """Of requests alike: a sample is taken for all, and not weighed."""
    if not source.table:
        return None
    if alert.quantile is None:
        return "avg(seconds)"
    if alert.quantile >= 1.0:
        return "max(seconds)"
    return f"percentile_approx(seconds, {number(alert.quantile)})"


_MEASURES: Mapping[Measure, Callable[[Alert, Source], str | None]] = {
    Measure.ERRORS: _share("status_code >= 500"),
    Measure.REFUSED: _share("status_code >= 400 AND status_code < 500"),
    Measure.LATENCY: _latency,
    Measure.RATE: lambda _, __: "sum(weight) / 60",
}
