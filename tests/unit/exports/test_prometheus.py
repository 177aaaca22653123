from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from planner.alerts import Alert, Measure, alerts
from planner.exports.prometheus import rules
from planner.model.candidate import Range
from planner.model.export import Asked, ExportedFile
from planner.model.workload import ColdStart, LatencyTarget, MeasuredAt, Slo
from tests.support import databricks_values
from tests.support.exported_states import FLEET, WARM, one
from tests.support.exports import asked
from tests.support.sagemaker_values import decision, model, serverless, workload

TARGETS = (
    LatencyTarget(label="p99.9", quantile=0.999, seconds=0.2),
    LatencyTarget(label="mean", quantile=None, seconds=0.05),
    LatencyTarget(label="max", quantile=1.0, seconds=2.0),
)
BUSY: dict[str, Any] = {"peak_per_s": 100.0, "replicas": Range(min=2, max=2)}


def slo(**changed: Any) -> Slo:
    return Slo(latency=TARGETS, cold_start=ColdStart(allowed=True), **changed)


def amazon(**changed: Any) -> Asked:
    return one(decision(**BUSY), workload(slo=slo(**changed)))


def databricks(**changed: Any) -> Asked:
    wanted = databricks_values.workload(slo=slo(**changed))
    made = databricks_values.decision(peak_per_s=100.0)
    return asked(databricks_values.rendered(made, wanted), made, wanted)


def found(*endpoints: Asked) -> dict[str, dict[str, Any]]:
    (file,) = rules(endpoints)
    (group,) = file.content["groups"]
    return {rule["alert"]: rule for rule in group["rules"]}


def noted(*endpoints: Asked) -> tuple[str, ...]:
    (file,) = rules(endpoints)
    return file.notes


def of_sagemaker(name: str) -> str:
    labels = 'dimension_EndpointName="fraud-scorer",dimension_VariantName="AllTraffic"'
    return f'aws_sagemaker_{name}{{{labels},region="us-east-1"}}'


def test_names_are_those_that_the_exporter_makes() -> None:
    """As TestBuildMetricName and TestPromString of YACE have them: a digit ends a word, too."""
    told = found(amazon())
    assert of_sagemaker("invocation5_xxerrors_sum") in told["EndpointErrors"]["expr"]
    assert of_sagemaker("invocations_sum") in told["EndpointErrors"]["expr"]
    assert of_sagemaker("endpoints_cpuutilization_average") in told["EndpointCpu"]["expr"]
    slow = told["EndpointLatencyP999"]["expr"]
    assert of_sagemaker("model_latency_p99_9") in slow
    assert of_sagemaker("overhead_latency_p99_9") in slow
    assert of_sagemaker("model_latency_maximum") in told["EndpointLatencyMax"]["expr"]
    assert of_sagemaker("model_latency_average") in told["EndpointLatencyMean"]["expr"]


def test_two_bad_minutes_of_three_are_counted_and_five_of_five_are_waited_for() -> None:
    told = found(databricks(availability=0.9995))
    share = 'sum(request_5xx_count_total{endpoint_name="shop"})'
    errors = told["EndpointErrors"]
    every = 'sum(request_count_total{endpoint_name="shop"})'
    assert errors["expr"] == f"sum_over_time(({share} / {every} > bool 0.0005)[3m:1m]) >= 2"
    assert "for" not in errors
    cpu = told["EndpointCpu"]
    assert cpu["expr"] == 'max(cpu_usage_percentage{endpoint_name="shop"}) / 100 > 0.8'
    assert (cpu["for"], told["EndpointRate"]["for"]) == ("5m", "15m")
    assert told["EndpointRate"]["expr"] == f"{every} / 60 > 125"


def test_a_rule_says_its_limit_its_row_and_what_to_ask() -> None:
    told = found(databricks(availability=0.9995))["EndpointErrors"]
    assert told["labels"] == {
        "severity": "critical",
        "endpoint": "shop",
        "provider": "databricks",
        "row": "D7",
    }
    assert told["annotations"]["summary"] == "shop: errors over 0.05 % in 2 of 3 minutes"
    assert told["annotations"]["description"].endswith("planner doctor shop")


@pytest.mark.parametrize("made", [amazon, databricks])
def test_at_the_model_nothing_else_is_measured(made: Any) -> None:
    at_model = found(made(measured_at=MeasuredAt.MODEL))["EndpointLatencyP999"]["expr"]
    assert "overhead" not in at_model
    assert "request_latency" not in at_model
    assert "model_" in at_model


def test_what_no_metric_tells_is_said() -> None:
    fleet = one(
        decision(hosting="multi-model", models=tuple(m.name for m in FLEET), **BUSY),
        workload(*FLEET),
        model_prefix="s3://models/risk/",
    )
    told = found(fleet)
    assert "EndpointHits" in told
    assert "EndpointMemory" not in told
    warm = one(WARM, workload(model()))
    assert not {"EndpointCpu"} & found(warm).keys()
    assert any("tells cpu" in note for note in noted(warm))
    assert not any("no metric there" in note for note in noted(amazon()))


def test_fullness_is_that_of_the_alarm() -> None:
    calls, took = (
        of_sagemaker("invocations_per_instance_sum"),
        of_sagemaker("model_latency_average"),
    )
    full = found(amazon())["EndpointFullness"]["expr"]
    assert full == f"max({calls}) * max({took}) / 60000000 / 2 > 0.9"
    warm = found(one(WARM, workload(model())))["EndpointFullness"]["expr"]
    assert of_sagemaker("serverless_concurrent_executions_utilization_average") in warm


def test_rare_cold_starts_are_counted_over_longer() -> None:
    cold = one(serverless(cold_start_fraction=1e-5, peak_per_s=1.0), workload(model()))
    (alert,) = (
        one for one in alerts(cold.workload, cold.decision) if one.measure is Measure.COLD_STARTS
    )
    assert alert.period_s > 60.0
    expr = found(cold)["EndpointColdStarts"]["expr"]
    assert f"[{alert.period_s:.0f}s]" in expr
    assert of_sagemaker("model_setup_time_sample_count") in expr


def test_a_day_without_a_call_looks_at_its_busiest_minute() -> None:
    idle = found(databricks())["EndpointIdle"]
    assert idle["expr"] == (
        'sum(max_over_time(request_count_total{endpoint_name="shop"}[86400s])) < 1'
    )
    assert idle["annotations"]["summary"] == "shop: no request in 24 h"


def test_endpoints_of_a_file_have_groups_of_their_own() -> None:
    first = databricks()
    second = replace(first, state=replace(first.state, endpoint="other"))
    file: ExportedFile
    (file,) = rules([first, second])
    assert [group["name"] for group in file.content["groups"]] == [
        "planner/databricks/shop",
        "planner/databricks/other",
    ]


def test_limits_are_said_in_their_units() -> None:
    def shown(measure: Measure, limit: float) -> str:
        return Alert(id="x", measure=measure, limit=limit, threshold="", row="", meaning="").shown

    assert shown(Measure.ERRORS, 0.0005) == "0.05 %"
    assert shown(Measure.LATENCY, 0.05) == "50 ms"
    assert shown(Measure.RATE, 1525.0) == "1,525/s"


def test_memory_that_a_model_fills_on_purpose_is_full_later() -> None:
    wanted = databricks_values.workload(
        databricks_values.model(memory_bytes=3_800_000_000), slo=slo()
    )
    made = databricks_values.decision(peak_per_s=100.0)
    full = found(asked(databricks_values.rendered(made, wanted), made, wanted))
    limit = float(full["EndpointMemory"]["expr"].rpartition("> ")[2])
    assert limit > 0.9
    assert found(databricks())["EndpointMemory"]["expr"].endswith("> 0.8")
