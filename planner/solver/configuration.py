"""A whole answer to a workload: the cloud endpoints it needs and what they cost together."""

from __future__ import annotations

from dataclasses import replace

from planner.capacity.latency import SplitPool
from planner.capacity.load import HOURS_PER_MONTH
from planner.model.candidate import Alternative, Latency, Range, Rejection
from planner.model.catalog import Catalog, Kind, Measure, Offering
from planner.model.value import value
from planner.model.workload import Model
from planner.solver.ask import Ask
from planner.solver.cost import capacity_usd, traffic_usd
from planner.solver.sized import Sized

HOSTING_ORDER = ("dedicated", "single-model", "multi-model", "serverless")


@value
class Run:
    """`models` of which each has an endpoint of its own of this size; `shared`: one for all.

    `sized` may stem from an offering that differs from `offering` in price and name only.
    """

    offering: Offering
    sized: Sized
    models: tuple[Model, ...]
    shared: bool = False


@value
class Configuration:
    """Every request of the workload has a place; `monthly_usd` is the sum over the endpoints."""

    provider: str
    hosting: str
    instance_type: str
    variant: str
    preference: int
    runs: tuple[Run, ...]
    monthly_usd: float
    replicas: Range | None

    @property
    def rank(self) -> tuple[float, int, int, str, str]:
        """Sorts by cost; equal cost by preference, simplicity of the mode and name."""
        known = self.hosting in HOSTING_ORDER
        order = HOSTING_ORDER.index(self.hosting) if known else len(HOSTING_ORDER)
        cents = round(self.monthly_usd, 2)
        return (cents, order, self.preference, self.instance_type, self.provider)


@value
class Placement:
    """One cloud endpoint. Several parts: models that each have their own compute behind it."""

    parts: tuple[Sized, ...]
    suffix: str = ""


def price_of(ask: Ask, sized: Sized) -> float:
    """USD a month of one sized endpoint, all lines."""
    catalog = ask.catalogs[sized.offering.provider]
    return capacity_usd(catalog, sized.offering, sized) + _traffic_usd(ask, catalog, sized)


def single(ask: Ask, sized: Sized, offering: Offering) -> Configuration:
    """The configuration of one endpoint on an offering that `sized` fits."""
    catalog = ask.catalogs[offering.provider]
    return Configuration(
        provider=offering.provider,
        hosting=offering.hosting,
        instance_type=offering.instance_type,
        variant=variant_of(offering),
        preference=offering.preference,
        runs=(Run(offering=offering, sized=sized, models=sized.models, shared=True),),
        monthly_usd=capacity_usd(catalog, offering, sized) + _traffic_usd(ask, catalog, sized),
        replicas=counted(sized),
    )


def _traffic_usd(ask: Ask, catalog: Catalog, sized: Sized) -> float:
    """Cost of the data in and out, the same for every size under one load."""
    key = ("traffic", catalog.provider, id(sized.pool.load))
    found: float | None = ask.memo.get(key)
    if found is None:
        found = ask.memo[key] = traffic_usd(ask.workload, catalog, sized)
    return found


def placements(ask: Ask, configuration: Configuration) -> tuple[Placement, ...]:
    """The cloud endpoints of a configuration, one by one."""
    result: list[Placement] = []
    for run in configuration.runs:
        if run.shared:
            result.append(Placement(parts=(run.sized,)))
            continue
        result.extend(
            Placement(parts=(at_share(ask, run.sized, m),), suffix=m.name) for m in run.models
        )
    if configuration.hosting == "multi-model" and _apart(configuration):
        return _chunked([p.parts[0] for p in result])
    return tuple(result)


def _apart(configuration: Configuration) -> bool:
    """True where one endpoint carries several models that each have compute of their own."""
    return all(run.sized.offering.kind is Kind.UNITS for run in configuration.runs)


def _chunked(parts: list[Sized]) -> tuple[Placement, ...]:
    limits = parts[0].offering.limits
    limit = next((x for x in limits if x.measure is Measure.MODELS), None)
    width = int(limit.value) if limit is not None else len(parts)
    chunks = [tuple(parts[i : i + width]) for i in range(0, len(parts), width)]
    return tuple(
        Placement(parts=chunk, suffix="" if len(chunks) == 1 else str(i + 1))
        for i, chunk in enumerate(chunks)
    )


def at_share(ask: Ask, sized: Sized, model: Model) -> Sized:
    """A size found for a hotter model, under this model's own share of the traffic."""
    if sized.served_share == model.weight:
        return replace(sized, models=(model,))
    split = sized.slots.count if isinstance(sized.pool, SplitPool) else 0
    overhead_s = sized.offering.overhead_s
    pool = ask.pool(sized.slots.service, overhead_s, model.weight, slots=split)
    return replace(sized, models=(model,), served_share=model.weight, pool=pool, proof=None)


def counted(sized: Sized) -> Range | None:
    """Instances or units for a report; None on demand."""
    return sized.units or sized.replicas


def variant_of(offering: Offering) -> str:
    """What distinguishes two offerings of one type in one mode."""
    return "route-optimized" if dict(offering.options).get("route_optimized") == "true" else ""


def over_budget(ask: Ask, configuration: Configuration) -> Rejection | None:
    """The spec's budget against a configuration's cost."""
    constraints = ask.workload.constraints
    bounds = (
        ("monthly", constraints.budget_monthly_usd, configuration.monthly_usd),
        ("hourly", constraints.budget_hourly_usd, configuration.monthly_usd / HOURS_PER_MONTH),
    )
    for name, allowed, measured in bounds:
        if allowed is not None and measured > allowed + 0.005:
            return Rejection(
                code="budget",
                measured=f"${measured:,.2f} {name}",
                allowed=f"${allowed:,.2f} {name}",
                path=f"spec.constraints.budget.{name}",
                shortfall=measured / allowed if allowed else float("inf"),
            )
    return None


def rejected(offering: Offering, rejection: Rejection) -> Alternative:
    """A candidate that fell before it had a price."""
    return Alternative(
        provider=offering.provider,
        hosting=offering.hosting,
        instance_type=offering.instance_type,
        rejection=rejection,
        variant=variant_of(offering),
    )


def alternative(
    configuration: Configuration, *, rejection: Rejection | None, latency: Latency | None
) -> Alternative:
    """A configuration that was not taken."""
    return Alternative(
        provider=configuration.provider,
        hosting=configuration.hosting,
        instance_type=configuration.instance_type,
        replicas=configuration.replicas,
        monthly_usd=configuration.monthly_usd,
        latency=latency,
        rejection=rejection,
        variant=configuration.variant,
    )


def latency_of(ask: Ask, sized: Sized) -> Latency:
    """Percentiles of one sized endpoint: simulated where it is proven, else computed once."""
    if sized.proof is not None:
        return sized.proof.estimate.latency
    return closed_form(ask, sized)


def closed_form(ask: Ask, sized: Sized) -> Latency:
    """Percentiles of one sized endpoint by the formula, computed once."""
    servers = sized.servers if sized.offering.kind is not Kind.ON_DEMAND else ()
    key = ("latency", id(sized.pool), servers, sized.cold)
    found = ask.memo.get(key)
    if found is None:
        found = ask.memo[key] = sized.pool.latency(sized.servers, sized.cold)
    assert isinstance(found, Latency)
    return found


def describe(configuration: Configuration | None) -> str:
    """A configuration in a few words, for a sentence."""
    if configuration is None:
        return "nothing meets the spec any more"
    count = configuration.replicas
    size = f" x {count.min if count.min == count.max else count}" if count is not None else ""
    return f"{configuration.hosting} {configuration.instance_type}{size}"
