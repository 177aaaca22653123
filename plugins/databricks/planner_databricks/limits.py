"""Limits of the vendor as the core's values, with the spec's quotas in their place."""

from __future__ import annotations

from functools import cache

from planner.model.catalog import Limit, Measure, Scope
from planner_databricks import tables
from planner_databricks.tables import WorkloadType
from planner_databricks.terms import SPEC, Terms


def _limit(row: tables.LimitRow, terms: Terms) -> Limit:
    """A current row as a limit, with the spec's quota in its place where there is one."""
    quota = dict(terms.quotas).get(row.name)
    return Limit(
        name=row.name,
        measure=Measure(row.measure),
        scope=Scope(row.scope),
        value=float(row.value) if quota is None else quota,
        source=row.source if quota is None else SPEC,
        as_of=row.as_of if quota is None else SPEC,
        source_id=row.source_id,
    )


@cache
def limits(terms: Terms, *applies: str) -> tuple[Limit, ...]:
    """Current limits that apply to any of `applies`, in the order of the table."""
    rows = (row for row in tables.limit_rows() if row.status == "current")
    return tuple(_limit(row, terms) for row in rows if row.applies in applies)


def accelerator_limit(kind: WorkloadType) -> tuple[Limit, ...]:
    """All accelerator memory of one type as a bound on the model's memory."""
    if kind.accelerator_memory_bytes is None:
        return ()
    return (
        Limit(
            name=f"accelerator-memory-{kind.name.lower()}",
            measure=Measure.MEMORY_BYTES,
            scope=Scope.ENDPOINT,
            value=float(kind.accelerator_memory_bytes * kind.accelerators),
            source=kind.hardware_source,
            as_of=kind.as_of or "2026",
        ),
    )
