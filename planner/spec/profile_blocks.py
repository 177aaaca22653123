"""The blocks of a `kind: Profile` file, quantities in SI units."""

# No `from __future__ import annotations`: pydantic would compile each annotation once more.

from typing import Annotated, Literal

from pydantic import Field

from planner.spec.blocks import Metadata, quantile_of
from planner.spec.quantities import (
    Count,
    Fraction,
    Number,
    PositiveCount,
    PositiveDuration,
    PositiveNumber,
    PositiveRate,
    Quantity,
    SpecBlock,
    Text,
)


def _statistic(name: object) -> str:
    """Check the name of a latency that was measured."""
    if name != "min":
        quantile_of(str(name))
    return str(name)


Statistic = Annotated[
    str,
    Quantity(_statistic, {"type": "string", "pattern": r"^(p\d{1,2}(\.\d+)?|mean|min|max)$"}),
]
Measured = dict[Statistic, PositiveDuration]


class MeasuredBlock(SpecBlock):
    """How the points were measured; an open loop keeps sending when answers are late."""

    tool: Text
    date: Text
    loop: Literal["open", "closed"]
    at: Literal["model", "endpoint", "client"] | None = None
    converted: Text | None = None


class PointBlock(SpecBlock):
    """Service time at one concurrency on one replica of an instance type.

    `measured` where it was not measured as the others were.
    """

    instance: Text
    concurrency: PositiveCount
    mean: PositiveDuration
    p99: PositiveDuration | None = None
    scv: Number | None = None
    measured: MeasuredBlock | None = None


class ObservationBlock(SpecBlock):
    """What a load test saw at one level of load; kept, and read by `planner profile` alone."""

    instance: Text
    loop: Literal["open", "closed"]
    users: PositiveNumber | None = None
    throughput: PositiveRate | None = None
    offered: PositiveRate | None = None
    arrivals: Literal["poisson", "constant"] = "poisson"
    queue: Literal["inside", "apart"] = "inside"
    mean: PositiveDuration
    std: PositiveDuration | None = None
    latency: Measured = Field(default={})
    requests: Count | None = None
    errors: Fraction | None = None
    ttft: Measured = Field(default={})
    itl: Measured = Field(default={})
    input_tokens: PositiveNumber | None = None
    output_tokens: PositiveNumber | None = None
    labels: dict[Text, Text] = Field(default={})
    tool: Text
    date: Text
    at: Literal["model", "endpoint", "client"]


class CalibrationBlock(SpecBlock):
    """What a running endpoint showed beside what was predicted for it.

    `factor` multiplies the measured service times; of several, the newest of a type holds.
    """

    instance: Text
    factor: PositiveNumber
    date: Text
    reason: Text
    scv: Number | None = None
    rate: PositiveRate
    replicas: PositiveCount
    concurrency: PositiveCount
    observed: Measured
    predicted: Measured


class ProfileBlock(SpecBlock):
    """The measured points of one model."""

    model: Text | None = None
    measured: MeasuredBlock
    points: Annotated[tuple[PointBlock, ...], Field(min_length=1)]
    observations: tuple[ObservationBlock, ...] = ()
    calibrations: tuple[CalibrationBlock, ...] = ()


class ProfileDocument(SpecBlock):
    """A profile file."""

    apiVersion: Literal["planner/v1alpha1"]  # noqa: N815  the key in the file
    kind: Literal["Profile"]
    metadata: Metadata
    spec: ProfileBlock
