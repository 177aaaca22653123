"""What must hold of the capacity model for any load, service time and number of servers."""

from __future__ import annotations

import math
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from planner.capacity.autoscaling import demands
from planner.capacity.cold_start import instance_cold_fraction, whole_endpoint
from planner.capacity.erlang import BlockingTable, wait
from planner.capacity.latency import Pool, SplitPool
from planner.capacity.load import MAX_BINS, Load
from planner.capacity.model_cache import CacheCurve, CachedModel
from planner.capacity.queue import Cold
from planner.capacity.service_time import fit
from planner.model.traffic import Trace
from tests.support.loads import load_of, recorded, steps, target

few = settings(max_examples=60, deadline=None, derandomize=True)

rates = st.floats(0.01, 200.0)
means = st.floats(0.001, 2.0)
spreads = st.none() | st.floats(1.0, 6.0)
loads: st.SearchStrategy[Load] = st.one_of(
    st.lists(st.tuples(st.floats(1.0, 20_000.0), st.floats(0.0, 300.0)), min_size=1, max_size=9)
    .filter(lambda pairs: any(rate > 0.01 for _, rate in pairs))
    .map(lambda pairs: steps(*pairs)),
    st.lists(st.integers(0, 5000), min_size=1, max_size=90)
    .filter(any)
    .map(lambda counts: recorded(*counts)),
    st.lists(st.floats(0.0, 5000.0), min_size=1, max_size=90).map(
        lambda stamps: load_of(Trace(file="t", stamps_s=tuple(sorted(stamps)), size_for=0.95))
    ),
)


@few
@given(st.floats(0.0, 120.0), st.integers(1, 150))
def test_loss_and_waiting_are_probabilities_that_fall_with_servers(
    offered: float, servers: int
) -> None:
    table = BlockingTable(offered)
    assert 0.0 <= table.blocking(servers) <= table.waiting(servers) <= 1.0
    assert table.blocking(servers + 1) <= table.blocking(servers)
    assert table.waiting(servers + 1) <= table.waiting(servers)


@few
@given(st.floats(0.01, 60.0), st.integers(1, 40), st.floats(0.0, 1.0))
def test_the_wait_falls_with_servers_and_rises_with_the_spread(
    offered: float, more: int, scv: float
) -> None:
    servers = math.floor(offered) + more
    table = BlockingTable(offered)

    def mean(count: int, spread: float) -> float:
        return wait(table, count, offered, mean_service_s=1.0, scv=spread).mean_s

    assert mean(servers + 1, scv) <= mean(servers, scv)
    assert mean(servers, 0.0) <= mean(servers, scv) <= mean(servers, 1.0)


@few
@given(loads)
def test_a_load_loses_no_time_and_no_request(load: Load) -> None:
    assert 1 <= len(load.bins) <= MAX_BINS + 1
    assert math.isclose(sum(b.share_time for b in load.bins), 1.0)
    assert load.mean == 0.0 or math.isclose(sum(b.share_requests for b in load.bins), 1.0)
    assert all(a.rate < b.rate for a, b in pairwise(load.bins))
    assert 0.0 <= load.beyond < 1.0
    total = sum(s.seconds * s.rate for s in load.segments)
    assert math.isclose(load.mean * load.cycle_s, total)
    assert load.peak <= max(s.rate for s in load.segments) * (1 + 1e-9)
    assert load.peak >= load.mean * (1 - 1e-9) or load.beyond > 0.0


@few
@given(loads, means, spreads, st.integers(1, 400))
def test_percentiles_rise_with_the_share_and_fall_with_servers(
    load: Load, mean_s: float, spread: float | None, servers: int
) -> None:
    service = fit(mean_s, None if spread is None else mean_s * spread)
    pool = Pool(load, service, overhead_s=0.005)
    found = [pool.quantile(pool.constant(servers), q) for q in (0.5, 0.9, 0.95, 0.99)]
    assert all(a <= b * (1 + 2e-3) for a, b in pairwise(found))
    assert found[-1] >= service.quantile(0.99) * (1 - 2e-3)
    more = pool.quantile(pool.constant(servers + 1), 0.99)
    assert more <= found[-1] * (1 + 2e-3)


@few
@given(loads, means, st.floats(1.05, 20.0), st.floats(0.3, 1.0))
def test_the_fewest_servers_meet_the_goal_and_one_fewer_misses_it(
    load: Load, mean_s: float, slack: float, utilization: float
) -> None:
    pool = Pool(load, fit(mean_s), overhead_s=0.0)
    goals = (target("p99", fit(mean_s).quantile(0.99) * slack),)
    count = pool.smallest(goals, floor=1)
    assert count is not None
    assert pool.meets(goals, pool.constant(count))
    assert count == 1 or not pool.meets(goals, pool.constant(count - 1))
    each = pool.smallest_per_bin(goals, utilization=utilization)
    assert each is not None
    assert all(a <= b for a, b in pairwise(each))
    assert pool.meets(goals, each)
    assert pool.rho(each) <= utilization + 1e-9


@few
@given(loads, means, st.integers(1, 8), st.integers(1, 40))
def test_random_routing_is_never_faster(
    load: Load, mean_s: float, slots: int, replicas: int
) -> None:
    pooled = Pool(load, fit(mean_s), overhead_s=0.0)
    split = SplitPool(load, fit(mean_s), overhead_s=0.0, slots=slots)
    servers = pooled.constant(slots * replicas)
    seconds = 3 * mean_s
    assert split.exceeds(servers, seconds) >= pooled.exceeds(servers, seconds) - 1e-6


@few
@given(loads, st.floats(0.0, 1.0), st.floats(0.0, 60.0))
def test_cold_starts_never_help(load: Load, fraction: float, delay_s: float) -> None:
    pool = Pool(load, fit(0.05), overhead_s=0.0)
    servers = pool.constant(100)
    cold = Cold(fraction=fraction, delay_s=delay_s)
    assert pool.exceeds(servers, 0.2, cold) >= pool.exceeds(servers, 0.2) - 1e-12
    assert pool.mean(servers, cold) >= pool.mean(servers)


@few
@given(loads, st.floats(0.0, 4000.0), st.floats(0.0, 4000.0))
def test_a_policy_has_seen_no_more_and_holds_no_less_than_there_is(
    load: Load, lag_up_s: float, lag_down_s: float
) -> None:
    moments = demands(load, lag_up_s=lag_up_s, lag_down_s=lag_down_s)
    assert math.isclose(sum(m.seconds for m in moments), load.cycle_s)
    assert all(m.seen <= m.rate <= m.held for m in moments)
    longer = demands(load, lag_up_s=lag_up_s + 600.0, lag_down_s=lag_down_s)
    assert min(m.seen for m in longer) == min(m.seen for m in moments)
    held = sum(m.seconds * m.held for m in moments)
    assert sum(m.seconds * m.held for m in longer) >= held * (1 - 1e-9)


@few
@given(loads, st.floats(0.01, 2.0), st.integers(0, 5), st.integers(1, 60))
def test_the_cold_share_is_a_share_that_falls_with_warm_instances(
    load: Load, service_s: float, warm: int, more: int
) -> None:
    def share(kept: int) -> float:
        return instance_cold_fraction(
            load, service_s=service_s, idle_s=600.0, warm=kept, limit=warm + more + 1
        )

    assert 0.0 <= share(warm + 1) <= share(warm) <= 1.0


@few
@given(loads, st.floats(60.0, 100_000.0), st.floats(0.0, 900.0))
def test_an_endpoint_that_sleeps_longer_off_starts_more_often(
    load: Load, idle_s: float, cold_s: float
) -> None:
    found = whole_endpoint(load, idle_s=idle_s, cold_s=cold_s)
    assert 0.0 <= found.cold_fraction <= 1.0
    assert 0.0 <= found.on_fraction <= 1.0
    assert 0.0 <= found.starts_per_month <= load.monthly_requests * (1 + 1e-9)
    patient = whole_endpoint(load, idle_s=2 * idle_s, cold_s=cold_s)
    assert patient.starts_per_month <= found.starts_per_month * (1 + 1e-9) + 1e-9


@few
@given(st.lists(st.tuples(st.floats(1e-6, 100.0), st.floats(1.0, 1000.0)), min_size=1, max_size=40))
def test_a_cache_misses_less_with_every_byte_and_nothing_when_all_fit(
    pairs: list[tuple[float, float]],
) -> None:
    curve = CacheCurve([CachedModel(rate=r, size_bytes=s, load_s=1.0) for r, s in pairs])
    total = sum(size for _, size in pairs)
    misses = [curve.at(total * part / 20).miss_fraction for part in range(1, 20)]
    misses.append(curve.at(total).miss_fraction)
    assert all(0.0 <= b <= a + 1e-9 <= 1.0 + 1e-9 for a, b in pairwise(misses))
    assert misses[-1] == 0.0
