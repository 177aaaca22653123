"""The published form of the plan document, from which `schemas/plan.v1.json` is generated.

A later 1.x document may have more keys than these: readers must ignore keys they do not know.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, JsonValue

from planner.model.catalog import Measure, Scope
from planner.model.change import Action, Risk
from planner.model.check import Verdict
from planner.model.drift import Sync
from planner.model.plan import Mode
from planner.plans.run_schema import (
    Count,
    Fraction,
    LockPart,
    Milliseconds,
    Name,
    Number,
    PolicyPart,
    Usd,
    WarmUpPart,
)
from planner.plans.run_schema import Part as _Part

SCHEMA_ID = "urn:planner:schema:plan:v1"


def plan_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of the plan document."""
    schema = PlanDocument.model_json_schema(mode="serialization")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        **schema,
    }


class RangePart(_Part):
    """Least and most, both included."""

    max: Count
    min: Count


class ConcurrencyPart(_Part):
    """Requests in service at once: per replica, and over the endpoint at its largest."""

    max: Count
    per_replica: Count


class ScheduledPart(_Part):
    """Bounds that hold from each match of a five-field cron in the scaling's timezone."""

    cron: Name
    max: Count
    min: Count
    name: Name


class AutoscalingPart(_Part):
    """Target tracking, and the average capacity it gives over the traffic week."""

    average: Number
    cooldown_down_s: Number
    cooldown_up_s: Number
    metric: Name
    scheduled: list[ScheduledPart]
    target: Number
    timezone: Name


class CostLinePart(_Part):
    """`quantity` `unit` at `usd_per_unit`; `assumption` says what about the price is a guess."""

    as_of: str
    assumption: str
    monthly_usd: Usd
    name: Name
    quantity: Number
    source: str
    unit: str
    usd_per_unit: Number


class CostPart(_Part):
    """A month of 730 hours; per million requests is null where there are none."""

    lines: list[CostLinePart]
    monthly_usd: Usd
    per_million_usd: Usd | None


class LatencyPart(_Part):
    """Percentiles over all requests; null where one has no finite value."""

    mean: Milliseconds | None
    p50: Milliseconds | None
    p90: Milliseconds | None
    p95: Milliseconds | None
    p99: Milliseconds | None


class MarginPart(_Part):
    """One objective: what was asked and what is predicted, both in `unit`."""

    met: bool
    objective: Name
    predicted: Number | None
    target: Number | None
    unit: str


class SloPart(_Part):
    """Whether every objective holds, and by how much."""

    margins: list[MarginPart]
    met: bool


class AssumptionPart(_Part):
    """A number that nobody gave."""

    reason: str
    source: str
    subject: Name
    value: str


class AdvicePart(_Part):
    """A rule of the vendor's documents that fires here."""

    rule: Name
    saves_monthly_usd: Number | None
    source_id: str
    text: Name
    trigger: str


class IntervalPart(_Part):
    """Where a percentile lies."""

    high: Milliseconds | None
    low: Milliseconds | None


class IntervalsPart(_Part):
    """Intervals of the percentiles at the confidence beside them."""

    p50: IntervalPart
    p90: IntervalPart
    p95: IntervalPart
    p99: IntervalPart


class VerificationPart(_Part):
    """The simulation behind a decision; `fewer` tells what fails with one less."""

    closed_form_ms: LatencyPart
    confidence: Fraction
    fewer: str
    intervals_ms: IntervalsPart
    seed: Count
    simulated_requests: Count


class DecisionPart(_Part):
    """The configuration of one cloud endpoint, with its price and its proof."""

    advice: list[AdvicePart]
    assumptions: list[AssumptionPart]
    autoscaling: AutoscalingPart | None
    cold_start_fraction: Fraction
    concurrency: ConcurrencyPart
    cost: CostPart
    hosting: Name
    instance_type: Name
    latency_ms: LatencyPart
    method: Name
    models: list[Name]
    options: dict[str, str]
    replicas: RangePart | None
    routing: str
    slo: SloPart
    units: RangePart | None
    verification: VerificationPart | None
    warnings: list[Name]


class RejectionPart(_Part):
    """Why a candidate is out: the bound, its source, and the place in the spec that asks."""

    allowed: str
    code: Name
    measured: str
    shortfall: Annotated[
        Number | None, Field(description="Ratio to the bound, over one; null: no number mends it.")
    ]
    source: str
    source_id: str
    spec_path: str


class AlternativePart(_Part):
    """A candidate that was not taken; `rejection` null means feasible, only dearer."""

    hosting: Name
    instance_type: Name
    latency_ms: LatencyPart | None
    monthly_usd: Usd | None
    provider: Name
    rejection: RejectionPart | None
    replicas: RangePart | None
    variant: str


class ExcludedPart(_Part):
    """Candidates that fell at the same bound before they were sized."""

    hosting: Name
    instance_types: list[Name]
    provider: Name
    rejection: RejectionPart


class FieldPart(_Part):
    """One field's desired and live value; `(hidden)` stands for a secret."""

    action: Action
    desired: JsonValue
    live: JsonValue
    path: str
    reason: str


class ChangePart(_Part):
    """What happens to one cloud object."""

    action: Action
    address: Name
    fields: list[FieldPart]
    reason: str
    risk: Risk


class ResourcePart(_Part):
    """One cloud object with the whole request of its creation."""

    address: Name
    after: list[Name]
    body: dict[str, JsonValue]
    kind: Name
    name: Name


class DesiredPart(_Part):
    """What applying needs: where, and every object; values that look like secrets are hidden."""

    digest: str
    place: dict[str, str]
    provider: Name
    region: str
    resources: list[ResourcePart]


class CheckPart(_Part):
    """Something that could stop the first write, and how looking at it ended."""

    detail: str
    hint: str
    name: Name
    subject: Name
    verdict: Verdict


class EndpointPart(_Part):
    """One cloud endpoint; `workload` is the spec document it comes from."""

    action: Action
    alternatives: list[AlternativePart]
    changes: Annotated[list[ChangePart], Field(description="In the order of execution.")]
    decision: DecisionPart
    desired: DesiredPart | None
    excluded: list[ExcludedPart]
    expected_s: RangePart | None
    labels: dict[str, str]
    monthly_usd_before: Annotated[Usd, Field(description="Of what runs now; 0 without a price.")]
    name: Name
    notes: list[str]
    provider: Name
    region: Name
    sync: Annotated[Sync | None, Field(description="Null where nothing that lives was read.")]
    warm_up: Annotated[WarmUpPart | None, Field(description="Null where nothing is called.")]
    workload: Name
    zones: Count


class RemovalPart(_Part):
    """An endpoint of these specs that they do not want any more."""

    action: Action
    changes: Annotated[list[ChangePart], Field(description="In the order of execution.")]
    desired: DesiredPart
    name: Name
    notes: list[str]
    workload: Name


class RelaxationPart(_Part):
    """The smallest change of one objective or constraint that makes the spec feasible."""

    current: str
    monthly_usd: Usd | None
    needed: str
    spec_path: Name


class InfeasiblePart(_Part):
    """A workload that nothing in the searched space can serve as asked."""

    excluded: list[ExcludedPart]
    misses: Annotated[list[AlternativePart], Field(description="Nearest first.")]
    relaxations: Annotated[list[RelaxationPart], Field(description="Smallest first.")]
    workload: Name


class LimitExceededPart(_Part):
    """A limit over a region, workspace or account that the run's endpoints exceed together."""

    allowed: Number
    as_of: str
    endpoints: list[Name]
    limit: Name
    measure: Measure
    measured: Number
    provider: Name
    region: Name
    scope: Scope
    source: str
    source_id: str


class CatalogPart(_Part):
    """Which data priced the plan."""

    as_of: str
    provider: Name
    region: Name
    version: str


class SummaryPart(_Part):
    """Endpoints by action, and the monthly cost of all of them before and after."""

    create: Count
    delete: Count
    monthly_usd_after: Usd
    monthly_usd_before: Usd
    replace: Count
    unchanged: Count
    update: Count


class PlanDocument(_Part):
    """What `planner plan -o json` prints; keys and lists are sorted where nothing else is said."""

    catalogs: list[CatalogPart]
    checks: list[CheckPart]
    endpoints: list[EndpointPart]
    fingerprint: Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
    format_version: Annotated[str, Field(pattern=r"^1\.[0-9]+$")]
    infeasible: list[InfeasiblePart]
    limits_exceeded: list[LimitExceededPart]
    locks: Annotated[list[LockPart], Field(description="Of the specs that have one.")]
    mode: Mode
    planner_version: Name
    policy: Annotated[PolicyPart | None, Field(description="Null where no policy was given.")]
    removals: list[RemovalPart]
    seal: Annotated[str, Field(description="SHA-256 over everything else.")]
    strays: Annotated[list[Name], Field(description="Endpoints that --prune would delete.")]
    summary: SummaryPart
    verified: bool
