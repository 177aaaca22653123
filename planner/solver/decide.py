"""From a configuration to decisions: one per cloud endpoint, with margins, cost and warnings."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace

from planner.capacity.autoscaling import Bounds
from planner.model.candidate import (
    Autoscaling,
    Concurrency,
    Cost,
    CostLine,
    Decision,
    Latency,
    Margin,
    Range,
    Verification,
)
from planner.model.catalog import Kind
from planner.model.effort import CONFIDENCE
from planner.model.traffic import Diurnal
from planner.model.workload import ScheduledAction
from planner.solver import caveats
from planner.solver.arithmetic import steps
from planner.solver.ask import Ask
from planner.solver.configuration import (
    Configuration,
    Placement,
    closed_form,
    latency_of,
    placements,
)
from planner.solver.cost import cost, has_volume, volume_gb
from planner.solver.sized import Sized

CACHE_OFF_BELOW = 0.5
"""Hit rate below which keeping models in memory costs more than it saves: our reading of M6."""


def decide(ask: Ask, configuration: Configuration) -> tuple[Decision, ...]:
    """The decisions of the chosen configuration, the one with the most models first."""
    placed = placements(ask, configuration)
    names = _names(ask, placed)
    cold = _overall_cold(placed)
    return tuple(
        _decision(ask, placement, name, cold) for placement, name in zip(placed, names, strict=True)
    )


def _names(ask: Ask, placed: Sequence[Placement]) -> list[str]:
    """Endpoint names: the spec's for the first without a suffix, else with the model's name."""
    base = ask.workload.name
    if len(placed) == 1:
        return [base]
    taken: set[str] = set()
    names = []
    for index, placement in enumerate(placed):
        suffix = re.sub(r"[^A-Za-z0-9]+", "-", placement.suffix).strip("-").lower()
        name = f"{base}-{suffix}"[:63].rstrip("-") if suffix else base
        if name in taken:
            tail = f"-{index + 1}"
            name = name[: 63 - len(tail)] + tail
        taken.add(name)
        names.append(name)
    return names


def _overall_cold(placed: Sequence[Placement]) -> float:
    """Share of all requests of the workload that start cold."""
    parts = [part for placement in placed for part in placement.parts]
    return sum(part.served_share * part.cold.fraction for part in parts) / sum(
        part.served_share for part in parts
    )


def _decision(ask: Ask, placement: Placement, name: str, overall_cold: float) -> Decision:
    lead = placement.parts[0]
    offering = lead.offering
    catalog = ask.catalogs[offering.provider]
    proof = lead.proof
    total = _total_cost([cost(ask.workload, catalog, part) for part in placement.parts], placement)
    decision = Decision(
        endpoint=name,
        provider=offering.provider,
        region=offering.region,
        hosting=offering.hosting,
        instance_type=offering.instance_type,
        models=tuple(m.name for part in placement.parts for m in part.models),
        replicas=_summed([part.replicas for part in placement.parts]),
        units=_summed([_units(part) for part in placement.parts]),
        concurrency=Concurrency(
            per_replica=lead.slots.count, max=sum(part.concurrency for part in placement.parts)
        ),
        autoscaling=_autoscaling(ask, lead),
        routing=_routing(ask, lead),
        options=_options(placement),
        cost=total,
        latency=_worst([latency_of(ask, part) for part in placement.parts]),
        cold_start_fraction=_cold_fraction(placement.parts),
        margins=_margins(ask, placement.parts, overall_cold),
        method="closed-form" if proof is None else "simulation",
        verification=None if proof is None else _verification(ask, placement),
        assumptions=caveats.assumptions(ask, placement.parts, total),
        warnings=tuple(caveats.warnings(ask, placement.parts)),
        peak_per_s=sum(part.pool.load.peak for part in placement.parts),
    )
    return replace(decision, arithmetic=steps(ask, placement, decision))


def _verification(ask: Ask, placement: Placement) -> Verification:
    """The simulation of the part with the slowest answers; the requests of all."""
    proven = [part for part in placement.parts if part.proof is not None]
    slowest = max(proven, key=lambda part: latency_of(ask, part).p99_s)
    assert slowest.proof is not None
    return Verification(
        simulated=sum(part.proof.estimate.simulated for part in proven if part.proof is not None),
        seed=slowest.proof.seed,
        confidence=CONFIDENCE,
        intervals=slowest.proof.estimate.intervals,
        closed_form=closed_form(ask, slowest),
        fewer=slowest.proof.fewer,
    )


def _units(part: Sized) -> Range | None:
    units = part.units
    if units is None or part.idle is None:
        return units
    return Range(min=0, max=units.max)


def _summed(ranges: Sequence[Range | None]) -> Range | None:
    known = [r for r in ranges if r is not None]
    if not known:
        return None
    return Range(min=sum(r.min for r in known), max=sum(r.max for r in known))


def _worst(latencies: Sequence[Latency]) -> Latency:
    if len(latencies) == 1:
        return latencies[0]
    return Latency(
        p50_s=max(x.p50_s for x in latencies),
        p90_s=max(x.p90_s for x in latencies),
        p95_s=max(x.p95_s for x in latencies),
        p99_s=max(x.p99_s for x in latencies),
        mean_s=max(x.mean_s for x in latencies),
    )


def _total_cost(costs: Sequence[Cost], placement: Placement) -> Cost:
    if len(costs) == 1:
        return costs[0]
    lines: dict[tuple[str, float], CostLine] = {}
    for one in costs:
        for line in one.lines:
            key = (line.name, line.usd_per_unit)
            known = lines.get(key)
            lines[key] = line if known is None else _added(known, line)
    monthly = sum(line.monthly_usd for line in lines.values())
    requests = sum(part.pool.load.monthly_requests for part in placement.parts)
    per_million = monthly / requests * 1e6 if requests > 0.0 else None
    return Cost(monthly_usd=monthly, per_million_usd=per_million, lines=tuple(lines.values()))


def _added(first: CostLine, second: CostLine) -> CostLine:
    return replace(
        first,
        quantity=first.quantity + second.quantity,
        monthly_usd=first.monthly_usd + second.monthly_usd,
    )


def _cold_fraction(parts: Sequence[Sized]) -> float:
    share = sum(part.served_share for part in parts)
    return sum(part.served_share * part.cold.fraction for part in parts) / share


def _routing(ask: Ask, sized: Sized) -> str:
    if sized.offering.kind is Kind.ON_DEMAND:
        return sized.offering.routing[0]
    return ask.workload.pin.routing or sized.offering.routing[0]


def _options(placement: Placement) -> tuple[tuple[str, str], ...]:
    lead = placement.parts[0]
    options = dict(lead.offering.options)
    if lead.prewarm:
        options["prewarm"] = str(lead.prewarm)
    if lead.cache is not None:
        hits = 1.0 - lead.cache.miss_fraction
        options["model_cache"] = "enabled" if hits >= CACHE_OFF_BELOW else "disabled"
    if has_volume(lead.offering):
        options["volume_gb"] = str(volume_gb(lead))
    if len(placement.parts) > 1:
        for part in placement.parts:
            units = _units(part)
            if units is not None:
                options[f"units:{part.models[0].name}"] = f"{units.min}-{units.max}"
    return tuple(sorted(options.items()))


def _autoscaling(ask: Ask, sized: Sized) -> Autoscaling | None:
    scaling, bounds = sized.offering.autoscaling, sized.bounds
    if scaling is None or bounds is None or bounds.maximum == bounds.minimum:
        return None
    step = sized.offering.step if sized.offering.kind is Kind.UNITS else 1
    return Autoscaling(
        metric=scaling.metric,
        target=_target(ask, sized, bounds, step),
        cooldown_up_s=scaling.cooldown_up_s,
        cooldown_down_s=scaling.cooldown_down_s,
        average=bounds.average * step,
        scheduled=_scheduled(ask, bounds, scaling.lag_up_s),
        timezone=ask.workload.traffic.timezone,
    )


def _target(ask: Ask, sized: Sized, bounds: Bounds, step: int) -> float:
    """What the metric is held at: invocations a minute, or a part of a unit."""
    pinned = ask.workload.pin.scaling
    if pinned is not None and pinned.target is not None:
        return pinned.target
    target = bounds.target if math.isfinite(bounds.target) else sized.pool.load.peak
    if step == 1:
        return _floor3(target * 60.0)
    # A unit's is its concurrency, by Little's law.
    return _floor3(target * sized.slots.service.mean_s / step)


def _floor3(value: float) -> float:
    """Rounded down to three significant digits: a lower target only adds capacity."""
    if value <= 0.0:
        return value
    scale = 10.0 ** (2 - math.floor(math.log10(value)))
    return math.floor(value * scale) / scale


def _scheduled(ask: Ask, bounds: Bounds, lead_s: float) -> tuple[ScheduledAction, ...]:
    """The minimum goes up before each known event and down after it; events that meet are one."""
    pattern, pinned = ask.workload.traffic.pattern, ask.workload.pin.scaling
    if pinned is not None and pinned.schedule:
        return pinned.schedule
    if not bounds.spike_minimum or not isinstance(pattern, Diurnal):
        return ()
    lead = math.ceil(lead_s / 60.0) * 60.0
    actions: list[ScheduledAction] = []
    taken: dict[str, int] = {}
    for name, start, end in _events(pattern, lead):
        taken[name] = taken.get(name, 0) + 1
        unique = name if taken[name] == 1 else f"{name}-{taken[name]}"
        for suffix, second, least in (
            ("up", start - lead, bounds.spike_minimum),
            ("down", end, bounds.minimum),
        ):
            actions.append(
                ScheduledAction(
                    name=f"{unique}-{suffix}",
                    cron=_weekly_cron(second),
                    min=least,
                    max=bounds.maximum,
                )
            )
    return tuple(actions)


def _events(pattern: Diurnal, lead_s: float) -> list[tuple[str, float, float]]:
    """(name, start, end) of the known events of a week, those that meet as one.

    An event whose lead begins before the last has ended belongs to it: going down between them
    would take its capacity away.
    """
    spans = sorted(
        (start, start + math.ceil(spike.duration_s / 60.0) * 60.0, spike.name)
        for spike in pattern.spikes
        for start in spike.starts_s
    )
    events: list[tuple[str, float, float]] = []
    for start, end, name in spans:
        if events and start - lead_s <= events[-1][2]:
            first, begun, until = events.pop()
            events.append((first, begun, max(until, end)))
        else:
            events.append((name, start, end))
    return events


_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _weekly_cron(second: float) -> str:
    """A moment of the week, from Monday midnight, as a five-field cron."""
    minute = int(second // 60) % (7 * 24 * 60)
    return f"{minute % 60} {minute // 60 % 24} * * {_DAYS[minute // 1440]}"


def _margins(ask: Ask, parts: Sequence[Sized], overall_cold: float) -> tuple[Margin, ...]:
    margins: dict[str, Margin] = {}
    for part in parts:
        own = part.models[0].latency if len(part.models) == 1 else ()
        for target in own or ask.workload.slo.latency:
            predicted = part.predicted(target)
            known = margins.get(target.label)
            if known is None or predicted / target.seconds > known.predicted / known.target:
                margins[target.label] = Margin(
                    objective=f"latency {target.label}",
                    target=target.seconds,
                    predicted=predicted,
                    unit="s",
                    met=part.met(target),
                )
    allowed = ask.workload.slo.cold_start
    bound = 0.0 if not allowed.allowed else allowed.fraction
    result = list(margins.values())
    if bound is not None:
        result.append(
            Margin(
                objective="cold starts",
                target=bound,
                predicted=overall_cold,
                unit="fraction",
                met=overall_cold <= bound + 1e-12 or (not allowed.allowed and _never_cold(parts)),
            )
        )
    return tuple(result)


def _never_cold(parts: Sequence[Sized]) -> bool:
    return all(part.cold.fraction == 0.0 for part in parts)
