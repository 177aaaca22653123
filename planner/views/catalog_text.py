"""A provider's catalog for people: what can be bought, at which price, from which source."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TextIO

from planner.model.catalog import Catalog, Hardware, Limit, Measure, Offering, Price
from planner.model.units import format_number, format_size
from planner.model.value import value
from planner.plans.catalog_document import PRICED_PER, offerings_in_order
from planner.views.style import Paper, Style
from planner.views.tables import Column, render_table
from planner.views.wording import NOTHING, counted, unit_price

_UNUSABLE = "not usable here"
_BYTES = frozenset(measure for measure in Measure if measure.value.endswith("_bytes"))


def render_catalogs(catalogs: Sequence[Catalog], *, out: TextIO, style: Style) -> None:
    """Write each catalog: types by hosting modes and price, then meters and shared limits."""
    for index, catalog in enumerate(catalogs):
        if index:
            out.write("\n")
        title = style.paint(f"{catalog.provider} {catalog.region}", "strong")
        count = counted(len(catalog.offerings), "offering")
        out.write(f"{title}: {count}, prices of {catalog.as_of} ({catalog.version})\n")
        _offerings(catalog, out, style)
        _meters(catalog, out, style)
        _limits(catalog, out, style)
        if catalog.notes:
            out.write("\n")
        paper = Paper(out=out, style=style, indent=0, label_width=6)
        for note in sorted(catalog.notes):
            paper.entry("note:", note)


def _offerings(catalog: Catalog, out: TextIO, style: Style) -> None:
    sections: dict[str, list[_Kind]] = defaultdict(list)
    for kind in _kinds(catalog):
        sections[kind.title].append(kind)
    footnotes: dict[str, int] = {}
    for title in sorted(sections, key=lambda title: (title == _UNUSABLE, title)):
        out.write(f"\n{style.paint(title, 'strong')}\n")
        rows = [_row(kind, footnotes) for kind in sections[title]]
        render_table(_COLUMNS, rows, out=out, style=style)
    if footnotes:
        out.write("\n")
    paper = Paper(out=out, style=style, indent=1, label_width=5)
    for text, number in footnotes.items():
        paper.entry(f"[{number}]", text)


@value
class _Kind:
    """Offerings of one type at one price; they differ in hosting mode and options only."""

    offerings: tuple[Offering, ...]

    @property
    def modes(self) -> tuple[str, ...]:
        return tuple(sorted({each.hosting for each in self.offerings if each.refusal is None}))

    @property
    def title(self) -> str:
        if not self.modes:
            return _UNUSABLE
        return f"{', '.join(self.modes)} (USD per {PRICED_PER[self.offerings[0].kind]})"


def _kinds(catalog: Catalog) -> list[_Kind]:
    groups: dict[tuple[str, Hardware, Price | None, str], list[Offering]] = defaultdict(list)
    for offering in offerings_in_order(catalog):
        per = PRICED_PER[offering.kind]
        key = (offering.instance_type, offering.hardware, offering.price, per)
        groups[key].append(offering)
    kinds = [_Kind(offerings=tuple(group)) for group in groups.values()]
    return sorted(kinds, key=lambda kind: _by_price(kind.offerings[0]))


def _by_price(offering: Offering) -> tuple[float, str]:
    usd = float("inf") if offering.price is None else offering.price.usd
    return (usd, offering.instance_type)


_COLUMNS = (
    Column(title="type"),
    Column(title="vCPU", number=True),
    Column(title="memory", number=True),
    Column(title="accelerator"),
    Column(title="USD", number=True),
    Column(title="remarks", prose=True),
)


def _row(kind: _Kind, footnotes: dict[str, int]) -> tuple[str, ...]:
    offering = kind.offerings[0]
    hardware, price = offering.hardware, offering.price
    return (
        offering.instance_type,
        NOTHING if hardware.vcpus is None else format_number(hardware.vcpus),
        NOTHING if hardware.memory_bytes is None else format_size(hardware.memory_bytes),
        _accelerator(hardware),
        NOTHING if price is None else unit_price(price.usd),
        _remarks(kind, footnotes),
    )


def _accelerator(hardware: Hardware) -> str:
    if not hardware.accelerators:
        return ""
    return f"{hardware.accelerators} x {hardware.accelerator}"


def _remarks(kind: _Kind, footnotes: dict[str, int]) -> str:
    refused: dict[str, set[str]] = defaultdict(set)
    for each in kind.offerings:
        if each.refusal is not None:
            refused[each.refusal.code].add(each.hosting)
    remarks = [
        f"{code} ({', '.join(sorted(modes))})" if kind.modes else code
        for code, modes in sorted(refused.items())
    ]
    first = kind.offerings[0]
    if first.price is None and not refused:
        remarks.append("no-price")
    elif first.price is not None and first.price.assumption:
        number = footnotes.setdefault(first.price.assumption, len(footnotes) + 1)
        remarks.append(f"assumed [{number}]")
    if not first.current_generation:
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
        (meter.name, unit_price(meter.price.usd), meter.per, meter.price.as_of, meter.price.source)
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
