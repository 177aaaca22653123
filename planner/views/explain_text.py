"""Why this answer, for people: the arithmetic line by line, and what every other choice lacks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TextIO

from planner.model.candidate import Alternative, CostLine, Decision, Infeasible, Solved
from planner.model.plan import Explanation
from planner.model.units import format_duration, format_fraction, format_number, format_usd
from planner.model.value import value
from planner.plans.document import alternatives_in_order
from planner.plans.modes import ModeRow, mode_rows
from planner.plans.shortlist import shortlist, sized
from planner.views.style import Paper, Style
from planner.views.tables import Column, render_table
from planner.views.verification_text import held, simulated
from planner.views.wording import (
    NOTHING,
    capacity,
    counted,
    difference,
    monthly,
    p99,
    quantity,
    spare,
    unit_price,
    why_not,
    why_rejected,
)

_ALTERNATIVES = 12
_DECISIONS = 3


Where = Callable[[str], str]
"""Names a spec path as a reader finds it."""


@value
class _Page:
    out: TextIO
    style: Style
    where: Where

    def line(self, text: str = "") -> None:
        self.out.write(f"{text}\n")

    def paper(self, *, label_width: int) -> Paper:
        return Paper(out=self.out, style=self.style, indent=1, label_width=label_width)

    def table(self, title: str, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
        if not rows:
            return
        self.line()
        self.line(self.style.paint(title, "strong"))
        render_table(columns, rows, out=self.out, style=self.style)


def render_explanation(
    explanation: Explanation,
    *,
    out: TextIO,
    style: Style,
    where: Where = str,
    everything: bool = False,
) -> None:
    """Write the whole explanation; `everything` lists each candidate instead of the best dozen."""
    page = _Page(out=out, style=style, where=where)
    match explanation.outcome:
        case Solved() as solved:
            _solved(page, solved, everything=everything)
        case Infeasible() as infeasible:
            _infeasible(page, infeasible, everything=everything)
    page.table(
        "Where the decision changes, by the closed form",
        (
            Column(title="input"),
            Column(title="now"),
            Column(title="changes at"),
            Column(title="to", prose=True),
        ),
        [
            (
                each.subject,
                each.now,
                each.changes_at or "not within the range searched",
                each.to if each.changes_at else "",
            )
            for each in explanation.sensitivities
        ],
    )
    page.table(*held(explanation.robustness))
    page.line()
    for stamp in explanation.catalogs:
        page.line(f"Prices: {stamp.provider} {stamp.region}, {stamp.as_of} ({stamp.version})")


def _solved(page: _Page, solved: Solved, *, everything: bool) -> None:
    shown = solved.decisions if everything else solved.decisions[:_DECISIONS]
    for index, decision in enumerate(shown):
        if index:
            page.line()
        _decision(page, decision)
    if len(solved.decisions) > len(shown):
        page.line()
        rest = counted(len(solved.decisions) - len(shown), "more endpoint")
        page.line(f"and {rest}: see --all")
    _modes(page, mode_rows(solved))
    if everything:
        listed = alternatives_in_order(solved.alternatives)
        _why_not(page, "Why not", listed, solved.monthly_usd)
        _excluded(page, solved)
        return
    listed = shortlist(solved.alternatives, solved.excluded, limit=_ALTERNATIVES)
    _why_not(page, "Why not", listed, solved.monthly_usd)
    sizes = [len(group.instance_types) for group in solved.excluded]
    page.line(
        f" Looked at {counted(len(solved.alternatives) + 1, 'configuration')};"
        f" {sum(sizes):,} more excluded before sizing. All of them: --all"
    )


def _infeasible(page: _Page, infeasible: Infeasible, *, everything: bool) -> None:
    paint = page.style.paint
    page.line(
        f"{paint(infeasible.workload, 'strong')}: {paint('infeasible', 'bad')},"
        " nothing in the searched space meets the spec"
    )
    _modes(page, mode_rows(infeasible))
    misses = infeasible.misses if everything else infeasible.misses[:_ALTERNATIVES]
    _why_not(page, "Nearest misses", misses, 0.0)
    page.table(
        "What would make it feasible",
        (
            Column(title="spec"),
            Column(title="now"),
            Column(title="needed"),
            Column(title="then a month", number=True),
        ),
        [
            (each.path, each.current, each.needed, monthly(each.monthly_usd))
            for each in infeasible.relaxations
        ],
    )
    if everything:
        _excluded(page, infeasible)


def _decision(page: _Page, decision: Decision) -> None:
    title = page.style.paint(decision.endpoint, "strong")
    page.line(
        f"{title}: {decision.hosting} {capacity(decision)}, {decision.provider} {decision.region},"
        f" {format_usd(decision.cost.monthly_usd)}/month"
    )
    page.table(
        "Arithmetic",
        (
            Column(title="what"),
            Column(title="how", prose=True),
            Column(title="value", prose=True),
            Column(title="from", prose=True),
        ),
        [(step.label, step.expression, step.value, step.source) for step in decision.arithmetic],
    )
    _latency(page, decision)
    _cost(page, decision)
    _notes(page, decision)


def _latency(page: _Page, decision: Decision) -> None:
    latency = decision.latency
    seconds = (latency.mean_s, latency.p50_s, latency.p90_s, latency.p95_s, latency.p99_s)
    page.table(
        "Latency",
        [Column(title=name, number=True) for name in ("mean", "p50", "p90", "p95", "p99", "cold")],
        [(*map(format_duration, seconds), format_fraction(decision.cold_start_fraction))],
    )
    if decision.verification is None:
        page.line(" Not verified: the closed form alone, nothing simulated.")
    else:
        page.table(*simulated(decision.verification))
        if decision.verification.fewer:
            page.line(f" One less, {decision.verification.fewer}")
    page.table(
        f"Objectives, predicted by {decision.method}",
        (
            Column(title="objective"),
            Column(title="predicted", number=True),
            Column(title="asked", number=True),
            Column(title="margin"),
        ),
        [
            (
                margin.objective,
                quantity(margin.predicted, margin.unit),
                quantity(margin.target, margin.unit),
                spare(margin),
            )
            for margin in sorted(decision.margins, key=lambda each: each.objective)
        ],
    )


def _cost(page: _Page, decision: Decision) -> None:
    cost = decision.cost
    sources: dict[str, int] = {}
    rows = [
        (
            line.name,
            format_number(line.quantity),
            line.unit,
            unit_price(line.usd_per_unit),
            format_usd(line.monthly_usd),
            f"[{sources.setdefault(_price_source(line), len(sources) + 1)}]",
        )
        for line in sorted(cost.lines, key=lambda each: each.name)
    ]
    page.table(
        "Cost of a month of 730 hours",
        (
            Column(title="line"),
            Column(title="quantity", number=True),
            Column(title="unit"),
            Column(title="USD each", number=True),
            Column(title="a month", number=True),
            Column(title="source"),
        ),
        [*rows, ("total", "", "", "", format_usd(cost.monthly_usd), "")],
    )
    if cost.per_million_usd is not None:
        page.line(f" {format_usd(cost.per_million_usd)} per million requests")
    for text, number in sources.items():
        page.paper(label_width=5).entry(f"[{number}]", text)


def _price_source(line: CostLine) -> str:
    assumed = f"; assumed: {line.assumption}" if line.assumption else ""
    return f"{line.as_of}, {line.source}{assumed}"


def _notes(page: _Page, decision: Decision) -> None:
    page.table(
        "Assumed, because nobody said",
        (
            Column(title="what"),
            Column(title="value", prose=True),
            Column(title="why", prose=True),
            Column(title="from", prose=True),
        ),
        [
            (each.subject, each.value, each.reason, each.source)
            for each in sorted(decision.assumptions, key=lambda each: each.subject)
        ],
    )
    page.table(
        "Advice of the vendor's documents that applies",
        (
            Column(title="rule"),
            Column(title="row"),
            Column(title="because", prose=True),
            Column(title="advice", prose=True),
            Column(title="saves a month", number=True),
        ),
        [
            (
                each.rule,
                each.source_id,
                each.trigger,
                each.text,
                "" if each.saves_monthly_usd is None else format_usd(each.saves_monthly_usd),
            )
            for each in sorted(decision.advice, key=lambda each: each.rule)
        ],
    )
    if decision.warnings:
        page.line()
        page.line(page.style.paint("Warnings", "strong"))
    for text in decision.warnings:
        page.paper(label_width=2).entry("-", text, "caution")


def _modes(page: _Page, rows: Sequence[ModeRow]) -> None:
    chosen = next((row for row in rows if row.chosen), None)
    named = _hostings(rows)
    page.table(
        "Hosting modes compared, the best of each",
        (
            Column(title="hosting"),
            Column(title="with"),
            Column(title="endpoints", number=True),
            Column(title="a month", number=True),
            Column(title="difference", number=True),
            Column(title="p99", number=True),
            Column(title="cold", number=True),
            Column(title="verdict"),
        ),
        [(named[row.provider, row.hosting], *_mode(row, chosen)) for row in rows],
    )


def _mode(row: ModeRow, chosen: ModeRow | None) -> tuple[str, ...]:
    against = ""
    if chosen is not None and not row.chosen and row.monthly_usd is not None:
        moved = row.monthly_usd - (chosen.monthly_usd or 0.0)
        against = difference(moved) if abs(moved) >= 0.005 else "the same"
    verdict = "chosen" if row.chosen else "feasible"
    if row.rejection is not None:
        verdict = row.rejection.code
    return (
        row.what,
        str(row.endpoints) if row.endpoints and row.endpoints > 1 else "",
        monthly(row.monthly_usd),
        against,
        NOTHING if row.p99_s is None else format_duration(row.p99_s),
        "" if row.cold_start_fraction is None else format_fraction(row.cold_start_fraction),
        verdict,
    )


def _hostings(rows: Iterable[Alternative | ModeRow]) -> dict[tuple[str, str], str]:
    """Hosting modes as they are shown: with the provider only where there are several."""
    keys = {(row.provider, row.hosting) for row in rows}
    alone = len({provider for provider, _ in keys}) == 1
    return {key: key[1] if alone else " ".join(key) for key in keys}


def _with(alternative: Alternative) -> str:
    what = sized(alternative.instance_type, alternative.replicas)
    return f"{what} ({alternative.variant})" if alternative.variant else what


def _why_not(page: _Page, title: str, listed: Sequence[Alternative], chosen_usd: float) -> None:
    named = _hostings(listed)
    page.table(
        title,
        (
            Column(title="hosting"),
            Column(title="with"),
            Column(title="a month", number=True),
            Column(title="p99", number=True),
            Column(title="why not", prose=True),
        ),
        [
            (
                named[each.provider, each.hosting],
                _with(each),
                monthly(each.monthly_usd),
                p99(each.latency),
                _reason(page, each, chosen_usd),
            )
            for each in listed
        ],
    )


def _reason(page: _Page, alternative: Alternative, chosen_usd: float) -> str:
    rejection = alternative.rejection
    reason = why_not(alternative, chosen_usd=chosen_usd)
    if rejection is None:
        return reason
    asks = f"; asked by {page.where(rejection.path)}" if rejection.path else ""
    source = f"; {rejection.source}" if rejection.source else ""
    return f"{reason}{asks}{source}"


def _excluded(page: _Page, outcome: Solved | Infeasible) -> None:
    page.table(
        "Excluded before sizing",
        (
            Column(title="hosting"),
            Column(title="why not", prose=True),
            Column(title="types", prose=True),
        ),
        [
            (
                f"{group.provider} {group.hosting}",
                why_rejected(group.rejection),
                ", ".join(sorted(group.instance_types)),
            )
            for group in outcome.excluded
        ],
    )
