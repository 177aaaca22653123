"""The arithmetic behind a decision, line by line, for `explain`."""

from __future__ import annotations

from planner.capacity.dispersion import dispersions
from planner.capacity.latency import SplitPool
from planner.model.candidate import Decision, Step
from planner.model.catalog import Kind, Scaling
from planner.model.traffic import Trace
from planner.model.units import (
    format_duration,
    format_fraction,
    format_rate,
    format_size,
    format_usd,
)
from planner.solver.ask import Ask
from planner.solver.configuration import Placement
from planner.solver.constraints import possible
from planner.solver.sized import Sized
from planner.solver.sizing import floor_groups, moments_of, size_single


def steps(ask: Ask, placement: Placement, decision: Decision) -> tuple[Step, ...]:
    """From offered load to cost for the first part of an endpoint."""
    part = placement.parts[0]
    lines = [*_load(part), *_dispersion(ask, part), *_slots(part)]
    if part.offering.kind is Kind.ON_DEMAND:
        lines += _on_demand(part)
    else:
        lines += _queue(ask, part)
    lines += _cold(part)
    lines += _bounds(ask, part)
    lines.append(_money(decision))
    return tuple(lines)


def _load(part: Sized) -> list[Step]:
    load, mean = part.pool.load, part.slots.service.mean_s
    average, peak = load.mean * mean, load.peak * mean
    return [
        Step(
            label="offered load, mean",
            expression=f"{format_rate(load.mean)} x {format_duration(mean)}",
            value=f"{average:.4g} requests in service",
            source="Little's law",
        ),
        Step(
            label="provider's rule",
            expression=f"{format_rate(load.peak)} x {format_duration(mean)} at the peak",
            value=f"concurrency {peak:.4g}",
            source="D3: required concurrency = QPS x latency; no room for waiting",
        ),
    ]


def _dispersion(ask: Ask, part: Sized) -> list[Step]:
    """How bursty a recording is: what a mean rate does not show."""
    pattern = ask.workload.traffic.pattern
    if not isinstance(pattern, Trace):
        return []
    found = dispersions(pattern, part.slots.service.mean_s)
    if not found:
        return []
    return [
        Step(
            label="index of dispersion",
            expression="variance / mean of the requests per "
            + ", ".join(format_duration(width) for width, _ in found),
            value=", ".join(_short(index) for _, index in found) + " (Poisson: 1)",
        )
    ]


def _short(number: float) -> str:
    return f"{number:.3g}" if number < 1000.0 else f"{number:,.0f}"


def _slots(part: Sized) -> list[Step]:
    offering = part.offering
    scv = part.slots.service.scv
    return [
        *_corrected(part),
        Step(
            label="service time",
            expression=f"mean {format_duration(part.slots.service.mean_s)}, SCV {scv:.2f}",
            value=f"p99 {format_duration(part.slots.service.quantile(0.99))}",
        ),
        Step(
            label=f"slots per {_group(part)}",
            expression=f"{offering.instance_type}, bound by {part.slots.bound}",
            value=str(part.slots.count),
        ),
    ]


def _corrected(part: Sized) -> list[Step]:
    """What the running endpoint taught about the measured service time."""
    found = part.slots.correction
    if found is None:
        return []
    outside = sum(call.latency_s for call in part.models[0].external_calls)
    own = part.slots.service.mean_s - outside
    return [
        Step(
            label="calibration",
            expression=f"{format_duration(own / found.factor)} measured x {found.factor:.3g}",
            value=format_duration(own),
            source=f"{found.reason}, {found.date}, on {found.observed_on}",
        )
    ]


def _group(part: Sized) -> str:
    match part.offering.kind:
        case Kind.UNITS:
            return f"step of {part.offering.step} units"
        case Kind.ON_DEMAND:
            return "instance"
        case Kind.REPLICAS | Kind.SHARED_REPLICAS:
            return "replica"


def _queue(ask: Ask, part: Sized) -> list[Step]:
    """Why the plan uses more than the provider's rule: waiting, tails and the utilisation cap."""
    pool, last = part.pool, len(part.pool.bins) - 1
    busy = pool.load.peak * part.slots.service.mean_s
    servers = part.servers[last]
    queue = pool.wait(last, servers)
    lines = [
        Step(
            label="from utilisation",
            expression=f"{busy:.4g} / {format_fraction(ask.workload.constraints.utilization)}",
            value=f"{busy / ask.workload.constraints.utilization:.4g} slots at least",
            source="constraints.utilization",
        ),
        Step(
            label="plan uses",
            expression=_counted(part),
            value=f"{servers} slots at the peak",
            source="fewest that meet every target in every window",
        ),
        Step(
            label="utilisation at the peak",
            expression=f"{pool.offered(last):.4g} / {servers}",
            value=format_fraction(pool.offered(last) / servers),
        ),
        Step(
            label="wait at the peak",
            expression=f"P(wait) {_share(queue.probability)}, Erlang C",
            value=f"mean {_wait(queue.mean_s)}",
            source=_line_of(part),
        ),
    ]
    lines += _percentiles(ask, part)
    return lines


def _share(probability: float) -> str:
    return format_fraction(probability) if probability >= 1e-5 else "below 0.001 %"


def _wait(seconds: float) -> str:
    return format_duration(seconds) if seconds >= 1e-6 else "below 1 us"


def _line_of(part: Sized) -> str:
    """Which formula the wait comes from, and what about the routing is assumed."""
    if isinstance(part.pool, SplitPool):
        return "M/G/c per replica: random routing"
    routing = part.offering.routing[0]
    known = "least-outstanding routing" if routing == "least-outstanding" else "assumed of routing"
    return f"M/G/c, Cosmetatos and Tijms; one line: {known}"


def _counted(part: Sized) -> str:
    if part.offering.kind is Kind.UNITS:
        units = part.units
        assert units is not None
        return f"{units.max} units of concurrency, in steps of {part.offering.step}"
    noun = "replica" if part.groups.max == 1 else "replicas"
    return f"{part.groups.max} {noun} x {part.slots.count} slots"


def _percentiles(ask: Ask, part: Sized) -> list[Step]:
    lines = []
    for target in ask.workload.slo.latency:
        predicted = part.predicted(target)
        overhead = format_duration(part.offering.overhead_s)
        lines.append(
            Step(
                label=f"latency {target.label}",
                expression=f"overhead {overhead} + wait + service, convolved",
                value=f"{format_duration(predicted)} of {format_duration(target.seconds)}",
            )
        )
    return lines


def _on_demand(part: Sized) -> list[Step]:
    busy = part.pool.load.peak * part.slots.service.mean_s
    lines = [
        Step(
            label="concurrency limit",
            expression=f"tail of {busy:.4g} busy instances at the peak (Erlang B)",
            value=str(part.concurrency),
            source="S4",
        )
    ]
    if part.prewarm:
        lines.append(
            Step(
                label="kept warm",
                expression="fewest, or cheapest, that meet the cold-start objective",
                value=f"{part.prewarm} of {part.concurrency}",
                source="S2",
            )
        )
    return lines


def _cold(part: Sized) -> list[Step]:
    if part.cache is not None:
        state = part.cache
        total = sum(m.memory_bytes for m in part.models)
        return [
            Step(
                label="model cache",
                expression=f"{format_size(total)} of models, about {state.resident:,.0f} resident",
                value=f"{format_fraction(state.miss_fraction)} of the requests load a model",
                source="Che's approximation, space-corrected; M3",
            )
        ]
    cold = part.offering.cold
    if cold is None:
        return []
    return [
        Step(
            label="cold starts",
            expression=f"idle {format_duration(cold.idle_s)}, start "
            f"{format_duration(part.cold.delay_s)}",
            value=f"{format_fraction(part.cold.fraction)} of the requests",
            source="S5",
        )
    ]


def _bounds(ask: Ask, part: Sized) -> list[Step]:
    bounds, scaling = part.bounds, part.offering.autoscaling
    if bounds is None or scaling is None:
        return _not_scaled(ask, part)
    if bounds.minimum == bounds.maximum:
        return [_fixed(ask, part, scaling, bounds.minimum)]
    lag = format_duration(scaling.lag_up_s)
    scheduled = f", {bounds.spike_minimum} by schedule" if bounds.spike_minimum else ""
    return [
        Step(
            label="autoscaling",
            expression=f"{bounds.minimum} to {bounds.maximum}{scheduled}, lag {lag}",
            value=f"{bounds.average:.2f} on average",
            source=scaling.source,
        )
    ]


def _not_scaled(ask: Ask, part: Sized) -> list[Step]:
    """Why the same type was not taken with autoscaling, where its policy would be late."""
    own = (part.offering.kind, part.offering.instance_type)
    for other in ask.catalogs[part.offering.provider].offerings:
        scaling = other.autoscaling
        if scaling is None or (other.kind, other.instance_type) != own or part.idle is not None:
            continue
        sized = size_single(ask, other, part.models[0], part.served_share)
        bounds = sized.bounds if isinstance(sized, Sized) and possible(ask, other) else None
        if bounds is not None and floor_groups(ask, other) < bounds.minimum == bounds.maximum:
            return [_fixed(ask, part, scaling, bounds.minimum)]
    return []


def _fixed(ask: Ask, part: Sized, scaling: Scaling, count: int) -> Step:
    """Why a policy is left nothing to do: which rise it would miss, or that there is none."""
    moments = moments_of(ask, part.pool, scaling)
    worst = max(moments, key=lambda m: m.rate / max(m.seen, 1e-9) if not m.spike else 0.0)
    if count <= floor_groups(ask, part.offering):
        expression = "no more than the least that is asked for is ever needed"
    elif worst.rate <= worst.seen * (1.0 + 1e-9):
        expression = "the load never rises"
    else:
        expression = (
            f"{format_rate(worst.seen)} to {format_rate(worst.rate)} within the lag of "
            f"{format_duration(scaling.lag_up_s)}: new capacity would come too late"
        )
    return Step(label="autoscaling", expression=expression, value=f"fixed at {count}")


def _money(decision: Decision) -> Step:
    lines = decision.cost.lines
    parts = " + ".join(format_usd(line.monthly_usd) for line in lines)
    return Step(label="cost a month", expression=parts, value=format_usd(decision.cost.monthly_usd))
