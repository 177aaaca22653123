"""The published form of the simulation document, the source of `schemas/simulation.v1.json`.

A later 1.x document may have more keys than these: readers must ignore keys they do not know.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from planner.plans.run_schema import Count, Fraction, Milliseconds, Name
from planner.plans.schema import (
    AutoscalingPart,
    ConcurrencyPart,
    CostPart,
    LatencyPart,
    RangePart,
    SloPart,
)

SCHEMA_ID = "urn:planner:schema:simulation:v1"

Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]


def simulation_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of the simulation document."""
    schema = SimulationDocument.model_json_schema(mode="serialization")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        **schema,
    }


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class CapacityPart(_Part):
    """What was up: the mean over the cycle, least and most of any window (null without one)."""

    max: Amount | None
    mean: Amount | None
    min: Amount | None
    unit: Literal["replicas", "units", "busy instances"]


class ConfigurationPart(_Part):
    """What was simulated, in the words of the plan document."""

    autoscaling: AutoscalingPart | None
    concurrency: ConcurrencyPart
    hosting: Name
    instance_type: Name
    models: list[Name]
    options: dict[str, str]
    replicas: RangePart | None
    routing: str
    units: RangePart | None


class IntervalPart(_Part):
    """Where a percentile lies with the stated confidence; null where it has no finite bound."""

    high: Milliseconds | None
    low: Milliseconds | None


class WindowPart(_Part):
    """A stretch of the cycle; percentiles are null where no request came.

    `late_fraction` of its requests miss the tightest latency objective, `refused_fraction` were
    answered 429, `cold_fraction` waited for capacity or a model to start.
    """

    capacity: Amount | None
    cold_fraction: Fraction | None
    late_fraction: Fraction | None
    p50_ms: Milliseconds | None
    p99_ms: Milliseconds | None
    rate_per_s: Amount | None
    refused_fraction: Fraction | None
    seconds: Amount | None
    start_s: Amount | None
    utilization: Amount | None


class SimulatedPart(_Part):
    """One cloud endpoint: `simulated` requests stand for the `requests` of a cycle."""

    capacity: CapacityPart
    cold_start_fraction: Fraction | None
    confidence: Fraction | None
    configuration: ConfigurationPart
    cost: CostPart
    cycle_s: Amount | None
    intervals_ms: dict[str, IntervalPart]
    late_windows: Annotated[
        int, Field(ge=0, description="Windows with more late requests than the objective allows.")
    ]
    latency_ms: LatencyPart
    name: Name
    notes: list[Name]
    provider: Name
    refused_fraction: Fraction | None
    region: Name
    requests: Amount | None
    seed: int
    simulated: Count
    slo: SloPart
    utilization: Amount | None
    windows: Annotated[list[WindowPart], Field(description="In the order of time.")]


class SimulationDocument(_Part):
    """What `planner simulate -o json` prints; keys and lists are sorted."""

    endpoints: list[SimulatedPart]
    format_version: Annotated[str, Field(pattern=r"^1\.[0-9]+$")]
    kind: Literal["Simulation"]
    met: bool
    planner_version: Name
