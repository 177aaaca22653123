"""Plans held against the simulation, on a cloud small enough to follow by hand."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from functools import cache

import pytest

from planner.model.candidate import Decision, Infeasible, Outcome, Verification
from planner.model.catalog import Cold, Kind, Offering
from planner.model.effort import Effort
from planner.model.traffic import Diurnal, Intermittent, Steady, Traffic, WeeklyWindow
from planner.model.workload import ColdStart, Constraints, Pin, Workload
from planner.solver import solve
from planner.solver.ask import Ask
from planner.solver.rungs import rung
from planner.solver.solve import cheapest
from planner.solver.trial import trial_of
from tests.support.asks import (
    ALLOW,
    MIB,
    acme,
    curve,
    infeasible,
    latency,
    machine,
    model,
    on_acme,
    on_demand,
    solved,
    units,
    workload,
)
from tests.support.command import planner
from tests.support.specs import STEADY

EFFORT = Effort(requests=20_000)
HOUR_S = 3600.0
RANKER = model(curves=(curve(0.05, 0.1, on="one"),), vcpus_per_request=1.0)
ONE = machine("one", 1, 0.1)
"""One vCPU: one request at a time."""
FULL = Constraints(utilization=1.0)
"""Latency alone decides."""
ZERO = Constraints(utilization=1.0, scale_to_zero=True)
OFFICE = Intermittent(
    requests_per_day=20_000.0,
    windows=(WeeklyWindow(days=(0, 1, 2, 3, 4), start_s=9 * HOUR_S, end_s=17 * HOUR_S),),
)


def asked(
    rate: float = 100.0, *, p99: float = 0.185, constraints: Constraints = FULL, **more: object
) -> Workload:
    goals = latency(p99=p99)
    return on_acme(workload(rate, RANKER, goals=goals, constraints=constraints, **more))


def by_formula(one: Workload, *offerings: Offering) -> Decision:
    return solved(solve(one, acme(*offerings))).decisions[0]


@cache
def by_simulation(one: Workload, *offerings: Offering) -> Decision:
    return solved(solve(one, acme(*offerings), EFFORT)).decisions[0]


def proof(decision: Decision) -> Verification:
    assert decision.verification is not None
    return decision.verification


def count(decision: Decision) -> int:
    """The count that buys latency."""
    if decision.units is not None:
        return decision.units.max
    if decision.replicas is None:
        return int(decision.option("prewarm", "0"))
    return decision.replicas.min if decision.autoscaling else decision.replicas.max


def reason(outcome: Outcome) -> tuple[str, str]:
    rejection = infeasible(outcome).misses[0].rejection
    assert rejection is not None
    return rejection.code, rejection.measured


def test_without_an_effort_the_closed_form_decides_and_says_so() -> None:
    decision = by_formula(asked(), ONE)
    assert (decision.method, decision.verification) == ("closed-form", None)


def test_a_verified_decision_tells_what_was_simulated_and_how_sure_it_is() -> None:
    decision = by_simulation(asked(), ONE)
    found = proof(decision)
    assert decision.method == "simulation"
    assert (found.seed, found.confidence) == (0, 0.95)
    assert 5_000 <= found.simulated <= 40_000
    assert [each.name for each in found.intervals] == ["p50", "p90", "p95", "p99"]
    for each in found.intervals:
        told = getattr(decision.latency, f"{each.name}_s")
        assert each.low_s <= told <= each.high_s < 1.2 * each.low_s
    (margin,) = [m for m in decision.margins if m.objective == "latency p99"]
    assert margin.predicted == decision.latency.p99_s <= margin.target == 0.185
    assert decision.met


def test_a_replica_with_one_slot_needs_more_than_one_line_for_all_would() -> None:
    """A request stays with its replica, also where another one is free sooner."""
    formula, simulated = by_formula(asked(), ONE), by_simulation(asked(), ONE)
    assert (count(formula), count(simulated)) == (6, 7)
    assert proof(simulated).closed_form.p99_s < simulated.latency.p99_s
    assert proof(simulated).fewer.startswith("6 replicas: p99 ")
    assert proof(simulated).fewer.endswith(", p99 185 ms allowed")


def test_one_line_for_all_needs_no_more_than_the_formula_says() -> None:
    pooled = replace(units(0.1, step=1), overhead_s=0.005)
    formula, simulated = by_formula(asked(), pooled), by_simulation(asked(), pooled)
    assert abs(count(simulated) - count(formula)) <= 1
    assert count(simulated) <= count(by_simulation(asked(), ONE))


def test_random_routing_needs_more_and_less_than_its_rough_formula_fears() -> None:
    at_random = asked(pin=Pin(routing="random"))
    least, chance = by_simulation(asked(), ONE), by_simulation(at_random, ONE)
    assert count(chance) > count(least) + 3
    assert chance.routing == "random"
    formula = by_formula(at_random, ONE)
    assert count(chance) < count(formula)
    assert proof(chance).fewer.startswith(f"{count(chance) - 1} replicas: p99 ")
    assert chance.cost.monthly_usd < formula.cost.monthly_usd


@pytest.mark.parametrize(
    ("constraints", "expected"),
    [
        (Constraints(), "7 replicas: 71.4 % busy at the peak, 70 % allowed"),
        (replace(FULL, replicas_min=9), "8 replicas: the spec asks for 9"),
        (replace(FULL, zones=8), "7 replicas: the spec asks for 8"),
    ],
)
def test_where_the_spec_forbids_one_less_it_says_so(
    constraints: Constraints, expected: str
) -> None:
    assert proof(by_simulation(asked(constraints=constraints), ONE)).fewer == expected


@pytest.mark.parametrize("routing", [None, "random"])
def test_one_replica_less_misses_and_one_more_holds(routing: str | None) -> None:
    one = asked(pin=Pin(routing=routing))
    chosen = cheapest(one, acme(ONE), EFFORT)
    assert chosen is not None
    sized = chosen.runs[0].sized
    for more, misses in ((-1, True), (0, False), (1, False)):
        tried = rung(sized, sized.groups.max + more)
        found = trial_of(Ask(one, acme(ONE)), tried, EFFORT).miss
        assert (found is not None) is misses
        assert found is None or found.code == "simulated-latency"


@pytest.mark.parametrize(("replicas", "holds"), [(6, False), (7, True), (8, True)])
def test_what_was_chosen_can_be_pinned_and_less_cannot(replicas: int, holds: bool) -> None:
    outcome = solve(asked(pin=Pin(replicas=replicas)), acme(ONE), EFFORT)
    if holds:
        assert count(solved(outcome).decisions[0]) == replicas
    else:
        assert reason(outcome)[0] == "pin-too-small"


def test_a_pin_the_formula_accepts_and_the_simulation_does_not() -> None:
    pinned = asked(pin=Pin(replicas=6))
    assert count(by_formula(pinned, ONE)) == 6
    code, measured = reason(solve(pinned, acme(ONE), EFFORT))
    assert code == "pin-too-small"
    assert measured == "7 replicas needed"
    miss = infeasible(solve(pinned, acme(ONE), EFFORT)).misses[0]
    assert miss.rejection is not None
    assert miss.rejection.path == "spec.pin.replicas"


def test_a_pin_is_neither_raised_nor_lowered() -> None:
    decision = by_simulation(asked(pin=Pin(replicas=12)), ONE)
    assert count(decision) == 12
    assert proof(decision).fewer == ""


def test_the_verified_size_has_to_fit_the_budget() -> None:
    tight = asked(constraints=replace(FULL, budget_monthly_usd=500.0))
    assert by_formula(tight, ONE).cost.monthly_usd < 500.0
    code, measured = reason(solve(tight, acme(ONE), EFFORT))
    assert code == "budget"
    assert measured == f"${by_simulation(asked(), ONE).cost.monthly_usd:,.2f} monthly"


def test_a_limit_on_replicas_stops_the_search_upwards() -> None:
    limited = asked(constraints=replace(FULL, replicas_max=6))
    assert count(by_formula(limited, ONE)) == 6
    assert isinstance(solve(limited, acme(ONE), EFFORT), Infeasible)


def test_what_the_simulation_makes_dearer_may_lose() -> None:
    """Six units in one line cost more than six replicas and less than seven."""
    one, pooled = asked(p99=0.192), replace(units(0.11, step=1), overhead_s=0.005)
    formula, simulated = by_formula(one, ONE, pooled), by_simulation(one, ONE, pooled)
    assert (formula.instance_type, count(formula)) == ("one", 6)
    assert (simulated.instance_type, count(simulated)) == ("UNIT", 6)
    (other,) = solved(solve(one, acme(ONE, pooled), EFFORT)).alternatives
    assert other.replicas is not None
    assert (other.instance_type, other.replicas.max) == ("one", 7)


@pytest.mark.parametrize("rate", [97.5, 98.0, 99.5, 100.0, 100.5])
def test_capacity_that_is_just_enough_is_waited_for(rate: float) -> None:
    """Five servers for five requests in service: the wait grows without bound, slowly."""
    decision = by_simulation(asked(rate, p99=0.4), units(0.1, step=1))
    assert count(decision) == 6
    assert decision.latency.p99_s > 0.14


def test_utilisation_near_one_is_taken_where_the_target_is_loose() -> None:
    decision = by_simulation(asked(97.5, p99=5.0), units(0.1, step=1))
    assert count(decision) == 5
    # Kingman: mean wait of (1 + SCV) / 2 x rho / (1 - rho) services in turn, exponential tail.
    wait_s = 0.05 / 5 * (1 + 0.112) / 2 * 0.975 / 0.025
    assert decision.latency.p99_s == pytest.approx(4.6 * wait_s, rel=0.15)


# On demand.

FUNCTION = on_demand(0.0001, 0.04)


def serverless(rate: float, *, burstiness: float = 1.0, errors: float | None = None) -> Workload:
    made = asked(rate, p99=0.3, constraints=ZERO, cold=ALLOW)
    traffic = Traffic(pattern=Steady(rate=rate), burstiness=burstiness)
    return replace(made, traffic=traffic, slo=replace(made.slo, errors=errors))


def test_on_demand_the_fewest_warm_instances_are_kept() -> None:
    """A request in eight minutes finds its instance gone as often as not."""
    dear = on_demand(0.0001, 0.04, warm_busy_usd=0.0001)
    decision = by_simulation(serverless(0.002), dear)
    assert count(decision) == 1
    assert proof(decision).fewer.startswith("0 warm: p99 ")


@pytest.mark.parametrize("rate", [20.0, 100.0])
def test_on_demand_warm_instances_stay_where_they_are_the_cheaper_ones(rate: float) -> None:
    formula = by_formula(serverless(rate), FUNCTION)
    simulated = by_simulation(serverless(rate), FUNCTION)
    assert count(simulated) == count(formula) > 0
    assert simulated.cost.monthly_usd == pytest.approx(formula.cost.monthly_usd, rel=1e-3)


def test_on_demand_refusals_raise_the_concurrency_limit() -> None:
    """Erlang's loss formula knows Poisson arrivals only."""
    calm, bursty = serverless(20.0), serverless(20.0, burstiness=3.0)
    formula, simulated = by_formula(bursty, FUNCTION), by_simulation(bursty, FUNCTION)
    assert formula.concurrency.max == by_formula(calm, FUNCTION).concurrency.max
    assert simulated.concurrency.max > formula.concurrency.max
    assert by_simulation(calm, FUNCTION).concurrency.max == formula.concurrency.max


def test_on_demand_a_tighter_bound_on_errors_takes_more_concurrency() -> None:
    loose = by_simulation(serverless(20.0, errors=0.05), FUNCTION)
    tight = by_simulation(serverless(20.0, errors=0.0001), FUNCTION)
    assert tight.concurrency.max > loose.concurrency.max


def test_on_demand_where_no_start_is_allowed_all_stay_warm() -> None:
    made = asked(20.0, p99=0.3, constraints=FULL)
    decision = by_simulation(made, FUNCTION)
    assert count(decision) == decision.concurrency.max
    assert decision.cold_start_fraction == 0.0


def test_cold_starts_of_rare_requests_are_those_of_the_idle_times() -> None:
    made = asked(0.002, constraints=ZERO, cold=ALLOW)
    often = replace(made, slo=replace(made.slo, latency=latency(p50=0.3)))
    decision = by_simulation(often, on_demand(0.0001, 0.04))
    # Of Poisson arrivals, those that come after more than ten idle minutes.
    assert decision.cold_start_fraction == pytest.approx(math.exp(-0.002 * 600.0), abs=0.03)


# From zero.


def from_zero(offering: Offering) -> Offering:
    return replace(offering, cold=Cold(idle_s=900.0, start_s=20.0, source="made up"))


def overnight(**goals: float) -> Workload:
    made = workload(OFFICE, RANKER, goals=latency(**goals), constraints=ZERO, cold=ALLOW)
    return on_acme(made)


def test_an_endpoint_from_zero_is_verified_with_its_starts() -> None:
    decision = by_simulation(overnight(p95=0.3), from_zero(units(0.1)))
    assert decision.units is not None
    assert (decision.units.min, decision.units.max) == (0, 4)
    # On five mornings one start, and those who come within its 22 seconds.
    each = 1 + 22 * 20_000 / (8 * HOUR_S)
    assert decision.cold_start_fraction == pytest.approx(5 * each / 1e5, rel=0.1)


def test_a_bound_on_cold_starts_rules_it_out() -> None:
    made = overnight(p95=0.3)
    strict = replace(made, slo=replace(made.slo, cold_start=ColdStart(allowed=True, fraction=1e-5)))
    outcome = solve(strict, acme(from_zero(units(0.1))), EFFORT)
    assert reason(outcome)[0] == "cold-start-fraction"


# Many models on shared replicas.


def test_a_cached_fleet_is_simulated_with_its_loads() -> None:
    big = replace(
        machine("big", 4, 0.4), kind=Kind.SHARED_REPLICAS, hosting="multi-model", overhead_s=0.005
    )
    models = [
        model(
            f"m{i}",
            weight=1 / 40,
            curves=(curve(0.05, 0.1, on="big"),),
            memory_bytes=900 * MIB,
            load_s=1.0,
        )
        for i in range(40)
    ]
    made = workload(20.0, *models, goals=latency(p90=0.3), cold=ALLOW)
    decision = by_simulation(on_acme(made), big)
    assert (decision.hosting, count(decision)) == ("multi-model", 3)
    assert proof(decision).fewer.startswith("2 replicas: p90 ")


# Autoscaled.

SWING = Diurnal(base=20.0, peak=400.0, peak_at_s=12 * HOUR_S, width_s=8 * HOUR_S)
SCALED = machine("one", 1, 0.1, scaled=True)


def swinging(**constraints: float) -> Workload:
    made = workload(SWING, RANKER, goals=latency(p99=0.2), constraints=Constraints(**constraints))
    return on_acme(made)


def test_the_average_that_is_paid_is_what_the_simulated_policy_holds() -> None:
    formula, simulated = by_formula(swinging(), SCALED), by_simulation(swinging(), SCALED)
    assert simulated.autoscaling is not None
    assert formula.autoscaling is not None
    assert simulated.autoscaling.average < formula.autoscaling.average
    hours = simulated.cost.lines[0].quantity
    assert hours == pytest.approx(730.0 * simulated.autoscaling.average)


def test_a_minimum_is_lowered_only_where_that_saves() -> None:
    """Down to where the policy holds as many at night anyway."""
    one = swinging()
    chosen = cheapest(one, acme(SCALED), EFFORT)
    assert chosen is not None
    sized = chosen.runs[0].sized
    assert sized.bounds is not None
    least = sized.bounds.minimum
    averages = {}
    for minimum in (1, least, least + 1):
        bounds = replace(sized.bounds, minimum=minimum)
        tried = trial_of(Ask(one, acme(SCALED)), replace(sized, bounds=bounds), EFFORT)
        averages[minimum] = tried.sized.average
    assert averages[1] >= averages[least] * (1 - 1e-6)
    assert averages[least] < averages[least + 1]


def test_replicas_are_not_busier_than_allowed_while_capacity_follows() -> None:
    """A lax p99 alone would let the load climb far above what the spec allows."""
    one = swinging(utilization=0.6)
    late = replace(one, slo=replace(one.slo, latency=latency(p99=30.0)))
    chosen = cheapest(late, acme(SCALED), EFFORT)
    assert chosen is not None
    sized = chosen.runs[0].sized
    assert sized.bounds is not None
    assert sized.bounds.maximum >= 400 * 0.05 / 0.6
    lagging = replace(sized.bounds, minimum=1, target=1.5 * sized.bounds.target)
    found = trial_of(Ask(late, acme(SCALED)), replace(sized, bounds=lagging), EFFORT)
    assert found.miss is not None
    assert (found.miss.code, found.miss.path) == ("utilization", "spec.constraints.utilization")
    assert found.miss.measured.endswith("busy while capacity follows")


def test_an_autoscaled_plan_costs_no_more_than_the_same_fixed() -> None:
    both = by_simulation(swinging(), SCALED, ONE)
    fixed = by_simulation(swinging(), ONE)
    assert both.hosting == "single-model"
    assert both.cost.monthly_usd < 0.8 * fixed.cost.monthly_usd


# Seeds, and the document.


def test_equal_arguments_give_equal_answers_and_another_seed_other_draws() -> None:
    first, again = (solve(asked(), acme(ONE), EFFORT) for _ in range(2))
    assert first == again
    other = solved(solve(asked(), acme(ONE), replace(EFFORT, seed=1))).decisions[0]
    assert proof(other).seed == 1
    assert other.latency.p99_s != solved(first).decisions[0].latency.p99_s
    assert count(other) == 7


def test_the_document_tells_whether_it_was_verified() -> None:
    documents = {}
    for word in ("--verify", "--no-verify"):
        done = planner("plan", "-", "--offline", "-o", "json", word, stdin=STEADY.encode())
        assert done.code == 0, done.err
        documents[word] = json.loads(done.stdout)
    verified, unverified = documents["--verify"], documents["--no-verify"]
    assert (verified["verified"], unverified["verified"]) == (True, False)
    (sure,), (unsure,) = (
        [d for endpoint in one["endpoints"] for d in [endpoint["decision"]]]
        for one in (verified, unverified)
    )
    assert unsure["verification"] is None
    assert (sure["method"], unsure["method"]) == ("simulation", "closed-form")
    assert sure["verification"]["simulated_requests"] > 0
    told = planner("plan", "-", "--offline", "--no-verify", stdin=STEADY.encode()).out
    assert "Not verified: some latencies rest on the closed form alone." in told
