"""What work takes of the account's quotas at its most, by the names of Service Quotas."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from planner.model.change import ChangeSet
from planner.model.resource import DesiredState, Resource
from planner.model.value import value
from planner_sagemaker.preflight.launches import Launch, Work, launches, variants
from planner_sagemaker.quota_names import (
    PER_TYPE,
    SERVERLESS_CONCURRENCY,
    SERVERLESS_ENDPOINTS,
    TOTAL,
)

_SERVERLESS = {SERVERLESS_ENDPOINTS, SERVERLESS_CONCURRENCY}
_BOUNDS = ("scalable-target", "scheduled-action")
_COUNT = "sagemaker:variant:DesiredInstanceCount"
_CONFIG = "endpoint-config"

Quotas = Counter[str]


@value
class Demand:
    """What one endpoint has now, and what it may have at most, by quota."""

    endpoint: str
    before: Quotas
    most: Quotas

    @property
    def grows(self) -> set[str]:
        """Quotas of which it may take more than it has."""
        return {quota for quota, amount in self.most.items() if amount > self.before[quota]}


def demands(work: Work, used: Mapping[str, Quotas]) -> list[Demand]:
    """The demand of everything that starts or scales; `used` is what endpoints have now."""
    return [found for one in work if (found := _demand(*one, used)) is not None]


def _demand(desired: DesiredState, changes: ChangeSet, used: Mapping[str, Quotas]) -> Demand | None:
    starts = next(iter(launches([(desired, changes)])), None)
    bounded = any(change.address.startswith(_BOUNDS) for change in changes.acting)
    endpoint = next((one for one in desired.resources if one.kind == "endpoint"), None)
    if endpoint is None or (starts is None and not bounded):
        return None
    before = used.get(endpoint.name, Counter())
    name = endpoint.body["EndpointConfigName"]
    configs = [one for one in desired.resources if (one.kind, one.name) == (_CONFIG, name)]
    fleet = [variant for config in configs for variant in variants(config)]
    most = needed(fleet, _most(desired.resources, fleet))
    if starts is not None and starts.updates:
        most |= _while_updating(starts, before, needed(fleet, _started(fleet)))
    return Demand(endpoint=endpoint.name, before=before, most=most)


def needed(fleet: Iterable[Mapping[str, Any]], counts: Mapping[str, int]) -> Quotas:
    """What variants take with these counts of instances."""
    found: Quotas = Counter()
    for variant in fleet:
        serverless = variant.get("ServerlessConfig")
        if serverless is not None:
            found[SERVERLESS_ENDPOINTS] = 1
            found[SERVERLESS_CONCURRENCY] += serverless["MaxConcurrency"]
            continue
        count = counts[variant["VariantName"]]
        found[TOTAL] += count
        kind = instance_type(variant)
        if kind:
            found[kind + PER_TYPE] += count
    return found


def instance_type(variant: Mapping[str, Any]) -> str:
    """The type of a variant; of several pools the one that is filled first."""
    pools = variant.get("InstancePools")
    if pools:
        return str(min(pools, key=lambda pool: pool.get("Priority", 1))["InstanceType"])
    return str(variant.get("InstanceType") or "")


def _started(fleet: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    return {one["VariantName"]: one.get("InitialInstanceCount", 0) for one in fleet}


def _most(resources: Sequence[Resource], fleet: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Counts that variants start with, or that scaling may bring them to."""
    found = _started(fleet)
    for one in resources:
        if one.kind not in _BOUNDS or one.body.get("ScalableDimension") != _COUNT:
            continue
        variant = one.body["ResourceId"].rpartition("/")[2]
        bounds = one.body.get("ScalableTargetAction") or one.body
        if variant in found:
            found[variant] = max(found[variant], bounds.get("MaxCapacity") or 0)
    return found


def _while_updating(launch: Launch, before: Quotas, after: Quotas) -> Quotas:
    """Both fleets of an update at once, or one and a batch of the other.

    The old fleet goes when the new one serves (UpdateEndpoint), or batch by batch
    (RollingUpdatePolicy, where a batch is at least one instance). Serverless endpoints have none.
    """
    policy = launch.deployment.get("RollingUpdatePolicy")
    both = Counter(before)
    for quota, amount in after.items():
        # What autoscaling moved is kept, so that the new fleet is as large as the old.
        kept = max(amount, before[quota])
        if quota in _SERVERLESS:
            both[quota] = kept
        else:
            both[quota] += _batch(policy["MaximumBatchSize"], kept) if policy else kept
    return both


def _batch(size: Mapping[str, Any], count: int) -> int:
    wanted = int(size["Value"])
    return wanted if size["Type"] == "INSTANCE_COUNT" else max(1, wanted * count // 100)
