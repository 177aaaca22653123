"""Alarms and dashboards that follow from the table of thresholds, judged by botocore's model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from planner_sagemaker.exports.api import api_calls

from planner.errors import ProviderError
from planner.model.candidate import Decision
from planner.model.resource import DesiredState
from planner.model.workload import LatencyTarget, MeasuredAt, Rollout, Workload
from tests.support.botocore_walk import violations
from tests.support.sagemaker_values import decision, model, render, serverless, workload

TOPIC = "arn:aws:sns:us-east-1:123456789012:on-call"
TARGETS = (
    LatencyTarget(label="p50", quantile=0.5, seconds=0.02),
    LatencyTarget(label="p99", quantile=0.99, seconds=0.1),
)
FLEET = tuple(model(f"m-{number}", weight=0.25) for number in range(4))


def asked(**slo: Any) -> Workload:
    base = workload()
    return workload(slo=type(base.slo)(**{**_members(base.slo), "latency": TARGETS, **slo}))


def _members(value: Any) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__dataclass_fields__}


def alarms(state: DesiredState) -> dict[str, dict[str, Any]]:
    found = {one.name: one.body for one in state.resources if one.kind == "alarm"}
    return {name.removeprefix("fraud-scorer-"): body for name, body in found.items()}


def board(state: DesiredState) -> dict[str, Any]:
    (found,) = [one.body for one in state.resources if one.kind == "dashboard"]
    body: dict[str, Any] = found["DashboardBody"]
    return body


def metrics(state: DesiredState) -> set[str]:
    rows = (row for one in board(state)["widgets"] for row in one["properties"].get("metrics", ()))
    return {row[1] for row in rows if isinstance(row[0], str)}


BUSY = decision(peak_per_s=100.0)
ON_DEMAND = serverless(peak_per_s=0.2, cold_start_fraction=0.02)
SHARED = decision(
    hosting="multi-model",
    models=tuple(one.name for one in FLEET),
    cold_start_fraction=0.1,
    peak_per_s=10.0,
)
CASES: dict[str, tuple[Decision, Workload, dict[str, Any]]] = {
    "instances": (BUSY, asked(), {}),
    "serverless": (ON_DEMAND, asked(), {}),
    "shared": (SHARED, workload(*FLEET), {"model_prefix": "s3://models/risk/"}),
}


@pytest.mark.parametrize("case", CASES)
def test_requests_are_those_that_cloudwatch_knows(case: str) -> None:
    chosen, wanted, block = CASES[case]
    state = render(chosen, wanted, alerts={"topics": [TOPIC]}, **block)
    calls = [one for one in api_calls(state) if one.service == "cloudwatch"]
    assert len(calls) > 5
    for one in calls:
        assert violations(one.service, one.operation, one.parameters) == []
    for body in alarms(state).values():
        assert body["AlarmActions"] == body["OKActions"] == [TOPIC]
        assert "docs/coverage.md" in body["AlarmDescription"]
        assert "planner doctor fraud-scorer" in body["AlarmDescription"]


def test_without_the_block_only_updates_are_watched() -> None:
    state = render(BUSY, asked())
    assert list(alarms(state)) == ["5xx", "latency-p99"]
    assert not any(one.kind == "dashboard" for one in state.resources)
    assert state.notes == ()
    body = alarms(state)["5xx"]
    assert body["AlarmDescription"] == "Rolls updates of endpoint fraud-scorer back"
    assert "AlarmActions" not in body


def test_limits_are_in_the_units_of_the_metrics() -> None:
    found = alarms(render(BUSY, asked(), alerts={}))
    assert set(found) == {
        *("5xx", "4xx", "latency-p50", "latency-p99", "cpu", "memory", "fullness", "rate", "idle"),
    }
    assert found["cpu"]["Threshold"] == 160.0, "two processors, 100 % each"
    assert found["memory"]["Threshold"] == 80.0
    assert found["latency-p50"]["Threshold"] == 15_000.0, "microseconds, less 5 ms of overhead"
    assert found["rate"]["Threshold"] == 7_500.0, "a minute's"
    idle = found["idle"]
    assert (idle["Period"], idle["EvaluationPeriods"], idle["TreatMissingData"]) == (
        *(3600, 24),
        "breaching",
    )
    assert idle["WarmUpConfiguration"]["WarmUpPeriodDurationInMinutes"] == 1440


def test_memory_that_is_filled_on_purpose_is_too_full_later() -> None:
    large = workload(model(memory_bytes=3 * 2**30 + 2**29))
    found = alarms(render(BUSY, large, alerts={}))
    assert found["memory"]["Threshold"] == 96.25
    larger = workload(model(memory_bytes=4 * 2**30 - 2**26))
    state = render(BUSY, larger, alerts={})
    assert "memory" not in alarms(state)
    assert any(note.startswith("no alarm on memory: ") for note in state.notes)


def test_what_is_shared_or_on_demand_has_alarms_of_its_own() -> None:
    chosen, wanted, block = CASES["shared"]
    shared = alarms(render(chosen, wanted, alerts={}, **block))
    assert shared["hits"]["ComparisonOperator"] == "LessThanThreshold"
    assert "memory" not in shared
    cold = alarms(render(ON_DEMAND, asked(), alerts={}))["cold-starts"]
    assert [one["Id"] for one in cold["Metrics"]] == ["calls", "starts", "value"]
    assert cold["Metrics"][-1]["Expression"] == "starts / calls"


def test_what_is_left_out_and_what_cannot_be_watched() -> None:
    short = (LatencyTarget(label="p50", quantile=0.5, seconds=0.004),)
    state = render(BUSY, asked(latency=short), alerts={"skip": ["idle", "errors", "memory"]})
    # What rolls updates back stays, and tells nobody.
    found = alarms(state)
    assert set(found) == {"5xx", "4xx", "cpu", "fullness", "rate"}
    assert found["5xx"]["AlarmDescription"] == "Rolls updates of endpoint fraud-scorer back"
    assert any("within the 5 ms that SageMaker adds" in note for note in state.notes)
    inside = render(BUSY, asked(latency=short, measured_at=MeasuredAt.MODEL), alerts={})
    assert alarms(inside)["latency-p50"]["Threshold"] == 4_000.0


def test_only_what_rolls_back_is_part_of_the_rollout() -> None:
    def watching(state: DesiredState) -> Iterator[str]:
        (endpoint,) = [one.body for one in state.resources if one.kind == "endpoint"]
        rollback = endpoint.get("DeploymentConfig", {}).get("AutoRollbackConfiguration", {})
        return (one["AlarmName"] for one in rollback.get("Alarms", ()))

    assert list(watching(render(BUSY, asked(), alerts={}))) == [
        "fraud-scorer-5xx",
        "fraud-scorer-latency-p99",
    ]
    bold = render(BUSY, workload(rollout=Rollout(rollback=False)), alerts={})
    assert list(watching(bold)) == []
    assert "5xx" in alarms(bold)


def test_what_it_costs_is_said() -> None:
    (note,) = render(BUSY, asked(), alerts={}).notes
    assert note.startswith("9 alarms on 10 metrics cost $1.00 a month, and $3 for its dashboard")
    (note,) = render(BUSY, asked(), alerts={"dashboard": False}).notes
    assert "dashboard" not in note


def test_a_topic_elsewhere_is_refused() -> None:
    far = TOPIC.replace("us-east-1", "eu-west-1")
    with pytest.raises(ProviderError) as refused:
        render(BUSY, asked(), alerts={"topics": [far]})
    assert (refused.value.code, refused.value.path) == ("topic-region", "alerts.topics")


def test_a_dashboard_shows_what_the_hosting_has() -> None:
    state = render(BUSY, asked(), alerts={})
    assert {"CPUUtilization", "InvocationsPerInstance", "OverheadLatency"} <= metrics(state)
    assert not {"ModelCacheHit", "ModelSetupTime", "GPUUtilization"} & metrics(state)
    chosen, wanted, block = CASES["shared"]
    assert {"ModelCacheHit", "LoadedModelCount"} <= metrics(
        render(chosen, wanted, alerts={}, **block)
    )
    cold = render(ON_DEMAND, asked(), alerts={})
    assert {"ModelSetupTime", "ServerlessConcurrentExecutionsUtilization"} <= metrics(cold)
    assert "CPUUtilization" not in metrics(cold)
    fast = render(decision(instance_type="ml.g5.xlarge"), asked(), alerts={})
    assert "GPUUtilization" in metrics(fast)


def test_limits_are_lines_and_nothing_overlaps() -> None:
    widgets = board(render(BUSY, asked(), alerts={}))["widgets"]
    (latency,) = [
        one for one in widgets if one["properties"].get("title", "").startswith("Latency of")
    ]
    lines = latency["properties"]["annotations"]["horizontal"]
    assert [(one["value"], one["label"]) for one in lines] == [
        (15_000.0, "latency p50: 20 ms"),
        (95_000.0, "latency p99: 100 ms"),
    ]
    assert {row[-1]["stat"] for row in latency["properties"]["metrics"]} == {"p50", "p90", "p99"}
    taken: set[tuple[int, int]] = set()
    for one in widgets:
        cells = {
            (x, y)
            for x in range(one["x"], one["x"] + one["width"])
            for y in range(one["y"], one["y"] + one["height"])
        }
        assert not taken & cells
        assert max(x for x, _ in cells) < 24
        taken |= cells


def test_the_name_of_a_dashboard_tells_the_region_and_stands_on_the_endpoint() -> None:
    state = render(decision(region="eu-west-1"), asked(), region="eu-west-1", alerts={})
    (shown,) = [one for one in state.resources if one.kind == "dashboard"]
    assert shown.name == "fraud-scorer-eu-west-1"
    (endpoint,) = [one.body for one in state.resources if one.kind == "endpoint"]
    assert {"Key": "planner:dashboard", "Value": shown.name} in endpoint["Tags"]


def test_room_for_tags_counts_the_dashboards() -> None:
    labels = tuple((f"l-{number:02}", "x") for number in range(47))
    render(BUSY, workload(labels=labels))
    with pytest.raises(ProviderError, match="the planner needs four") as refused:
        render(BUSY, workload(labels=labels), alerts={})
    assert refused.value.hint == "remove 1 of metadata.labels"
