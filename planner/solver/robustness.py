"""Whether a chosen configuration still holds when what it was told is a little wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from planner.capacity.latency import SplitPool
from planner.model.candidate import Robustness
from planner.model.catalog import Catalog, Scaling
from planner.model.simulation import Effort
from planner.model.units import format_duration, format_fraction
from planner.model.workload import Workload
from planner.solver.ask import Ask
from planner.solver.configuration import Configuration
from planner.solver.proof import trial_of
from planner.solver.relax import scaled, slowed
from planner.solver.sized import Sized
from planner.solver.solve import cheapest

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
    yield _held(f"rate x {MORE:g}", busier, _on(busier, sized, 1.0), effort)
    slower = Ask(slowed(workload, MORE), catalogs)
    yield _held(f"service time x {MORE:g}", slower, _on(slower, sized, MORE), effort)
    same = Ask(workload, catalogs)
    scaling = sized.offering.autoscaling
    if scaling is not None and sized.bounds is not None:
        for factor in LAGS:
            lagging = replace(sized.offering, autoscaling=_lagging(scaling, factor))
            found = replace(_on(same, sized, 1.0), offering=lagging)
            yield _held(f"scaling lag x {factor:g}", same, found, effort)
    again = replace(effort, seed=effort.seed + 1)
    yield _held("another seed", same, _on(same, sized, 1.0), again)


def _on(ask: Ask, sized: Sized, slower: float) -> Sized:
    """The same size under the load and the service times of another question."""
    outside = sum(call.latency_s for call in sized.models[0].external_calls)
    own = sized.slots.service.plus(-outside) if outside else sized.slots.service
    service = own.times(slower).plus(outside)
    split = sized.slots.count if isinstance(sized.pool, SplitPool) else 0
    pool = ask.pool(service, sized.offering.overhead_s, sized.served_share, slots=split)
    if sized.cache is not None:
        pool = pool.loading(sized.cold)
    names = {m.name for m in sized.models}
    return replace(
        sized,
        models=tuple(m for m in ask.workload.models if m.name in names),
        slots=replace(sized.slots, service=service),
        pool=pool,
        servers=_as_long(sized.servers, len(pool.bins)),
        proof=None,
    )


def _as_long(servers: Sequence[int], count: int) -> tuple[int, ...]:
    return (*servers[:count], *([servers[-1]] * (count - len(servers))))


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
