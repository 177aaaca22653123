"""A configuration under its traffic over time: the planned one, or a person's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from planner.capacity.latency import quantile_of
from planner.capacity.simulator.experiment import Estimate
from planner.capacity.simulator.steps import average_replicas
from planner.capacity.simulator.timeline import PASSES, Frame, Progress, watched, window_width
from planner.model.candidate import Decision, Margin
from planner.model.catalog import Catalog, Kind
from planner.model.effort import CONFIDENCE, Effort
from planner.model.simulation import Conditions, SimulatedWindow, Simulation
from planner.model.traffic import Traffic
from planner.model.units import format_duration
from planner.model.value import value
from planner.model.workload import LatencyTarget, Workload
from planner.solver.ask import Ask
from planner.solver.configuration import placements, single
from planner.solver.decide import decide
from planner.solver.own import own
from planner.solver.scenes import Staged, stage_over
from planner.solver.shared import cache_bytes
from planner.solver.sized import Proof, Sized
from planner.solver.solve import cheapest
from planner.solver.transfer import transferred
from planner.solver.trial import refusable


@value
class Question:
    """What to simulate: pins in place of the plan's choice, and how.

    `traffic` is met in place of the one that was planned for. `fresh` starts right after an update,
    with nothing loaded and nothing warm but what never leaves. `detailed` windows hold how long
    answers took.
    """

    pins: Mapping[str, str]
    effort: Effort
    traffic: Traffic | None = None
    fresh: bool = False
    detailed: bool = False


def simulate(
    workload: Workload,
    catalogs: Mapping[str, Catalog],
    question: Question,
    progress: Progress | None = None,
) -> tuple[Simulation, ...]:
    """Every endpoint of the configuration under its traffic, in windows of time.

    The planned configuration is the plan's own. Raises UsageError for pins that no catalog offers,
    InfeasibleError where nothing is planned and no instance is pinned.
    """
    planned = cheapest(workload, catalogs, Effort(seed=question.effort.seed))
    met = workload if question.traffic is None else replace(workload, traffic=question.traffic)
    if "routing" in question.pins:
        met = replace(met, pin=replace(met.pin, routing=question.pins["routing"]))
    ask = Ask(met, catalogs)
    if question.pins or planned is None:
        lead = planned.runs[0].sized if planned is not None else None
        sized = own(ask, question.pins, lead)
        planned = single(ask, sized, sized.offering)
    elif question.traffic is not None:
        runs = (replace(run, sized=transferred(ask, run.sized)) for run in planned.runs)
        planned = replace(planned, runs=tuple(runs))
    placed = placements(ask, planned)
    return tuple(
        _one(ask, part, decision.endpoint, question, progress)
        for placement, decision in zip(placed, decide(ask, planned), strict=True)
        for part in placement.parts
    )


def _one(
    ask: Ask, sized: Sized, endpoint: str, question: Question, progress: Progress | None
) -> Simulation:
    effort, load = question.effort, sized.pool.load
    width_s = window_width(load.cycle_s)
    staged = stage_over(ask, sized, effort, width_s=width_s, passes=PASSES, fresh=question.fresh)
    strict = _strictest(ask, sized)
    estimate, windows = watched(
        staged.scene,
        Frame(
            width_s=width_s,
            steps=staged.steps,
            slots=sized.slots.count,
            strict=strict,
            detailed=question.detailed,
        ),
        targets=sized.targets,
        effort=effort,
        refusable=refusable(ask),
        progress=progress,
    )
    told = decide(ask, single(ask, _seen(sized, staged, estimate, effort), sized.offering))[0]
    step = sized.offering.step if sized.offering.kind is Kind.UNITS else 1
    busy, capacity = estimate.held_s * load.mean, average_replicas(staged.steps)
    if sized.offering.kind is Kind.ON_DEMAND:
        capacity = max(capacity, busy)
    return Simulation(
        endpoint=endpoint,
        decision=replace(told, endpoint=endpoint),
        seed=effort.seed,
        confidence=CONFIDENCE,
        simulated=estimate.simulated,
        requests=load.mean * load.cycle_s,
        cycle_s=load.cycle_s,
        latency=estimate.latency,
        intervals=estimate.intervals,
        margins=_margins(told, estimate),
        refused=estimate.refused.mean,
        cold=estimate.cold.mean,
        utilization=min(1.0, busy / max(capacity * sized.slots.count, 1e-9)),
        capacity=capacity * step,
        windows=tuple(replace(w, capacity=w.capacity * step) for w in windows),
        late_windows=_late_windows(windows, strict),
        notes=_notes(sized, question, staged),
        conditions=_conditions(sized),
    )


def _conditions(sized: Sized) -> Conditions:
    hardware, service_s = sized.offering.hardware, sized.slots.service.mean_s
    model = max(sized.models, key=lambda one: one.weight)
    elsewhere_s = sum(call.latency_s for call in model.external_calls)
    computing = max(0.0, 1.0 - elsewhere_s / service_s) if service_s > 0.0 else 1.0
    cached = cache_bytes(sized.offering) if sized.cache is not None else None
    needed = sum(one.memory_bytes for one in sized.models)
    memory, share = hardware.memory_bytes, model.vcpus_per_request
    step = sized.offering.step if sized.offering.kind is Kind.UNITS else 1
    slots = max(1, sized.slots.count // step)
    held = needed if cached is None else min(needed, cached)
    return Conditions(
        service_s=service_s,
        slots=slots,
        overhead_s=sized.offering.overhead_s,
        answered_s=sized.pool.overhead_s,
        load_s=sized.cold.delay_s,
        # Where nobody tells the processors of a replica, all of its slots busy is all it has.
        cpu=computing * (share / hardware.vcpus if hardware.vcpus else 1.0 / slots),
        memory=min(1.0, held / memory) if memory and not hardware.accelerator else None,
        resident=sized.cache.resident if sized.cache is not None else None,
        accelerated=bool(hardware.accelerator),
    )


def _seen(sized: Sized, staged: Staged, estimate: Estimate, effort: Effort) -> Sized:
    """The size with what its requests met, and the capacity that its policy held."""
    seen = replace(
        sized,
        proof=Proof(estimate=estimate, seed=effort.seed, fewer=""),
        cold=replace(sized.cold, fraction=estimate.cold.mean),
    )
    if sized.bounds is None or sized.offering.kind is Kind.ON_DEMAND:
        return seen
    average = average_replicas(staged.steps)
    return replace(seen, average=average, bounds=replace(sized.bounds, average=average))


def _margins(told: Decision, estimate: Estimate) -> tuple[Margin, ...]:
    refused = estimate.refused
    return (
        *(replace(margin, met=_within(margin)) for margin in told.margins),
        Margin(
            objective="answered 429",
            target=refused.allowed,
            predicted=refused.mean,
            unit="fraction",
            met=refused.met,
        ),
    )


def _within(margin: Margin) -> bool:
    """What was met, where a plan asks for what is met with confidence."""
    return margin.predicted <= margin.target + 1e-12


def _late_windows(windows: Sequence[SimulatedWindow], strict: LatencyTarget | None) -> int:
    allowed = 1.0 if strict is None or strict.quantile is None else 1.0 - quantile_of(strict)
    return sum(1 for window in windows if window.late > allowed)


def _strictest(ask: Ask, sized: Sized) -> LatencyTarget | None:
    """The latency objective that a request misses first."""
    own_targets = sized.models[0].latency if len(sized.models) == 1 else ()
    targets = [t for t in own_targets or ask.workload.slo.latency if t.quantile is not None]
    return max(targets, key=lambda t: (t.quantile or 0.0, -t.seconds), default=None)


def _notes(sized: Sized, question: Question, staged: Staged) -> tuple[str, ...]:
    notes = []
    if question.fresh and sized.cache is None and sized.cold.delay_s == 0.0:
        notes.append("nothing here has to load: a fresh start changes nothing")
    seen_s = sum(s.seconds * s.weight for run in staged.scene.windows[0].runs for s in run)
    if question.fresh and seen_s < 0.99 * sized.pool.load.cycle_s:
        notes.append(f"only the first {format_duration(seen_s)} were simulated; see --requests")
    if any(windows.shortened for windows in staged.scene.windows):
        notes.append("overload was cut short: its delays are longer than shown; raise --requests")
    if staged.left_out:
        notes.append("windows above traffic.size_for are not part of the percentiles")
    return tuple(notes)
