"""One endpoint of a plan in Markdown: its row in the table, and what a reader can unfold."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from planner.model.candidate import Margin
from planner.model.change import Action, Change, ChangeSet, FieldChange, Risk
from planner.model.check import Check, Verdict
from planner.model.drift import Sync
from planner.model.plan import EndpointPlan, Pending
from planner.model.units import format_duration, format_fraction, format_usd
from planner.model.value import value
from planner.views.markdown import extent, fenced, folded, plain, row, shortened, within_html
from planner.views.plan_wording import (
    SAID,
    check_text,
    concurrency_text,
    cost_text,
    latency_text,
    reason_text,
    risk_text,
    scaling_text,
    telling_fields,
    verified_text,
    warming_texts,
    why_not_texts,
)
from planner.views.wording import (
    SYMBOL,
    capacity,
    counted,
    difference,
    is_time,
    margin_text,
    p99,
    quantity,
)

TITLES = (
    *("endpoint", "action", "where", "configuration"),
    *("a month", "latency (target)", "risk"),
)
NUMBERS = (4,)
"""Columns that align right."""

_NAME = 80
_SEVERE = {Action.REPLACE, Action.DELETE}


@value
class Room:
    """How much of one endpoint is told: fields that change, other lines of a kind, characters."""

    fields: int
    lines: int
    text: int


ROOMS = (
    Room(fields=40, lines=12, text=400),
    Room(fields=12, lines=4, text=240),
    Room(fields=0, lines=1, text=120),
)
"""Ever less of the same endpoint."""


def endpoint_row(endpoint: EndpointPlan) -> str:
    """The endpoint in the table."""
    decision = endpoint.decision
    acts = endpoint.action is not Action.NONE
    return row(
        (
            plain(endpoint.name, _NAME),
            _action(endpoint.action),
            plain(f"{decision.provider} {decision.region}", _NAME),
            plain(f"{decision.hosting} {capacity(decision)}", 120),
            plain(_money(endpoint)),
            _latency(endpoint),
            _risk(endpoint.changes) if acts else "",
        )
    )


def removal_row(removal: Pending) -> str:
    """An endpoint in the table that is to go."""
    where = f"{removal.desired.provider} {removal.desired.region}"
    return row(
        (
            plain(removal.desired.endpoint, _NAME),
            _action(Action.DELETE),
            plain(where, _NAME),
            plain(f"{removal.owner} no longer wants it", 120),
            *("", "", _risk(removal.changes)),
        )
    )


def _action(action: Action) -> str:
    name = "unchanged" if action is Action.NONE else action.value
    return f"**{name}**" if action in _SEVERE else name


def _money(endpoint: EndpointPlan) -> str:
    before, after = endpoint.monthly_usd_before, endpoint.monthly_usd_after
    if endpoint.action in {Action.NONE, Action.CREATE} or round(before, 2) == round(after, 2):
        return format_usd(after)
    # What runs may have no price: then nothing is claimed about the difference.
    return f"{format_usd(before) if before else 'unknown'} → {format_usd(after)}"


def _latency(endpoint: EndpointPlan) -> str:
    decision = endpoint.decision
    asked = [margin for margin in decision.margins if is_time(margin)]
    if asked:
        worst = max(asked, key=_used)
        label = worst.objective.removeprefix("latency ")
        text = f"{label} {quantity(worst.predicted, worst.unit)}"
        text += f" ({quantity(worst.target, worst.unit)})"
    else:
        text = f"p99 {p99(decision.latency)}"
    if decision.cold_start_fraction > 0:
        text += f", {format_fraction(decision.cold_start_fraction)} cold"
    missed = [margin.objective for margin in decision.margins if not margin.met]
    return plain(text) + (f" **misses {plain(', '.join(missed), 80)}**" if missed else "")


def _used(margin: Margin) -> tuple[bool, float, str]:
    """How much of a target is used up, what is missed in front."""
    share = margin.predicted / margin.target if margin.target > 0 else float("inf")
    return not margin.met, share, margin.objective


def _risk(changes: ChangeSet) -> str:
    risk = changes.risk
    if risk is Risk.NONE:
        return ""
    text = f"**{risk.value}**" if risk in {Risk.DOWNTIME, Risk.ONE_WAY} else risk.value
    if changes.expected_s is None:
        return text
    least, most = (format_duration(seconds) for seconds in changes.expected_s)
    return f"{text}, {least} to {most}"


def endpoint_block(
    endpoint: EndpointPlan, prices: Sequence[float], checks: Sequence[Check], *, limit: int
) -> list[str]:
    """Everything about the endpoint, folded; less of it where `limit` characters do not hold it.

    `prices` are those of its workload's endpoints, `checks` those of it that did not pass.
    """
    title = f"<b>{within_html(endpoint.name, _NAME)}</b> {SAID[endpoint.action]}"
    money = within_html(_money(endpoint))
    for room in ROOMS:
        lines = [*_facts(endpoint, prices, room), *_troubles(endpoint, checks, room)]
        found = folded(f"{title}, {money} a month", [*lines, *_changes(endpoint.changes, room)])
        if extent(found) <= limit:
            break
    return found


def removal_block(removal: Pending, *, limit: int) -> list[str]:
    """The same of an endpoint that is to go."""
    title = f"<b>{within_html(removal.desired.endpoint, _NAME)}</b> will be deleted"
    for room in ROOMS:
        notes = [
            f"- note: {plain(note, room.text)}" for note in removal.changes.notes[: room.lines]
        ]
        found = folded(title, [*notes, *_changes(removal.changes, room)])
        if extent(found) <= limit:
            break
    return found


def _facts(endpoint: EndpointPlan, prices: Sequence[float], room: Room) -> Iterator[str]:
    """What was decided, and why that and nothing else."""
    decision = endpoint.decision
    entries = [
        ("configuration", f"{decision.hosting} {capacity(decision)}"),
        ("concurrency", concurrency_text(decision)),
        ("scaling", scaling_text(decision) if decision.autoscaling else ""),
        ("options", ", ".join(f"{name} {item}" for name, item in decision.options)),
        ("latency", latency_text(decision)),
        ("verified", verified_text(decision)),
        ("objectives", ", ".join(margin_text(m) for m in decision.margins if not is_time(m))),
        ("cost", cost_text(endpoint)),
        ("risk", risk_text(endpoint.changes) if endpoint.action in _TOUCHING else ""),
    ]
    for label, text in entries:
        if text:
            yield f"- **{label}**: {plain(text, room.text)}"
    others = why_not_texts(endpoint, prices)
    if others:
        yield "- **why not**"
        yield from (f"  - {plain(text, room.text)}" for text in others[: room.lines + 1])


_TOUCHING = {Action.UPDATE, Action.REPLACE, Action.DELETE}


def _troubles(endpoint: EndpointPlan, checks: Sequence[Check], room: Room) -> Iterator[str]:
    """What a reviewer should know before they agree."""
    decision = endpoint.decision
    if endpoint.sync is Sync.DRIFTED:
        yield "- **drift**: changed outside of the planner; the changes below undo that"
    assumed = [f"{one.subject}: {one.value} ({one.reason})" for one in decision.assumptions]
    several = (
        ("would fail", [_checked(one) for one in checks if one.verdict is not Verdict.UNKNOWN]),
        ("not checked", [_checked(one) for one in checks if one.verdict is Verdict.UNKNOWN]),
        ("test calls", warming_texts(endpoint)),
        ("note", endpoint.changes.notes),
        ("warning", decision.warnings),
        ("assumed", assumed),
    )
    for label, texts in several:
        for text in texts[: room.lines]:
            yield f"- **{label}**: {plain(text, room.text)}"
        if len(texts) > room.lines:
            yield f"- **{label}**: {len(texts) - room.lines:,} more"


def _checked(check: Check) -> str:
    return f"{check_text(check)}; {check.hint}" if check.hint else check_text(check)


def change_lines(found: ChangeSet, *, limit: int) -> list[str]:
    """The changes alone, less of them where `limit` characters do not hold them."""
    for room in ROOMS:
        lines = _changes(found, room)
        if extent(lines) <= limit:
            break
    return lines


def _changes(found: ChangeSet, room: Room) -> list[str]:
    """Changes with their fields, coloured by the platform as what goes and what comes."""
    changes = found.acting
    if not changes or not room.fields:
        return [f"- {counted(len(changes), 'change')}, not shown here"] if changes else []
    lines: list[str] = []
    left = room.fields
    for index, change in enumerate(changes):
        if left <= 0:
            lines.append(f"# {counted(len(changes) - index, 'more change')}")
            break
        lines.append(f"! {SYMBOL[change.action]} {_line(change.address, room)}{_why(change, room)}")
        acting, ignored = telling_fields(change)
        lines += [line for field in acting[:left] for line in _field(field, change, room)]
        if len(acting) > left:
            lines.append(f"# {counted(len(acting) - left, 'more field')}")
        lines += [f"# {_line(text, room)}" for text in ignored]
        left -= 1 + len(acting)
    return ["", *fenced(lines, "diff")]


def _why(change: Change, room: Room) -> str:
    return f"  ({_line(reason_text(change), room)})" if reason_text(change) else ""


def _field(field: FieldChange, change: Change, room: Room) -> Iterator[str]:
    path = _line(field.path, room)
    reason = "" if field.reason == change.reason else f"  ({_line(field.reason, room)})"
    if field.live is not None:
        yield f"- {path}: {_value(field.live, room)}{'' if field.desired is not None else reason}"
    if field.desired is not None:
        yield f"+ {path}: {_value(field.desired, room)}{reason}"


def _value(item: Any, room: Room) -> str:
    return _line(item if isinstance(item, str) else json.dumps(item, ensure_ascii=False), room)


def _line(text: str, room: Room) -> str:
    return shortened(text, room.text)


def total_text(before: float, after: float) -> str:
    """`$830.00 → $621.40 a month (-$208.60, -25 %)`."""
    if round(before, 2) == round(after, 2):
        return f"{format_usd(after)} a month, as before"
    moved = difference(after - before)
    if before > 0:
        share = format_fraction((after - before) / before)
        moved += f", {share if after < before else f'+{share}'}"
    return f"{format_usd(before)} → {format_usd(after)} a month ({moved})"
