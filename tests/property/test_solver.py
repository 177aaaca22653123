"""What must hold for any workload: no goal is missed, nothing vanishes, nothing cheaper is lost."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planner.model.candidate import Outcome, Solved
from planner.model.catalog import Catalog
from planner.model.traffic import (
    Burst,
    Diurnal,
    Intermittent,
    Pattern,
    Stage,
    Stages,
    Steady,
    Trace,
    WeeklyWindow,
)
from planner.model.workload import Constraints, Model, Workload
from planner.solver import solve
from planner.solver.relax import scaled
from planner.solver.solve import cheapest
from tests.support.asks import MIB, cost_of, curve, latency, market, model, workload

few = settings(
    max_examples=18, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
Asked = tuple[Workload, str]
"""A workload and the provider it asks; catalogs are too large to be printed with a failure."""


def log_range(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(math.log(low), math.log(high)).map(lambda x: float(f"{math.exp(x):.4g}"))


rates = log_range(0.01, 3000.0)


def hours(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high).map(lambda h: round(h * 3600.0))


patterns: st.SearchStrategy[Pattern] = st.one_of(
    rates.map(lambda r: Steady(rate=r)),
    st.builds(
        lambda r, k, d: Steady(rate=r, burst=Burst(rate=r * k, duration_s=d, every_s=3600.0)),
        rates,
        st.floats(1.1, 8.0),
        st.sampled_from([20.0, 120.0, 900.0]),
    ),
    st.builds(
        lambda n, s: Intermittent(
            requests_per_day=n,
            windows=(WeeklyWindow(days=(0, 1, 2, 3, 4), start_s=s, end_s=s + 8 * 3600.0),),
        ),
        log_range(10.0, 1e6),
        hours(0, 15),
    ),
    st.builds(
        lambda base, k, at, width, weekend: Diurnal(
            base=base, peak=base * k, peak_at_s=at, width_s=width, weekend=weekend
        ),
        rates,
        st.floats(1.0, 12.0),
        hours(0, 23),
        hours(1, 10),
        st.floats(0.1, 1.0),
    ),
    st.builds(
        lambda a, b, c: Stages(
            start=a, stages=(Stage(target=b, duration_s=1800.0), Stage(target=c, duration_s=5400.0))
        ),
        rates,
        rates,
        rates,
    ),
    st.builds(
        lambda counts, size_for: Trace(file="t", counts=tuple(counts), size_for=size_for),
        st.lists(log_range(1.0, 1e5), min_size=3, max_size=30),
        st.sampled_from([0.9, 1.0]),
    ),
)


@st.composite
def asked(draw: st.DrawFn, providers: tuple[str, ...] = ("sagemaker", "databricks")) -> Asked:
    """One model on one provider, no cold start allowed; most of them can be met."""
    name = draw(st.sampled_from(providers))
    mean_s = draw(log_range(0.001, 1.5))
    p99_s = draw(st.none() | st.floats(1.05, 4.0).map(lambda k: mean_s * k))
    slack = draw(st.floats(2.2, 20.0))
    choice, _ = market(name)
    one = model(
        curves=(curve(mean_s, p99_s),),
        memory_bytes=draw(st.sampled_from([90, 400, 1500, 3000])) * MIB,
        max_concurrency=draw(st.none() | st.integers(1, 8)),
    )
    goals = latency(p99=(p99_s or 2 * mean_s) * slack + 0.06)
    made = workload(
        draw(patterns),
        one,
        goals=goals,
        constraints=Constraints(
            replicas_min=draw(st.integers(1, 3)),
            utilization=draw(st.sampled_from([0.5, 0.7, 0.95])),
            scale_to_zero=draw(st.booleans()),
        ),
        providers=(choice,),
    )
    return made, name


def split(one: Asked) -> tuple[Workload, Mapping[str, Catalog]]:
    return one[0], {one[1]: market(one[1])[1]}


def answer(one: Asked) -> Outcome:
    return solve(*split(one))


def never_cheaper(before: Outcome, after: Outcome) -> None:
    assert cost_of(after) >= cost_of(before) * (1 - 1e-9) - 0.01


@few
@given(asked())
def test_half_the_latency_target_never_costs_less(one: Asked) -> None:
    asks, offers = split(one)
    tighter = tuple(replace(t, seconds=t.seconds / 2) for t in asks.slo.latency)
    after = solve(replace(asks, slo=replace(asks.slo, latency=tighter)), offers)
    never_cheaper(answer(one), after)


@few
@given(asked())
def test_twice_the_rate_never_costs_less(one: Asked) -> None:
    asks, offers = split(one)
    never_cheaper(answer(one), solve(scaled(asks, 2.0), offers))


@few
@given(asked())
def test_a_slower_model_never_costs_less(one: Asked) -> None:
    asks, offers = split(one)
    slow = tuple(replace(m, curves=tuple(_slower(c, 1.5) for c in m.curves)) for m in asks.models)
    never_cheaper(answer(one), solve(replace(asks, models=slow), offers))


def _slower(one: Any, factor: float) -> Any:
    points = tuple(
        replace(p, mean_s=p.mean_s * factor, p99_s=p.p99_s and p.p99_s * factor) for p in one.points
    )
    return replace(one, points=points)


@few
@given(asked())
def test_without_the_chosen_type_it_never_costs_less(one: Asked) -> None:
    asks, offers = split(one)
    before = answer(one)
    if not isinstance(before, Solved):
        return
    without = replace(asks.constraints, instances_exclude=(before.decisions[0].instance_type,))
    never_cheaper(before, solve(replace(asks, constraints=without), offers))


@few
@given(asked())
def test_one_more_replica_at_least_never_costs_less(one: Asked) -> None:
    asks, offers = split(one)
    more = replace(asks.constraints, replicas_min=asks.constraints.replicas_min + 1)
    never_cheaper(answer(one), solve(replace(asks, constraints=more), offers))


@few
@given(asked())
def test_every_objective_of_a_decision_is_met(one: Asked) -> None:
    outcome = answer(one)
    if isinstance(outcome, Solved):
        for decision in outcome.decisions:
            assert decision.met, decision.margins
            assert {m.objective for m in decision.margins} >= {"latency p99", "cold starts"}
            assert all(m.predicted <= m.target * 1.002 for m in decision.margins)


@few
@given(asked())
def test_every_offering_leaves_with_a_reason_exactly_once(one: Asked) -> None:
    _, offers = split(one)
    outcome = answer(one)
    if not isinstance(outcome, Solved):
        return
    offered: Counter[tuple[str, str, str]] = Counter(
        (o.provider, o.hosting, o.instance_type) for c in offers.values() for o in c.offerings
    )
    named: Counter[tuple[str, str, str]] = Counter()
    for taken in (*outcome.decisions, *outcome.alternatives):
        named[(taken.provider, taken.hosting, taken.instance_type)] += 1
    for group in outcome.excluded:
        for name in group.instance_types:
            named[(group.provider, group.hosting, name)] += 1
    assert named.keys() == offered.keys()
    # Where a type is offered in two variants, both may leave in one group.
    assert all(named[key] <= offered[key] for key in offered)
    assert all(named[key] == 1 for key in offered if offered[key] == 1)


@few
@given(asked(), st.integers(0, 2**16))
def test_the_order_of_a_catalog_does_not_matter(one: Asked, seed: int) -> None:
    asks, offers = split(one)
    ((name, catalog),) = offers.items()
    shuffled = list(catalog.offerings)
    random.Random(seed).shuffle(shuffled)
    assert solve(asks, {name: replace(catalog, offerings=tuple(shuffled))}) == answer(one)


@few
@given(asked())
def test_costs_are_the_sums_of_their_lines(one: Asked) -> None:
    asks, offers = split(one)
    outcome = answer(one)
    if not isinstance(outcome, Solved):
        return
    for decision in outcome.decisions:
        lines = decision.cost.lines
        assert decision.cost.monthly_usd == sum(line.monthly_usd for line in lines)
        for line in lines:
            assert line.monthly_usd == line.quantity * line.usd_per_unit
            assert line.source
            assert line.as_of
    fast = cheapest(asks, offers)
    assert fast is not None
    assert math.isclose(fast.monthly_usd, outcome.monthly_usd, rel_tol=1e-9)


@few
@given(asked())
def test_no_cheaper_feasible_alternative_stands_beside_the_decision(one: Asked) -> None:
    outcome = answer(one)
    if isinstance(outcome, Solved):
        for other in outcome.alternatives:
            if other.rejection is None:
                assert other.monthly_usd is not None
                assert other.monthly_usd >= outcome.monthly_usd - 0.01


@few
@given(asked())
def test_every_number_is_one(one: Asked) -> None:
    for number in _numbers(answer(one)):
        assert not math.isnan(number)


def _numbers(value: Any) -> list[float]:
    if isinstance(value, float):
        return [value]
    if is_dataclass(value):
        return [n for f in fields(value) for n in _numbers(getattr(value, f.name))]
    if isinstance(value, tuple):
        return [n for item in value for n in _numbers(item)]
    return []


@st.composite
def fleets(draw: st.DrawFn) -> Asked:
    """Two to six models of three kinds on SageMaker."""
    count = draw(st.integers(2, 6))
    weights = draw(st.lists(st.floats(0.01, 1.0), min_size=count, max_size=count))
    models: list[Model] = [
        model(
            f"m{i}",
            weight=weight / sum(weights),
            curves=(curve(draw(st.sampled_from([0.005, 0.02, 0.08]))),),
            memory_bytes=draw(st.sampled_from([90, 700, 2500])) * MIB,
            size_bytes=draw(st.sampled_from([60, 700, 15_000])) * MIB,
            load_s=draw(st.sampled_from([0.5, 6.0])),
        )
        for i, weight in enumerate(weights)
    ]
    strict = latency(p99=draw(st.sampled_from([0.2, 0.4])))
    if draw(st.booleans()):
        models[0] = replace(models[0], latency=strict)
    choice, _ = market("sagemaker")
    made = workload(draw(patterns), *models, goals=latency(p99=1.5), providers=(choice,))
    return made, "sagemaker"


@settings(few, max_examples=8)
@given(fleets())
def test_a_fleet_serves_every_model_once_meets_its_goals_and_adds_up(one: Asked) -> None:
    asks, offers = split(one)
    outcome = answer(one)
    if not isinstance(outcome, Solved):
        return
    served = [name for decision in outcome.decisions for name in decision.models]
    assert sorted(served) == sorted(m.name for m in asks.models)
    assert all(decision.met for decision in outcome.decisions)
    assert len({decision.endpoint for decision in outcome.decisions}) == len(outcome.decisions)
    fast = cheapest(asks, offers)
    assert fast is not None
    assert math.isclose(fast.monthly_usd, outcome.monthly_usd, rel_tol=1e-9)
