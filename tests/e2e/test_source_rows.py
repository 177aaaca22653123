"""One test for each row of the vendors' documents that this version holds; see docs/coverage.md."""

from __future__ import annotations

from functools import cache

import pytest

import planner
from planner.model.candidate import (
    Advice,
    Alternative,
    Decision,
    Infeasible,
    Outcome,
    Rejection,
    Solved,
)
from planner.plans.modes import mode_rows
from planner.spec import Source
from tests.support.code import ROOT
from tests.support.specs import STEADY

ROWS = {
    *(f"D{n}" for n in range(1, 11)),
    *(f"L{n}" for n in range(1, 5)),
    *(f"M{n}" for n in range(1, 8)),
    *(f"S{n}" for n in range(1, 9)),
}
DATABRICKS = """\
    databricks:
      cloud: aws
      region: us-east-1
      entity: main.risk.fraud
      entity_version: "3"
"""
ON_DATABRICKS = STEADY[: STEADY.index("    sagemaker:")] + DATABRICKS
FLEET = STEADY.replace(
    STEADY[STEADY.index("  models:") : STEADY.index("  payload:")],
    """\
  models:
    - {name: hot, weight: 4000, size: 60MiB, memory: 300MiB, service_time: 6ms, compute: cpu,
       artifact: hot.tar.gz, load_time: 500ms, reference_instance: ml.c7i.large}
"""
    + "".join(
        f"    - {{name: tail-{n}, weight: 1, size: 60MiB, memory: 300MiB, service_time: 6ms,\n"
        f"       compute: cpu, artifact: {n}.tar.gz, load_time: 500ms,"
        " reference_instance: ml.c7i.large}\n"
        for n in range(40)
    ),
).replace("role_arn:", "model_prefix: s3://fleet/models/\n      role_arn:")


@cache
def outcome(text: str) -> Outcome:
    (found,) = planner.plan(
        planner.load([Source(name="planner.yaml", text=text.encode())], env={})
    ).outcomes
    return found


@cache
def example(name: str) -> Outcome:
    (found,) = planner.plan(planner.load([ROOT / "examples" / name])).outcomes
    return found


def solved(found: Outcome) -> Solved:
    assert isinstance(found, Solved), found
    return found


def decision(found: Outcome) -> Decision:
    return solved(found).decisions[0]


def advice(found: Outcome, row: str) -> Advice:
    rules = {one.source_id: one for one in decision(found).advice}
    assert row in rules, sorted(rules)
    return rules[row]


def rejections(found: Outcome, hosting: str) -> list[Rejection]:
    """Every reason against a mode, whether before sizing or after it."""
    late: tuple[Alternative, ...]
    late = found.misses if isinstance(found, Infeasible) else found.alternatives
    reasons = [one.rejection for one in late if one.hosting == hosting and one.rejection]
    return reasons + [one.rejection for one in found.excluded if one.hosting == hosting]


@pytest.mark.parametrize("name", ["fraud-scorer", "image-tagger", "internal-tool", "overlays"])
def test_d1_advice_names_its_row_and_why_it_matters_here(name: str) -> None:
    found = decision(example(name)).advice
    assert found
    assert all(one.source_id in ROWS and one.trigger and one.text for one in found)


def test_d2_route_optimization_from_200_per_second_and_what_follows() -> None:
    busy = ON_DATABRICKS.replace("100/s", "250/s")
    standard = outcome(busy + "      route_optimized: false\n")
    assert isinstance(standard, Infeasible)
    assert any(
        one.rejection.source_id == "D2" and "200/s" in one.rejection.allowed
        for one in standard.excluded
    )
    chosen = decision(outcome(busy))
    assert chosen.option("route_optimized") == "true"
    said = " ".join(chosen.warnings)
    assert "own URL" in said
    assert "OAuth" in said
    assert "replaces the endpoint" in said


def test_d4_cpu_or_gpu_with_the_price_of_either() -> None:
    assert "would cost $" in advice(example("shop-ranker"), "D4").text


def test_d5_a_smaller_model_with_what_it_saves() -> None:
    found = advice(example("databricks-high-qps"), "D5")
    assert found.saves_monthly_usd is not None
    assert 0.4 < found.saves_monthly_usd / 8789.2 < 0.6


def test_d6_clients_of_busy_endpoints_pool_and_retry() -> None:
    assert "pool connections" in advice(example("fraud-scorer"), "D6").text
    quiet = outcome(STEADY.replace("100/s", "1/s"))
    assert "D6" not in {one.source_id for one in decision(quiet).advice}


def test_d9_a_burst_shorter_than_the_lag_is_not_left_to_autoscaling() -> None:
    chosen = decision(example("fraud-scorer"))
    assert chosen.hosting == "dedicated"
    assert chosen.concurrency.max * 0.65 >= 1800 * 0.006


def test_d10_calls_of_the_model_are_service_time_and_a_ceiling() -> None:
    calls = "      external_calls: [{name: features, latency: 20ms, rate_limit: 400/s}]\n"
    with_calls = STEADY.replace("  payload:", f"{calls}  payload:")
    plain, slower = decision(outcome(STEADY)), decision(outcome(with_calls))
    assert slower.latency.p50_s - plain.latency.p50_s == pytest.approx(0.020, abs=0.002)
    flooded = outcome(with_calls.replace("100/s", "500/s"))
    assert isinstance(flooded, Infeasible)
    assert "external-rate-limit" in {one.rejection.code for one in flooded.excluded}


def test_l1_overhead_counts_where_the_objective_is_measured() -> None:
    at_model = STEADY.replace("cold_start: forbid", "measured_at: model\n    cold_start: forbid")
    outside, inside = decision(outcome(STEADY)), decision(outcome(at_model))
    assert outside.latency.p50_s - inside.latency.p50_s == pytest.approx(0.005, abs=0.0005)


def test_l3_a_latency_close_to_its_target_asks_for_another_machine() -> None:
    tight = outcome(STEADY.replace("p99: 100ms", "p99: 18ms"))
    assert "compile it" in advice(tight, "L3").text


def test_l4_rare_calls_and_cold_ones_ask_for_a_warm_up() -> None:
    found = advice(example("internal-tool"), "L4")
    assert "first call is cold" in found.text
    assert "of the calls cold" in found.trigger


def test_m1_models_that_share_instances_cost_less_than_one_endpoint_each() -> None:
    rows = {row.hosting: row for row in mode_rows(example("merchant-fleet"))}
    shared, alone = rows["multi-model"], rows["dedicated"]
    assert shared.chosen
    assert shared.monthly_usd is not None
    assert alone.monthly_usd is not None
    assert shared.monthly_usd * 50 < alone.monthly_usd


def test_m2_a_model_with_a_stricter_goal_stands_alone() -> None:
    strict = FLEET.replace("{name: hot,", "{name: hot, latency: {p99: 20ms},")
    strict = strict.replace("cold_start: forbid", "cold_start: {max: 5s, fraction: 5%}")
    found = solved(outcome(strict)).decisions
    together = {one.hosting: one.models for one in found}
    assert len(together["multi-model"]) == 40
    assert ("hot",) in {one.models for one in found}


def test_m3_cold_loads_follow_from_memory_and_are_part_of_the_latency() -> None:
    chosen = decision(example("merchant-fleet"))
    assert 0.0 < chosen.cold_start_fraction <= 0.02
    assert chosen.latency.p50_s < 0.1
    assert chosen.latency.p99_s > 0.7


def test_m5_the_first_calls_after_an_update_are_slow() -> None:
    assert any("M5" in warning for warning in decision(example("merchant-fleet")).warnings)


def test_m6_the_cache_setting_follows_from_the_predicted_hits() -> None:
    found = advice(example("merchant-fleet"), "M6")
    assert decision(example("merchant-fleet")).option("model_cache") == "enabled"
    assert "hit rate 9" in found.trigger


def test_m7_modes_are_compared_in_numbers() -> None:
    rows = mode_rows(example("merchant-fleet"))
    assert {row.hosting for row in rows} >= {"dedicated", "multi-model", "single-model"}
    assert all(row.monthly_usd is not None or row.rejection is not None for row in rows)


def test_s1_requests_a_day_at_which_an_instance_is_cheaper() -> None:
    found = advice(example("ticket-router"), "S1")
    assert "requests a day" in found.trigger
    assert "costs less than ml." in found.text


def test_s2_concurrency_is_kept_warm_where_no_request_may_be_cold() -> None:
    chosen = decision(example("overlays"))
    assert int(chosen.option("prewarm")) == chosen.concurrency.max
    assert {line.name for line in chosen.cost.lines} >= {"warm concurrency held"}
    assert "scale it by schedule" in advice(example("overlays"), "S2").text


def test_s3_serverless_memory_holds_the_model_or_is_rejected() -> None:
    sizes = {
        one.instance_type: one.rejection.code if one.rejection else None
        for one in solved(example("image-tagger")).alternatives
        if one.hosting == "serverless" and one.provider == "sagemaker"
    }
    assert sizes["serverless-1024"] == sizes["serverless-2048"] == "memory"
    assert sizes["serverless-3072"] != "memory"


def test_s5_cold_starts_are_predicted_from_the_gaps_of_the_traffic() -> None:
    rare = decision(example("ticket-router"))
    assert 0.14 < rare.cold_start_fraction < 0.25
    assert rare.latency.p99_s > 5


@pytest.mark.parametrize(
    ("asks", "said", "path"),
    [
        ("vpc: {subnets: [subnet-1], security_groups: [sg-1]}", "vpc", "vpc"),
        ("network_isolation: true", "network-isolation", "network_isolation"),
        (
            "data_capture: {percentage: 10%, s3_uri: s3://logs/}",
            "data-capture",
            "data_capture",
        ),
        ("image_size: 11GB", "image-over-10-gb", "image_size"),
    ],
)
def test_s6_serverless_excludes_it_and_names_the_line_that_asks(
    asks: str, said: str, path: str
) -> None:
    found = rejections(outcome(f"{STEADY}      {asks}\n"), "serverless")
    assert said in " ".join(one.measured for one in found)
    ours = next(one for one in found if said in one.measured)
    assert (ours.code, ours.source_id) == ("excluded-feature", "S6")
    assert ours.path == f"spec.providers.sagemaker.{path}"


def test_s6_marketplace_packages_are_not_for_serverless() -> None:
    image = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"
    package = "arn:aws:sagemaker:us-east-1:123456789012:model-package/fraud-3"
    found = rejections(
        outcome(STEADY.replace(image, package) + "      marketplace: true\n"), "serverless"
    )
    assert ("marketplace", "S6") in {(one.measured.split(":")[0], one.source_id) for one in found}


def test_s6_a_gpu_and_a_large_payload_are_not_for_serverless() -> None:
    gpu = STEADY.replace("compute: cpu", "compute: gpu").replace("ml.c7i.large", "ml.g5.xlarge")
    assert "S6" in {one.source_id for one in rejections(outcome(gpu), "serverless")}
    large = STEADY.replace("request: 4KiB", "request: 5MiB")
    found = rejections(outcome(large), "serverless")
    assert any(one.code == "limit-payload-bytes" and one.path for one in found)


def test_every_advice_of_every_example_carries_a_row_of_the_documents() -> None:
    names = sorted(path.parent.name for path in (ROOT / "examples").glob("*/planner.yaml"))
    found = [one for one in map(example, names) if isinstance(one, Solved)]
    assert len(found) == len(names) - 1
    rows = {one.source_id for each in found for one in decision(each).advice}
    assert rows >= {"D4", "D5", "D6", "L4", "M6", "S1", "S2"}
    assert rows <= ROWS
