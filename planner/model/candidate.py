"""Candidates and what becomes of each: an estimate or a rejection, never nothing."""

from __future__ import annotations

from planner.model.value import value
from planner.model.workload import Assumption, ScheduledAction


@value
class Rejection:
    """Why a candidate is out: a stable code, what was measured and what is allowed.

    `path` is the spec path that asks for it, `source` the origin of the bound and `source_id` the
    row of the vendor documents. `shortfall` is how far off it is as a ratio over one
    (1.26: 26 % over the bound); infinity where no number could mend it.
    """

    code: str
    measured: str
    allowed: str
    path: str = ""
    source: str = ""
    source_id: str = ""
    shortfall: float = float("inf")


@value
class Latency:
    """Percentiles over all requests, seconds, at the place the objective is measured."""

    p50_s: float
    p90_s: float
    p95_s: float
    p99_s: float
    mean_s: float


@value
class Interval:
    """Where a percentile lies with the stated confidence, seconds."""

    name: str
    low_s: float
    high_s: float


@value
class Verification:
    """The simulation behind a decision's percentiles.

    `simulated` requests with `seed`; `intervals` of p50, p90, p95 and p99 at `confidence`.
    `closed_form` is what the formula said. `fewer` tells what fails with one replica, unit or warm
    instance less; empty where nothing smaller exists.
    """

    simulated: int
    seed: int
    confidence: float
    intervals: tuple[Interval, ...]
    closed_form: Latency
    fewer: str = ""


@value
class CostLine:
    """`quantity` `unit` at `usd_per_unit` make `monthly_usd` (730 h a month)."""

    name: str
    quantity: float
    unit: str
    usd_per_unit: float
    monthly_usd: float
    source: str
    as_of: str
    assumption: str = ""


@value
class Cost:
    """Monthly cost, the same per million requests (None without requests), and its lines."""

    monthly_usd: float
    per_million_usd: float | None
    lines: tuple[CostLine, ...]


@value
class Range:
    """Least and most, both included; as text `5..9`, or `5` where they agree."""

    min: int
    max: int

    def __str__(self) -> str:
        return str(self.min) if self.min == self.max else f"{self.min}..{self.max}"


@value
class Autoscaling:
    """Target tracking: `target` per replica of `metric` (invocations per minute, or a fraction)."""

    metric: str
    target: float
    cooldown_up_s: float
    cooldown_down_s: float
    average: float
    scheduled: tuple[ScheduledAction, ...] = ()
    timezone: str = "UTC"


@value
class Alternative:
    """A candidate that was not taken; `rejection` None means feasible, only dearer.

    `latency` and `monthly_usd` are None where the candidate fell before they were computed.
    """

    provider: str
    hosting: str
    instance_type: str
    replicas: Range | None = None
    monthly_usd: float | None = None
    latency: Latency | None = None
    rejection: Rejection | None = None
    variant: str = ""


@value
class Exclusions:
    """Candidates that fell at the same bound before sizing, by name."""

    provider: str
    hosting: str
    instance_types: tuple[str, ...]
    rejection: Rejection


@value
class Margin:
    """One objective: what was asked, what is predicted, and whether it holds."""

    objective: str
    target: float
    predicted: float
    unit: str
    met: bool


@value
class Advice:
    """A rule of the vendor documents that fires here: id, trigger, what to do and what it saves."""

    rule: str
    source_id: str
    trigger: str
    text: str
    saves_monthly_usd: float | None = None


@value
class Step:
    """One line of the arithmetic behind a decision: `label = expression = value`."""

    label: str
    expression: str
    value: str
    source: str = ""


@value
class Concurrency:
    """Requests in service at once: per replica, and over the whole endpoint at its largest."""

    per_replica: int
    max: int


@value
class Decision:
    """The configuration of one cloud endpoint, with its price and its proof.

    `endpoint` is the cloud's endpoint name, `models` the names of the models it serves.
    `peak_per_s` is the highest rate it is sized for.
    `replicas` counts instances (replicas kinds) and is None where capacity is not counted so.
    `units` counts provisioned concurrency (units kind); `options` are provider facts from the
    offering and the mode: route_optimized, memory_mb, prewarm, model_cache, scale_to_zero.
    `method` is `simulation`, with its `verification`, or `closed-form`.
    """

    endpoint: str
    provider: str
    region: str
    hosting: str
    instance_type: str
    models: tuple[str, ...]
    replicas: Range | None
    units: Range | None
    concurrency: Concurrency
    autoscaling: Autoscaling | None
    routing: str
    options: tuple[tuple[str, str], ...]
    cost: Cost
    latency: Latency
    cold_start_fraction: float
    margins: tuple[Margin, ...]
    method: str
    assumptions: tuple[Assumption, ...]
    verification: Verification | None = None
    warnings: tuple[str, ...] = ()
    advice: tuple[Advice, ...] = ()
    arithmetic: tuple[Step, ...] = ()
    peak_per_s: float = 0.0

    @property
    def met(self) -> bool:
        """True when every objective holds."""
        return all(margin.met for margin in self.margins)

    def option(self, name: str, default: str = "") -> str:
        """Value of one provider option."""
        return dict(self.options).get(name, default)


@value
class Sensitivity:
    """Where the decision changes as one input grows; None when it does not within the range."""

    subject: str
    now: str
    changes_at: str | None
    to: str


@value
class Robustness:
    """Whether the decision holds when one input is off; `found` tells what its requests meet."""

    subject: str
    holds: bool
    found: str


@value
class Solved:
    """The cheapest feasible configuration: one decision per cloud endpoint it needs."""

    workload: str
    decisions: tuple[Decision, ...]
    alternatives: tuple[Alternative, ...]
    excluded: tuple[Exclusions, ...]

    @property
    def monthly_usd(self) -> float:
        """Cost of all the endpoints together."""
        return sum(decision.cost.monthly_usd for decision in self.decisions)


@value
class Relaxation:
    """The smallest change of one objective or constraint that makes the spec feasible."""

    path: str
    current: str
    needed: str
    monthly_usd: float | None = None


@value
class Infeasible:
    """Nothing meets the spec: the nearest misses first, and what would help."""

    workload: str
    misses: tuple[Alternative, ...]
    relaxations: tuple[Relaxation, ...]
    excluded: tuple[Exclusions, ...]


Outcome = Solved | Infeasible
