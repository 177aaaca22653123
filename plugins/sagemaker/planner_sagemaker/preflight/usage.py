"""What the endpoints of an account and region take of its quotas now."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from planner.errors import PlannerError
from planner.model.live import LiveState
from planner_sagemaker.preflight.asking import asked, each
from planner_sagemaker.preflight.demand import Quotas, needed
from planner_sagemaker.reading import SAGEMAKER, Ask, Reader
from planner_sagemaker.resources.names import readable

Listed = list[str] | PlannerError
"""Names, or why there are none."""

_FAILED = "Failed"
"""An endpoint that failed holds nothing, and can only be deleted."""


class Usage:
    """Remembers of every endpoint that is read what it has; asks for the others. Safe in threads.

    Counted rather than taken from CloudWatch's AWS/Usage, which is minutes late: what was applied a
    moment ago has to count.
    """

    def __init__(self, ask: Ask, reader: Reader) -> None:
        self._ask = ask
        self._reader = reader
        self._lock = threading.Lock()
        self._known: dict[str, Quotas] = {}

    def seen(self, live: LiveState) -> None:
        """Take note of an endpoint as it was just read."""
        found = _of(live)
        with self._lock:
            self._known[readable(live.endpoint)] = found

    @property
    def known(self) -> Mapping[str, Quotas]:
        """By endpoint what was seen."""
        with self._lock:
            return dict(self._known)

    def names(self) -> Listed:
        """Every endpoint of the region, whosoever's."""
        found = asked(self._ask, SAGEMAKER, "ListEndpoints", {})
        if isinstance(found, PlannerError):
            return found
        return [str(one["EndpointName"]) for one in found["Endpoints"]]

    def of(self, names: Iterable[str]) -> Quotas:
        """What these endpoints have together."""
        known = self.known
        every = list(names)
        found = [known[name] for name in every if name in known]
        found += each(self._described, [name for name in every if name not in known])
        return sum(found, Counter())

    def _described(self, name: str) -> Quotas:
        shown = self._reader.describe("endpoint", name)
        if shown is None or shown["EndpointStatus"] == _FAILED:
            return Counter()
        config = self._reader.describe("endpoint-config", shown["EndpointConfigName"]) or {}
        now = _used(config, _counts(shown))
        # What an update under way adds, while both fleets run.
        coming = (shown.get("PendingDeploymentSummary") or {}).get("ProductionVariants") or ()
        if shown.get("ProductionVariants") and coming:
            backed = [one for one in coming if one.get("CurrentServerlessConfig") is None]
            now += needed(backed, _desired(backed))
        return now


def _of(live: LiveState) -> Quotas:
    endpoint = next((one for one in live.objects if one.kind == "endpoint"), None)
    if endpoint is None or live.detail.partition(":")[0] == _FAILED:
        return Counter()
    config = live.find(f"endpoint-config/{endpoint.body.get('EndpointConfigName')}")
    return _used(config.body if config else {}, live.counts)


def _counts(shown: Mapping[str, Any]) -> dict[str, int]:
    fleets = (shown.get("ProductionVariants") or (), shown.get("ShadowProductionVariants") or ())
    return _desired(
        one for fleet in fleets for one in fleet if one.get("DesiredInstanceCount") is not None
    )


def _desired(variants: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    return {one["VariantName"]: one.get("DesiredInstanceCount") or 0 for one in variants}


def _used(config: Mapping[str, Any], counts: Mapping[str, int]) -> Quotas:
    """What variants of a config have; without counts, which come with the first fleet, its own."""
    fleet = [
        *(config.get("ProductionVariants") or ()),
        *(config.get("ShadowProductionVariants") or ()),
    ]
    first = {one["VariantName"]: one.get("InitialInstanceCount", 0) for one in fleet}
    return needed(fleet, {**first, **counts})
