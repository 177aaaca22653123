"""What each hosting mode would mean for one workload, in numbers (docs/coverage.md, M7)."""

from __future__ import annotations

from planner.model.candidate import Alternative, Decision, Outcome, Rejection, Solved
from planner.model.value import value
from planner.plans.shortlist import best_per_hosting, sized


@value
class ModeRow:
    """The best that one hosting mode of one provider can do; None where nothing was computed."""

    provider: str
    hosting: str
    what: str
    chosen: bool
    endpoints: int | None = None
    monthly_usd: float | None = None
    p99_s: float | None = None
    cold_start_fraction: float | None = None
    rejection: Rejection | None = None


def mode_rows(outcome: Outcome) -> tuple[ModeRow, ...]:
    """The chosen mode first, then the best of every other one, feasible before rejected."""
    if not isinstance(outcome, Solved):
        return tuple(map(_other, best_per_hosting(outcome.misses, outcome.excluded)))
    chosen = _chosen(outcome)
    taken = {(decision.provider, decision.hosting) for decision in outcome.decisions}
    others = (
        _other(best)
        for best in best_per_hosting(outcome.alternatives, outcome.excluded)
        if (best.provider, best.hosting) not in taken
    )
    return (chosen, *others)


def _chosen(solved: Solved) -> ModeRow:
    decisions = solved.decisions
    return ModeRow(
        provider=" + ".join(sorted({decision.provider for decision in decisions})),
        hosting=" + ".join(sorted({decision.hosting for decision in decisions})),
        what=_what(decisions),
        chosen=True,
        endpoints=len(decisions),
        monthly_usd=solved.monthly_usd,
        p99_s=max(decision.latency.p99_s for decision in decisions),
        cold_start_fraction=max(decision.cold_start_fraction for decision in decisions),
    )


def _what(decisions: tuple[Decision, ...]) -> str:
    if len(decisions) > 1:
        return ", ".join(sorted({decision.instance_type for decision in decisions}))
    only = decisions[0]
    return sized(only.instance_type, only.replicas or only.units)


def _other(best: Alternative) -> ModeRow:
    return ModeRow(
        provider=best.provider,
        hosting=best.hosting,
        what=sized(best.instance_type, best.replicas),
        chosen=False,
        monthly_usd=best.monthly_usd,
        p99_s=None if best.latency is None else best.latency.p99_s,
        rejection=best.rejection,
    )
