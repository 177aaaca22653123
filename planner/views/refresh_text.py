"""Refreshed price lists for people: what was read, and what is different now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TextIO

from planner.model.price_list import PriceList
from planner.model.units import format_number
from planner.model.value import value
from planner.plans.catalog_changes import CatalogChange
from planner.views.style import Style
from planner.views.tables import Column, render_table
from planner.views.wording import NOTHING, counted, unit_price

_SHOWN = 15
"""Rows of a kind; all stand in the JSON."""


@value
class Refreshed:
    """A list that was read, what it changes, and the file that keeps it."""

    listed: PriceList
    changes: tuple[CatalogChange, ...]
    file: str


def render_refreshed(found: Sequence[Refreshed], *, out: TextIO, style: Style) -> None:
    """Write each region with its changes, and what in its list could not be used."""
    for index, one in enumerate(found):
        if index:
            out.write("\n")
        _one(one, out, style)


def _one(one: Refreshed, out: TextIO, style: Style) -> None:
    listed = one.listed
    title = style.paint(f"{listed.provider} {listed.region}", "strong")
    quotas = f", {counted(len(listed.quotas), 'quota')} of account {listed.account}"
    out.write(
        f"{title}: {counted(len(listed.prices), 'price')} by {listed.source}, read "
        f"{listed.read_at}{quotas if listed.quotas else ''}\n"
    )
    prices = [change for change in one.changes if change.kind == "price"]
    limits = [change for change in one.changes if change.kind == "limit"]
    if not one.changes:
        out.write("no price and no limit is another than before\n")
    _table(prices, ("price", "USD per"), out, style)
    _table(limits, ("limit", "over"), out, style)
    for label, names in (
        ("priced, and their hardware is not known here", listed.unknown),
        ("left out", listed.left_out),
    ):
        if names:
            out.write(f"{label}: {', '.join(names)}\n")
    for note in listed.notes:
        out.write(f"not taken: {note}\n")
    out.write(f"kept in {one.file}\n")


def _table(
    changes: Sequence[CatalogChange], titles: tuple[str, str], out: TextIO, style: Style
) -> None:
    if not changes:
        return
    columns = (
        Column(title=titles[0]),
        Column(title="was", number=True),
        Column(title="is", number=True),
        Column(title="change", number=True),
        Column(title=titles[1]),
        Column(title="in", prose=True),
    )
    render_table(columns, _rows(changes[:_SHOWN]), out=out, style=style)
    if len(changes) > _SHOWN:
        out.write(f"and {len(changes) - _SHOWN:,} more: -o json\n")


def _rows(changes: Iterable[CatalogChange]) -> Iterable[Sequence[str]]:
    for one in changes:
        shown = unit_price if one.kind == "price" else format_number
        yield (
            one.name,
            NOTHING if one.old is None else shown(one.old),
            NOTHING if one.new is None else shown(one.new),
            _change(one),
            one.per,
            ", ".join(one.hostings),
        )


def _change(one: CatalogChange) -> str:
    if one.old is None:
        return "new"
    if one.new is None:
        return "gone"
    return "" if one.fraction is None else f"{100.0 * one.fraction:+.1f} %"
