"""A provider's catalog as a JSON value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from planner.model.catalog import Catalog, Kind, Limit, Meter, Offering, Price
from planner.plans.document import FORMAT_VERSION
from planner.plans.numbers import canonical

Part = dict[str, Any]

PRICED_PER: dict[Kind, str] = {
    Kind.REPLICAS: "replica-hour",
    Kind.SHARED_REPLICAS: "replica-hour",
    Kind.UNITS: "unit-hour",
    Kind.ON_DEMAND: "busy second",
}
"""What the price of an offering of each kind is per."""


def catalogs_document(catalogs: Sequence[Catalog]) -> Part:
    """Every offering with its price, source and date, every meter and every shared limit."""
    ordered = sorted(catalogs, key=lambda each: (each.provider, each.region))
    return {
        "catalogs": [_catalog(catalog) for catalog in ordered],
        "format_version": FORMAT_VERSION,
    }


def offerings_in_order(catalog: Catalog) -> list[Offering]:
    """By hosting mode, then by price with the unpriced last, then by name."""
    return sorted(catalog.offerings, key=_order)


def _order(offering: Offering) -> tuple[str, float, str, tuple[tuple[str, str], ...]]:
    usd = float("inf") if offering.price is None else offering.price.usd
    return (offering.hosting, usd, offering.instance_type, offering.options)


def _catalog(catalog: Catalog) -> Part:
    return {
        "as_of": catalog.as_of,
        "limits": [_limit(limit) for limit in sorted(catalog.limits, key=_limit_name)],
        "meters": [_meter(meter) for meter in sorted(catalog.meters, key=lambda each: each.name)],
        "notes": sorted(catalog.notes),
        "offerings": [_offering(offering) for offering in offerings_in_order(catalog)],
        "provider": catalog.provider,
        "region": catalog.region,
        "version": catalog.version,
    }


def _limit_name(limit: Limit) -> str:
    return limit.name


def _offering(offering: Offering) -> Part:
    return {
        "current_generation": offering.current_generation,
        "excludes": sorted(exclusion.feature for exclusion in offering.excludes),
        "hardware": canonical(asdict(offering.hardware)),
        "hosting": offering.hosting,
        "instance_type": offering.instance_type,
        "limits": [_limit(limit) for limit in sorted(offering.limits, key=_limit_name)],
        "max_concurrency": offering.max_concurrency,
        "options": dict(sorted(offering.options)),
        "price": _price(offering.price),
        "priced_per": PRICED_PER[offering.kind],
        "refusal": None if offering.refusal is None else canonical(asdict(offering.refusal)),
        "step": offering.step,
    }


def _price(price: Price | None) -> Part | None:
    if price is None:
        return None
    return {
        "as_of": price.as_of,
        "assumption": price.assumption,
        "source": price.source,
        "usd": price.usd,
    }


def _meter(meter: Meter) -> Part:
    return {"name": meter.name, "per": meter.per, "price": _price(meter.price)}


def _limit(limit: Limit) -> Part:
    return {
        "advisory": limit.advisory,
        "as_of": limit.as_of,
        "measure": limit.measure.value,
        "name": limit.name,
        "scope": limit.scope.value,
        "source": limit.source,
        "source_id": limit.source_id,
        "value": limit.value,
    }
