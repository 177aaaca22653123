"""The catalog's tables, read once from the CSV files beside this module."""

from __future__ import annotations

import csv
from dataclasses import replace
from functools import cache
from hashlib import sha256
from pathlib import Path

from planner.model.value import value

_FOLDER = Path(__file__).parent / "catalog"
_GB = 1_000_000_000

CLOUDS = ("aws", "azure", "gcp")
DEFAULT_REGIONS = {"aws": "us-east-1", "azure": "eastus", "gcp": "us-central1"}
UNITS_PER_REPLICA = 4


@value
class WorkloadType:
    """One row of workload_types.csv; `dbu_per_hour` is None where no source states a rate.

    `rate_unit` is `concurrency` (per unit) or `replica` (per four units).
    """

    cloud: str
    name: str
    stage: str
    accelerator: str
    accelerators: int
    accelerator_memory_bytes: int | None
    memory_bytes: int | None
    dbu_per_hour: float | None
    rate_unit: str
    confidence: str
    price_source: str
    as_of: str
    hardware_source: str
    note: str

    @property
    def gpu(self) -> bool:
        """True for types with an accelerator, by the cloud's own naming."""
        return "GPU" in self.name

    @property
    def offered(self) -> bool:
        """False where the cloud does not have this type."""
        return self.stage != "not-offered"

    @property
    def units_per_rate(self) -> int:
        """Units of concurrency that one `rate_unit` covers."""
        return UNITS_PER_REPLICA if self.rate_unit == "replica" else 1


@value
class DbuPrice:
    """USD of one DBU, and of one start from zero where a source states it."""

    cloud: str
    region: str
    tier: str
    usd_per_dbu: float
    usd_per_launch: float | None
    source: str
    as_of: str


@value
class MeterRate:
    """DBU of one unit of a meter beside the compute."""

    name: str
    dbu: float
    per: str
    as_of: str
    source: str


@value
class LimitRow:
    """One statement of the vendor about a bound; only `current` rows carry a number."""

    name: str
    measure: str
    scope: str
    applies: str
    value: str
    status: str
    source_id: str
    as_of: str
    source: str
    note: str


@value
class Timing:
    """A duration in seconds, or a count, with its origin."""

    name: str
    value: float
    as_of: str
    source: str
    note: str


def _read(name: str) -> tuple[dict[str, str], tuple[dict[str, str], ...]]:
    """`# key: value` lines of the head, and the rows."""
    lines = (_FOLDER / name).read_text(encoding="utf-8").splitlines()
    heads = [line[2:] for line in lines if line.startswith("# ")]
    facts = dict(head.split(": ", 1) for head in heads if ": " in head)
    rows = csv.DictReader(line for line in lines if not line.startswith("#"))
    return facts, tuple(rows)


def _number(text: str) -> float | None:
    return float(text) if text else None


def _gigabytes(text: str) -> int | None:
    """Read as 10^9 bytes, the smaller of the two readings of the documents' GB."""
    return int(float(text) * _GB) if text else None


@cache
def workload_types() -> tuple[WorkloadType, ...]:
    """Every workload type of every cloud, those not offered included."""
    return tuple(
        WorkloadType(
            cloud=row["cloud"],
            name=row["workload_type"],
            stage=row["stage"],
            accelerator=row["accelerator"],
            accelerators=int(row["accelerators"] or 0),
            accelerator_memory_bytes=_gigabytes(row["accelerator_memory_gb"]),
            memory_bytes=_gigabytes(row["memory_gb"]),
            dbu_per_hour=_number(row["dbu_per_hour"]),
            rate_unit=row["rate_unit"],
            confidence=row["confidence"],
            price_source=row["price_source"],
            as_of=row["as_of"],
            hardware_source=row["hardware_source"],
            note=row["note"],
        )
        for row in _read("workload_types.csv")[1]
    )


@cache
def types_of(cloud: str) -> tuple[WorkloadType, ...]:
    """Every workload type for one cloud, by name; those it does not have stand as not offered."""
    own = {kind.name: kind for kind in workload_types() if kind.cloud == cloud}
    return tuple(own.get(name) or _not_offered(cloud, name) for name in type_names())


def _not_offered(cloud: str, name: str) -> WorkloadType:
    """A type that other clouds have: the hardware source lists this cloud's types without it."""
    other = next(kind for kind in workload_types() if kind.name == name)
    return replace(
        other,
        cloud=cloud,
        stage="not-offered",
        dbu_per_hour=None,
        accelerator="",
        accelerators=0,
        accelerator_memory_bytes=None,
        memory_bytes=None,
    )


@cache
def type_names() -> tuple[str, ...]:
    """Names of all workload types, sorted."""
    return tuple(sorted({kind.name for kind in workload_types()}))


@cache
def dbu_prices() -> tuple[DbuPrice, ...]:
    """USD per DBU of every cloud, region and tier."""
    facts, rows = _read("usd_per_dbu.csv")
    return tuple(
        DbuPrice(
            cloud=row["cloud"],
            region=row["region"],
            tier=row["tier"],
            usd_per_dbu=float(row["usd_per_dbu"]),
            usd_per_launch=_number(row["usd_per_launch"]),
            source=facts["source"],
            as_of=facts["as_of"],
        )
        for row in rows
    )


@cache
def regions() -> tuple[str, ...]:
    """Every region with a price, all clouds, sorted."""
    return tuple(sorted({price.region for price in dbu_prices()}))


@cache
def meter_rates() -> dict[str, MeterRate]:
    """Meters beside the compute by name."""
    return {
        row["meter"]: MeterRate(
            name=row["meter"],
            dbu=float(row["dbu"]),
            per=row["per"],
            as_of=row["as_of"],
            source=row["source"],
        )
        for row in _read("meters.csv")[1]
    }


@cache
def limit_rows() -> tuple[LimitRow, ...]:
    """Every statement about a limit, superseded ones and those without a number included."""
    return tuple(LimitRow(**row) for row in _read("limits.csv")[1])


@cache
def timings() -> dict[str, Timing]:
    """Timings of scaling, cold starts and overhead by name."""
    return {
        row["name"]: Timing(
            name=row["name"],
            value=float(row["value"]),
            as_of=row["as_of"],
            source=row["source"],
            note=row["note"],
        )
        for row in _read("timings.csv")[1]
    }


@cache
def version() -> str:
    """Identifies the data: the date of the prices and a digest over all tables."""
    digest = sha256()
    for file in sorted(_FOLDER.glob("*.csv")):
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return f"{dbu_prices()[0].as_of}+{digest.hexdigest()[:12]}"
