"""The data files under `catalog/`, read once per process and never interpreted beyond their types.

`sources.csv` says where each file comes from and what its empty and `?` cells mean.
"""

from __future__ import annotations

import csv
import re
from functools import lru_cache
from pathlib import Path

from planner.model.catalog import Hardware, Limit, Measure, Price, Scope
from planner.model.value import value

_FOLDER = Path(__file__).parent / "catalog"
_GIB = 2**30
SUSPECT = "?"
"""Cell of a price that the source lists and that cross-checks contradict."""


@value
class InstanceRow:
    """One hosting type: hardware and what SageMaker allows on it."""

    name: str
    family: str
    hardware: Hardware
    nvme_gb: int
    multi_model: bool
    autoscaling: bool
    older: bool

    @property
    def generation(self) -> int:
        """The first number of the family's name: 7 for c7i."""
        found = re.search(r"\d+", self.family)
        return int(found[0]) if found else 0


@value
class MeterRow:
    """Price of one meter in one region; `memory_mb` is 0 where the meter has no size."""

    name: str
    memory_mb: int
    price: Price


@value
class LimitRow:
    """A limit with the hosting modes it holds for."""

    hostings: tuple[str, ...]
    limit: Limit


@value
class SourceRow:
    """Origin of a file, a column or a key: name, date and remarks."""

    key: str
    file: str
    source: str
    as_of: str
    note: str


def _rows(name: str) -> list[list[str]]:
    with (_FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


@lru_cache(maxsize=1)
def sources() -> tuple[SourceRow, ...]:
    """Every origin, in file order."""
    return tuple(
        SourceRow(key=key, file=file, source=source, as_of=as_of, note=note)
        for key, file, source, as_of, note in _rows("sources.csv")[1:]
    )


@lru_cache(maxsize=64)
def source(key: str) -> SourceRow:
    """The origin with this key."""
    return next(row for row in sources() if row.key == key)


@lru_cache(maxsize=1)
def older_families() -> dict[str, str]:
    """Families that newer ones of the same list supersede, with the reason."""
    return {family: reason for family, _, reason in _rows("older_families.csv")[1:]}


@lru_cache(maxsize=1)
def instances() -> tuple[InstanceRow, ...]:
    """Every instance type that a production variant accepts, in the order of the service model."""
    older = older_families()
    return tuple(_instance(row, older) for row in _rows("hardware.csv")[1:])


def _instance(row: list[str], older: dict[str, str]) -> InstanceRow:
    name, vcpu, gib, arch, accelerator, count, each, nvme, gpu, scaling, _ = row
    family = name.split(".")[1]
    return InstanceRow(
        name=name,
        family=family,
        hardware=Hardware(
            vcpus=float(vcpu) if vcpu else None,
            memory_bytes=int(float(gib) * _GIB) if gib else None,
            arch=arch,
            accelerator=accelerator,
            accelerators=int(count or 0),
            accelerator_memory_bytes=int(float(each) * _GIB) if each else None,
            local_disk_bytes=int(float(nvme or 0) * 1e9),
        ),
        nvme_gb=int(float(nvme or 0)),
        multi_model=gpu == "1" or (bool(vcpu) and not accelerator),
        autoscaling=scaling == "1",
        older=family in older,
    )


@lru_cache(maxsize=1)
def _prices() -> tuple[dict[str, int], dict[str, list[str]]]:
    header, *rows = _rows("hosting_prices.csv")
    columns = {region: column for column, region in enumerate(header) if column}
    return columns, {row[0]: row for row in rows}


@lru_cache(maxsize=1)
def regions() -> tuple[str, ...]:
    """Regions and local zones with hosting prices, sorted."""
    return tuple(sorted(_prices()[0]))


def price_cell(instance_type: str, region: str) -> str:
    """The cell as it stands: USD per hour, empty (not offered) or SUSPECT."""
    columns, rows = _prices()
    return rows[instance_type][columns[region]]


def priced_somewhere(instance_type: str) -> bool:
    """Whether any region lists the type, suspect prices included."""
    return any(_prices()[1][instance_type][1:])


@lru_cache(maxsize=8)
def meters(region: str) -> tuple[MeterRow, ...]:
    """Serverless, data and storage prices of one region."""
    return tuple(
        MeterRow(
            name=name,
            memory_mb=int(memory or 0),
            price=Price(usd=float(usd), source=origin, as_of=as_of, assumption=assumption),
        )
        for name, where, memory, usd, origin, as_of, assumption in _rows("meters.csv")[1:]
        if where == region
    )


@lru_cache(maxsize=8)
def limits(region: str) -> tuple[LimitRow, ...]:
    """Limits that hold in one region, in file order."""
    return tuple(
        LimitRow(
            hostings=tuple(row[1].split()),
            limit=Limit(
                name=row[0],
                measure=Measure(row[2]),
                scope=Scope(row[3]),
                value=float(row[4]),
                source=row[7],
                as_of=row[8],
                source_id=row[9],
                advisory=row[5] == "1",
            ),
        )
        for row in _rows("limits.csv")[1:]
        if not row[6] or region in row[6].split()
    )
