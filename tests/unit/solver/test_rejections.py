"""Each rule of the screen and of the sizing, by what it says: code, place and numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from planner.model.catalog import (
    Catalog,
    Exclusion,
    Limit,
    Measure,
    Offering,
    Refusal,
    Scope,
)
from planner.model.traffic import Steady
from planner.model.workload import (
    ColdStart,
    Compute,
    Constraints,
    ExternalCall,
    Feature,
    MeasuredAt,
    Pin,
    ProviderChoice,
    Workload,
)
from planner.solver import check_run, solve
from tests.support.asks import (
    ALLOW,
    FORBID,
    MIB,
    acme,
    cost_of,
    curve,
    infeasible,
    latency,
    machine,
    model,
    on_acme,
    on_demand,
    rejections,
    solved,
    units,
    workload,
)

SMALL = machine("small", 2, 0.10)


def asked(pattern: Any = 20.0, **changed: Any) -> Workload:
    mine = {k: changed.pop(k) for k in list(changed) if k in MODEL_FIELDS}
    changed.setdefault("goals", latency(p99=1.0))
    return on_acme(workload(pattern, model(curves=(curve(0.1, on="small"),), **mine), **changed))


MODEL_FIELDS = (
    "compute", "memory_bytes", "size_bytes", "image_bytes", "environment", "external_calls",
    "max_concurrency", "load_s",
)  # fmt: skip


def limit(measure: Measure, value: float, scope: Scope = Scope.ENDPOINT, **more: Any) -> Limit:
    return Limit(
        name=f"most-{measure}",
        measure=measure,
        scope=scope,
        value=value,
        source="the manual",
        as_of="2026-11-01",
        source_id="X1",
        **more,
    )


def limited(offering: Offering, *limits: Limit) -> Offering:
    return replace(offering, limits=limits)


def only(one: Workload, offering: Offering) -> Any:
    """The single rejection of the single offering."""
    outcome = infeasible(solve(one, acme(offering)))
    found = [e.rejection for e in outcome.excluded] + [
        m.rejection for m in outcome.misses if m.rejection
    ]
    return found[0]


@pytest.mark.parametrize(
    ("changed", "offering", "code", "path"),
    [
        ({"pin": Pin(hosting="serverless")}, SMALL, "pinned", "spec.pin.hosting"),
        ({"pin": Pin(instance="large")}, SMALL, "pinned", "spec.pin.instance"),
        ({"pin": Pin(concurrency=7)}, SMALL, "pinned", "spec.pin.concurrency"),
        ({"pin": Pin(routing="two-choices")}, SMALL, "routing", "spec.pin.routing"),
        (
            {"constraints": Constraints(hosting=("serverless",))},
            SMALL,
            "hosting-not-allowed",
            "spec.constraints.hosting",
        ),
        (
            {"constraints": Constraints(instances_exclude=("sm*",))},
            SMALL,
            "instance-excluded",
            "spec.constraints.instances.exclude",
        ),
        (
            {"constraints": Constraints(instances_include=("la*",))},
            SMALL,
            "instance-not-included",
            "spec.constraints.instances.include",
        ),
        (
            {"constraints": Constraints(accelerators=("T4",))},
            SMALL,
            "accelerator",
            "spec.constraints.accelerators",
        ),
        (
            {"constraints": Constraints(budget_monthly_usd=50.0)},
            SMALL,
            "budget",
            "spec.constraints.budget.monthly",
        ),
        (
            {"constraints": Constraints(budget_hourly_usd=0.05)},
            SMALL,
            "budget",
            "spec.constraints.budget.hourly",
        ),
        (
            {"constraints": Constraints(replicas_max=1)},
            SMALL,
            "replicas-max",
            "spec.constraints.replicas.max",
        ),
        ({"compute": Compute.GPU}, SMALL, "compute", "spec.models[0].compute"),
        ({"memory_bytes": 9000 * MIB}, SMALL, "memory", "spec.models.memory"),
        (
            {"goals": latency(p99=0.15)},
            SMALL,
            "slo-below-service-time",
            "spec.slo.latency.p99",
        ),
        (
            {"external_calls": (ExternalCall(name="x", latency_s=0.01, rate_limit_per_s=9.0),)},
            SMALL,
            "external-rate-limit",
            "spec.models[0].external_calls",
        ),
        ({"pin": Pin(replicas=1)}, SMALL, "pin-too-small", "spec.pin.replicas"),
        (
            {"pin": Pin(concurrency=4), "pattern": 60.0},
            units(0.1),
            "pin-too-small",
            "spec.pin.concurrency",
        ),
        ({}, replace(SMALL, price=None), "no-price", "spec.providers.acme.prices"),
        (
            {},
            replace(SMALL, hosting="multi-model"),
            "single-model-spec",
            "spec.models",
        ),
        ({}, on_demand(1.0, 1.0), "cold-start-forbidden", "spec.slo.cold_start"),
    ],
)
def test_a_rule_names_its_code_and_the_place_that_asks(
    changed: dict[str, Any], offering: Offering, code: str, path: str
) -> None:
    if code == "cold-start-forbidden":
        offering = replace(offering, prewarm=None)
        changed = {"constraints": Constraints(scale_to_zero=True)}
    found = only(asked(**changed), offering)
    assert (found.code, found.path) == (code, path)
    assert found.measured
    assert found.allowed


def test_an_older_generation_waits_to_be_named_or_measured() -> None:
    old = replace(machine("old", 2, 0.05), current_generation=False)
    cloud = acme(old, SMALL)
    assert rejections(solve(asked(), cloud), "dedicated", "old") == {"previous-generation"}
    named = solve(asked(constraints=Constraints(instances_include=("old",))), cloud)
    assert solved(named).decisions[0].instance_type == "old"
    seen = on_acme(workload(20.0, model(curves=(curve(0.1, on="old"),)), goals=latency(p99=1.0)))
    assert solved(solve(seen, cloud)).decisions[0].instance_type == "old"


def test_what_a_provider_refuses_keeps_its_reason() -> None:
    why = Refusal(code="sold-out", measured="none left", allowed="another", source="the shop")
    found = only(asked(), replace(SMALL, refusal=why))
    assert (found.code, found.measured, found.allowed, found.source) == (
        "sold-out",
        "none left",
        "another",
        "the shop",
    )


def test_an_excluded_feature_names_what_asks_for_it() -> None:
    excluded = Exclusion(feature="vpc", reason="stands outside", source="manual", source_id="S6")
    choice = ProviderChoice(
        name="acme",
        settings=None,
        features=(Feature(name="vpc", path="spec.providers.acme.vpc", value="net-1"),),
    )
    one = replace(asked(), providers=(choice,))
    found = only(one, replace(SMALL, excludes=(excluded,)))
    assert (found.code, found.path, found.source_id) == (
        "excluded-feature",
        "spec.providers.acme.vpc",
        "S6",
    )
    assert (found.measured, found.allowed) == ("vpc: net-1", "stands outside")


@pytest.mark.parametrize(
    ("changed", "measure", "below", "path"),
    [
        ({}, Measure.PAYLOAD_BYTES, 4000, "spec.payload.max_request"),
        ({}, Measure.MODEL_BYTES, 100 * MIB, "spec.models[0].size"),
        ({}, Measure.MEMORY_BYTES, 300 * MIB, "spec.models[0].memory"),
        ({"image_bytes": 11 * 10**9}, Measure.IMAGE_BYTES, 10**10, "spec.models[0].image_size"),
        ({}, Measure.RATE_PER_S, 19, "spec.traffic"),
        ({}, Measure.REPLICAS, 1, "spec.traffic"),
        ({}, Measure.CONCURRENCY, 3, "spec.traffic"),
        (
            {"environment": (("A", "1"), ("B", "2"))},
            Measure.ENVIRONMENT_VARIABLES,
            1,
            "spec.models[0].environment",
        ),
        ({}, Measure.REQUEST_SECONDS, 0.15, "spec.models.service_time"),
    ],
)
def test_a_limit_is_named_with_its_value_source_and_date(
    changed: dict[str, Any], measure: Measure, below: float, path: str
) -> None:
    found = only(asked(**changed), limited(SMALL, limit(measure, below)))
    assert found.code == f"limit-{measure.value.replace('_', '-')}"
    assert f"(most-{measure}, per endpoint)" in found.allowed
    assert (found.path, found.source, found.source_id) == (path, "the manual (2026-11-01)", "X1")
    assert 1.0 < found.shortfall < float("inf")
    above = solve(asked(**changed), acme(limited(SMALL, limit(measure, below * 10))))
    assert solved(above).decisions[0].met


def test_a_limit_that_only_advises_warns() -> None:
    advice = limit(Measure.PAYLOAD_BYTES, 4000, advisory=True)
    (decision,) = solved(solve(asked(), acme(limited(SMALL, advice)))).decisions
    assert any("most-payload_bytes" in warning for warning in decision.warnings)


def test_the_time_limit_of_a_platform_binds_without_any_target() -> None:
    slow = asked(goals=(), pattern=2.0)
    free = solved(solve(slow, acme(SMALL))).decisions[0]
    tight = solved(solve(slow, acme(limited(SMALL, limit(Measure.REQUEST_SECONDS, 0.22)))))
    assert tight.monthly_usd >= free.cost.monthly_usd


def test_cold_starts_are_held_against_fraction_and_duration() -> None:
    function = replace(on_demand(0.0001, 0.01), prewarm=None)
    zero = Constraints(scale_to_zero=True)

    def codes(cold: ColdStart) -> set[str]:
        one = asked(1 / 300, cold=cold, constraints=zero, goals=latency(p50=1.0))
        return rejections(solve(one, acme(function)), "serverless")

    assert codes(ALLOW) == set()
    assert codes(ColdStart(allowed=True, fraction=0.1)) == {"cold-start-fraction"}
    assert codes(ColdStart(allowed=True, fraction=0.2)) == set()
    assert codes(ColdStart(allowed=True, max_s=4.9)) == {"cold-start-time"}
    assert codes(ColdStart(allowed=True, max_s=5.1)) == set()
    assert codes(FORBID) == {"cold-start-forbidden"}


def test_capacity_that_leaves_needs_leave() -> None:
    function = replace(on_demand(0.0001, 0.01), prewarm=None)
    one = asked(1.0, cold=ALLOW)
    assert rejections(solve(one, acme(function)), "serverless") == {"scale-to-zero-forbidden"}
    warm = solved(solve(one, acme(on_demand(0.0001, 0.01)))).decisions[0]
    assert warm.option("prewarm") == "1"


def test_no_error_at_all_takes_more_concurrency_than_a_few() -> None:
    def most(errors: float | None) -> int:
        one = asked(30.0, constraints=Constraints(scale_to_zero=True), cold=ALLOW)
        one = replace(one, slo=replace(one.slo, errors=errors))
        return solved(solve(one, acme(on_demand(0.0001, 0.01)))).decisions[0].concurrency.max

    assert most(0.01) < most(None) < most(0.0) < 25


def test_streams_are_not_modelled_and_said_so() -> None:
    one = asked()
    one = replace(one, slo=replace(one.slo, ttft=latency(p99=0.3)))
    assert only(one, SMALL).path == "spec.slo.ttft"


def test_overhead_counts_unless_only_the_model_is_measured() -> None:
    lag = replace(SMALL, overhead_s=0.3)
    one = asked(goals=latency(p99=0.35))
    assert only(one, lag).code == "slo-below-service-time"
    inside = replace(one, slo=replace(one.slo, measured_at=MeasuredAt.MODEL))
    assert solved(solve(inside, acme(lag))).decisions[0].met


def test_limits_over_a_region_count_all_endpoints_of_a_run() -> None:
    per_region = limit(Measure.REPLICAS, 7, Scope.REGION)
    cloud = acme(limited(SMALL, per_region))
    outcomes = []
    for name in ("a", "b", "c"):
        one = solved(solve(replace(asked(), name=name), cloud))
        assert one.decisions[0].replicas is not None
        assert one.decisions[0].replicas.max == 2
        outcomes.append(one)
    catalogs: list[Catalog] = list(cloud.values())
    assert check_run(outcomes, catalogs) == ()
    four = [*outcomes, solved(solve(replace(asked(), name="d"), cloud))]
    (breach,) = check_run(four, catalogs)
    assert (breach.limit, breach.measured, breach.endpoints) == (
        per_region,
        8.0,
        ("a", "b", "c", "d"),
    )


def test_a_fleet_that_breaks_a_regional_quota_alone_is_refused_at_once() -> None:
    scarce = limited(machine("scarce", 2, 0.01), limit(Measure.REPLICAS, 2, Scope.REGION))
    plenty = limited(machine("plenty", 2, 0.20), limit(Measure.REPLICAS, 50, Scope.REGION))
    models = [
        model(f"m{i}", weight=0.25, curves=(curve(0.1, on="plenty"),), memory_bytes=500 * MIB)
        for i in range(4)
    ]
    one = on_acme(workload(8.0, *models, goals=latency(p99=1.0)))
    outcome = solve(one, acme(scarce, plenty))
    assert rejections(outcome, "dedicated", "scarce") == {"limit-replicas"}
    assert {d.instance_type for d in solved(outcome).decisions} == {"plenty"}
    assert check_run([outcome], list(acme(scarce, plenty).values())) == ()


def test_nothing_is_rejected_by_a_limit_it_only_reaches() -> None:
    exact = limited(SMALL, limit(Measure.RATE_PER_S, 20.0))
    assert cost_of(solve(asked(Steady(rate=20.0)), acme(exact))) < 1000
