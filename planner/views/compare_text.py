"""Two plans side by side, for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TextIO

from planner.model.plan import Plan
from planner.model.units import format_duration, format_fraction, format_usd
from planner.plans.compare import Pair, Side, pairs
from planner.views.style import Style
from planner.views.tables import Column, render_table
from planner.views.wording import NOTHING, difference, relative


def render_comparison(
    left: Plan, right: Plan, *, labels: tuple[str, str], out: TextIO, style: Style
) -> None:
    """Write one table per endpoint with both sides and their difference, then the totals."""
    columns = (
        Column(title=""),
        Column(title=labels[0], prose=True),
        Column(title=labels[1], prose=True),
        Column(title="difference", prose=True),
    )
    for pair in pairs(left, right):
        out.write(f"{style.paint(pair.name, 'strong')}\n")
        render_table(columns, _rows(pair), out=out, style=style)
        out.write("\n")
    before, after = left.monthly_usd_after, right.monthly_usd_after
    out.write(
        f"Monthly: {format_usd(before)} -> {format_usd(after)}"
        f" ({_money(before, after) or 'the same'})\n"
    )


def _rows(pair: Pair) -> Iterator[tuple[str, str, str, str]]:
    left, right = pair.left, pair.right
    if left is None or right is None:
        yield (
            "decision",
            _decision(left, infeasible=pair.left_infeasible),
            _decision(right, infeasible=pair.right_infeasible),
            "",
        )
        present = left or right
        if present is not None:
            cost = format_usd(present.monthly_usd)
            yield ("a month", *((cost, NOTHING) if left else (NOTHING, cost)), "")
        return
    changed = set(pair.differences)
    yield ("hosting", left.hosting, right.hosting, _word(changed, "hosting"))
    yield ("capacity", left.what, right.what, _word(changed, "what"))
    yield ("where", _place(left), _place(right), _word(changed, "provider", "region"))
    yield ("p50", *_numbers(left.p50_s, right.p50_s))
    yield ("p99", *_numbers(left.p99_s, right.p99_s))
    yield (
        "cold",
        format_fraction(left.cold_start_fraction),
        format_fraction(right.cold_start_fraction),
        _word(changed, "cold_start_fraction"),
    )
    yield (
        "a month",
        format_usd(left.monthly_usd),
        format_usd(right.monthly_usd),
        _money(left.monthly_usd, right.monthly_usd),
    )
    yield (
        "per million",
        _per_million(left),
        _per_million(right),
        _word(changed, "per_million_usd"),
    )


def _decision(side: Side | None, *, infeasible: bool) -> str:
    if side is None:
        return "infeasible" if infeasible else NOTHING
    return f"{side.hosting} {side.what}, {_place(side)}"


def _place(side: Side) -> str:
    return f"{side.provider} {side.region}"


def _word(changed: set[str], *names: str) -> str:
    return "" if changed.isdisjoint(names) else "changed"


def _numbers(left: float, right: float) -> tuple[str, str, str]:
    compared = relative(right, left)
    same = "" if compared == "the same" else compared
    return (format_duration(left), format_duration(right), same)


def _money(left: float, right: float) -> str:
    compared = relative(right, left)
    if compared == "the same":
        return ""
    return f"{difference(right - left)}, {compared}" if left > 0 else difference(right - left)


def _per_million(side: Side) -> str:
    return NOTHING if side.per_million_usd is None else format_usd(side.per_million_usd)
