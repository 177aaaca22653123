"""The smallest change of one objective or constraint that makes a spec feasible."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from planner.model.candidate import Rejection, Relaxation
from planner.model.catalog import Catalog, Offering
from planner.model.traffic import Diurnal, Intermittent, Spike, Stages, Steady, Trace, Traffic
from planner.model.units import format_duration, format_fraction, format_usd
from planner.model.value import value
from planner.model.workload import ColdStart, Compute, Constraints, Workload
from planner.solver.ask import Ask
from planner.solver.configuration import Configuration

Cheapest = Callable[[Workload, Mapping[str, Catalog]], Configuration | None]
Fallen = Sequence[tuple[Configuration | Offering, Rejection]]

MOST = 64.0
STEPS = 12
CONFIRMED = 8
"""Steps that a confirmation may be away from what the formula finds."""
KINDS = 3
"""Kinds of hardware that are named as worth a measurement."""


def _up(value: float, digits: int = 3) -> float:
    """Rounded up to as many digits as are shown: what is printed is what was solved."""
    scale = 10.0 ** (digits - 1 - math.floor(math.log10(value)))
    return math.ceil(value * scale - 1e-9) / scale


def _down(value: float, digits: int = 3) -> float:
    scale = 10.0 ** (digits - 1 - math.floor(math.log10(value)))
    return math.floor(value * scale + 1e-9) / scale


@value
class Knob:
    """One thing to relax by a factor from 1 (as asked) to MOST."""

    path: str
    now: str
    turned: Callable[[float], Workload]
    needed: Callable[[float], str]


@value
class Solvers:
    """Two ways to the cheapest configuration: a quick one to search by, and one that confirms."""

    formula: Cheapest
    confirm: Cheapest


def relaxations(ask: Ask, solvers: Solvers, *, mendable: bool) -> tuple[Relaxation, ...]:
    """For every knob that alone suffices, the least turn of it, smallest first.

    `mendable` says that some candidate fell at a number, which a knob may change.
    """
    found: list[tuple[float, Relaxation]] = []
    if mendable:
        for knob in _knobs(ask.workload):
            turn = _least(ask, solvers, knob)
            if turn is not None:
                found.append(turn)
    found.extend((MOST, relaxation) for relaxation in _lifts(ask, solvers.confirm))
    found.sort(key=lambda item: (item[0], item[1].path))
    return tuple(relaxation for _, relaxation in found)


def measurements(fallen: Fallen) -> tuple[Relaxation, ...]:
    """What to measure the model on, cheapest first, where nothing else is in the way.

    Whether it would do shows the measurement only, so there is no price.
    """
    if not fallen or any(rejection.code != "no-profile" for _, rejection in fallen):
        return ()
    cheapest: dict[str, tuple[float, str]] = {}
    for offering, _ in fallen:
        if isinstance(offering, Offering) and offering.price is not None:
            kind = offering.hardware.accelerator or f"{offering.hardware.arch} CPUs"
            found = (offering.price.usd, offering.instance_type)
            cheapest[kind] = min(found, cheapest.get(kind, found))
    kinds = sorted(cheapest, key=lambda kind: cheapest[kind])[:KINDS]
    named = " or ".join(f"{cheapest[kind][1]} ({kind})" for kind in kinds)
    lack = fallen[0][1]
    return (
        Relaxation(path=lack.path, current=lack.measured, needed=f"points measured on {named}"),
    )


def _least(ask: Ask, solvers: Solvers, knob: Knob) -> tuple[float, Relaxation] | None:
    """Bisects the factor on a logarithmic scale; feasibility grows with it.

    What the formula finds is confirmed, or turned on in steps of 5 % until it is.
    """
    if solvers.formula(knob.turned(MOST), ask.catalogs) is None:
        return None
    low, high = 1.0, MOST
    for _ in range(STEPS):
        middle = (low * high) ** 0.5
        if solvers.formula(knob.turned(middle), ask.catalogs) is None:
            low = middle
        else:
            high = middle
        if high / low < 1.01:
            break
    for _ in range(CONFIRMED):
        best = solvers.confirm(knob.turned(high), ask.catalogs)
        if best is not None:
            return high, Relaxation(
                path=knob.path,
                current=knob.now,
                needed=knob.needed(high),
                monthly_usd=best.monthly_usd,
            )
        high *= 1.05
    return None


def _knobs(workload: Workload) -> list[Knob]:
    knobs = [_latency_knob(workload), _rate_knob(workload)]
    constraints = workload.constraints
    monthly = constraints.budget_monthly_usd
    if monthly is not None:
        knobs.append(
            Knob(
                path="spec.constraints.budget.monthly",
                now=format_usd(monthly),
                turned=lambda f: _constrained(
                    workload,
                    replace(constraints, budget_monthly_usd=math.ceil(monthly * f * 100) / 100),
                ),
                needed=lambda f: format_usd(math.ceil(monthly * f * 100) / 100),
            )
        )
    most = constraints.replicas_max
    if most is not None:
        knobs.append(
            Knob(
                path="spec.constraints.replicas.max",
                now=str(most),
                turned=lambda f: _constrained(
                    workload, replace(constraints, replicas_max=round(most * f))
                ),
                needed=lambda f: str(round(most * f)),
            )
        )
    cold = workload.slo.cold_start
    fraction = cold.fraction
    if fraction:
        knobs.append(
            Knob(
                path="spec.slo.cold_start.fraction",
                now=format_fraction(fraction),
                turned=lambda f: _cold(
                    workload, replace(cold, fraction=min(1.0, _up(fraction * f)))
                ),
                needed=lambda f: format_fraction(min(1.0, _up(fraction * f))),
            )
        )
    return knobs


def _latency_knob(workload: Workload) -> Knob:
    """All latency targets together: relaxing one alone may not be enough."""
    targets = workload.slo.latency

    def turned(factor: float) -> Workload:
        slo = replace(
            workload.slo,
            latency=tuple(replace(t, seconds=_up(t.seconds * factor)) for t in targets),
        )
        return replace(workload, slo=slo)

    def text(factor: float) -> str:
        return ", ".join(f"{t.label} {format_duration(_up(t.seconds * factor))}" for t in targets)

    return Knob(path="spec.slo.latency", now=text(1.0), turned=turned, needed=text)


def _rate_knob(workload: Workload) -> Knob:
    return Knob(
        path="spec.traffic",
        now="as asked",
        turned=lambda f: scaled(workload, _down(1.0 / f, 2)),
        needed=lambda f: f"at most {_down(1.0 / f, 2):.2g} x the rate",
    )


def _constrained(workload: Workload, constraints: Constraints) -> Workload:
    return replace(workload, constraints=constraints)


def _cold(workload: Workload, cold: ColdStart) -> Workload:
    return replace(workload, slo=replace(workload.slo, cold_start=cold))


def _lifts(ask: Ask, cheapest: Cheapest) -> list[Relaxation]:
    """Constraints that are either there or not: allowed modes, types, pins, cold starts, GPU."""
    workload = ask.workload
    constraints, slo = workload.constraints, workload.slo
    tries: list[tuple[str, str, str, Workload]] = []
    if constraints.hosting is not None:
        free = _constrained(workload, replace(constraints, hosting=None))
        named = ", ".join(constraints.hosting)
        tries.append(("spec.constraints.hosting", named, "any hosting mode", free))
    if constraints.instances_include or constraints.instances_exclude:
        free = _constrained(
            workload, replace(constraints, instances_include=(), instances_exclude=())
        )
        tries.append(("spec.constraints.instances", "restricted", "any instance type", free))
    if not slo.cold_start.allowed:
        free = _cold(
            _constrained(workload, replace(constraints, scale_to_zero=True)),
            ColdStart(allowed=True),
        )
        tries.append(("spec.slo.cold_start", "forbid", "allow", free))
    pinned = workload.pin
    if pinned != type(pinned)():
        tries.append(("spec.pin", "pinned", "no pin", replace(workload, pin=type(pinned)())))
    if any(m.compute is Compute.CPU for m in workload.models):
        models = tuple(replace(m, compute=Compute.ANY) for m in workload.models)
        free = replace(workload, models=models)
        tries.append(("spec.models.compute", "cpu", "any, with a measured profile", free))
    result = []
    for path, now, needed, relaxed in tries:
        found = cheapest(relaxed, ask.catalogs)
        if found is not None:
            result.append(
                Relaxation(path=path, current=now, needed=needed, monthly_usd=found.monthly_usd)
            )
    return result


def scaled(workload: Workload, factor: float) -> Workload:
    """The same workload at `factor` times the traffic."""
    return replace(workload, traffic=_scaled_traffic(workload.traffic, factor))


def _scaled_traffic(traffic: Traffic, factor: float) -> Traffic:
    match traffic.pattern:
        case Steady() as p:
            burst = replace(p.burst, rate=p.burst.rate * factor) if p.burst else None
            return replace(traffic, pattern=replace(p, rate=p.rate * factor, burst=burst))
        case Intermittent() as p:
            return replace(
                traffic, pattern=replace(p, requests_per_day=p.requests_per_day * factor)
            )
        case Diurnal() as p:
            spikes: tuple[Spike, ...] = tuple(replace(s, rate=s.rate * factor) for s in p.spikes)
            return replace(
                traffic,
                pattern=replace(p, base=p.base * factor, peak=p.peak * factor, spikes=spikes),
            )
        case Stages() as p:
            stages = tuple(replace(s, target=s.target * factor) for s in p.stages)
            return replace(traffic, pattern=replace(p, start=p.start * factor, stages=stages))
        case Trace() as p:
            return replace(traffic, pattern=replace(p, scale=p.scale * factor))


def slowed(workload: Workload, factor: float) -> Workload:
    """The same workload with every measured service time multiplied by `factor`."""
    models = tuple(
        replace(
            m,
            curves=tuple(
                replace(
                    c,
                    points=tuple(
                        replace(
                            p,
                            mean_s=p.mean_s * factor,
                            p99_s=None if p.p99_s is None else p.p99_s * factor,
                        )
                        for p in c.points
                    ),
                )
                for c in m.curves
            ),
        )
        for m in workload.models
    )
    return replace(workload, models=models)
