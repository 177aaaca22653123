"""Serverless capacity paid per busy second: concurrency limit, warm units and cold starts."""

from __future__ import annotations

from dataclasses import replace

from planner.capacity.cold_start import blocking_limit, instance_cold_fraction
from planner.capacity.latency import Pool
from planner.capacity.queue import Cold
from planner.model.candidate import Range, Rejection
from planner.model.catalog import Offering
from planner.model.units import format_fraction
from planner.model.workload import Model
from planner.solver.ask import Ask
from planner.solver.constraints import zero_allowed
from planner.solver.cost import month_of
from planner.solver.hardware import Slots, slot_options
from planner.solver.objectives import check_cold, cold_forbidden, miss
from planner.solver.sized import Sized, check_sized

THROTTLED = 0.001
"""Share of requests that may be throttled where the spec states no `slo.errors`: an assumption."""

NEVER = 1e-6
"""Share that stands for none: some chance of a full endpoint always remains."""


def size_on_demand(
    ask: Ask, offering: Offering, model: Model, share: float = 1.0
) -> Sized | Rejection:
    """Fewest concurrent instances, then the cheapest number kept warm that meets the objectives."""
    options = slot_options(model, offering, ask.hardware_of)
    if isinstance(options, Rejection):
        return options
    option = replace(options[0], count=1)
    pool = ask.pool(option.service, offering.overhead_s, share)
    limit = _concurrency(ask, offering, pool, option)
    if isinstance(limit, Rejection):
        return limit
    targets = ask.targets(offering, model)
    base = Sized(
        offering=offering,
        models=(model,),
        served_share=share,
        slots=option,
        pool=pool,
        targets=targets,
        groups=Range(min=0, max=0),
        average=0.0,
        servers=pool.constant(10**6),
        concurrency=limit,
    )
    refused = check_sized(ask, base)
    if refused is not None:
        return refused
    return _warm(ask, base, model)


def _concurrency(ask: Ask, offering: Offering, pool: Pool, option: Slots) -> int | Rejection:
    """Least MaxConcurrency that throttles no more than allowed at the sized peak."""
    errors = ask.workload.slo.errors
    allowed = THROTTLED if errors is None else max(errors, NEVER)
    cap = offering.max_concurrency or 1000
    busy = pool.load.peak * option.service.mean_s
    found = blocking_limit(busy, allowed, cap)
    pinned = ask.workload.pin.concurrency
    if pinned is not None and (ask.simulated or (found is not None and found <= pinned)):
        return pinned
    if found is not None and pinned is not None:
        return Rejection(
            code="pin-too-small",
            measured=f"{found} concurrent requests needed",
            allowed=f"{pinned} pinned",
            path="spec.pin.concurrency",
            shortfall=found / pinned,
        )
    if found is not None:
        return found
    return Rejection(
        code="limit-concurrency",
        measured=f"{busy:,.0f} busy on average at the peak, {format_fraction(allowed)} throttled",
        allowed=f"{cap} concurrent requests per endpoint",
        path="spec.traffic",
        source="; ".join(x.source for x in offering.limits if x.measure.value == "concurrency"),
        source_id="S4",
        shortfall=max(busy / cap, 1.01),
    )


def _warm(ask: Ask, base: Sized, model: Model) -> Sized | Rejection:
    """Try every number of warm units from the fewest that is feasible; keep the cheapest."""
    least, most = warm_range(ask, base)
    missed: Rejection | None = None
    best: tuple[float, Sized] | None = None
    pinned = ask.workload.pin.prewarm
    if pinned is not None:
        least, most = max(least, pinned), min(most, pinned)
    start = _first_warm(ask, base, model, least, most)
    for warm in range(start, most + 1):
        sized = with_warm(base, model, warm)
        refused = _refusal(ask, sized)
        if refused is not None:
            missed = missed if missed and missed.shortfall <= refused.shortfall else refused
            continue
        price = month_of(sized)
        if best is not None and price >= best[0]:
            break
        best = (price, sized)
    if best is not None:
        return best[1]
    return missed or Rejection(
        code="scale-to-zero-forbidden",
        measured="capacity leaves when idle",
        allowed="constraints.scale_to_zero: allow",
        path="spec.constraints.scale_to_zero",
    )


def warm_range(ask: Ask, base: Sized) -> tuple[int, int]:
    """Fewest and most instances that may be kept warm."""
    prewarm = base.offering.prewarm
    most = 0 if prewarm is None else min(base.concurrency, prewarm.max_units)
    return (0 if zero_allowed(ask) else 1), most


def _first_warm(ask: Ask, base: Sized, model: Model, least: int, most: int) -> int:
    """Fewest warm units that are feasible: cold starts fall with every one, so bisect."""
    if not ask.workload.slo.cold_start.allowed:
        return most
    if least >= most or _refusal(ask, with_warm(base, model, most)) is not None:
        return least if least >= most else most
    low, high = least, most
    while low < high:
        middle = (low + high) // 2
        if _refusal(ask, with_warm(base, model, middle)) is None:
            high = middle
        else:
            low = middle + 1
    return low


def with_warm(base: Sized, model: Model, warm: int) -> Sized:
    """The same endpoint with this many instances kept warm."""
    cold = base.offering.cold
    assert cold is not None
    fraction = 0.0
    if warm < base.concurrency:
        fraction = instance_cold_fraction(
            base.pool.load,
            service_s=base.slots.service.mean_s,
            idle_s=cold.idle_s,
            warm=warm,
            limit=base.concurrency,
        )
    delay = cold.start_s + model.load_s
    return replace(
        base,
        cold=Cold(fraction=fraction, delay_s=delay),
        prewarm=warm,
        prewarm_busy=_busy_on_warm(base, warm),
    )


def _busy_on_warm(base: Sized, warm: int) -> float:
    """Requests in service on the warm units, mean over time (Erlang-B carried load)."""
    total = 0.0
    for b in base.pool.bins:
        offered = b.rate * base.slots.service.mean_s
        lost = 1.0
        for servers in range(1, warm + 1):
            lost = offered * lost / (servers + offered * lost)
        total += b.share_time * offered * (1.0 - lost)
    return total


def _refusal(ask: Ask, sized: Sized) -> Rejection | None:
    allowed = ask.workload.slo.cold_start
    if not allowed.allowed and sized.prewarm < sized.concurrency:
        return cold_forbidden(sized.cold)
    return check_cold(ask, sized.cold) or miss(
        sized.offering, sized.pool, sized.targets, sized.cold
    )
