"""What of the settings a catalog depends on, and where it is."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache

from planner.errors import ProviderError
from planner.model.price_list import PriceList
from planner.model.value import value
from planner_databricks import tables

SPEC = "the spec"
"""Source of a number that the user gave."""


@value
class Terms:
    """All of the settings that a catalog depends on; equal terms give the identical catalog.

    `prices` are USD per rate unit and hour by workload type, `quotas` bounds by their settings
    name. `listed` goes before the table of prices. `region_assumed` and `foundation` (an entity of
    `system.ai`) become assumptions and refusals.
    """

    cloud: str
    region: str
    tier: str
    route_optimized: bool | None = None
    overhead_s: float | None = None
    start_s: float | None = None
    prices: tuple[tuple[str, float], ...] = ()
    quotas: tuple[tuple[str, float], ...] = ()
    logs_payloads: bool = False
    region_assumed: bool = False
    foundation: str = ""
    listed: PriceList | None = None


@cache
def resolve_place(cloud: str | None, region: str | None) -> tuple[str, str, bool]:
    """Cloud, region, and whether the region was assumed; raises `unknown-region`.

    A region alone names its cloud, because no name is used by two clouds.
    """
    if region is None:
        place = cloud or "aws"
        return place, tables.DEFAULT_REGIONS[place], True
    clouds = {price.region: price.cloud for price in tables.dbu_prices()}
    found = clouds.get(region)
    if found is not None and cloud in (None, found):
        return found, region, False
    known = sorted(name for name, owner in clouds.items() if cloud in (None, owner))
    if found is not None:
        message = f"{region} is a region of {found}, and the spec says cloud: {cloud}"
        raise ProviderError("unknown-region", message, hint=f"cloud: {found}", path="cloud")
    near = get_close_matches(region, known, n=3, cutoff=0.5) or known[:3]
    raise ProviderError(
        "unknown-region",
        f"no Databricks prices for region {region}; the nearest names are {', '.join(near)}",
        hint=f"region: {near[0]}",
        path="region",
    )
