"""A provider's catalog for people: what can be bought, at which price, from which source."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from planner.model.catalog import Catalog, Hardware, Limit, Measure, Offering
from planner.model.units import format_number, format_size
from planner.plans.catalog_document import PRICED_PER, offerings_in_order
from planner.views.style import Style
from planner.views.tables import Column, render_table
from planner.views.wording import NOTHING, counted

_BYTES = frozenset(measure for measure in Measure if measure.value.endswith("_bytes"))


def render_catalogs(catalogs: Sequence[Catalog], *, out: TextIO, style: Style) -> None:
    """Write each catalog: offerings by hosting mode and price, then meters and shared limits."""
    for index, catalog in enumerate(catalogs):
        if index:
            out.write("\n")
        title = style.paint(f"{catalog.provider} {catalog.region}", "strong")
        count = counted(len(catalog.offerings), "offering")
        out.write(f"{title}: {count}, prices of {catalog.as_of} ({catalog.version})\n\n")
        _offerings(catalog, out, style)
        _meters(catalog, out, style)
        _limits(catalog, out, style)
        for note in sorted(catalog.notes):
            out.write(f"\nnote: {note}\n")


def _offerings(catalog: Catalog, out: TextIO, style: Style) -> None:
    columns = (
        Column(title="hosting"),
        Column(title="type"),
        Column(title="vCPU", number=True),
        Column(title="memory", number=True),
        Column(title="accelerator"),
        Column(title="USD", number=True),
        Column(title="per"),
        Column(title="remarks", prose=True),
    )
    rows = [_offering(offering) for offering in offerings_in_order(catalog)]
    render_table(columns, rows, out=out, style=style)


def _offering(offering: Offering) -> tuple[str, ...]:
    hardware, price = offering.hardware, offering.price
    return (
        offering.hosting,
        offering.instance_type,
        NOTHING if hardware.vcpus is None else format_number(hardware.vcpus),
        NOTHING if hardware.memory_bytes is None else format_size(hardware.memory_bytes),
        _accelerator(hardware),
        NOTHING if price is None else f"{price.usd:.10g}",
        PRICED_PER[offering.kind],
        _remarks(offering),
    )


def _accelerator(hardware: Hardware) -> str:
    if not hardware.accelerators:
        return ""
    return f"{hardware.accelerators} x {hardware.accelerator}"


def _remarks(offering: Offering) -> str:
    remarks = [value if not name else f"{name} {value}" for name, value in offering.options]
    if offering.refusal is not None:
        remarks.append(f"{offering.refusal.code}: {offering.refusal.measured}")
    elif offering.price is None:
        remarks.append("no-price")
    elif offering.price.assumption:
        remarks.append(f"assumed: {offering.price.assumption}")
    if not offering.current_generation:
        remarks.append("older generation")
    return ", ".join(remarks)


def _meters(catalog: Catalog, out: TextIO, style: Style) -> None:
    if not catalog.meters:
        return
    out.write("\n")
    columns = (
        Column(title="meter"),
        Column(title="USD", number=True),
        Column(title="per"),
        Column(title="as of"),
        Column(title="source", prose=True),
    )
    rows = [
        (meter.name, f"{meter.price.usd:.10g}", meter.per, meter.price.as_of, meter.price.source)
        for meter in sorted(catalog.meters, key=lambda each: each.name)
    ]
    render_table(columns, rows, out=out, style=style)


def _limits(catalog: Catalog, out: TextIO, style: Style) -> None:
    if not catalog.limits:
        return
    out.write("\n")
    columns = (
        Column(title="limit", prose=True),
        Column(title="over"),
        Column(title="value", number=True),
        Column(title="as of"),
        Column(title="source", prose=True),
        Column(title="row"),
    )
    rows = [
        (
            limit.name,
            limit.scope.value,
            _value(limit),
            limit.as_of,
            limit.source,
            limit.source_id,
        )
        for limit in sorted(catalog.limits, key=lambda each: each.name)
    ]
    render_table(columns, rows, out=out, style=style)


def _value(limit: Limit) -> str:
    if limit.measure in _BYTES:
        return format_size(limit.value)
    return format_number(limit.value)
