"""The five kinds of `traffic:`, told apart by `type`."""

# No `from __future__ import annotations`: pydantic would compile each annotation once more.

from typing import Annotated, Any, Literal

from pydantic import Field

from planner.model.units import UnitError, parse_rate
from planner.spec.blocks import quantile_of
from planner.spec.calendar import DAY_S
from planner.spec.quantities import (
    Clock,
    Number,
    PositiveDuration,
    PositiveNumber,
    PositiveRate,
    Quantity,
    Rate,
    Ratio,
    SpecBlock,
    Text,
)

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _per_day(value: Any) -> float:
    """Read requests per day; a bare number is refused, as nobody counts rare calls per second."""
    if isinstance(value, str) and "/" in value:
        number = round(parse_rate(value) * DAY_S, 6)
        if number > 0:
            return number
        raise UnitError(f"must be greater than 0, not {value}", "write a rate such as 400/day")
    raise UnitError(f"a number of requests needs its span: {value}", f"write {value}/day")


def _size_for(value: Any) -> float:
    """Read `max` or `p99.9` as the quantile of buckets that capacity covers."""
    quantile = quantile_of(str(value))
    if quantile is None:
        raise UnitError("capacity cannot be sized for the mean", "write max, p99 or p99.9")
    return quantile


PerDay = Annotated[
    float,
    Quantity(
        _per_day,
        {
            "type": "string",
            "pattern": r"^(\d[\d.,]*\s*/\s*(s|min|h|hour|day|d|week|w)|\$\{env:[^}]*\})$",
        },
    ),
]
SizeFor = Annotated[
    float, Quantity(_size_for, {"type": "string", "pattern": r"^(p\d{1,2}(\.\d+)?|max)$"})
]


class TrafficBlock(SpecBlock):
    """Fields of every kind of traffic; rates grow by `growth` a month for `horizon` months.

    `dispersion` is the index of dispersion of the requests in long windows: `burstiness` squared.
    """

    arrival: Literal["poisson", "uniform"] = "poisson"
    burstiness: PositiveNumber = 1.0
    dispersion: PositiveNumber | None = None
    growth: Ratio = 0.0
    horizon: Number = 0.0
    timezone: Text = "UTC"


class BurstBlock(SpecBlock):
    """A rise to `rate` for `duration`, once `every` so often."""

    rate: PositiveRate
    duration: PositiveDuration
    every: PositiveDuration


class SteadyBlock(TrafficBlock):
    """One rate around the clock."""

    type: Literal["steady"]
    rate: PositiveRate
    burst: BurstBlock | None = None


class WindowBlock(SpecBlock):
    """Hours of some days; an end before the start runs past midnight."""

    days: Annotated[tuple[Day, ...], Field(min_length=1)] = DAYS
    start: Clock
    end: Clock


class IntermittentBlock(TrafficBlock):
    """A few requests a day, spread over windows; without windows over the whole week."""

    type: Literal["intermittent"]
    requests: PerDay
    windows: tuple[WindowBlock, ...] = ()


class SpikeBlock(SpecBlock):
    """A known event at each match of a five-field cron."""

    name: Text
    at: Text
    rate: PositiveRate
    duration: PositiveDuration


class DiurnalBlock(TrafficBlock):
    """A daily bell from `base` to `peak`; `width` is its width at half height."""

    type: Literal["diurnal"]
    base: Rate
    peak: PositiveRate
    peak_at: Clock
    width: PositiveDuration | None = None
    weekend: Ratio = 1.0
    spikes: tuple[SpikeBlock, ...] = ()


class StageBlock(SpecBlock):
    """A straight line to `target`."""

    target: Rate
    duration: PositiveDuration


class StagesBlock(TrafficBlock):
    """Straight-line stages, repeated."""

    type: Literal["stages"]
    start: Rate = 0.0
    stages: Annotated[tuple[StageBlock, ...], Field(min_length=1)]


class ColumnsBlock(SpecBlock):
    """Names of the columns of a trace."""

    timestamp: Text = "timestamp"
    count: Text | None = None


class TraceBlock(TrafficBlock):
    """Recorded requests: a time stamp each, or counts per `bucket`."""

    type: Literal["trace"]
    file: Text
    format: Literal["csv", "jsonl", "parquet"] | None = None
    columns: ColumnsBlock = Field(default_factory=ColumnsBlock)
    bucket: PositiveDuration | None = None
    scale: PositiveNumber = 1.0
    size_for: SizeFor = Field(default=0.99, json_schema_extra={"default": "p99"})


AnyTraffic = SteadyBlock | IntermittentBlock | DiurnalBlock | StagesBlock | TraceBlock

TRAFFIC: dict[str, type[AnyTraffic]] = {
    "steady": SteadyBlock,
    "intermittent": IntermittentBlock,
    "diurnal": DiurnalBlock,
    "stages": StagesBlock,
    "trace": TraceBlock,
}
"""The kinds of traffic by the name in `type`."""
