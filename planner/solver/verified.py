"""The cheapest configuration that the simulation confirms, of every hosting mode and of all.

Candidates come in the order of their closed-form price. The first of each mode is proven; after
that only those are that could still be cheaper, if one less were enough.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from planner.model.candidate import Rejection
from planner.model.catalog import Kind
from planner.model.effort import Effort
from planner.model.value import value
from planner.solver.ask import Ask
from planner.solver.configuration import Configuration, Run, counted, single
from planner.solver.fleet import run_price, total_count
from planner.solver.proof import is_proven, prove
from planner.solver.rungs import height, lowest

HOPED = 0.15
"""Part of a count by which the closed form may be too careful (measured: at most 13 % of p99)."""
TRIED = 8
"""Candidates of one mode that are proven after the first that holds."""
MOST_RUNS = 6
"""Unlike endpoints of one configuration that are simulated, those with the most requests."""


@value
class Verified:
    """Proven configurations and the others, cheapest first, and what fell in the simulation."""

    proven: tuple[Configuration, ...]
    unproven: tuple[Configuration, ...]
    fallen: tuple[tuple[Configuration, Rejection], ...]


def verified(ask: Ask, feasible: Sequence[Configuration], effort: Effort) -> Verified:
    """Hold the finalists of each mode against the simulation."""
    proven: list[Configuration] = []
    unproven: list[Configuration] = []
    fallen: list[tuple[Configuration, Rejection]] = []
    ordered = sorted(feasible, key=lambda c: (c.provider, c.hosting, c.rank))
    for _, mode in groupby(ordered, key=lambda c: (c.provider, c.hosting)):
        best, tried = float("inf"), 0
        for candidate in mode:
            known = all(is_proven(ask, run.sized, effort) for run in candidate.runs)
            if not known and (_bound(ask, candidate) >= best - 0.005 or tried >= TRIED):
                unproven.append(candidate)
                continue
            tried += best < float("inf") and not known
            found = confirmed(ask, candidate, effort)
            if isinstance(found, Rejection):
                fallen.append((candidate, found))
            else:
                proven.append(found)
                best = min(best, found.monthly_usd)
    return Verified(
        proven=tuple(sorted(proven, key=lambda c: c.rank)),
        unproven=tuple(sorted(unproven, key=lambda c: c.rank)),
        fallen=tuple(fallen),
    )


def _bound(ask: Ask, candidate: Configuration) -> float:
    """No confirmed size of this configuration is hoped to cost less."""
    sized = candidate.runs[0].sized
    if len(candidate.runs) > 1 or sized.offering.kind in (Kind.ON_DEMAND, Kind.SHARED_REPLICAS):
        return candidate.monthly_usd
    count = height(sized)
    if sized.bounds is not None:
        return candidate.monthly_usd * (1.0 - HOPED / 2.0)
    least = max(lowest(ask, sized).count, min(count - 1, round(count * (1.0 - HOPED))))
    return candidate.monthly_usd * min(1.0, max(least, 1) / max(count, 1))


def confirmed(ask: Ask, candidate: Configuration, effort: Effort) -> Configuration | Rejection:
    """The configuration at the sizes that the simulation confirms, priced again."""
    busiest = sorted(candidate.runs, key=lambda run: -run.sized.served_share)[:MOST_RUNS]
    runs: list[Run] = []
    for run in candidate.runs:
        if not any(run is one for one in busiest):
            runs.append(run)
            continue
        found = prove(ask, run.sized, effort)
        if isinstance(found, Rejection):
            return found
        runs.append(replace(run, sized=found))
    return _priced(ask, candidate, runs)


def _priced(ask: Ask, candidate: Configuration, runs: Sequence[Run]) -> Configuration:
    """The same configuration with other sizes."""
    lead = runs[0]
    if len(runs) == 1 and lead.shared:
        alone = single(ask, lead.sized, lead.offering)
        usd, replicas = alone.monthly_usd, alone.replicas
    else:
        usd = sum(run_price(ask, run) for run in runs)
        replicas = counted(lead.sized) if lead.shared else total_count(runs)
    return replace(candidate, monthly_usd=usd, replicas=replicas, runs=tuple(runs))
