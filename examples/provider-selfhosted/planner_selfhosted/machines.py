"""The price list: machines by site, how many there are, and what an hour of each costs."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache
from importlib.resources import files

from planner.errors import ProviderError
from planner.model.catalog import (
    Catalog,
    Hardware,
    Kind,
    Limit,
    Measure,
    Offering,
    Price,
    Scope,
)

NAME = "selfhosted"
AS_OF = "2026-10-01"
SOURCE = "machines.csv of planner-selfhosted"
GIB = 1024**3
OVERHEAD_S = 0.001
"""Of the proxy before the machines, an assumption: measure your own."""


@cache
def _rows() -> tuple[dict[str, str], ...]:
    text = (files("planner_selfhosted") / "machines.csv").read_text(encoding="utf-8")
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    return tuple(csv.DictReader(lines))


def sites() -> tuple[str, ...]:
    """Every site that has machines, sorted."""
    return tuple(sorted({row["site"] for row in _rows()}))


@cache
def catalog_of(site: str) -> Catalog:
    """What a site offers; the identical object every time. Raises `unknown-region`."""
    offerings = tuple(_offerings(site))
    if not offerings:
        near = get_close_matches(site, sites(), n=1) or sites()[:1]
        raise ProviderError(
            "unknown-region",
            f"there are no machines at {site}",
            hint=f"site: {near[0]}",
            path="site",
        )
    return Catalog(
        provider=NAME,
        region=site,
        offerings=offerings,
        meters=(),
        limits=(),
        version=AS_OF,
        as_of=AS_OF,
    )


def _offerings(site: str) -> Iterator[Offering]:
    for row in _rows():
        if row["site"] == site:
            yield Offering(
                provider=NAME,
                region=site,
                hosting="dedicated",
                instance_type=row["machine"],
                kind=Kind.REPLICAS,
                hardware=_hardware(row),
                price=Price(usd=float(row["usd_per_hour"]), source=SOURCE, as_of=AS_OF),
                overhead_s=OVERHEAD_S,
                routing=("least-outstanding",),
                limits=(_owned(row),),
                notes=(f"assumption: the proxy takes {OVERHEAD_S * 1000:g} ms of each request",),
            )


def _hardware(row: dict[str, str]) -> Hardware:
    memory = row["accelerator_memory_gib"]
    return Hardware(
        vcpus=int(row["vcpus"]),
        memory_bytes=int(row["memory_gib"]) * GIB,
        accelerator=row["accelerator"],
        accelerators=int(row["accelerators"]),
        accelerator_memory_bytes=int(memory) * GIB if memory else None,
    )


def _owned(row: dict[str, str]) -> Limit:
    """No more copies than machines, over all endpoints of a run together."""
    return Limit(
        name=f"owned-{row['machine']}",
        measure=Measure.REPLICAS,
        scope=Scope.REGION,
        value=float(row["owned"]),
        source=SOURCE,
        as_of=AS_OF,
    )
