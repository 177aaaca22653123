"""Prices that were read from the clouds, as commands take them from the user's cache."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from planner.cli.options import Manners, Prices

if TYPE_CHECKING:
    from planner.model.price_list import PriceList
    from planner.spec import Spec

OLD_DAYS = 30
"""From then on it is said how to read prices anew."""


def known_lists(providers: Iterable[str], catalog: Prices) -> tuple[PriceList, ...]:
    """What was read of these providers; nothing where the bundled prices are wanted."""
    if catalog is Prices.BUNDLED:
        return ()
    from planner import price_lists

    return price_lists.known(providers, os.environ)


def priced(specs: tuple[Spec, ...], catalog: Prices, manners: Manners) -> tuple[Spec, ...]:
    """The specs with the price lists of their providers; says which are used, and how old."""
    lists = known_lists(_providers(specs), catalog)
    if not lists:
        return specs
    found = tuple(replace(spec, price_lists=lists) for spec in specs)
    for one in _used(found):
        manners.note(_said(one))
    return found


def _providers(specs: Iterable[Spec]) -> set[str]:
    return {choice.name for spec in specs for choice in spec.workload.providers}


def _used(specs: Iterable[Spec]) -> Iterable[PriceList]:
    """Lists of the regions that the specs are about."""
    from planner.errors import ProviderError
    from planner.provider.market import catalog_of

    found: dict[tuple[str, str], PriceList] = {}
    for spec in specs:
        for choice in spec.workload.providers:
            try:
                region = catalog_of(choice.name, choice.settings, spec.price_lists).region
            except ProviderError:  # whoever plans says it at its place in the spec
                continue
            for one in spec.price_lists:
                if (one.provider, one.region) == (choice.name, region):
                    found[one.provider, one.region] = one
    return found.values()


def _said(one: PriceList) -> str:
    days = max(0, (datetime.now(UTC).date() - date.fromisoformat(one.read_on)).days)
    age = {0: "today", 1: "yesterday"}.get(days, f"{days} days ago")
    text = f"prices of {one.provider} {one.region}: {one.source}, read {age}"
    if days < OLD_DAYS:
        return text
    return f"{text}; planner catalog refresh --provider {one.provider} --region {one.region}"
