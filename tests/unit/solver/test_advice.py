"""Each rule of the vendors' documents fires on its trigger and not otherwise."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from planner.model.candidate import Advice
from planner.model.catalog import Catalog, Kind
from planner.model.workload import Compute, Constraints, Payload, Workload
from planner.solver import solve
from tests.support.asks import (
    ALLOW,
    MIB,
    acme,
    catalogs,
    cost_of,
    curve,
    latency,
    machine,
    measured,
    model,
    on_acme,
    on_demand,
    solved,
    workload,
)

ZERO = Constraints(scale_to_zero=True)


def rules(asked: Workload, offers: dict[str, Catalog]) -> dict[str, Advice]:
    return {a.rule: a for a in solved(solve(asked, offers)).decisions[0].advice}


def sagemaker(pattern: Any = 5.0, mean_s: float = 0.02, **changed: Any) -> dict[str, Advice]:
    mine = {k: changed.pop(k) for k in ("compute", "curves", "memory_bytes") if k in changed}
    mine.setdefault("curves", (curve(mean_s),))
    changed.setdefault("goals", latency(p99=1.0))
    return rules(workload(pattern, model(**mine), **changed), catalogs("sagemaker"))


def both(cpu_s: float, gpu_s: float, rate: float) -> dict[str, Advice]:
    curves = (
        measured("ml.c7i.xlarge", (1, cpu_s)),
        measured("ml.g5.xlarge", (1, gpu_s), (8, gpu_s)),
    )
    return sagemaker(rate, curves=curves, compute=Compute.ANY, goals=latency(p99=2.0))


def test_cpu_or_gpu_says_which_is_cheaper_and_by_how_much() -> None:
    light = both(cpu_s=0.03, gpu_s=0.01, rate=20.0)["cpu-or-gpu"]
    assert light.source_id == "D4"
    assert light.text.startswith("CPU is cheaper here; ml.g5.xlarge would cost $")
    heavy = both(cpu_s=0.5, gpu_s=0.01, rate=300.0)["cpu-or-gpu"]
    assert heavy.text.startswith("GPU is cheaper here; ml.c")


def test_cpu_or_gpu_is_no_question_where_only_one_is_measured_or_allowed() -> None:
    assert "cpu-or-gpu" not in sagemaker(compute=Compute.ANY)
    curves = (curve(0.03), measured("ml.g5.xlarge", (1, 0.01)))
    assert "cpu-or-gpu" not in sagemaker(curves=curves, compute=Compute.CPU)


def test_a_smaller_model_says_what_half_the_service_time_saves() -> None:
    found = sagemaker(400.0)["smaller-model"]
    assert found.source_id == "D5"
    assert found.saves_monthly_usd is not None
    asked = workload(400.0, model(curves=(curve(0.02),)), goals=latency(p99=1.0))
    half = workload(400.0, model(curves=(curve(0.01),)), goals=latency(p99=1.0))
    offers = catalogs("sagemaker")
    saved = cost_of(solve(asked, offers)) - cost_of(solve(half, offers))
    assert 0 < found.saves_monthly_usd <= saved + 0.01


def test_a_smaller_model_saves_nothing_where_one_replica_is_the_least() -> None:
    assert "smaller-model" not in sagemaker(0.5, constraints=Constraints(replicas_min=2))


@pytest.mark.parametrize(
    ("rate", "largest", "fires"),
    [(60.0, 4096, True), (40.0, 4096, False), (1.0, 2 * MIB, True), (49.0, MIB - 1, False)],
)
def test_clients_are_advised_when_busy_or_when_payloads_are_large(
    rate: float, largest: int, *, fires: bool
) -> None:
    payload = Payload(request_bytes=4096, response_bytes=256, max_request_bytes=largest)
    found = sagemaker(rate, mean_s=0.001, payload=payload)
    assert ("client" in found) == fires
    assert all(found[r].source_id == "D6" for r in found if r == "client")


def test_the_model_is_blamed_where_it_takes_most_of_a_tight_target() -> None:
    # The p99 of 20 ms with the assumed spread is 39 ms, and 5 ms are the platform's.
    fixed = Constraints(hosting=("dedicated",))
    tight = sagemaker(goals=latency(p99=0.05), constraints=fixed)["model-latency"]
    assert tight.source_id == "L3"
    assert tight.trigger.startswith("p99 ")
    assert "model-latency" not in sagemaker(goals=latency(p99=0.08), constraints=fixed)


def test_waiting_is_not_blamed_on_the_model() -> None:
    lag = replace(machine("lag", 2, 0.1), overhead_s=0.5)
    asked = workload(5.0, model(curves=(curve(0.02, on="lag"),)), goals=latency(p99=0.6))
    assert "model-latency" not in rules(on_acme(asked), acme(lag))


@pytest.mark.parametrize(
    ("rate", "largest", "fires"),
    [(1.0, 2 * MIB, True), (1 / 90, 4096, True), (1.0, 4096, False)],
)
def test_overhead_is_explained_for_large_and_for_rare_calls(
    rate: float, largest: int, *, fires: bool
) -> None:
    payload = Payload(request_bytes=4096, response_bytes=256, max_request_bytes=largest)
    dedicated = Constraints(hosting=("dedicated",))
    found = sagemaker(rate, payload=payload, constraints=dedicated)
    assert ("overhead" in found) == fires
    assert all(found[r].source_id == "L4" for r in found if r == "overhead")


def test_overhead_is_explained_where_calls_start_cold() -> None:
    found = sagemaker(1 / 30, cold=ALLOW, constraints=ZERO, goals=latency(p50=1.0))
    assert "of the calls cold" in found["overhead"].trigger


def fleet(memory_mib: int, weights: list[float], offers: dict[str, Catalog]) -> dict[str, Advice]:
    models = [
        model(
            f"m{i}",
            weight=w / sum(weights),
            curves=(curve(0.02, on="pool"),),
            memory_bytes=memory_mib * MIB,
            load_s=0.5,
        )
        for i, w in enumerate(weights)
    ]
    asked = workload(
        0.5, *models, goals=latency(p99=5.0), cold=ALLOW, constraints=Constraints(replicas_max=1)
    )
    return rules(on_acme(asked), offers)


def pool() -> dict[str, Catalog]:
    shared = replace(machine("pool", 2, 0.1), kind=Kind.SHARED_REPLICAS, hosting="multi-model")
    return acme(shared)


def test_the_cache_setting_follows_the_predicted_hit_rate() -> None:
    fits = fleet(500, [1.0] * 6, pool())["model-cache"]
    assert fits.source_id == "M6"
    assert fits.trigger == "predicted hit rate 100 %"
    assert "ModelCacheSetting is enabled" in fits.text
    thrashes = fleet(3000, [1.0] * 12, pool())["model-cache"]
    assert "ModelCacheSetting is disabled" in thrashes.text


def test_one_model_has_no_cache_setting() -> None:
    assert "model-cache" not in sagemaker()


def test_the_break_even_is_the_rate_at_which_both_cost_the_same() -> None:
    cloud = acme(machine("m", 2, 0.1), on_demand(0.0001, 0.05))
    asked = on_acme(
        workload(0.5, model(curves=(curve(0.1, on="m"),)), goals=latency(p50=1.0), cold=ALLOW,
                 constraints=ZERO)
    )  # fmt: skip
    found = rules(asked, cloud)["serverless-break-even"]
    assert found.source_id == "S1"
    assert found.trigger == "43,200 requests a day today"
    per_day = 0.1 * 24 / (0.0001 * 0.1)
    assert f"below {per_day:,.0f} requests a day" in found.text


def test_there_is_no_break_even_without_something_paid_by_use() -> None:
    asked = on_acme(workload(0.5, model(curves=(curve(0.1, on="m"),)), goals=latency(p50=1.0)))
    assert "serverless-break-even" not in rules(asked, acme(machine("m", 2, 0.1)))


def test_there_is_no_break_even_where_the_platform_would_refuse_the_requests() -> None:
    large = Payload(request_bytes=4096, response_bytes=256, max_request_bytes=5 * MIB)
    assert "serverless-break-even" in sagemaker()
    assert "serverless-break-even" not in sagemaker(payload=large)


def test_warm_concurrency_is_priced_where_calls_start_cold_and_scheduled_where_it_is_held() -> None:
    def of(constraints: Constraints) -> Advice:
        asked = on_acme(
            workload(0.01, model(curves=(curve(0.1, on="f"),)), goals=latency(p50=1.0), cold=ALLOW,
                     constraints=constraints)
        )  # fmt: skip
        return rules(asked, acme(on_demand(0.0001, 0.05)))["warm-concurrency"]

    cold, warm = of(ZERO), of(Constraints())
    assert cold.source_id == warm.source_id == "S2"
    assert "would cost $36.50 a month more" in cold.text
    assert warm.trigger.startswith("1 of ")


def test_warm_concurrency_is_no_matter_for_instances() -> None:
    assert "warm-concurrency" not in sagemaker(100.0)
