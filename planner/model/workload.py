"""What is asked: models, traffic, service-level objectives and constraints.

Units: seconds, bytes, requests per second, fractions of one, US dollars.
"""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum
from typing import Any

from planner.model.traffic import Traffic
from planner.model.value import value
from planner.model.warm_up import WarmUp


class Compute(StrEnum):
    """The hardware a model may run on."""

    CPU = "cpu"
    GPU = "gpu"
    ANY = "any"


class MeasuredAt(StrEnum):
    """Where the latency objective is measured; each includes the one before."""

    MODEL = "model"
    ENDPOINT = "endpoint"
    CLIENT = "client"


@value
class Assumption:
    """A number nobody gave; it is printed wherever it matters."""

    subject: str
    value: str
    reason: str
    source: str = ""


@value
class ServicePoint:
    """Service time of one request while `concurrency` requests are in service on one replica."""

    concurrency: int
    mean_s: float
    p99_s: float | None = None


@value
class Correction:
    """What a running endpoint showed: measured service times take `factor` times as long there.

    `observed_on` is the instance type it ran on.
    """

    factor: float
    observed_on: str
    date: str
    reason: str


@value
class ServiceCurve:
    """Service times on one instance type, points by rising concurrency.

    `instance_type` is "" where the spec named no reference instance. The points hold their
    `correction` already. `profile` is the file they are in, "" for the spec itself.
    """

    instance_type: str
    points: tuple[ServicePoint, ...]
    source: str
    # The points and the source tell it; left out, plans made before it was known keep their digest.
    correction: Correction | None = field(default=None, repr=False)
    profile: str = field(default="", repr=False, compare=False)


@value
class ExternalCall:
    """A call that the model itself makes while it answers (docs/coverage.md D10)."""

    name: str
    latency_s: float
    rate_limit_per_s: float | None = None
    error_rate: float = 0.0


@value
class TokenCount:
    """Distribution of a token count."""

    mean: float
    std: float | None = None
    p99: float | None = None
    max: float | None = None


@value
class LlmShape:
    """Token shape of a large language model's requests."""

    input_tokens: TokenCount
    output_tokens: TokenCount
    shared_prefix: float = 0.0
    precision: str | None = None
    streaming: bool = False


@value
class LatencyTarget:
    """`quantile` of the latency must not exceed `seconds`; `label` is `p99`, `mean` or `max`.

    `quantile` is 0.99 for p99, None for the mean, 1.0 for max.
    """

    label: str
    quantile: float | None
    seconds: float


@value
class Model:
    """One model; `weight` is its share of all requests, the weights sum to one."""

    name: str
    weight: float
    size_bytes: int
    memory_bytes: int
    load_s: float
    compute: Compute = Compute.ANY
    artifact: str = ""
    framework: str = ""
    image: str = ""
    image_bytes: int | None = None
    max_concurrency: int | None = None
    vcpus_per_request: float = 1.0
    curves: tuple[ServiceCurve, ...] = ()
    external_calls: tuple[ExternalCall, ...] = ()
    llm: LlmShape | None = None
    latency: tuple[LatencyTarget, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()


@value
class Payload:
    """Bytes on the wire: mean request and response, and the largest request."""

    request_bytes: int
    response_bytes: int
    max_request_bytes: int


@value
class ColdStart:
    """Which requests may meet a cold start.

    forbid: allowed False. allow: allowed True, no bounds.
    Otherwise at most `fraction` of the requests, none longer than `max_s`.
    """

    allowed: bool
    max_s: float | None = None
    fraction: float | None = None


@value
class Slo:
    """Service-level objectives; latency percentiles are over all requests, cold ones included."""

    latency: tuple[LatencyTarget, ...]
    cold_start: ColdStart
    measured_at: MeasuredAt = MeasuredAt.ENDPOINT
    ttft: tuple[LatencyTarget, ...] = ()
    itl: tuple[LatencyTarget, ...] = ()
    availability: float | None = None
    errors: float | None = None


@value
class Constraints:
    """What the answer must respect, None where the spec is silent."""

    hosting: tuple[str, ...] | None = None
    instances_include: tuple[str, ...] = ()
    instances_exclude: tuple[str, ...] = ()
    accelerators: tuple[str, ...] = ()
    replicas_min: int = 1
    replicas_max: int | None = None
    zones: int = 1
    utilization: float = 0.70
    scale_to_zero: bool = False
    budget_monthly_usd: float | None = None
    budget_hourly_usd: float | None = None


@value
class Objective:
    """What to minimise; `stability` is the saving below which a running choice is kept."""

    minimize: str = "cost"
    tie_break: str = "stability"
    stability: float = 0.05


@value
class Rollout:
    """How an update reaches traffic; `stated` names what the spec itself asks for."""

    strategy: str = "canary"
    step: float = 0.10
    interval_s: float = 600.0
    bake_s: float = 0.0
    alarms: tuple[str, ...] = ()
    rollback: bool = True
    stated: tuple[str, ...] = ()
    warm_up: WarmUp | None = field(default=None, repr=False)
    """Calls after an update, which change no object: what stands for these does not know them."""


@value
class ScheduledAction:
    """Bounds that hold from each match of a five-field cron, local time of the traffic."""

    name: str
    cron: str
    min: int
    max: int


@value
class PinnedScaling:
    """Autoscaling that a person set; `target` in the metric of the policy, None: as sized.

    It counts replicas, or `units` of concurrency.
    """

    minimum: int
    maximum: int
    target: float | None = None
    schedule: tuple[ScheduledAction, ...] = ()
    units: bool = False


@value
class Pin:
    """Decisions a person took; the solver checks and prices them.

    `replicas` is a fixed count, `scaling` a range in its place, or in that of `concurrency` where
    that is bought by the unit; `prewarm` counts what is kept warm.
    """

    hosting: str | None = None
    instance: str | None = None
    replicas: int | None = None
    scaling: PinnedScaling | None = None
    concurrency: int | None = None
    prewarm: int | None = None
    routing: str | None = None

    @property
    def unit_counts(self) -> dict[str, int]:
        """Units of concurrency that are pinned, by the path below the spec that says so."""
        if self.scaling is not None and self.scaling.units:
            least, most = self.scaling.minimum, self.scaling.maximum
            return {"pin.concurrency.min": least, "pin.concurrency.max": most}
        return {} if self.concurrency is None else {"pin.concurrency": self.concurrency}


@value
class Feature:
    """Something a spec asks for that an offering may exclude, such as `vpc` (docs/coverage.md S6).

    `path` is the spec path that asks, `value` what stands there.
    """

    name: str
    path: str
    value: str = ""


@value
class ProviderChoice:
    """One `providers:` block; `settings` is the plugin's own frozen value, opaque to the core."""

    name: str
    settings: Any
    features: tuple[Feature, ...] = ()


@value
class Workload:
    """One endpoint's demand, complete: nothing here is optional text any more."""

    name: str
    models: tuple[Model, ...]
    traffic: Traffic
    slo: Slo
    payload: Payload
    constraints: Constraints
    objective: Objective
    rollout: Rollout
    pin: Pin
    providers: tuple[ProviderChoice, ...]
    labels: tuple[tuple[str, str], ...] = ()
    description: str = ""
    features: tuple[Feature, ...] = ()
    assumptions: tuple[Assumption, ...] = field(default=())
