"""Rules of the vendor documents that fire for a decision: trigger, what to do, what it saves."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from planner.capacity.load import HOURS_PER_MONTH
from planner.model.candidate import Advice, Decision
from planner.model.catalog import Kind, Offering
from planner.model.units import format_duration, format_fraction, format_rate, format_size
from planner.model.value import value
from planner.model.workload import Compute
from planner.solver.ask import Ask
from planner.solver.configuration import Configuration, price_of
from planner.solver.constraints import possible
from planner.solver.cost import traffic_usd
from planner.solver.hardware import slot_options
from planner.solver.on_demand import size_on_demand
from planner.solver.relax import slowed
from planner.solver.sized import Sized
from planner.solver.sizing import size_single

TIGHT = 0.8
"""Share of a latency target from which a prediction counts as close to it: our choice."""

BIG_PAYLOAD = 1024 * 1024
BUSY_CLIENT_PER_S = 50.0
RARE_PER_S = 1.0 / 60.0


@value
class Case:
    """What a rule looks at."""

    ask: Ask
    best: Configuration
    decision: Decision
    feasible: Sequence[Configuration]

    @property
    def lead(self) -> Sized:
        """The sized endpoint that serves most."""
        return self.best.runs[0].sized


Rule = Callable[[Case], Advice | None]


def advise(
    ask: Ask, best: Configuration, decision: Decision, feasible: Sequence[Configuration]
) -> tuple[Advice, ...]:
    """Every rule that fires, in the order of the sources."""
    case = Case(ask=ask, best=best, decision=decision, feasible=feasible)
    found = [rule(case) for rule in RULES]
    return tuple(advice for advice in found if advice is not None)


def _start_on_cpu(case: Case) -> Advice | None:
    """D4: start on CPU, move to GPU only for latency; with the measured price of either."""
    if any(m.compute is not Compute.ANY for m in case.ask.workload.models):
        return None
    cheapest: dict[bool, Configuration] = {}
    for configuration in case.feasible:
        on_gpu = configuration.runs[0].sized.offering.hardware.accelerators > 0
        known = cheapest.get(on_gpu)
        if known is None or configuration.rank < known.rank:
            cheapest[on_gpu] = configuration
    if len(cheapest) < 2:
        return None
    cpu, gpu = cheapest[False], cheapest[True]
    chosen, other = ("CPU", gpu) if cpu.rank < gpu.rank else ("GPU", cpu)
    gap = abs(cpu.monthly_usd - gpu.monthly_usd)
    return Advice(
        rule="cpu-or-gpu",
        source_id="D4",
        trigger=f"both meet the spec: {cpu.instance_type} and {gpu.instance_type}",
        text=f"{chosen} is cheaper here; {other.instance_type} would cost ${gap:,.2f} a month more",
    )


def _smaller_model(case: Case) -> Advice | None:
    """D5: what half the service time would save, sized again on the same offering."""
    lead = case.lead
    if lead.cache is not None or len(case.best.runs) > 1 or len(case.best.runs[0].models) > 1:
        return None
    again = Ask(slowed(case.ask.workload, 0.5), case.ask.catalogs)
    sized = (
        size_on_demand(again, lead.offering, again.model)
        if lead.offering.kind is Kind.ON_DEMAND
        else size_single(again, lead.offering, again.model)
    )
    if not isinstance(sized, Sized):
        return None
    saved = case.best.monthly_usd - price_of(again, sized)
    if saved < 0.05 * case.best.monthly_usd:
        return None
    return Advice(
        rule="smaller-model",
        source_id="D5",
        trigger=f"capacity follows the service time of "
        f"{format_duration(lead.slots.service.mean_s)}",
        text="a smaller, quantized or pruned model, batching in the client, or pre- and "
        "post-processing outside the model: half the service time on the same type saves",
        saves_monthly_usd=saved,
    )


def _client(case: Case) -> Advice | None:
    """D6: connections, retries and payload on the client's side."""
    rate, payload = case.decision.peak_per_s, case.ask.workload.payload.max_request_bytes
    if rate < BUSY_CLIENT_PER_S and payload < BIG_PAYLOAD:
        return None
    return Advice(
        rule="client",
        source_id="D6",
        trigger=f"{format_rate(rate)} at the peak, requests up to {format_size(payload)}",
        text="pool connections, retry 429 and 503 with exponential back-off and jitter, "
        "keep payloads small",
    )


def _close_to_target(case: Case) -> Advice | None:
    """L3: latency close to its target, and what may bring it down."""
    lead = case.lead
    for target in case.ask.workload.slo.latency:
        predicted = lead.predicted(target)
        if predicted < TIGHT * target.seconds:
            continue
        service = lead.slots.service.quantile(target.quantile or 0.5)
        if service < 0.5 * predicted:
            continue
        return Advice(
            rule="model-latency",
            source_id="L3",
            trigger=f"{target.label} {format_duration(predicted)} is "
            f"{format_fraction(predicted / target.seconds)} of its target, most of it the model",
            text="benchmark the model outside the endpoint, compile it, or measure "
            f"it on an inference chip or a GPU: {_unmeasured(case)} could then be priced",
        )
    return None


def _unmeasured(case: Case) -> str:
    catalog = case.ask.catalogs[case.lead.offering.provider]
    model = case.ask.model
    names = {
        o.hardware.accelerator
        for o in catalog.offerings
        if o.hardware.accelerators
        and o.price is not None
        and not isinstance(slot_options(model, o, case.ask.hardware_of), tuple)
    }
    return f"{len(names)} accelerator kinds without a profile point" if names else "they"


def _warm_up(case: Case) -> Advice | None:
    """L4: payload, rare calls and cold first calls add overhead."""
    payload, load = case.ask.workload.payload.max_request_bytes, case.lead.pool.load
    reasons = []
    if payload >= BIG_PAYLOAD:
        reasons.append(f"requests up to {format_size(payload)}")
    if load.mean < RARE_PER_S:
        reasons.append(f"only {format_rate(load.mean)} on average")
    if case.decision.cold_start_fraction > 0.0:
        reasons.append(f"{format_fraction(case.decision.cold_start_fraction)} of the calls cold")
    if not reasons:
        return None
    return Advice(
        rule="overhead",
        source_id="L4",
        trigger="; ".join(reasons),
        text="the first call is cold: rollout.warm_up makes test calls after every deployment; "
        "keep payloads small",
    )


def _cache_setting(case: Case) -> Advice | None:
    """M6: whether a shared endpoint should keep models in memory."""
    cache = case.lead.cache
    if cache is None:
        return None
    hits = 1.0 - cache.miss_fraction
    setting = case.decision.option("model_cache")
    return Advice(
        rule="model-cache",
        source_id="M6",
        trigger=f"predicted hit rate {format_fraction(hits)}",
        text=f"ModelCacheSetting is {setting}: "
        + (
            "most calls find their model in memory"
            if setting == "enabled"
            else "most calls come to a model that is gone before its next call"
        ),
    )


def _serverless_break_even(case: Case) -> Advice | None:
    """S1: requests a day below which serverless is cheaper than the cheapest instance."""
    serverless = _on_demand_offering(case)
    fixed = [c for c in case.feasible if c.hosting in ("dedicated", "single-model")]
    if serverless is None or not fixed or len(case.ask.workload.models) > 1:
        return None
    options = slot_options(case.ask.model, serverless, case.ask.hardware_of)
    if not isinstance(options, tuple) or serverless.price is None:
        return None
    per_request = serverless.price.usd * options[0].service.mean_s
    instance = min(fixed, key=lambda c: c.rank)
    # Data costs the same in either mode: only the capacity decides.
    data = traffic_usd(case.ask.workload, case.ask.catalogs[instance.provider], _sized(instance))
    break_even = (instance.monthly_usd - data) / per_request / (HOURS_PER_MONTH / 24.0)
    today = case.lead.pool.load.mean * 86_400.0
    return Advice(
        rule="serverless-break-even",
        source_id="S1",
        trigger=f"{today:,.0f} requests a day today",
        text=f"{serverless.instance_type} costs less than {instance.instance_type} below "
        f"{break_even:,.0f} requests a day, where cold starts are tolerated",
    )


def _sized(configuration: Configuration) -> Sized:
    return configuration.runs[0].sized


def _on_demand_offering(case: Case) -> Offering | None:
    """The cheapest pay-per-use offering that could run the workload."""
    found = [
        o
        for catalog in case.ask.catalogs.values()
        for o in catalog.offerings
        if o.kind is Kind.ON_DEMAND
        and o.price is not None
        and o.refusal is None
        and (o.hardware.memory_bytes or 0) >= case.ask.model.memory_bytes
        and possible(case.ask, o)
    ]
    return min(found, key=lambda o: o.price.usd if o.price else 0.0) if found else None


def _warm_concurrency(case: Case) -> Advice | None:
    """S2: provisioned concurrency for predictable spikes on a pay-per-use endpoint."""
    lead = case.lead
    if lead.offering.kind is not Kind.ON_DEMAND or lead.offering.prewarm is None:
        return None
    if lead.prewarm:
        return Advice(
            rule="warm-concurrency",
            source_id="S2",
            trigger=f"{lead.prewarm} of {lead.concurrency} concurrency is kept warm",
            text="scale it by schedule or utilization where the busy hours are known; "
            "CloudFormation cannot hold that scaling",
        )
    held = lead.offering.prewarm
    return Advice(
        rule="warm-concurrency",
        source_id="S2",
        trigger=f"{format_fraction(lead.cold.fraction)} of the calls start cold",
        text=f"one unit of provisioned concurrency around the clock would cost "
        f"${held.held.usd * HOURS_PER_MONTH:,.2f} a month more; for known busy hours, schedule it",
    )


RULES: tuple[Rule, ...] = (
    _start_on_cpu,
    _smaller_model,
    _client,
    _close_to_target,
    _warm_up,
    _cache_setting,
    _serverless_break_even,
    _warm_concurrency,
)
