"""The published form of the checkup document, the source of `schemas/checkup.v1.json`.

A later 1.x document may have more keys than these: readers must ignore keys they do not know.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from planner.model.checkup import Condition, Severity
from planner.plans.run_schema import Count, Name, Number, Part, Usd

SCHEMA_ID = "urn:planner:schema:checkup:v1"

Moment = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$", description="In UTC.")]


def checkup_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of the checkup document."""
    schema = CheckupDocument.model_json_schema(mode="serialization")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        **schema,
    }


class FindingPart(Part):
    """One cause and what to do about it; `rule` is its stable name.

    `source_id` is the row of the vendors' documents, `saves_monthly_usd` below zero where what is
    needed costs more.
    """

    action: Name
    cause: Name
    command: Annotated[Name | None, Field(description="The next step, to copy; null: none.")]
    expected: Name
    measured: Name
    rule: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]
    saves_monthly_usd: Number | None
    severity: Severity
    source_id: Annotated[str, Field(pattern=r"^[DLMS]\d+$")]


class CheckedPart(Part):
    """One endpoint; `since` and `until` are null of one that does not exist."""

    condition: Condition
    findings: Annotated[list[FindingPart], Field(description="The most severe first.")]
    monthly_usd: Annotated[
        Usd | None, Field(description="Of what runs, at the catalog's prices; null: absent.")
    ]
    name: Name
    notes: list[Name]
    provider: Name
    region: Name
    requests: Annotated[float, Field(ge=0)]
    since: Moment | None
    unmeasured: Annotated[list[Name], Field(description="What its cloud has no number for.")]
    until: Moment | None
    workload: Name


class ConditionsPart(Part):
    """How many endpoints are in which condition."""

    absent: Count
    ailing: Count
    healthy: Count
    no_data: Annotated[Count, Field(alias="no-data")]
    noted: Count


class CheckupDocument(Part):
    """What `planner doctor -o json` prints; keys are sorted, endpoints by name."""

    endpoints: list[CheckedPart]
    format_version: Annotated[str, Field(pattern=r"^1\.[0-9]+$")]
    kind: Literal["Checkup"]
    summary: ConditionsPart
