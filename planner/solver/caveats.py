"""What a decision rests on and what its reviewer must know: assumptions and warnings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from planner.capacity.latency import SplitPool, outside_validity
from planner.model.candidate import Cost, Interval
from planner.model.catalog import Kind, Measure
from planner.model.units import format_duration, format_fraction, format_rate
from planner.model.workload import Assumption, MeasuredAt
from planner.solver.ask import CLIENT_NETWORK_NOTE, Ask
from planner.solver.constraints import format_measure, static_measure
from planner.solver.cost import VOLUME, has_volume, unpriced, volume_gb
from planner.solver.on_demand import THROTTLED
from planner.solver.sized import Sized, sized_measure

ASSUMED = "assumption: "
"""How a provider marks those of an offering's notes that are guesses."""


KNOWN_ROUTINGS = ("least-outstanding", "two-choices", "random")
"""Routings whose waiting the model knows."""


def assumptions(ask: Ask, parts: Sequence[Sized], total: Cost) -> tuple[Assumption, ...]:
    """Every number behind an endpoint that nobody gave, each once."""
    found = [*ask.workload.assumptions]
    for part in parts:
        found.extend(part.slots.assumptions)
    found.extend(_of_prices(total))
    found.extend(_not_counted(ask, parts[0]))
    found.extend(_of_offering(ask, parts[0]))
    found.extend(unpriced(ask.catalogs[parts[0].offering.provider]))
    if ask.workload.slo.measured_at is MeasuredAt.CLIENT:
        found.append(Assumption(subject="client network", value="0 ms", reason=CLIENT_NETWORK_NOTE))
    return tuple(dict.fromkeys(found))


def _not_counted(ask: Ask, lead: Sized) -> Iterator[Assumption]:
    """Constraints on replicas, where capacity has none."""
    constraints = ask.workload.constraints
    if lead.replicas is not None:
        return
    for name, asked in (("replicas.min", constraints.replicas_min), ("zones", constraints.zones)):
        if asked > 1:
            yield Assumption(
                subject=f"spec.constraints.{name}",
                value="does not apply",
                reason=f"{lead.offering.hosting} {lead.offering.instance_type} counts no replicas; "
                "the platform places its capacity",
            )


def _of_prices(total: Cost) -> Iterator[Assumption]:
    for line in total.lines:
        if line.assumption:
            yield Assumption(
                subject=f"price of {line.name}",
                value=f"${line.usd_per_unit:g} per {line.unit}",
                reason=line.assumption,
                source=f"{line.source} ({line.as_of})",
            )


def _of_offering(ask: Ask, lead: Sized) -> Iterator[Assumption]:
    offering = lead.offering
    for note in offering.notes:
        if note.startswith(ASSUMED):
            yield Assumption(
                subject=f"{offering.provider} {offering.instance_type}",
                value="as said",
                reason=note.removeprefix(ASSUMED),
            )
    if has_volume(offering) and VOLUME not in dict(offering.options):
        yield Assumption(
            subject="storage volume",
            value=f"{volume_gb(lead)} GB per replica",
            reason="three times the models, at least 30 GB; the plan asks for this size",
        )
    if offering.cold is not None and offering.cold.assumption:
        yield Assumption(
            subject="cold start",
            value=f"{offering.cold.start_s:g} s, idle {offering.cold.idle_s:g} s",
            reason=offering.cold.assumption,
            source=offering.cold.source,
        )
    if offering.kind is Kind.UNITS and offering.routing[0] not in KNOWN_ROUTINGS:
        yield Assumption(
            subject="routing",
            value="one line for all units",
            reason="the platform does not publish how it routes",
        )
    pinned = ask.workload.pin.scaling
    if pinned is not None and pinned.schedule:
        yield Assumption(
            subject="spec.pin.schedule",
            value="not in the price",
            reason="what a scheduled minimum adds is held only while it is above the others",
        )
    yield from _of_behaviour(ask, lead)


def _of_behaviour(ask: Ask, lead: Sized) -> Iterator[Assumption]:
    """What the platform does with requests and capacity, as far as it is a guess."""
    offering, utilization = lead.offering, ask.workload.constraints.utilization
    if offering.queue_limit is not None or offering.kind is Kind.ON_DEMAND:
        yield from _refusals(ask)
    if lead.bounds is not None and offering.autoscaling is not None:
        if not offering.autoscaling.tunable:
            yield Assumption(
                subject="autoscaling target",
                value=format_fraction(utilization),
                reason="the platform sets its own and does not publish it; "
                "constraints.utilization is taken",
            )
        yield Assumption(
            subject="autoscaling lag",
            value=f"{offering.autoscaling.lag_up_s:g} s up",
            reason="metric period x breaches + "
            f"{offering.autoscaling.start_s:g} s of start-up, which is assumed",
            source=offering.autoscaling.source,
        )


def _refusals(ask: Ask) -> Iterator[Assumption]:
    if ask.workload.slo.errors is None:
        yield Assumption(
            subject="requests answered 429",
            value=f"{format_fraction(THROTTLED)} at most",
            reason="the spec states no slo.errors",
            source="planner.solver.on_demand",
        )


def warnings(ask: Ask, parts: Sequence[Sized]) -> Iterator[str]:
    """What a reviewer must know before this endpoint is made."""
    for part in parts:
        yield from _unsimulated(part) if part.proof is None else _simulated(part)
        yield from _advisory(ask, part)
    lead = parts[0]
    yield from (note for note in lead.offering.notes if not note.startswith(ASSUMED))
    beyond = lead.pool.load.beyond
    if beyond > 0.0:
        peak = format_rate(lead.pool.load.peak)
        yield (
            f"{format_fraction(beyond)} of the requests come in windows above {peak} that "
            "traffic.size_for leaves out; they may be slow"
        )
    if lead.cache is not None:
        yield (
            "after an update the first calls of each model are slow until it is loaded again, "
            "and routing learns where it is (M5)"
        )
    if ask.workload.slo.availability is not None:
        replicas = lead.replicas
        if replicas is not None and replicas.min < 2:
            yield "availability is asked for, but one replica alone stands in a single zone"


DECLARED_ERROR = 0.10
"""Of the closed form's percentiles inside its region, over which a plan tells both numbers."""


def _unsimulated(part: Sized) -> Iterator[str]:
    """Where the closed form alone cannot be trusted."""
    rho, most = part.pool.rho(part.servers), max(part.servers)
    doubt = outside_validity(part.slots.service, rho, most)
    if doubt:
        yield f"outside the model's region: {doubt}"
    joined = part.offering.routing[0] == "least-outstanding" and not isinstance(
        part.pool, SplitPool
    )
    if joined and part.slots.count == 1 and part.groups.max > 1:
        yield (
            "outside the model's region: requests join the least busy replica at once, the closed "
            "form takes them for one line; its p99 is up to 16 % too low"
        )
    if part.pool.load.arrival_scv > 1.0:
        yield (
            "outside the model's region: arrivals burstier than Poisson; the latencies predicted "
            "by the closed form are rough"
        )


def _simulated(part: Sized) -> Iterator[str]:
    """Where the simulation does not settle, or contradicts a closed form that was too kind."""
    assert part.proof is not None
    estimate = part.proof.estimate
    for each in estimate.intervals:
        if not settled(each):
            yield (
                f"outside the model's region: the simulation does not settle, the {each.name} lies "
                f"anywhere from {format_duration(each.low_s)} to {format_duration(each.high_s)}"
            )
            break
    p99 = estimate.intervals[-1]
    formula = part.pool.quantile(part.servers, 0.99, part.cold)
    if p99.low_s > formula * (1.0 + DECLARED_ERROR):
        yield (
            f"the p99 is {format_duration(estimate.latency.p99_s)} in the simulation, "
            f"{format_duration(formula)} by the closed form: more apart than its declared error "
            f"of {format_fraction(DECLARED_ERROR)}; the simulation counts"
        )


def settled(interval: Interval) -> bool:
    """True where a percentile is known to the declared error, up and down."""
    middle = (interval.low_s + interval.high_s) / 2.0
    return interval.high_s - interval.low_s <= 2.0 * DECLARED_ERROR * middle


def _advisory(ask: Ask, part: Sized) -> Iterator[str]:
    for limit in part.offering.limits:
        if not limit.advisory:
            continue
        known = static_measure(ask, limit.measure)
        value = known[0] if known is not None else sized_measure(part, limit.measure)
        if value is not None and value > limit.value:
            unit = limit.measure if limit.measure is not Measure.ENDPOINTS else Measure.MODELS
            yield (
                f"{limit.name}: {format_measure(unit, value)} is above "
                f"{format_measure(unit, limit.value)} ({limit.source}, {limit.as_of})"
            )
