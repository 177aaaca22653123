"""On a cloud small enough to search by hand, the solver finds what trying everything finds."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from planner.capacity.cold_start import instance_cold_fraction
from planner.capacity.latency import Pool
from planner.capacity.load import build_load
from planner.capacity.queue import Cold
from planner.capacity.service_time import fit
from planner.model.catalog import Kind, Offering
from planner.model.traffic import Pattern, Stage, Stages, Steady
from planner.model.workload import ColdStart, Constraints, LatencyTarget, Workload
from planner.solver import solve
from tests.support.asks import (
    acme,
    cost_of,
    curve,
    latency,
    machine,
    model,
    on_acme,
    on_demand,
    units,
    workload,
)
from tests.support.policy import Policy

MOST = 60
HOURS = 730.0
OFFERINGS = (
    machine("small", 2, 0.10),
    machine("large", 8, 0.37),
    machine("small", 2, 0.10, scaled=True),
    units(0.05),
    units(0.055, scaled=True),
    on_demand(0.0001, 0.04, warm_busy_usd=0.00003),
)


def by_hand(asked: Workload, cloud: Sequence[Offering]) -> float:
    """The least monthly cost over every count, range, target and number kept warm."""
    costs = (cost for offering in cloud for cost in feasible(asked, offering))
    data = build_load(asked.traffic, service_s=0.0).monthly_requests * 4096 / 1e9 * 0.02
    return min(costs, default=math.inf) + data


def feasible(asked: Workload, offering: Offering) -> Iterator[float]:
    point = asked.models[0].curves[0].points[0]
    load = build_load(asked.traffic, service_s=point.mean_s)
    pool = Pool(load, fit(point.mean_s, point.p99_s), overhead_s=offering.overhead_s)
    if offering.kind is Kind.ON_DEMAND:
        return pay_per_use(asked, offering, pool)
    if offering.autoscaling is None:
        return fixed(asked, offering, pool)
    return autoscaled(asked, offering, pool)


def slots_of(offering: Offering) -> int:
    return offering.step if offering.kind is Kind.UNITS else int(offering.hardware.vcpus or 0)


def floor_of(asked: Workload, offering: Offering) -> int:
    constraints = asked.constraints
    return 1 if offering.kind is Kind.UNITS else max(constraints.replicas_min, constraints.zones, 1)


def price_of(offering: Offering) -> float:
    assert offering.price is not None
    return offering.price.usd * (offering.step if offering.kind is Kind.UNITS else 1) * HOURS


def fixed(asked: Workload, offering: Offering, pool: Pool) -> Iterator[float]:
    slots = slots_of(offering)
    busy = pool.load.peak * pool.service.mean_s
    for count in range(floor_of(asked, offering), MOST + 1):
        servers = count * slots
        if busy > asked.constraints.utilization * servers + 1e-9 or busy >= servers:
            continue
        if pool.meets(asked.slo.latency, pool.constant(servers)):
            yield count * price_of(offering)


def autoscaled(asked: Workload, offering: Offering, pool: Pool) -> Iterator[float]:
    needs: dict[float, int] = {}
    for index, one in enumerate(pool.bins):
        count = next(
            (n for n in range(1, MOST + 1) if enough(asked, offering, pool, index, n)), None
        )
        if count is None:
            return
        needs[one.rate] = count
    floor, scaling = floor_of(asked, offering), offering.autoscaling
    assert scaling is not None
    policy = Policy(pool.load, lag_up_s=scaling.lag_up_s, lag_down_s=scaling.lag_down_s)
    yield policy.cheapest(lambda rate: max(floor, needs[rate]), floor=floor) * price_of(offering)


def enough(asked: Workload, offering: Offering, pool: Pool, index: int, count: int) -> bool:
    servers, busy = count * slots_of(offering), pool.offered(index)
    if busy > asked.constraints.utilization * servers + 1e-9 or busy >= servers:
        return False
    return all(late(pool, index, servers, target) for target in asked.slo.latency)


def late(pool: Pool, index: int, servers: int, target: LatencyTarget) -> bool:
    if target.quantile is None:
        return pool.wait(index, servers).mean_s + pool.mean_without_wait() <= target.seconds
    return pool.bin_exceeds(index, servers, target.seconds) <= 1 - target.quantile + 1e-12


def lost(offered: float, servers: int) -> float:
    terms = [offered**k / math.factorial(k) for k in range(servers + 1)]
    return terms[-1] / sum(terms)


def pay_per_use(asked: Workload, offering: Offering, pool: Pool) -> Iterator[float]:
    mean_s, cold, allowed = pool.service.mean_s, offering.cold, asked.slo.cold_start
    prewarm, price = offering.prewarm, offering.price
    assert cold is not None
    assert prewarm is not None
    assert price is not None
    counts = range(1, (offering.max_concurrency or 0) + 1)
    limit = next((n for n in counts if lost(pool.load.peak * mean_s, n) <= 0.001), None)
    if limit is None:
        return
    for warm in range(0 if asked.constraints.scale_to_zero else 1, limit + 1):
        share = 0.0
        if warm < limit:
            share = instance_cold_fraction(
                pool.load, service_s=mean_s, idle_s=cold.idle_s, warm=warm, limit=limit
            )
        delay_s = cold.start_s + asked.models[0].load_s
        if warm < limit and not allowed.allowed:
            continue
        if allowed.fraction is not None and share > allowed.fraction:
            continue
        servers = pool.constant(1000)
        if not pool.meets(asked.slo.latency, servers, Cold(fraction=share, delay_s=delay_s)):
            continue
        on_warm = sum(
            b.share_time * b.rate * mean_s * (1 - lost(b.rate * mean_s, warm)) for b in pool.bins
        )
        busy_s = pool.load.mean * mean_s * HOURS * 3600
        warm_s = on_warm * HOURS * 3600
        yield (
            max(busy_s - warm_s, 0.0) * price.usd
            + (warm_s * prewarm.busy.usd + warm * prewarm.held.usd * HOURS if warm else 0.0)
        )


def log_range(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(math.log(low), math.log(high)).map(lambda x: float(f"{math.exp(x):.3g}"))


def jumps(pairs: list[tuple[float, int]]) -> Pattern:
    stages = [
        stage
        for rate, minutes in pairs
        for stage in (
            Stage(target=rate, duration_s=0.0),
            Stage(target=rate, duration_s=60.0 * minutes),
        )
    ]
    return Stages(start=pairs[0][0], stages=tuple(stages))


patterns: st.SearchStrategy[Pattern] = st.one_of(
    log_range(0.001, 60.0).map(lambda r: Steady(rate=r)),
    st.lists(st.tuples(log_range(0.05, 60.0), st.integers(3, 90)), min_size=2, max_size=5).map(
        jumps
    ),
)
colds = st.sampled_from(
    [ColdStart(allowed=False), ColdStart(allowed=True), ColdStart(allowed=True, fraction=0.02)]
)


@st.composite
def asked(draw: st.DrawFn) -> Workload:
    mean_s = draw(log_range(0.01, 0.6))
    p99_s = draw(st.sampled_from([1.0, 1.6, 2.5])) * mean_s
    goals = latency(p99=p99_s * draw(st.floats(0.9, 4.0)) + 0.0103)
    if draw(st.booleans()):
        goals += latency(mean=mean_s * draw(st.floats(1.1, 3.0)) + 0.011)
    return on_acme(
        workload(
            draw(patterns),
            model(curves=(curve(mean_s, p99_s, on="small"),), max_concurrency=None),
            goals=goals,
            cold=draw(colds),
            constraints=Constraints(
                replicas_min=draw(st.integers(0, 3)),
                zones=draw(st.integers(1, 2)),
                utilization=draw(st.sampled_from([0.4, 0.7, 1.0])),
                scale_to_zero=draw(st.booleans()),
            ),
        )
    )


clouds = st.sets(st.sampled_from(range(len(OFFERINGS))), min_size=1).map(
    lambda chosen: tuple(OFFERINGS[i] for i in sorted(chosen))
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(asked(), clouds)
def test_the_solver_costs_what_trying_everything_costs(
    one: Workload, cloud: tuple[Offering, ...]
) -> None:
    found, expected = cost_of(solve(one, acme(*cloud))), by_hand(one, cloud)
    assert math.isinf(found) == math.isinf(expected), (found, expected)
    if math.isfinite(expected):
        assert abs(found - expected) <= 0.01 + 1e-9 * expected, (found, expected)
