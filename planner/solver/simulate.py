"""A configuration under its traffic over time: the planned one, or a person's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from planner.capacity.latency import quantile_of
from planner.capacity.simulator.steps import average_replicas
from planner.capacity.simulator.timeline import PASSES, Frame, Progress, watched, window_width
from planner.model.candidate import Decision, Margin
from planner.model.catalog import Catalog, Kind
from planner.model.simulation import CONFIDENCE, Effort, Simulation
from planner.model.value import value
from planner.model.workload import LatencyTarget, Workload
from planner.solver.ask import Ask
from planner.solver.configuration import Configuration, placements, single
from planner.solver.decide import decide
from planner.solver.own import own
from planner.solver.proof import refusable
from planner.solver.scenes import Staged, stage_over
from planner.solver.sized import Proof, Sized
from planner.solver.solve import cheapest


@value
class Question:
    """What to simulate: pins in place of the plan's choice, and how.

    `fresh` starts right after an update, nothing loaded and nothing warm but what never leaves.
    """

    pins: Mapping[str, str]
    effort: Effort
    fresh: bool = False


def simulate(
    workload: Workload,
    catalogs: Mapping[str, Catalog],
    question: Question,
    progress: Progress | None = None,
) -> tuple[Simulation, ...]:
    """Every endpoint of the configuration under its traffic, in windows of time.

    The planned configuration comes from the same simulator with a plan's effort. Raises UsageError
    for pins that no catalog offers, and where nothing is planned and nothing is pinned.
    """
    pinned = workload
    if "routing" in question.pins:
        pinned = replace(workload, pin=replace(workload.pin, routing=question.pins["routing"]))
    planned = cheapest(workload, catalogs, Effort(seed=question.effort.seed))
    ask = Ask(pinned, catalogs)
    if question.pins or planned is None:
        lead = planned.runs[0].sized if planned is not None else None
        sized = own(ask, question.pins, lead)
        planned = single(ask, sized, sized.offering)
    return _all(ask, planned, question, progress)


def _all(
    ask: Ask, configuration: Configuration, question: Question, progress: Progress | None
) -> tuple[Simulation, ...]:
    placed = placements(ask, configuration)
    decisions = decide(ask, configuration)
    return tuple(
        _one(ask, part, decision, question, progress)
        for placement, decision in zip(placed, decisions, strict=True)
        for part in placement.parts
    )


def _one(
    ask: Ask, sized: Sized, decision: Decision, question: Question, progress: Progress | None
) -> Simulation:
    effort = question.effort
    width_s = window_width(sized.pool.load.cycle_s)
    staged = stage_over(ask, sized, effort, width_s=width_s, fresh=question.fresh, passes=PASSES)
    strict = _strictest(ask, sized)
    frame = Frame(width_s=width_s, steps=staged.steps, slots=sized.slots.count, strict=strict)
    estimate, windows = watched(
        staged.scene,
        frame,
        targets=sized.targets,
        effort=effort,
        refusable=refusable(ask),
        progress=progress,
    )
    average = average_replicas(staged.steps)
    seen = replace(
        sized,
        proof=Proof(estimate=estimate, seed=effort.seed, fewer=""),
        cold=replace(sized.cold, fraction=estimate.cold.mean),
    )
    if sized.offering.kind is not Kind.ON_DEMAND and sized.bounds is not None:
        seen = replace(seen, average=average, bounds=replace(sized.bounds, average=average))
    told = decide(ask, single(ask, seen, seen.offering))[0]
    allowed = 1.0 if strict is None or strict.quantile is None else 1.0 - quantile_of(strict)
    step = sized.offering.step if sized.offering.kind is Kind.UNITS else 1
    cycle_s = sized.pool.load.cycle_s
    busy = estimate.busy_s / cycle_s
    capacity = average if sized.offering.kind is not Kind.ON_DEMAND else max(average, busy)
    return Simulation(
        endpoint=decision.endpoint,
        decision=replace(told, endpoint=decision.endpoint),
        seed=effort.seed,
        confidence=CONFIDENCE,
        simulated=estimate.simulated,
        requests=sized.pool.load.mean * cycle_s,
        cycle_s=cycle_s,
        latency=estimate.latency,
        intervals=estimate.intervals,
        margins=(
            *(replace(margin, met=_within(margin)) for margin in told.margins),
            _refusals(estimate.refused.mean, refusable(ask)),
        ),
        refused=estimate.refused.mean,
        cold=estimate.cold.mean,
        utilization=min(1.0, busy / max(capacity * sized.slots.count, 1e-9)),
        capacity=capacity * step,
        windows=tuple(replace(w, capacity=w.capacity * step) for w in windows),
        late_windows=sum(1 for w in windows if w.late > allowed),
        notes=_notes(sized, question, staged),
    )


def _within(margin: Margin) -> bool:
    """What was met, where a plan asks for what is met with confidence."""
    return margin.predicted <= margin.target + 1e-12


def _refusals(refused: float, allowed: float) -> Margin:
    return Margin(
        objective="answered 429",
        target=allowed,
        predicted=refused,
        unit="fraction",
        met=refused <= allowed,
    )


def _strictest(ask: Ask, sized: Sized) -> LatencyTarget | None:
    """The latency objective that a request misses first."""
    own_targets = sized.models[0].latency if len(sized.models) == 1 else ()
    targets = [t for t in own_targets or ask.workload.slo.latency if t.quantile is not None]
    return max(targets, key=lambda t: (t.quantile or 0.0, -t.seconds), default=None)


def _notes(sized: Sized, question: Question, staged: Staged) -> tuple[str, ...]:
    notes = []
    if question.fresh and sized.cache is None and sized.cold.delay_s == 0.0:
        notes.append("nothing here has to load: a fresh start changes nothing")
    if staged.left_out:
        notes.append("windows above traffic.size_for are not part of the percentiles")
    return tuple(notes)
