from __future__ import annotations

from typing import Any

import pytest
from planner_sagemaker.exports.metrics import SageMakerMetrics

from planner.exports.openslo import objectives
from planner.model.export import Asked, ExportedFile
from planner.model.workload import ColdStart, LatencyTarget, MeasuredAt, ProviderChoice, Slo
from tests.support import databricks_values
from tests.support.exported_states import one
from tests.support.exports import asked
from tests.support.openslo_rules import violations
from tests.support.sagemaker_values import decision, serverless, settings, workload

P99 = LatencyTarget(label="p99", quantile=0.99, seconds=0.15)
MEAN = LatencyTarget(label="mean", quantile=None, seconds=0.05)
MOST = LatencyTarget(label="max", quantile=1.0, seconds=2.0)
TIGHT = LatencyTarget(label="p50", quantile=0.5, seconds=0.001)


def promised(*latency: LatencyTarget, made: Any = None, **changed: Any) -> Asked:
    slo = Slo(latency=latency, cold_start=ColdStart(allowed=True), **changed)
    choice = ProviderChoice(name="sagemaker", settings=settings())
    return one(made or decision(), workload(slo=slo, providers=(choice,)))


def document(endpoint: Asked) -> ExportedFile:
    (file,) = objectives([endpoint])
    assert violations(list(file.content)) == []
    return file


def slos(file: ExportedFile) -> dict[str, Any]:
    return {one["metadata"]["name"]: one["spec"] for one in file.content if one["kind"] == "SLO"}


def test_a_percentile_is_a_share_of_good_requests() -> None:
    found = slos(document(promised(P99)))["fraud-scorer-latency-p99"]
    assert found["objectives"] == [{"displayName": "requests within 150 ms", "target": 0.99}]
    ratio = found["indicator"]["spec"]["ratioMetric"]
    overhead = settings().catalog_options().overhead
    assert ratio["good"]["metricSource"]["spec"]["stat"] == f"TC(:{round((0.15 - overhead) * 1e6)})"
    assert ratio["total"]["metricSource"]["spec"]["metricName"] == "Invocations"


def test_at_the_model_nothing_is_taken_off() -> None:
    file = document(promised(P99, measured_at=MeasuredAt.MODEL))
    ratio = slos(file)["fraud-scorer-latency-p99"]["indicator"]["spec"]["ratioMetric"]
    assert ratio["good"]["metricSource"]["spec"]["stat"] == "TC(:150000)"
    assert not any("taken off" in note for note in file.notes)


def test_availability_counts_failed_requests() -> None:
    found = slos(document(promised(availability=0.9995)))["fraud-scorer-availability"]
    assert found["objectives"][0]["target"] == 0.9995
    bad = found["indicator"]["spec"]["ratioMetric"]["bad"]["metricSource"]["spec"]
    assert bad["metricName"] == "Invocation5XXErrors"


@pytest.mark.parametrize(
    ("endpoint", "said"),
    [
        (promised(MEAN), "a mean is not counted"),
        (promised(MOST), "a max is not counted"),
        (promised(TIGHT), "nothing counts requests within 1 ms"),
        (promised(errors=0.001), "the share of refused requests"),
        (promised(P99, made=serverless()), "a cold start is part of OverheadLatency"),
    ],
)
def test_what_is_left_out_is_said(endpoint: Asked, said: str) -> None:
    assert any(said in note for note in document(endpoint).notes)
    assert any("specs name no window" in note for note in document(endpoint).notes)


def test_an_overhead_above_the_bound_counts_nothing() -> None:
    assert SageMakerMetrics().within(promised(TIGHT), 0.001) is None


def test_databricks_counts_in_prometheus() -> None:
    slo = Slo(latency=(P99,), cold_start=ColdStart(allowed=True), availability=0.99)
    wanted = databricks_values.workload(slo=slo)
    state = databricks_values.rendered(asked=wanted)
    file = document(asked(state, databricks_values.decision(), wanted))
    ratio = slos(file)["shop-latency-p99"]["indicator"]["spec"]["ratioMetric"]
    query = ratio["good"]["metricSource"]["spec"]["query"]
    assert query == 'sum(request_latency_ms_bucket{endpoint_name="shop", le=~"150([.]0)?"})'
