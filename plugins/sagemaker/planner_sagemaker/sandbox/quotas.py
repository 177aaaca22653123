"""What an account may use at once, per region; and what its endpoints take of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from planner_sagemaker.sandbox.cloud import Call, Cloud
from planner_sagemaker.sandbox.errors import quota_exceeded
from planner_sagemaker.sandbox.faults import Effect
from planner_sagemaker.sandbox.store import Key

KIND = "quota"
ALL_REGIONS = "*"
TOTAL = "Number of instances across active endpoints"
SERVERLESS_ENDPOINTS = "Maximum number of serverless endpoints"
SERVERLESS_CONCURRENCY = "Maximum total concurrency serverless endpoints"
PER_TYPE = " for endpoint usage"

AMPLE = 10_000
"""A new account may have no instance at all; one who only looks around should not meet that."""

DEFAULTS = {SERVERLESS_ENDPOINTS: 50, SERVERLESS_CONCURRENCY: 1000}
"""As documented for the large regions."""

_UNITS = {SERVERLESS_ENDPOINTS: "Endpoints", SERVERLESS_CONCURRENCY: "Units"}


def set_limits(cloud: Cloud, limits: Mapping[str, int], region: str = ALL_REGIONS) -> None:
    """Grant these quotas in a region, or wherever a region has none of its own."""
    for name, amount in limits.items():
        document = {"QuotaName": name, "Value": amount}
        cloud.store.put(Key(region=region, kind=KIND, name=name), document)


def limit(cloud: Cloud, region: str, quota: str) -> int:
    """How much of a quota there is."""
    for where in (region, ALL_REGIONS):
        granted = cloud.store.get(Key(region=where, kind=KIND, name=quota))
        if granted is not None:
            return int(granted["Value"])
    return DEFAULTS.get(quota, AMPLE)


def demand(variants: Iterable[Mapping[str, Any]], counts: Mapping[str, int]) -> Counter[str]:
    """What variants of a config take by quota; `counts` has the instances by variant."""
    needed: Counter[str] = Counter()
    for variant in variants:
        serverless = variant.get("ServerlessConfig")
        if serverless is not None:
            needed[SERVERLESS_ENDPOINTS] = 1
            needed[SERVERLESS_CONCURRENCY] += serverless["MaxConcurrency"]
            continue
        count = counts[variant["VariantName"]]
        needed[instance_type(variant) + PER_TYPE] += count
        needed[TOTAL] += count
    return needed


def instance_type(variant: Mapping[str, Any]) -> str:
    """The type of a variant; of pools the one with priority."""
    pools = variant.get("InstancePools")
    if pools:
        return str(min(pools, key=lambda pool: pool.get("Priority", 1))["InstanceType"])
    return str(variant["InstanceType"])


def check(call: Call, delta: Mapping[str, int]) -> None:
    """Refuse what would exceed a quota, or what a fault rule says exceeds it."""
    for quota in sorted(delta, key=lambda name: (name == TOTAL, name)):
        more = delta[quota]
        used = call.cloud.store.ledger.used(call.region, quota)
        most = limit(call.cloud, call.region, quota)
        if call.befallen(Effect.QUOTA):
            most = used
        if more > 0 and used + more > most:
            unit = _UNITS.get(quota, "Instances")
            raise quota_exceeded(quota, limit=most, used=used, delta=more, unit=unit)
