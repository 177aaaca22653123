"""What can be bought: offerings, prices and limits, as data with source and date.

The core knows kinds of capacity, not clouds:

    replicas         priced per replica and hour, slots from the hardware
    units            priced per unit of concurrency and hour, in steps
    on-demand        priced per busy GB-second, scales to zero
    shared-replicas  replicas with a cache of models
"""

from __future__ import annotations

from enum import StrEnum

from planner.diagnostics import Location
from planner.model.value import value


class Kind(StrEnum):
    """How an offering supplies and prices capacity."""

    REPLICAS = "replicas"
    UNITS = "units"
    ON_DEMAND = "on-demand"
    SHARED_REPLICAS = "shared-replicas"


class Scope(StrEnum):
    """Over what a limit counts; region, workspace and account add up all endpoints of a run."""

    REQUEST = "request"
    ENDPOINT = "endpoint"
    REGION = "region"
    WORKSPACE = "workspace"
    ACCOUNT = "account"

    @property
    def shared(self) -> bool:
        """True where all endpoints of a run count together."""
        return self not in (Scope.REQUEST, Scope.ENDPOINT)


class Measure(StrEnum):
    """The quantities that limits speak of and that the solver can compute."""

    PAYLOAD_BYTES = "payload_bytes"
    REQUEST_SECONDS = "request_seconds"
    RATE_PER_S = "rate_per_s"
    CONCURRENCY = "concurrency"
    PROVISIONED_CONCURRENCY = "provisioned_concurrency"
    MODELS = "models"
    ENDPOINTS = "endpoints"
    REPLICAS = "replicas"
    MODEL_BYTES = "model_bytes"
    MEMORY_BYTES = "memory_bytes"
    IMAGE_BYTES = "image_bytes"
    ENVIRONMENT_VARIABLES = "environment_variables"


@value
class Limit:
    """`measure` must not exceed `value` within `scope`.

    `source_id` is the row of the vendor documents, such as S4 or D2, where there is one.
    `advisory` limits warn and do not reject.
    """

    name: str
    measure: Measure
    scope: Scope
    value: float
    source: str
    as_of: str
    source_id: str = ""
    advisory: bool = False


@value
class LimitOverride:
    """A limit as the user knows it better, and where the user says so."""

    provider: str
    name: str
    value: float
    source: str
    as_of: str
    path: str
    location: Location


@value
class Price:
    """`usd` per unit of the meter it stands for; `assumption` says what about it is a guess."""

    usd: float
    source: str
    as_of: str
    assumption: str = ""


@value
class Hardware:
    """One replica's hardware; `vcpus` and `memory_bytes` are None where no source states them."""

    vcpus: float | None
    memory_bytes: int | None
    arch: str = "x86_64"
    accelerator: str = ""
    accelerators: int = 0
    accelerator_memory_bytes: int | None = None
    local_disk_bytes: int = 0


@value
class Scaling:
    """How capacity follows load: metric period and breaches, start-up time, and the way down.

    The lag from a rise in load to serving capacity is `period_s * breaches_up + start_s`. Not
    `tunable`: the platform picks the target that capacity follows.
    """

    metric: str
    period_s: float
    breaches_up: int
    breaches_down: int
    start_s: float
    cooldown_up_s: float
    cooldown_down_s: float
    scheduled: bool
    source: str
    min_count: int = 1
    tunable: bool = True

    @property
    def lag_up_s(self) -> float:
        """Seconds from a rise in load to capacity that serves it."""
        return self.period_s * self.breaches_up + self.start_s

    @property
    def lag_down_s(self) -> float:
        """Seconds from a fall in load to the first replica taken away."""
        return self.period_s * self.breaches_down + self.cooldown_down_s


@value
class Cold:
    """What happens at zero: idle time before capacity leaves, and the platform's start-up time.

    A cold request takes `start_s` plus the model's load time. `launch_price` is per start.
    """

    idle_s: float
    start_s: float
    source: str
    launch_price: Price | None = None
    launches_per_hour: float | None = None
    assumption: str = ""


@value
class Prewarm:
    """Capacity of an on-demand offering that is kept warm.

    `held` is per unit and hour of warm concurrency, `busy` per busy second at this size.
    """

    held: Price
    busy: Price
    max_units: int


@value
class Exclusion:
    """A feature that an offering cannot be combined with."""

    feature: str
    reason: str
    source: str
    source_id: str = ""


@value
class Offering:
    """One thing that can be configured in one hosting mode.

    `price` is USD per replica-hour (replicas, shared-replicas), per unit-hour (units) or per
    busy second at this size (on-demand); None means that no source states one.
    `options` are provider facts that a decision carries on, such as route_optimized.
    `queue_limit` is how many requests may wait per slot before the next one is answered 429.
    `preference` orders equal prices, lower first. `refusal` is a provider's own reason why this
    offering cannot be used here at all (code, measured, allowed, source). `notes` are consequences
    that a reviewer must know; one that begins with "assumption: " is a guess behind the numbers.
    """

    provider: str
    region: str
    hosting: str
    instance_type: str
    kind: Kind
    hardware: Hardware
    price: Price | None
    overhead_s: float
    routing: tuple[str, ...]
    step: int = 1
    max_concurrency: int | None = None
    queue_limit: int | None = None
    current_generation: bool = True
    autoscaling: Scaling | None = None
    cold: Cold | None = None
    prewarm: Prewarm | None = None
    limits: tuple[Limit, ...] = ()
    excludes: tuple[Exclusion, ...] = ()
    options: tuple[tuple[str, str], ...] = ()
    preference: int = 0
    refusal: Refusal | None = None
    notes: tuple[str, ...] = ()


@value
class Refusal:
    """A provider's reason why an offering is out before any arithmetic."""

    code: str
    measured: str
    allowed: str
    source: str = ""


@value
class Meter:
    """A price beside the capacity itself: data in, data out, storage, logging."""

    name: str
    price: Price
    per: str


@value
class Catalog:
    """All offerings of one provider in one region, with its meters and shared limits.

    `meters` known to the cost model: data-in-gb, data-out-gb, storage-gb-month, logging-gb.
    `limits` are those that count over a region, workspace or account.
    `version` identifies the data; `as_of` is the oldest price date in it.
    """

    provider: str
    region: str
    offerings: tuple[Offering, ...]
    meters: tuple[Meter, ...]
    limits: tuple[Limit, ...]
    version: str
    as_of: str
    notes: tuple[str, ...] = ()
