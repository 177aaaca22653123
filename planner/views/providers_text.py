"""The installed providers for people."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, TextIO

from planner.views.style import Style
from planner.views.tables import Column, render_table

if TYPE_CHECKING:
    from planner.provider.registry import ProviderListing

_COLUMNS = (
    Column(title="name"),
    Column(title="title"),
    Column(title="distribution"),
    Column(title="regions", number=True),
    Column(title="hosting modes", prose=True),
    Column(title="error", prose=True),
)


def render_providers(listing: Iterable[ProviderListing], *, out: TextIO, style: Style) -> None:
    """Write one row for each, or how to get one where there is none."""
    rows = [
        (
            one.name,
            one.title,
            f"{one.distribution} {one.version}".strip(),
            str(len(one.regions)) if one.regions else "",
            ", ".join(one.hostings),
            one.error,
        )
        for one in listing
    ]
    if rows:
        render_table(_COLUMNS, rows, out=out, style=style)
    else:
        out.write("no provider is installed: pip install --force-reinstall endpoint-planner\n")
