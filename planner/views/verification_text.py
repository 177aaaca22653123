"""The tables of `explain` that tell how sure a decision is."""

from __future__ import annotations

from collections.abc import Sequence

from planner.model.candidate import Robustness, Verification
from planner.model.units import format_duration, format_fraction
from planner.views.tables import Column
from planner.views.wording import counted

Shown = tuple[str, Sequence[Column], Sequence[Sequence[str]]]
"""Title, columns and rows."""


def simulated(verification: Verification) -> Shown:
    """Where each percentile lies, beside what the closed form said."""
    formula = verification.closed_form
    by_formula = {
        "p50": formula.p50_s,
        "p90": formula.p90_s,
        "p95": formula.p95_s,
        "p99": formula.p99_s,
    }
    return (
        f"Simulation of {counted(verification.simulated, 'request')}, seed {verification.seed}",
        (
            Column(title="percentile"),
            Column(title=f"from ({format_fraction(verification.confidence)})", number=True),
            Column(title="to", number=True),
            Column(title="closed form", number=True),
        ),
        [
            (
                each.name,
                format_duration(each.low_s),
                format_duration(each.high_s),
                format_duration(by_formula[each.name]),
            )
            for each in verification.intervals
        ],
    )


def held(robustness: Sequence[Robustness]) -> Shown:
    """Whether the decision holds when an input is a little wrong."""
    return (
        "Does it hold if",
        (Column(title="input"), Column(title="holds"), Column(title="then", prose=True)),
        [(each.subject, "yes" if each.holds else "no", each.found) for each in robustness],
    )
