"""What must hold of plans whatever the workload: by the closed form, and held against a simulation.

A verified count is an estimate: it may be off by the one replica that its noise decides.
"""

from __future__ import annotations

import math
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planner.model.candidate import Decision, Outcome, Solved
from planner.model.catalog import Catalog, Offering
from planner.model.effort import Effort
from planner.model.traffic import Burst, Pattern, Stage, Stages, Steady
from planner.model.workload import Constraints, Workload
from planner.solver import solve
from planner.solver.relax import scaled, slowed
from tests.support.asks import (
    SCALING,
    acme,
    cost_of,
    curve,
    latency,
    machine,
    model,
    on_acme,
    units,
    workload,
)

few = settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
fewer = settings(few, max_examples=10)
EFFORT = Effort(requests=20_000)
HOURS = 730.0
REPLICA_USD = 0.1 * HOURS
MEAN_S = 0.05


def log_range(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(math.log(low), math.log(high)).map(lambda x: float(f"{math.exp(x):.3g}"))


rates = log_range(2.0, 150.0)
patterns: st.SearchStrategy[Pattern] = st.one_of(
    rates.map(lambda r: Steady(rate=r)),
    st.builds(
        lambda r, k, d: Steady(rate=r, burst=Burst(rate=r * k, duration_s=d, every_s=3600.0)),
        rates,
        st.floats(1.2, 4.0),
        st.sampled_from([120.0, 480.0]),
    ),
    st.builds(
        lambda a, b: Stages(
            start=a, stages=(Stage(target=b, duration_s=7200.0), Stage(target=a, duration_s=7200.0))
        ),
        rates,
        rates,
    ),
)
offerings = st.sampled_from(
    [
        machine("one", 1, 0.1),
        machine("two", 2, 0.2),
        units(0.1, step=1),
        machine("one", 1, 0.1, scaled=True),
    ]
)


@st.composite
def asked(draw: st.DrawFn) -> Workload:
    slack = draw(st.floats(1.3, 6.0))
    service = curve(MEAN_S, draw(st.sampled_from([0.06, 0.1, 0.2])), on="one")
    point = service.points[0]
    assert point.p99_s is not None
    made = workload(
        draw(patterns),
        model(curves=(service,), vcpus_per_request=1.0),
        goals=latency(p99=point.p99_s * slack + 0.02),
        constraints=Constraints(utilization=draw(st.sampled_from([0.6, 0.8, 0.95]))),
    )
    return on_acme(made)


def monthly(one: Workload, offering: Offering, effort: Effort | None) -> float:
    return cost_of(solve(one, acme(offering), effort))


def tighter(one: Workload) -> Workload:
    goals = tuple(replace(t, seconds=t.seconds / 1.25) for t in one.slo.latency)
    return replace(one, slo=replace(one.slo, latency=goals))


def lagging(offering: Offering) -> Offering:
    """Half as long again, where there is a lag."""
    scaling = offering.autoscaling
    if scaling is None:
        return offering
    return replace(offering, autoscaling=replace(scaling, start_s=1.5 * scaling.start_s + 120.0))


def never_cheaper(before: float, after: float, *, tolerance: float = 0.0) -> None:
    assert after >= before * (1 - 1e-9) - 0.01 - tolerance


@few
@given(asked(), offerings)
def test_harder_questions_never_cost_less_by_the_closed_form(
    one: Workload, offering: Offering
) -> None:
    before = monthly(one, offering, None)
    for harder in (tighter(one), scaled(one, 1.5), slowed(one, 1.2)):
        never_cheaper(before, monthly(harder, offering, None))
    never_cheaper(before, monthly(one, lagging(offering), None))


@fewer
@given(asked(), offerings)
def test_nor_when_they_are_verified_but_for_one_replica(one: Workload, offering: Offering) -> None:
    before = monthly(one, offering, EFFORT)
    slot = REPLICA_USD * (2.0 if offering.instance_type == "two" else 1.0)
    for harder in (tighter(one), scaled(one, 1.5), slowed(one, 1.2)):
        never_cheaper(before, monthly(harder, offering, EFFORT), tolerance=slot * 1.01)
    never_cheaper(before, monthly(one, lagging(offering), EFFORT), tolerance=slot * 1.01)


@fewer
@given(asked(), offerings)
def test_a_verified_plan_is_near_the_closed_form_and_meets_everything(
    one: Workload, offering: Offering
) -> None:
    formula, verified = solve(one, acme(offering)), solve(one, acme(offering), EFFORT)
    if not isinstance(verified, Solved) or not isinstance(formula, Solved):
        return
    (decision,) = verified.decisions
    assert decision.met
    assert decision.method == "simulation"
    assert decision.verification is not None
    for each in decision.verification.intervals:
        assert each.low_s <= getattr(decision.latency, f"{each.name}_s") <= each.high_s
    count, said = size(decision), size(formula.decisions[0])
    assert 0.6 * said - 1 <= count <= 1.4 * said + 2


def size(decision: Decision) -> int:
    found = decision.units or decision.replicas
    assert found is not None
    return found.max


# All seconds times k, all rates by k: nothing that is counted changes.


def stretched_pattern(pattern: Pattern, k: float) -> Pattern:
    match pattern:
        case Steady():
            burst = pattern.burst
            longer = burst and Burst(
                rate=burst.rate / k, duration_s=burst.duration_s * k, every_s=burst.every_s * k
            )
            return Steady(rate=pattern.rate / k, burst=longer)
        case Stages():
            return Stages(
                start=pattern.start / k,
                stages=tuple(
                    Stage(target=s.target / k, duration_s=s.duration_s * k) for s in pattern.stages
                ),
            )
        case _:
            raise AssertionError(pattern)


def stretched(one: Workload, k: float) -> Workload:
    goals = tuple(replace(t, seconds=t.seconds * k) for t in one.slo.latency)
    slower = slowed(one, k)
    pattern = stretched_pattern(one.traffic.pattern, k)
    return replace(
        slower,
        slo=replace(one.slo, latency=goals),
        traffic=replace(one.traffic, pattern=pattern),
    )


def stretched_offering(offering: Offering, k: float) -> Offering:
    scaling = offering.autoscaling
    if scaling is not None:
        scaling = replace(
            scaling,
            period_s=scaling.period_s * k,
            start_s=scaling.start_s * k,
            cooldown_up_s=scaling.cooldown_up_s * k,
            cooldown_down_s=scaling.cooldown_down_s * k,
        )
    return replace(offering, overhead_s=0.0, autoscaling=scaling)


def sizes(outcome: Outcome) -> list[object]:
    if not isinstance(outcome, Solved):
        return []
    return [
        (d.instance_type, d.replicas, d.units, d.concurrency, d.autoscaling is None)
        for d in outcome.decisions
    ]


@st.composite
def steps_of_minutes(draw: st.DrawFn) -> Workload:
    """Loads without straight lines, which are cut by the second, and with long steps."""
    one = draw(asked())
    low, high = sorted((draw(rates), draw(rates)))
    steady = Steady(rate=low)
    burst = Steady(rate=low, burst=Burst(rate=high + 1.0, duration_s=900.0, every_s=7200.0))
    return replace(
        one, traffic=replace(one.traffic, pattern=draw(st.sampled_from([steady, burst])))
    )


@few
@given(steps_of_minutes(), offerings, st.sampled_from([2.0, 4.0]))
def test_other_units_of_time_change_no_count(one: Workload, offering: Offering, k: float) -> None:
    before = solve(one, acme(stretched_offering(offering, 1.0)))
    after = solve(stretched(one, k), acme(stretched_offering(offering, k)))
    assert sizes(before) == sizes(after)


@fewer
@given(steps_of_minutes(), offerings, st.sampled_from([2.0, 4.0]))
def test_nor_a_verified_one_by_more_than_one(one: Workload, offering: Offering, k: float) -> None:
    before = solve(one, acme(stretched_offering(offering, 1.0)), EFFORT)
    after = solve(stretched(one, k), acme(stretched_offering(offering, k)), EFFORT)
    if not isinstance(before, Solved) or not isinstance(after, Solved):
        return
    one_size, other = size(before.decisions[0]), size(after.decisions[0])
    assert abs(one_size - other) <= 1
    said, told = before.decisions[0].latency, after.decisions[0].latency
    if one_size == other and before.decisions[0].autoscaling is None:
        assert math.isclose(told.p50_s, k * said.p50_s, rel_tol=0.05)


# Together and apart.


@few
@given(asked(), offerings)
def test_two_halves_cost_no_less_than_the_whole_by_the_closed_form(
    one: Workload, offering: Offering
) -> None:
    whole, half = monthly(one, offering, None), monthly(scaled(one, 0.5), offering, None)
    never_cheaper(whole, 2.0 * half)


@fewer
@given(asked(), offerings)
def test_nor_when_they_are_verified(one: Workload, offering: Offering) -> None:
    whole, half = monthly(one, offering, EFFORT), monthly(scaled(one, 0.5), offering, EFFORT)
    slot = REPLICA_USD * (2.0 if offering.instance_type == "two" else 1.0)
    never_cheaper(whole, 2.0 * half, tolerance=slot * 1.01)


# Seeds.


@fewer
@given(asked(), offerings, st.integers(0, 2**31))
def test_equal_seeds_give_equal_answers(one: Workload, offering: Offering, seed: int) -> None:
    effort = replace(EFFORT, seed=seed)
    catalogs: dict[str, Catalog] = acme(offering)
    assert solve(one, catalogs, effort) == solve(one, catalogs, effort)


def test_the_made_up_lag_is_the_one_that_the_stretch_assumes() -> None:
    assert SCALING.lag_up_s == 300.0
    k = stretched_offering(machine("one", 1, 0.1, scaled=True), 4.0).autoscaling
    assert k is not None
    assert (k.lag_up_s, k.lag_down_s) == (4 * SCALING.lag_up_s, 4 * SCALING.lag_down_s)
