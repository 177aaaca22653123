"""Whether a chosen configuration still holds when what it was told is a little wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from planner.model.candidate import Robustness
from planner.model.catalog import Catalog, Scaling
from planner.model.effort import Effort
from planner.model.units import format_duration, format_fraction
from planner.model.workload import Workload
from planner.solver.ask import Ask
from planner.solver.configuration import Configuration
from planner.solver.relax import scaled, slowed
from planner.solver.sized import Sized
from planner.solver.solve import cheapest
from planner.solver.transfer import transferred
from planner.solver.trial import trial_of

MORE = 1.1
"""Factor on the rate and on the service time."""
LAGS = (0.5, 2.0)


def robustness(
    workload: Workload, catalogs: Mapping[str, Catalog], effort: Effort
) -> tuple[Robustness, ...]:
    """The chosen configuration simulated under more load, slower answers, other lags and draws.

    The size stays as it was decided; of several endpoints the one with the most requests counts.
    """
    best = cheapest(workload, catalogs, effort)
    if best is None or best.runs[0].sized.proof is None:
        return ()
    return tuple(_answers(workload, catalogs, effort, best))


def _answers(
    workload: Workload, catalogs: Mapping[str, Catalog], effort: Effort, best: Configuration
) -> Iterator[Robustness]:
    sized = best.runs[0].sized
    busier = Ask(scaled(workload, MORE), catalogs)
    yield _held(f"rate x {MORE:g}", busier, transferred(busier, sized), effort)
    slower = Ask(slowed(workload, MORE), catalogs)
    yield _held(f"service time x {MORE:g}", slower, transferred(slower, sized, slower=MORE), effort)
    same = Ask(workload, catalogs)
    scaling = sized.offering.autoscaling
    if scaling is not None and sized.bounds is not None:
        for factor in LAGS:
            lagging = replace(sized.offering, autoscaling=_lagging(scaling, factor))
            found = replace(transferred(same, sized), offering=lagging)
            yield _held(f"scaling lag x {factor:g}", same, found, effort)
    again = replace(effort, seed=effort.seed + 1)
    yield _held("another seed", same, transferred(same, sized), again)


def _lagging(scaling: Scaling, factor: float) -> Scaling:
    """The same rules, slower or faster as a whole on the way up."""
    return replace(scaling, period_s=scaling.period_s * factor, start_s=scaling.start_s * factor)


def _held(subject: str, ask: Ask, sized: Sized, effort: Effort) -> Robustness:
    trial = trial_of(ask, sized, effort)
    shown = [
        f"{target.label} {format_duration(at)} of {format_duration(target.seconds)}"
        for target, at in zip(trial.sized.targets, trial.estimate.at, strict=True)
    ]
    if trial.estimate.refused.mean > 0.0:
        shown.append(f"{format_fraction(trial.estimate.refused.mean)} answered 429")
    return Robustness(subject=subject, holds=trial.estimate.met, found=", ".join(shown))
