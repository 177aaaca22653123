"""Offerings of one region, built from the tables: three modes per instance type, and serverless."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache

from planner.model.catalog import (
    Cold,
    Exclusion,
    Hardware,
    Kind,
    Limit,
    Offering,
    Prewarm,
    Price,
    Refusal,
    Scaling,
)
from planner_sagemaker import listed as by_list
from planner_sagemaker import tables
from planner_sagemaker.bounds import limits_of, replica_quota
from planner_sagemaker.options import SPEC, CatalogOptions

PROVIDER = "sagemaker"
HOSTINGS = ("dedicated", "single-model", "multi-model", "serverless")
SERVERLESS_SIZES_MB = (1024, 2048, 3072, 4096, 5120, 6144)

DEFAULT_STARTUP_S = 300.0
DEFAULT_KEEP_ALIVE_S = 300.0
DEFAULT_COLD_START_S = 3.24
COOLDOWN_S = 300.0

ROUTING_NOTE = (
    "SageMaker's own default is RANDOM; a plan asks for LEAST_OUTSTANDING_REQUESTS instead"
)
STARTUP_NOTE = (
    "assumption: a new instance serves after 300 s, the readiness time of the scaling study in "
    "use; set providers.sagemaker.startup to what yours needs"
)
_VOLUME_NOTE = (
    "assumption: the volume that SageMaker attaches where none is asked for costs nothing; "
    "providers.sagemaker.volume: 0 asks for none"
)
_KEEP_ALIVE_NOTE = (
    "SageMaker does not publish when idle serverless capacity leaves; 5 min is the short end of "
    "what AWS Lambda shows; set providers.sagemaker.serverless.keep_alive"
)
_COLD_START_NOTE = (
    "start-up before the model loads is the mean of another cloud's serverless platform; "
    "set providers.sagemaker.serverless.start to your ModelSetupTime less the load time"
)
_COLD_SOURCE = "Serverless Cold Starts (Huawei, EuroSys'25): LogNormal, mean 3.24 s, sd 7.10 s"
_VCPU_NOTE = (
    "assumption: one vCPU per 1769 MB as AWS Lambda documents (docs.aws.amazon.com "
    "lambda/latest/dg/configuration-memory.html); SageMaker publishes only that vCPU is in "
    "proportion to memory"
)
_MB_PER_VCPU = 1769
_SERVERLESS_DOC = "docs.aws.amazon.com sagemaker/latest/dg/serverless-endpoints.html"
_MULTI_DOC = (
    "awsdocs/amazon-sagemaker-developer-guide@a869fa5 doc_source/multi-model-endpoints.md, "
    "model-deploy-feature-matrix.md"
)
_SCALING_SOURCE = (
    "awsdocs/amazon-sagemaker-developer-guide@a869fa5 doc_source/endpoint-scaling-loadtest.md, "
    "endpoint-auto-scaling-prerequisites.md: 1 min metric, 300 s cool-downs; alarms of target "
    "tracking: 3 breaches up, 15 down"
)


def _exclusions(source: str, source_id: str, reasons: dict[str, str]) -> tuple[Exclusion, ...]:
    return tuple(
        Exclusion(feature=feature, reason=reason, source=source, source_id=source_id)
        for feature, reason in reasons.items()
    )


SERVERLESS_EXCLUDES = _exclusions(
    _SERVERLESS_DOC,
    "S6",
    {
        "gpu": "serverless endpoints have no GPU",
        "marketplace": "serverless endpoints cannot run Marketplace model packages",
        "private-registry": "serverless endpoints pull images from Amazon ECR only",
        "multi-model": "a serverless endpoint hosts one model",
        "vpc": "serverless endpoints cannot be placed in a VPC",
        "network-isolation": "serverless endpoints cannot isolate the container from the network",
        "data-capture": "serverless endpoints cannot capture data",
        "several-variants": "a serverless endpoint has one production variant",
        "model-monitor": "Model Monitor does not read serverless endpoints",
        "pipelines": "serverless endpoints run one container, not an inference pipeline",
        "image-over-10-gb": "a serverless image has at most 10 GB",
    },
)
MULTI_MODEL_EXCLUDES = _exclusions(
    _MULTI_DOC,
    "M1",
    {
        "data-capture": "multi-model endpoints cannot capture data",
        "model-monitor": "Model Monitor does not read multi-model endpoints",
        "several-variants": "the feature matrix gives multi-model endpoints one variant",
        "shadow-tests": "multi-model endpoints take no shadow variant",
    },
)


def offerings(options: CatalogOptions) -> tuple[Offering, ...]:
    """Everything SageMaker can host with in one region, refused or not, in a fixed order."""
    limits = {hosting: limits_of(options, hosting) for hosting in HOSTINGS}
    scaling = _scaling(options)
    spec_prices = dict(options.prices)
    found: list[Offering] = []
    for row in tables.instances():
        price, refusal = _instance_price(row, options, spec_prices)
        found.extend(_instance_offerings(row, options, price, refusal, limits, scaling))
    found.extend(_serverless(options, spec_prices, limits["serverless"]))
    return tuple(found)


def _instance_price(
    row: tables.InstanceRow, options: CatalogOptions, spec_prices: Mapping[str, float]
) -> tuple[Price | None, Refusal | None]:
    """Price and refusal that all modes of one type share; a price in the spec offers the type."""
    refusal = _architecture_refusal(row, options)
    if row.name in spec_prices:
        return Price(usd=spec_prices[row.name], source=f"{SPEC}.prices", as_of=""), refusal
    if options.listed is not None:
        price = by_list.listed_price(options.listed, row.name)
        if price is not None or by_list.left_out(options.listed, row.name):
            return price, refusal
        return None, _not_offered(row, options, by_list.not_listed(options.listed))
    cell = tables.price_cell(row.name, options.region)
    if cell and cell != tables.SUSPECT:
        return _listed_price(cell), refusal
    if not cell and tables.priced_somewhere(row.name):
        refusal = _not_offered(row, options, tables.source("prices").source)
    return None, refusal


def _not_offered(row: tables.InstanceRow, options: CatalogOptions, source: str) -> Refusal:
    return Refusal(
        code="not-offered",
        measured=f"{row.name} in {options.region}",
        allowed="a type in this region's price list",
        source=source,
    )


@lru_cache(maxsize=1024)
def _listed_price(cell: str) -> Price:
    origin = tables.source("prices")
    return Price(usd=float(cell), source=origin.source, as_of=origin.as_of)


def _architecture_refusal(row: tables.InstanceRow, options: CatalogOptions) -> Refusal | None:
    arch = row.hardware.arch
    if not arch or arch in options.architectures:
        return None
    return Refusal(
        code="image-architecture",
        measured=f"{row.name} is {arch}",
        allowed=(
            f"image built for {', '.join(options.architectures)}; "
            "set providers.sagemaker.image_architectures where it runs on more"
        ),
        source="SageMaker does not emulate: an image for another architecture never starts",
    )


def _instance_offerings(
    row: tables.InstanceRow,
    options: CatalogOptions,
    price: Price | None,
    refusal: Refusal | None,
    limits: Mapping[str, tuple[Limit, ...]],
    scaling: Scaling,
) -> Iterator[Offering]:
    quota = replica_quota(f"instances-{row.name}", row.name, options)
    autoscaling = scaling if row.autoscaling else None
    single = refusal if row.autoscaling else refusal or _no_autoscaling(row)
    multi = refusal if row.multi_model else refusal or _no_multi_model(row)
    preference = -row.generation
    notes = options.overhead_notes if quota else (*options.overhead_notes, _quota_note(row.name))
    volume: tuple[tuple[str, str], ...] = ()
    if options.volume_gb is not None and not row.nvme_gb:
        volume = (("volume_gb", str(options.volume_gb)),)
        notes = notes if options.volume_gb else (*notes, _VOLUME_NOTE)
    for hosting, kind, scaled, refused, excludes in (
        ("dedicated", Kind.REPLICAS, None, refusal, ()),
        ("single-model", Kind.REPLICAS, autoscaling, single, ()),
        ("multi-model", Kind.SHARED_REPLICAS, autoscaling, multi, MULTI_MODEL_EXCLUDES),
    ):
        yield Offering(
            provider=PROVIDER,
            region=options.region,
            hosting=hosting,
            instance_type=row.name,
            kind=kind,
            hardware=row.hardware,
            price=price,
            overhead_s=options.overhead,
            routing=("least-outstanding", "random"),
            current_generation=not row.older,
            autoscaling=scaled,
            limits=limits[hosting] + quota if quota else limits[hosting],
            excludes=excludes,
            preference=preference,
            refusal=refused,
            notes=notes,
            options=volume,
        )


def _quota_note(name: str) -> str:
    return (
        f"assumption: the account's quota `{name} for endpoint usage` is enough; it is 0 for many "
        f"types at first and is not read offline; set providers.sagemaker.quotas"
    )


def _no_autoscaling(row: tables.InstanceRow) -> Refusal:
    return Refusal(
        code="no-autoscaling",
        measured=f"{row.name} is burstable",
        allowed="a type that Application Auto Scaling accepts",
        source=tables.source("autoscaling").source,
    )


def _no_multi_model(row: tables.InstanceRow) -> Refusal:
    hardware = row.hardware
    return Refusal(
        code="multi-model-gpu",
        measured=f"{row.name} has {hardware.accelerators} {hardware.accelerator}"
        if hardware.accelerator
        else f"no source states the hardware of {row.name}",
        allowed="CPU types, and the single-GPU types that AWS names for multi-model endpoints",
        source=tables.source("multi_model_gpu").source,
    )


def _scaling(options: CatalogOptions) -> Scaling:
    return Scaling(
        metric="SageMakerVariantInvocationsPerInstance",
        period_s=60.0,
        breaches_up=3,
        breaches_down=15,
        start_s=DEFAULT_STARTUP_S if options.startup_s is None else options.startup_s,
        cooldown_up_s=COOLDOWN_S if options.cooldown_up_s is None else options.cooldown_up_s,
        cooldown_down_s=COOLDOWN_S if options.cooldown_down_s is None else options.cooldown_down_s,
        scheduled=True,
        source=_SCALING_SOURCE,
    )


def _serverless(
    options: CatalogOptions, spec_prices: Mapping[str, float], limits: tuple[Limit, ...]
) -> Iterator[Offering]:
    rows = by_list.meters(options.region, options.listed)
    meters = {(row.name, row.memory_mb): row.price for row in rows}
    offered = any(limit.name == "serverless-total-concurrency" for limit in limits)
    cold = _cold(options)
    for memory_mb in SERVERLESS_SIZES_MB:
        prices = _serverless_prices(memory_mb, meters, spec_prices)
        yield Offering(
            provider=PROVIDER,
            region=options.region,
            hosting="serverless",
            instance_type=f"serverless-{memory_mb}",
            kind=Kind.ON_DEMAND,
            hardware=Hardware(vcpus=memory_mb / _MB_PER_VCPU, memory_bytes=memory_mb * 2**20),
            price=prices["serverless-busy-second"],
            overhead_s=options.overhead,
            routing=("platform",),
            max_concurrency=200,
            cold=cold,
            prewarm=_prewarm(prices),
            limits=limits,
            excludes=SERVERLESS_EXCLUDES,
            options=(("memory_mb", str(memory_mb)),),
            refusal=None if offered else _no_serverless(options.region),
            notes=(*options.overhead_notes, _VCPU_NOTE),
        )


def _serverless_prices(
    memory_mb: int,
    meters: Mapping[tuple[str, int], Price],
    spec_prices: Mapping[str, float],
) -> dict[str, Price | None]:
    """Prices per second at this size; the spec gives them per GB and second, for any region."""
    keys = {
        "serverless-busy-second": "serverless_gb_second",
        "prewarm-held-second": "provisioned_gb_second",
        "prewarm-busy-second": "provisioned_busy_gb_second",
    }
    return {
        meter: Price(usd=spec_prices[key] * memory_mb / 1024, source=f"{SPEC}.prices", as_of="")
        if key in spec_prices
        else meters.get((meter, memory_mb))
        for meter, key in keys.items()
    }


def _prewarm(prices: Mapping[str, Price | None]) -> Prewarm | None:
    held, busy = prices["prewarm-held-second"], prices["prewarm-busy-second"]
    if held is None or busy is None:
        return None
    return Prewarm(held=replace(held, usd=held.usd * 3600), busy=busy, max_units=200)


def _cold(options: CatalogOptions) -> Cold:
    guesses = []
    if options.keep_alive_s is None:
        guesses.append(_KEEP_ALIVE_NOTE)
    if options.cold_start_s is None:
        guesses.append(_COLD_START_NOTE)
    keep_alive, start = options.keep_alive_s, options.cold_start_s
    return Cold(
        idle_s=DEFAULT_KEEP_ALIVE_S if keep_alive is None else keep_alive,
        start_s=DEFAULT_COLD_START_S if start is None else start,
        source=_COLD_SOURCE if start is None else f"{SPEC}.serverless",
        assumption="; ".join(guesses),
    )


def _no_serverless(region: str) -> Refusal:
    return Refusal(
        code="not-offered",
        measured=f"serverless in {region}",
        allowed="one of the 21 regions that have Serverless Inference",
        source=f"{_SERVERLESS_DOC} (S8)",
    )
