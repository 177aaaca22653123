"""What is different between two catalogs of one region: prices, meters and shared limits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from planner.model.catalog import Catalog, Offering, Price
from planner.model.value import value
from planner.plans.catalog_document import PRICED_PER
from planner.plans.numbers import rounded

Part = dict[str, Any]


@value
class CatalogChange:
    """One number that is another now; None where a catalog does not have it.

    `kind` is `price` or `limit`. A price is USD `per` something, for all of `hostings`.
    """

    kind: str
    name: str
    old: float | None
    new: float | None
    per: str = ""
    hostings: tuple[str, ...] = ()

    @property
    def fraction(self) -> float | None:
        """By how much it rose; None without two numbers to compare."""
        if self.old is None or self.new is None or self.old == 0.0:
            return None
        return self.new / self.old - 1.0


def catalog_changes(old: Catalog | None, new: Catalog) -> tuple[CatalogChange, ...]:
    """Prices first, the largest changes first, then what is new or gone, each by name."""
    return tuple(sorted((*_prices(old, new), *_limits(old, new)), key=_order))


def changes_part(changes: tuple[CatalogChange, ...]) -> list[Part]:
    """Changes as a JSON value."""
    return [
        {
            "change_percent": None if one.fraction is None else rounded(100.0 * one.fraction, 2),
            "hostings": list(one.hostings),
            "kind": one.kind,
            "name": one.name,
            "new": one.new,
            "old": one.old,
            "per": one.per,
        }
        for one in changes
    ]


def _order(one: CatalogChange) -> tuple[bool, bool, float, str, str]:
    fraction = one.fraction
    return (one.kind != "price", fraction is None, -abs(fraction or 0.0), one.name, one.per)


def _prices(old: Catalog | None, new: Catalog) -> Iterator[CatalogChange]:
    before, after = _priced(old), _priced(new)
    alike: dict[tuple[str, str, float | None, float | None], list[str]] = {}
    for name, per, hosting in {**before, **after}:
        key = (name, per, hosting)
        was, now = before.get(key), after.get(key)
        if was != now:
            alike.setdefault((name, per, was, now), []).append(hosting)
    for (name, per, was, now), hostings in alike.items():
        places = tuple(sorted(filter(None, hostings)))
        yield CatalogChange(kind="price", name=name, old=was, new=now, per=per, hostings=places)


def _priced(catalog: Catalog | None) -> dict[tuple[str, str, str], float]:
    """USD by name, unit and hosting mode."""
    if catalog is None:
        return {}
    found = {
        (name, per, offering.hosting): price.usd
        for offering in catalog.offerings
        for name, per, price in _of(offering)
        if price is not None
    }
    return found | {(one.name, one.per, ""): one.price.usd for one in catalog.meters}


def _of(offering: Offering) -> Iterator[tuple[str, str, Price | None]]:
    name = offering.instance_type
    yield name, PRICED_PER[offering.kind], offering.price
    if offering.prewarm is not None:
        yield f"{name}, kept warm", "unit-hour", offering.prewarm.held
        yield f"{name}, kept warm", "busy second", offering.prewarm.busy
    if offering.cold is not None:
        yield f"{name}, from zero", "start", offering.cold.launch_price


def _limits(old: Catalog | None, new: Catalog) -> Iterator[CatalogChange]:
    before, after = _limited(old), _limited(new)
    for name, scope in {**before, **after}:
        was, now = before.get((name, scope)), after.get((name, scope))
        if was != now:
            yield CatalogChange(kind="limit", name=name, old=was, new=now, per=scope)


def _limited(catalog: Catalog | None) -> dict[tuple[str, str], float]:
    """Values by name and scope."""
    limits = () if catalog is None else catalog.limits
    return {(limit.name, limit.scope.value): limit.value for limit in limits}
