"""What a decision says: alternatives, cost lines, autoscaling, names, relaxations, sensitivity."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from planner.model.catalog import Cold, Kind, Limit, Measure, Meter, Scope
from planner.model.traffic import Burst, Diurnal, Spike, Steady, Trace
from planner.model.units import parse_duration
from planner.model.workload import (
    ColdStart,
    Constraints,
    MeasuredAt,
    Payload,
    Pin,
    Workload,
)
from planner.solver import solve
from planner.solver.relax import scaled
from planner.solver.sensitivity import sensitivities
from tests.support.asks import (
    ALLOW,
    MIB,
    acme,
    catalogs,
    cost_of,
    curve,
    infeasible,
    latency,
    machine,
    model,
    on_acme,
    on_demand,
    price,
    solved,
    units,
    with_catalogs,
    workload,
)

SMALL, LARGE = machine("small", 2, 0.10), machine("large", 8, 0.41)
DAY = Diurnal(base=5.0, peak=120.0, peak_at_s=12 * 3600.0, width_s=5 * 3600.0)


def asked(pattern: Any = 20.0, mean_s: float = 0.1, **changed: Any) -> Workload:
    changed.setdefault("goals", latency(p99=1.0))
    return on_acme(workload(pattern, model(curves=(curve(mean_s, on="small"),)), **changed))


def test_the_cheapest_that_meets_the_goal_wins_and_the_others_say_their_price() -> None:
    outcome = solved(solve(asked(), acme(SMALL, LARGE)))
    assert outcome.decisions[0].instance_type == "small"
    (other,) = outcome.alternatives
    assert (other.instance_type, other.rejection) == ("large", None)
    assert other.monthly_usd is not None
    assert other.monthly_usd > outcome.monthly_usd
    assert other.latency is not None


def test_of_equal_price_the_simpler_mode_then_the_preferred_type_wins() -> None:
    scaled_up = machine("small", 2, 0.10, scaled=True)
    assert solved(solve(asked(), acme(scaled_up, SMALL))).decisions[0].hosting == "dedicated"
    newer = replace(machine("newer", 2, 0.10), preference=-7)
    older = replace(machine("a-older", 2, 0.10), preference=-5)
    chosen = solved(solve(asked(), acme(older, newer))).decisions[0]
    assert chosen.instance_type == "newer"


def test_two_modes_of_a_plugin_at_one_price_are_both_accounted_for() -> None:
    one = replace(SMALL, hosting="own-mode-a")
    two = replace(SMALL, hosting="own-mode-b")
    outcome = solved(solve(asked(), acme(one, two)))
    named = [outcome.decisions[0].hosting, *(a.hosting for a in outcome.alternatives)]
    assert sorted(named) == ["own-mode-a", "own-mode-b"]


def test_lines_are_hours_data_and_volumes() -> None:
    meters = (
        Meter(name="data-in-gb", price=price(0.02), per="GB"),
        Meter(name="data-out-gb", price=price(0.03), per="GB"),
        Meter(name="logging-gb", price=price(0.5), per="GB"),
        Meter(name="storage-gb-month", price=price(0.1), per="GB-month"),
    )
    offers = {"acme": replace(acme(SMALL)["acme"], meters=meters)}
    one = asked(payload=Payload(request_bytes=1000, response_bytes=500, max_request_bytes=1000))
    cost = solved(solve(one, offers)).decisions[0].cost
    month = 20.0 * 730 * 3600
    found = {line.name: (line.quantity, line.monthly_usd) for line in cost.lines}
    assert found == {
        "instances small": pytest.approx((2 * 730, 146.0)),
        "data in": pytest.approx((month * 1e-6, month * 2e-8)),
        "data out": pytest.approx((month * 5e-7, month * 1.5e-8)),
        "payload logging": pytest.approx((month * 1.5e-6, month * 7.5e-7)),
        "storage volumes": pytest.approx((60, 6.0)),
    }
    assert cost.per_million_usd == pytest.approx(cost.monthly_usd / month * 1e6)


def test_a_disk_of_its_own_needs_no_volume() -> None:
    meters = (Meter(name="storage-gb-month", price=price(0.1), per="GB-month"),)
    own = replace(SMALL, hardware=replace(SMALL.hardware, local_disk_bytes=10**11))
    offers = {"acme": replace(acme(own)["acme"], meters=meters)}
    decision = solved(solve(asked(), offers)).decisions[0]
    assert [line.name for line in decision.cost.lines] == ["instances small"]
    assert decision.option("volume_gb") == ""


def test_units_come_in_steps() -> None:
    decision = solved(solve(asked(33.0), acme(units(0.05)))).decisions[0]
    assert decision.replicas is None
    assert decision.units is not None
    assert decision.units.min == decision.units.max == 8
    assert decision.cost.lines[0].quantity == pytest.approx(8 * 730)


def test_autoscaling_states_a_target_per_replica_and_minute_that_is_never_too_high() -> None:
    decision = solved(solve(asked(DAY), acme(machine("small", 2, 0.1, scaled=True)))).decisions[0]
    found, replicas = decision.autoscaling, decision.replicas
    assert found is not None
    assert replicas is not None
    assert replicas.min < found.average < replicas.max
    # Two slots of 100 ms at 70 % serve 14/s each: more per minute would never scale out in time.
    assert found.target <= 14 * 60
    assert decision.cost.lines[0].quantity == pytest.approx(found.average * 730)
    assert float(f"{found.target:.3g}") == found.target


def test_a_target_of_units_is_a_share_of_their_concurrency() -> None:
    decision = solved(solve(asked(DAY), acme(units(0.05, scaled=True)))).decisions[0]
    assert decision.autoscaling is not None
    assert 0.0 < decision.autoscaling.target <= 0.7


def test_nights_at_zero_save_the_least_count_and_not_the_mean_of_busier_hours() -> None:
    peak = Diurnal(base=0.0, peak=400.0, peak_at_s=12 * 3600.0, width_s=3 * 3600.0)
    lasting = units(0.05, scaled=True)
    leaving = replace(
        lasting, hosting="serverless", cold=Cold(idle_s=600.0, start_s=3.0, source="made up")
    )
    zero = Constraints(scale_to_zero=True)
    lasts, leaves = (
        solved(solve(asked(peak, cold=ALLOW, constraints=zero), acme(offering))).decisions[0]
        for offering in (lasting, leaving)
    )
    assert lasts.units is not None
    saved = lasts.cost.lines[0].quantity - leaves.cost.lines[0].quantity
    asleep = saved / (lasts.units.min * 730)
    assert 0.3 < asleep < 0.6


def test_bursts_shorter_than_the_lag_are_served_by_a_fixed_number() -> None:
    burst = Steady(rate=10.0, burst=Burst(rate=60.0, duration_s=120.0, every_s=3600.0))
    decision = solved(solve(asked(burst), acme(machine("small", 2, 0.1, scaled=True)))).decisions[0]
    assert decision.autoscaling is None
    assert decision.replicas is not None
    assert decision.replicas.min == decision.replicas.max


def test_a_known_event_becomes_scheduled_actions_around_it() -> None:
    starts = (4 * 86_400 + 12 * 3600.0,)
    spike = Spike(name="push", cron="0 12 * * fri", rate=400.0, duration_s=1200.0, starts_s=starts)
    one = asked(replace(DAY, spikes=(spike,)))
    decision = solved(solve(one, acme(machine("small", 2, 0.1, scaled=True)))).decisions[0]
    assert decision.autoscaling is not None
    assert decision.replicas is not None
    up, down = decision.autoscaling.scheduled
    # The lag is 3 x 60 s + 120 s.
    assert (up.name, up.cron, up.min) == ("push-up", "55 11 * * fri", decision.replicas.max)
    assert (down.name, down.cron, down.min) == ("push-down", "20 12 * * fri", decision.replicas.min)


def test_an_event_on_monday_midnight_is_prepared_on_sunday() -> None:
    spike = Spike(name="week", cron="0 0 * * mon", rate=400.0, duration_s=600.0, starts_s=(0.0,))
    one = asked(replace(DAY, spikes=(spike,)))
    decision = solved(solve(one, acme(machine("small", 2, 0.1, scaled=True)))).decisions[0]
    assert decision.autoscaling is not None
    assert [a.cron for a in decision.autoscaling.scheduled] == ["55 23 * * sun", "10 0 * * mon"]


def test_random_routing_by_a_person_is_paid_for() -> None:
    one = asked(30.0, goals=latency(p99=0.3))
    pinned = replace(one, pin=Pin(routing="random"))
    assert cost_of(solve(pinned, acme(SMALL))) > cost_of(solve(one, acme(SMALL)))
    assert solved(solve(pinned, acme(SMALL))).decisions[0].routing == "random"


@pytest.mark.parametrize(
    ("pin", "replicas", "slots"), [(Pin(replicas=7), 7, 2), (Pin(concurrency=1), 3, 1)]
)
def test_a_pin_is_checked_kept_and_priced(pin: Pin, replicas: int, slots: int) -> None:
    decision = solved(solve(asked(pin=pin), acme(SMALL))).decisions[0]
    assert decision.replicas is not None
    assert (decision.replicas.min, decision.replicas.max) == (replicas, replicas)
    assert decision.concurrency.per_replica == slots
    assert decision.met


def test_sizing_for_part_of_a_load_warns_of_the_rest() -> None:
    busy = Trace(file="t.csv", counts=(60.0,) * 95 + (6000.0,) * 5, size_for=0.9)
    (most,) = solved(solve(asked(busy), acme(SMALL))).decisions
    assert any("84 % of the requests" in w and "size_for" in w for w in most.warnings)
    (every,) = solved(solve(asked(replace(busy, size_for=1.0)), acme(SMALL))).decisions
    assert not any("size_for" in w for w in every.warnings)
    assert every.cost.monthly_usd > most.cost.monthly_usd


def test_one_replica_alone_and_availability_do_not_go_together() -> None:
    one = asked(1.0)
    one = replace(one, slo=replace(one.slo, availability=0.999))
    alone = solved(solve(one, acme(SMALL))).decisions[0]
    assert any("availability" in w for w in alone.warnings)
    two = replace(one, constraints=Constraints(zones=2))
    assert not solved(solve(two, acme(SMALL))).decisions[0].warnings


def test_high_utilisation_and_wide_service_times_are_doubted() -> None:
    tight = asked(19.0, constraints=Constraints(utilization=1.0), goals=latency(p99=10.0))
    assert any("utilisation" in w for w in solved(solve(tight, acme(SMALL))).decisions[0].warnings)
    wide = on_acme(
        workload(5.0, model(curves=(curve(0.1, 0.6, on="small"),)), goals=latency(p99=5))
    )
    assert any("SCV" in w for w in solved(solve(wide, acme(SMALL))).decisions[0].warnings)


def test_the_network_of_clients_is_left_out_and_said_so() -> None:
    one = asked()
    one = replace(one, slo=replace(one.slo, measured_at=MeasuredAt.CLIENT))
    found = solved(solve(one, acme(SMALL))).decisions[0].assumptions
    assert "client network" in [a.subject for a in found]


def fleet(count: int, **changed: Any) -> Workload:
    models = [
        model(
            f"M {i}",
            weight=(count - i) / sum(range(1, count + 1)),
            curves=(curve(0.02, on="small"),),
            memory_bytes=500 * MIB,
        )
        for i in range(count)
    ]
    return on_acme(workload(40.0, *models, goals=latency(p99=1.0), **changed))


def test_a_fleet_has_an_endpoint_for_each_model_by_its_name() -> None:
    outcome = solved(solve(fleet(3), acme(SMALL)))
    assert [(d.endpoint, d.models) for d in outcome.decisions] == [
        ("w-m-0", ("M 0",)),
        ("w-m-1", ("M 1",)),
        ("w-m-2", ("M 2",)),
    ]


def test_models_share_an_endpoint_where_that_is_cheaper() -> None:
    pool = replace(machine("pool", 2, 0.1), kind=Kind.SHARED_REPLICAS, hosting="multi-model")
    outcome = solved(solve(fleet(3), acme(SMALL, pool)))
    assert [(d.endpoint, d.models) for d in outcome.decisions] == [("w", ("M 0", "M 1", "M 2"))]
    assert outcome.decisions[0].cold_start_fraction == 0.0


def test_a_strict_model_stands_alone_beside_the_shared_ones() -> None:
    pool = replace(machine("pool", 2, 0.1), kind=Kind.SHARED_REPLICAS, hosting="multi-model")
    one = fleet(3)
    strict = replace(one.models[2], latency=latency(p99=0.08))
    outcome = solved(solve(replace(one, models=(*one.models[:2], strict)), acme(SMALL, pool)))
    assert [(d.hosting, d.models) for d in outcome.decisions] == [
        ("multi-model", ("M 0", "M 1")),
        ("dedicated", ("M 2",)),
    ]
    assert outcome.decisions[1].margins[0].target == 0.08


def test_each_model_of_a_fleet_starts_in_its_own_time() -> None:
    one = fleet(
        2, cold=ColdStart(allowed=True, max_s=8.0), constraints=Constraints(scale_to_zero=True)
    )
    slow = replace(one.models[1], load_s=9.0)
    function = replace(on_demand(0.0001, 0.05), prewarm=None)
    outcome = solve(replace(one, models=(one.models[0], slow)), acme(function, SMALL))
    codes = {a.rejection.code for a in solved(outcome).alternatives if a.rejection}
    assert codes == {"cold-start-time"}


def test_random_routing_of_a_fleet_shows_in_every_endpoint() -> None:
    one = replace(fleet(3), pin=Pin(routing="random"))
    pooled = solved(solve(fleet(3), acme(SMALL)))
    split = solved(solve(replace(one, constraints=Constraints(replicas_min=3)), acme(SMALL)))
    best = solved(solve(replace(fleet(3), constraints=Constraints(replicas_min=3)), acme(SMALL)))
    assert len(pooled.decisions) == len(split.decisions)
    for ours, theirs in zip(split.decisions, best.decisions, strict=True):
        assert ours.latency.p99_s > theirs.latency.p99_s


def test_nothing_that_meets_the_spec_gives_the_nearest_misses_first() -> None:
    one = asked(goals=latency(p99=0.19))
    outcome = infeasible(solve(one, acme(SMALL, units(0.05), replace(LARGE, price=None))))
    assert [m.rejection.code for m in outcome.misses if m.rejection] == ["slo-below-service-time"]
    assert [e.rejection.code for e in outcome.excluded] == ["no-price"]


def again(one: Workload, path: str, needed: str) -> Workload:
    """The workload as a relaxation's text says it."""
    constraints = one.constraints
    if path == "spec.slo.latency":
        texts = dict(part.split(" ", 1) for part in needed.split(", "))
        goals = tuple(
            replace(t, seconds=parse_duration(texts[t.label].replace(" ", "")))
            for t in one.slo.latency
        )
        return replace(one, slo=replace(one.slo, latency=goals))
    number = float(re.sub(r"[^0-9.]", "", needed))
    match path:
        case "spec.traffic":
            return scaled(one, number)
        case "spec.constraints.budget.monthly":
            return replace(one, constraints=replace(constraints, budget_monthly_usd=number))
        case "spec.constraints.replicas.max":
            return replace(one, constraints=replace(constraints, replicas_max=int(number)))
        case "spec.slo.cold_start.fraction":
            cold = replace(one.slo.cold_start, fraction=number / 100)
            return replace(one, slo=replace(one.slo, cold_start=cold))
    raise AssertionError(path)


ZERO = Constraints(scale_to_zero=True, hosting=("serverless",))


@pytest.mark.parametrize(
    ("one", "paths"),
    [
        (asked(goals=latency(p50=0.07, p99=0.171)), {"spec.slo.latency"}),
        (
            asked(173.0, constraints=Constraints(budget_monthly_usd=271.83)),
            {"spec.constraints.budget.monthly", "spec.traffic"},
        ),
        (
            asked(913.0, constraints=Constraints(replicas_max=3)),
            {"spec.constraints.replicas.max", "spec.traffic"},
        ),
        (
            asked(1 / 700, cold=ColdStart(allowed=True, fraction=0.013), constraints=ZERO,
                  goals=latency(p50=1.0)),
            {"spec.slo.cold_start.fraction"},
        ),
    ],
)  # fmt: skip
def test_a_relaxation_suffices_as_it_is_printed_and_is_the_smallest(
    one: Workload, paths: set[str]
) -> None:
    cloud = acme(SMALL, replace(on_demand(0.0001, 0.05), prewarm=None))
    outcome = infeasible(solve(one, cloud))
    found = {r.path: r.needed for r in outcome.relaxations}
    assert found.keys() >= paths
    for path in paths:
        assert solved(solve(again(one, path, found[path]), cloud)).decisions[0].met


def test_a_relaxation_is_within_two_percent_of_the_least() -> None:
    one = asked(173.0, constraints=Constraints(budget_monthly_usd=271.83))
    free = cost_of(solve(replace(one, constraints=Constraints()), acme(SMALL)))
    (needed,) = (
        r.needed
        for r in infeasible(solve(one, acme(SMALL))).relaxations
        if r.path == "spec.constraints.budget.monthly"
    )
    assert free <= float(needed.replace("$", "").replace(",", "")) <= free * 1.02


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        ({"constraints": Constraints(hosting=("serverless",))}, "spec.constraints.hosting"),
        ({"constraints": Constraints(instances_include=("x*",))}, "spec.constraints.instances"),
        ({"pin": Pin(replicas=1)}, "spec.pin"),
    ],
)
def test_what_is_there_or_not_is_lifted(changed: dict[str, Any], path: str) -> None:
    outcome = infeasible(solve(asked(60.0, **changed), acme(SMALL)))
    assert path in [r.path for r in outcome.relaxations]


def test_a_platforms_limit_on_the_rate_is_relaxed_by_less_traffic() -> None:
    offer = replace(units(0.05), limits=())
    most = Limit(
        name="rate", measure=Measure.RATE_PER_S, scope=Scope.WORKSPACE, value=10.0,
        source="manual", as_of="2026",
    )  # fmt: skip
    outcome = infeasible(solve(asked(25.0), acme(replace(offer, limits=(most,)))))
    assert [r.needed for r in outcome.relaxations] == ["at most 0.4 x the rate"]
    assert [m.rejection.code for m in outcome.misses if m.rejection] == ["limit-rate-per-s"]


def test_the_decision_changes_where_sensitivity_says() -> None:
    one = asked(20.0)
    cloud = acme(SMALL, LARGE)
    found = {s.subject: s for s in sensitivities(one, cloud, solved(solve(one, cloud)))}
    at = found["rate at the peak"].changes_at
    assert at is not None
    rate = float(at.removesuffix("/s"))
    before = solved(solve(asked(rate * 0.98), cloud)).decisions[0]
    after = solved(solve(asked(rate * 1.005), cloud)).decisions[0]
    assert (before.instance_type, before.replicas) != (after.instance_type, after.replicas)
    assert found["service time"].changes_at is not None


def test_a_steady_workload_on_both_clouds_is_compared_and_one_is_chosen() -> None:
    goals = latency(p99=0.5)
    one, offers = with_catalogs(
        workload(50.0, model(curves=(curve(0.05),)), goals=goals), "sagemaker", "databricks"
    )
    outcome = solved(solve(one, offers))
    found = {a.provider for a in outcome.alternatives if a.rejection is None}
    assert found == {"sagemaker", "databricks"}
    alone = [cost_of(solve(one, catalogs(name))) for name in ("sagemaker", "databricks")]
    assert outcome.monthly_usd == pytest.approx(min(alone))


def test_cold_starts_that_are_allowed_without_bounds_have_no_margin() -> None:
    one = asked(0.01, cold=ALLOW, constraints=Constraints(scale_to_zero=True), goals=latency(p50=1))
    decision = solved(solve(one, acme(on_demand(0.0001, 0.05)))).decisions[0]
    assert [m.objective for m in decision.margins] == ["latency p50"]
    assert decision.cold_start_fraction > 0.0
