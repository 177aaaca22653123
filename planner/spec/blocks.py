"""The blocks of `spec:` but for traffic; one pydantic model per block, quantities in SI units.

Defaults that are guesses are None here: whoever fills them in records an assumption.
"""

# No `from __future__ import annotations`: pydantic would compile each annotation once more.

import json
import re
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from planner.model.units import UnitError
from planner.model.workload import Compute, MeasuredAt
from planner.spec.quantities import (
    Count,
    DnsLabel,
    Duration,
    Flag,
    Fraction,
    Number,
    PositiveCount,
    PositiveDuration,
    PositiveFraction,
    PositiveMoney,
    PositiveNumber,
    PositiveRate,
    PositiveSize,
    Quantity,
    Size,
    SpecBlock,
    Text,
)

_PERCENTILE = re.compile(r"p(\d{1,2}(?:\.\d+)?)\Z")
_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")

HOSTINGS = ("dedicated", "single-model", "multi-model", "serverless")
"""Modes that every provider may offer; others are the providers' own."""

RESERVED_HOSTINGS = (
    "inference-component",
    "async",
    "provisioned-throughput",
    "pay-per-token",
)
"""Modes of some providers that a spec may allow whether or not they are offered."""


def quantile_of(label: str) -> float | None:
    """Return 0.99 for `p99`, 1.0 for `max` and None for `mean`; UnitError for anything else."""
    if label == "mean":
        return None
    if label == "max":
        return 1.0
    match = _PERCENTILE.match(label)
    if match is None or float(match[1]) == 0:
        digits = label.removeprefix("p")
        near = f"p{digits[:2]}.{digits[2:]}" if digits.isdigit() and len(digits) > 2 else "p99"
        raise UnitError(f"{label} is no percentile", f"write {near}; valid: p50 p95 p99.9 mean max")
    return float(f"{match[1]}e-2")


def _percentile(value: Any) -> str:
    """Check the key of a latency objective."""
    quantile_of(value)
    return str(value)


def _env_name(value: Any) -> str:
    """Check the name of an environment variable."""
    if isinstance(value, str) and _ENV_NAME.match(value):
        return value
    raise UnitError(
        f"{value} is no name of an environment variable", "use letters, digits and _, as MY_NAME"
    )


_LABEL_SCHEMA = {"type": "string", "pattern": r"^(p\d{1,2}(\.\d+)?|mean|max)$"}
Percentile = Annotated[str, Quantity(_percentile, _LABEL_SCHEMA)]
EnvName = Annotated[
    str, Quantity(_env_name, {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$"})
]
Targets = Annotated[dict[Percentile, PositiveDuration], Field(min_length=1)]


class Metadata(SpecBlock):
    """Name of the endpoint and the labels that become provider tags."""

    name: DnsLabel
    labels: dict[Text, Text] = Field(default={})


class TokensBlock(SpecBlock):
    """Distribution of a token count."""

    mean: PositiveNumber
    std: Number | None = None
    p99: PositiveNumber | None = None
    max: PositiveNumber | None = None


class LlmBlock(SpecBlock):
    """Token shape of a large language model's requests."""

    input_tokens: TokensBlock
    output_tokens: TokensBlock
    shared_prefix: Fraction = 0.0
    precision: Text | None = None
    streaming: Flag = False


class ExternalCallBlock(SpecBlock):
    """A call the model makes while it answers."""

    name: Text
    latency: Duration
    rate_limit: PositiveRate | None = None
    error_rate: Fraction = 0.0


class CorrectionBlock(SpecBlock):
    """What a running endpoint showed of `service_time`: there it takes `factor` times as long.

    `instance` is what it ran on; `scv`, where it was seen, replaces the spread.
    """

    instance: Text | None = None
    factor: PositiveNumber
    date: Text
    reason: Text
    scv: Number | None = None


class ModelBlock(SpecBlock):
    """One model; times are of one request at a time on `reference_instance`."""

    name: Text
    artifact: Text | None = None
    framework: Text | None = None
    image: Text | None = None
    image_size: PositiveSize | None = None
    size: PositiveSize
    memory: PositiveSize | None = None
    compute: Compute = Compute.ANY
    service_time: PositiveDuration | None = None
    service_time_p99: PositiveDuration | None = None
    reference_instance: Text | None = None
    calibration: CorrectionBlock | None = None
    profile: Text | None = None
    max_concurrency: PositiveCount | None = None
    vcpus_per_request: PositiveNumber = 1.0
    load_time: Duration | None = None
    weight: Number | None = None
    latency: Targets | None = None
    external_calls: tuple[ExternalCallBlock, ...] = ()
    environment: dict[EnvName, Text] = Field(default={})
    llm: LlmBlock | None = None


class SplitBlock(SpecBlock):
    """How the traffic divides over a fleet: by the rows' weights, or by Zipf's law."""

    by_weight: Flag | None = None
    zipf: PositiveNumber | None = None


class ModelsFromBlock(SpecBlock):
    """A fleet in a file: one row per model; `columns` maps model fields to column names."""

    file: Text
    format: Literal["csv", "jsonl", "parquet"] | None = None
    columns: dict[Text, Text] = Field(default={})
    defaults: dict[Text, Any] = Field(default={})
    split: SplitBlock = Field(default_factory=SplitBlock)


class PayloadBlock(SpecBlock):
    """Bytes on the wire of one request."""

    request: Size | None = None
    response: Size | None = None
    max_request: PositiveSize | None = None


class ColdStartBlock(SpecBlock):
    """At most `fraction` of the requests may be cold, none longer than `max`."""

    max: PositiveDuration | None = None
    fraction: Fraction | None = None


def _cold_start_form(value: Any) -> str:
    return "bounds" if isinstance(value, dict | ColdStartBlock) else "word"


ColdStartField = Annotated[
    Annotated[Literal["forbid", "allow"], Tag("word")] | Annotated[ColdStartBlock, Tag("bounds")],
    Discriminator(_cold_start_form),
]


class SloBlock(SpecBlock):
    """Service-level objectives over all requests, cold ones included."""

    latency: Targets | None = None
    ttft: Targets | None = None
    itl: Targets | None = None
    measured_at: MeasuredAt = MeasuredAt.ENDPOINT
    availability: PositiveFraction | None = None
    errors: Fraction | None = None
    cold_start: ColdStartField = "forbid"


class InstancesBlock(SpecBlock):
    """Globs of instance types that may or may not be used."""

    include: tuple[Text, ...] = ()
    exclude: tuple[Text, ...] = ()


class ReplicasBlock(SpecBlock):
    """Bounds on the number of replicas."""

    min: Count | None = None
    max: PositiveCount | None = None


class BudgetBlock(SpecBlock):
    """The most that the endpoint may cost."""

    monthly: PositiveMoney | None = None
    hourly: PositiveMoney | None = None


class ConstraintsBlock(SpecBlock):
    """What the answer must respect."""

    hosting: Annotated[tuple[Text, ...], Field(min_length=1)] | None = None
    instances: InstancesBlock = Field(default_factory=InstancesBlock)
    accelerators: tuple[Text, ...] = ()
    replicas: ReplicasBlock = Field(default_factory=ReplicasBlock)
    zones: PositiveCount = 1
    utilization: PositiveFraction = 0.70
    scale_to_zero: Literal["allow", "forbid"] = "forbid"
    budget: BudgetBlock = Field(default_factory=BudgetBlock)
    commitment: Literal["on-demand"] = "on-demand"


class ObjectiveBlock(SpecBlock):
    """What to minimise, and how much a change must save."""

    minimize: Literal["cost"] = "cost"
    tie_break: Literal["stability"] = "stability"
    stability: Fraction = 0.05


def _sample(value: Any) -> str:
    """Read a request's body: a text as it is, a mapping or a list as the JSON that is sent."""
    if isinstance(value, str) and value.strip():
        return value
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    raise UnitError("must be the text of one request", "write it in quotes, or as a mapping")


SampleText = Annotated[str, Quantity(_sample, {"type": ["string", "object", "array"]})]


class WarmUpBlock(SpecBlock):
    """Test calls of what was written, with `body` or the content of `file`."""

    body: SampleText | None = None
    file: Text | None = None
    content_type: Text = "application/json"
    requests: PositiveCount = 20
    models: PositiveCount = 50
    timeout: PositiveDuration = 600.0


class RolloutBlock(SpecBlock):
    """How an update reaches traffic."""

    strategy: Literal["canary", "linear", "rolling", "all-at-once"] = "canary"
    step: PositiveFraction = 0.10
    interval: Duration = 600.0
    bake: Duration = 0.0
    alarms: tuple[Text, ...] = ()
    rollback: Flag = True
    warm_up: WarmUpBlock | None = None


class PinnedRangeBlock(SpecBlock):
    """The range of an autoscaler."""

    min: PositiveCount
    max: PositiveCount


def _pinned_form(value: Any) -> str:
    return "range" if isinstance(value, dict | PinnedRangeBlock) else "count"


PinnedConcurrency = Annotated[
    Annotated[PositiveCount, Tag("count")] | Annotated[PinnedRangeBlock, Tag("range")],
    Discriminator(_pinned_form),
]
PinnedReplicas = Annotated[
    Annotated[Count, Tag("count")] | Annotated[PinnedRangeBlock, Tag("range")],
    Discriminator(_pinned_form),
]


class ScheduleBlock(SpecBlock):
    """Bounds of an autoscaler from each match of a five-field cron."""

    name: Text
    at: Text
    min: PositiveCount
    max: PositiveCount


class PinBlock(SpecBlock):
    """Decisions a person took; the solver checks and prices them."""

    hosting: Text | None = None
    instance: Text | None = None
    replicas: PinnedReplicas | None = None
    target: PositiveNumber | None = None
    schedule: tuple[ScheduleBlock, ...] = ()
    concurrency: PinnedConcurrency | None = None
    prewarm: Count | None = None
    routing: Literal["least-outstanding", "two-choices", "random"] | None = None
