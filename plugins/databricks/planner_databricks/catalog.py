"""Offerings, meters and shared limits of one cloud, region and tier."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, lru_cache

from planner.model.catalog import (
    Catalog,
    Cold,
    Hardware,
    Kind,
    Meter,
    Offering,
    Price,
    Refusal,
    Scaling,
)
from planner_databricks import tables
from planner_databricks.limits import accelerator_limit, limits
from planner_databricks.pricing import dbu_price, launch_price, unit_price
from planner_databricks.tables import UNITS_PER_REPLICA, DbuPrice, WorkloadType
from planner_databricks.terms import SPEC, Terms

PROVIDER = "databricks"
HOSTINGS = ("dedicated", "single-model", "multi-model", "serverless")
ROUTINGS = ("platform",)

_ROUTE_NOTES = (
    "route optimization is set at creation only: changing it replaces the endpoint",
    "a route-optimized endpoint answers on its own URL, and only to OAuth tokens, no personal "
    "access tokens",
    "route optimization is for custom models and feature serving only",
)
_MULTI_NOTE = (
    "each served entity has its own compute: sharing an endpoint saves endpoints, not money"
)
_GPU_ZERO_NOTE = "GPU capacity is not guaranteed when the endpoint starts from zero"
_STAGE_NOTES = {
    "beta": "{name} is a beta type that a workspace has to opt in to",
    "docs-only": "{name} stands in the documents and not in the SDK's enum",
}


@cache
def _scaling(*, min_count: int) -> Scaling:
    """Concurrency follows the active requests; capacity serves about a minute after the rise."""
    rows = tables.timings()
    period, up = rows["scale-decision-period"], rows["scale-up-look-back"]
    down, total = rows["scale-down-look-back"], rows["scale-up-total"]
    return Scaling(
        metric="concurrency",
        period_s=period.value,
        breaches_up=round(up.value / period.value),
        breaches_down=round(down.value / period.value),
        start_s=total.value - up.value,
        cooldown_up_s=0.0,
        cooldown_down_s=rows["scale-down-cadence"].value,
        scheduled=False,
        source=f"{period.source}; {total.source}",
        min_count=min_count,
        tunable=False,
    )


@cache
def _cold(terms: Terms, dbu: DbuPrice) -> Cold:
    rows = tables.timings()
    start, idle = rows["start-from-zero"], rows["idle-before-zero"]
    given = terms.start_s is not None
    return Cold(
        idle_s=idle.value,
        start_s=start.value if terms.start_s is None else terms.start_s,
        source=SPEC if given else f"{idle.source}; {start.source}",
        launch_price=launch_price(terms, dbu),
        launches_per_hour=rows["launches-per-hour-billed"].value,
        assumption="" if given else f"start from zero in {start.value:g} s: {start.note}",
    )


def _refusal(kind: WorkloadType, terms: Terms) -> Refusal | None:
    """Why a type cannot be used at all: not on this cloud, or not for such an entity."""
    if kind.stage == "not-offered":
        return Refusal(
            code="not-offered",
            measured=f"{kind.name} on {terms.cloud}",
            allowed=", ".join(t.name for t in tables.types_of(terms.cloud) if t.offered),
            source=kind.hardware_source,
        )
    if terms.foundation:
        return Refusal(
            code="foundation-model",
            measured=terms.foundation,
            allowed="a custom model: foundation models need provisioned throughput, "
            "which this version does not plan",
            source="docs foundation-model-apis",
        )
    return None


def _hardware(kind: WorkloadType) -> Hardware:
    """The hardware of one replica; for CPU types the memory is the endpoint's per unit.

    A GPU type whose hardware no source states has at least one accelerator, of an unknown kind:
    otherwise it would pass for a CPU type.
    """
    return Hardware(
        vcpus=None,
        memory_bytes=kind.memory_bytes,
        accelerator=kind.accelerator or ("not stated" if kind.gpu else ""),
        accelerators=kind.accelerators or int(kind.gpu),
        accelerator_memory_bytes=kind.accelerator_memory_bytes,
    )


def _overhead_s(terms: Terms, *, routed: bool) -> float:
    if terms.overhead_s is not None:
        return terms.overhead_s
    return tables.timings()["overhead-route-optimized" if routed else "overhead-standard"].value


QUEUED_PER_UNIT = 9
"""Requests that wait for each unit before the next gets a 429.

The threshold is not published. With 64 clients on 4 units 6,888 of 7,952 requests were refused and
84.6 a second took 0.475 s: 40 in the endpoint at a time, 4 of them in service
(Praneeth16/crunchyroll-feature-store-demo, docs/serving_benchmark.md, 2026-09-16).
"""

_QUEUE_NOTE = (
    f"assumption: {QUEUED_PER_UNIT} requests wait for each unit of concurrency before the next is "
    "answered 429; the threshold is not published, 10 per unit were in the endpoint in a third "
    "party's benchmark (2026-09)"
)


def _notes(kind: WorkloadType, hosting: str, *, routed: bool) -> tuple[str, ...]:
    notes = [_QUEUE_NOTE, *(_ROUTE_NOTES if routed else ())]
    if hosting == "multi-model":
        notes.append(_MULTI_NOTE)
    if hosting == "serverless" and kind.gpu:
        notes.append(_GPU_ZERO_NOTE)
    if kind.stage in _STAGE_NOTES:
        notes.append(_STAGE_NOTES[kind.stage].format(name=kind.name))
    return tuple(notes)


def _offering(
    kind: WorkloadType, hosting: str, terms: Terms, *, routed: bool, dbu: DbuPrice
) -> Offering:
    """One workload type in one hosting mode, with or without route optimization."""
    zero = hosting == "serverless"
    applies = (
        "all",
        "route-optimized" if routed else "standard",
        *(("multi-model",) if hosting == "multi-model" else ()),
        *(("cpu",) if kind.name == "CPU" else ()),
    )
    return Offering(
        provider=PROVIDER,
        region=terms.region,
        hosting=hosting,
        instance_type=kind.name,
        kind=Kind.UNITS,
        hardware=_hardware(kind),
        price=unit_price(kind, terms, dbu),
        overhead_s=_overhead_s(terms, routed=routed),
        routing=ROUTINGS,
        step=UNITS_PER_REPLICA,
        queue_limit=QUEUED_PER_UNIT,
        autoscaling=None
        if hosting == "dedicated"
        else _scaling(min_count=0 if zero else UNITS_PER_REPLICA),
        cold=_cold(terms, dbu) if zero else None,
        limits=limits(terms, *applies) + accelerator_limit(kind),
        options=(
            ("route_optimized", "true" if routed else "false"),
            ("scale_to_zero", "true" if zero else "false"),
        ),
        preference=1 if routed else 0,
        refusal=_refusal(kind, terms),
        notes=_notes(kind, hosting, routed=routed),
    )


def _offerings(terms: Terms, dbu: DbuPrice) -> Iterator[Offering]:
    wanted = terms.route_optimized
    for kind in tables.types_of(terms.cloud):
        for hosting in HOSTINGS:
            for routed in (False, True) if wanted is None else (wanted,):
                yield _offering(kind, hosting, terms, routed=routed, dbu=dbu)


def _meters(terms: Terms, dbu: DbuPrice) -> tuple[Meter, ...]:
    """Logging of payloads, priced only where an inference table is asked for."""
    if not terms.logs_payloads:
        return ()
    rate = tables.meter_rates()["inference-tables"]
    price = Price(
        usd=rate.dbu * dbu.usd_per_dbu,
        source=f"{rate.dbu:g} DBU/GB: {rate.source}; USD per DBU: {dbu.source}",
        as_of=min(rate.as_of, dbu.as_of),
    )
    return (Meter(name="logging-gb", price=price, per="GB"),)


def _catalog_notes(terms: Terms) -> tuple[str, ...]:
    if not terms.region_assumed:
        return ()
    return (
        f"the spec names no region: {terms.cloud} {terms.region} is assumed; "
        "set providers.databricks.region",
    )


def _version(terms: Terms) -> str:
    if terms.listed is None:
        return tables.version()
    return f"{tables.version()}, {terms.listed.source} read {terms.listed.read_at}"


@lru_cache(maxsize=256)
def catalog_for(terms: Terms) -> Catalog:
    """The catalog of these terms, the identical object every time; raises `unknown-tier`."""
    dbu = dbu_price(terms)
    offerings = tuple(_offerings(terms, dbu))
    meters = _meters(terms, dbu)
    dated = [offering.price.as_of for offering in offerings if offering.price]
    dates = [date for date in dated if date != SPEC] + [meter.price.as_of for meter in meters]
    return Catalog(
        provider=PROVIDER,
        region=terms.region,
        offerings=offerings,
        meters=meters,
        limits=limits(terms, "shared"),
        version=_version(terms),
        as_of=min(dates, default=dbu.as_of),
        notes=_catalog_notes(terms),
    )
