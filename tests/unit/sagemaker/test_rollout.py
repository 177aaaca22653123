"""How an update reaches traffic, and what rolls it back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from planner_sagemaker.provider import provider

import planner
from planner.errors import ProviderError, SpecError
from planner.model.candidate import Decision, Range
from planner.model.resource import DesiredState
from planner.model.workload import ColdStart, LatencyTarget, MeasuredAt, Rollout, Slo
from tests.support.botocore_walk import violations
from tests.support.sagemaker_values import bodies, decision, render, serverless, workload

PACKAGE = "arn:aws:sagemaker:us-east-1:123456789012:model-package/fraud/1"
P99 = LatencyTarget(label="p99", quantile=0.99, seconds=0.05)
P50 = LatencyTarget(label="p50", quantile=0.5, seconds=0.015)
INF1 = decision(instance_type="ml.inf1.xlarge")


def wrong(state: DesiredState) -> list[str]:
    calls = provider.exports()["api"](state)
    return [
        text for call in calls for text in violations(call.service, call.operation, call.parameters)
    ]


def rendered(chosen: Decision | None = None, /, *, block: Any = None, **asked: Any) -> DesiredState:
    """The objects under a rollout; every key that is given counts as stated."""
    rollout = Rollout(**asked, stated=tuple(sorted(asked)))
    state = render(chosen or decision(), workload(rollout=rollout), **(block or {}))
    assert wrong(state) == []
    return state


def deployment(*given: Any, **asked: Any) -> dict[str, Any]:
    body: dict[str, Any] = bodies(rendered(*given, **asked))["endpoint"].get("DeploymentConfig", {})
    return body


def refused(*given: Any, **asked: Any) -> tuple[str, str]:
    with pytest.raises(ProviderError) as caught:
        rendered(*given, **asked)
    assert caught.value.hint
    return caught.value.code, caught.value.path


def test_canary_is_the_default() -> None:
    assert deployment() == {
        "BlueGreenUpdatePolicy": {
            "TrafficRoutingConfiguration": {
                "Type": "CANARY",
                "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 10},
                "WaitIntervalInSeconds": 600,
            },
            "TerminationWaitInSeconds": 0,
            "MaximumExecutionTimeoutInSeconds": 4200,
        },
        "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "fraud-scorer-5xx"}]},
    }


def test_linear_shifts_in_steps_and_bakes() -> None:
    policy = deployment(strategy="linear", step=0.25, interval_s=300.0, bake_s=120.0)[
        "BlueGreenUpdatePolicy"
    ]
    assert policy["TrafficRoutingConfiguration"] == {
        "Type": "LINEAR",
        "LinearStepSize": {"Type": "CAPACITY_PERCENT", "Value": 25},
        "WaitIntervalInSeconds": 300,
    }
    assert policy["TerminationWaitInSeconds"] == 120
    # Six instances in steps of one, should a quarter of them be rounded down.
    assert policy["MaximumExecutionTimeoutInSeconds"] == 6 * 300 + 120 + 3600


def test_rolling_replaces_batches() -> None:
    found = deployment(strategy="rolling", step=0.5, interval_s=60.0)
    assert found["RollingUpdatePolicy"] == {
        "MaximumBatchSize": {"Type": "CAPACITY_PERCENT", "Value": 50},
        "WaitIntervalInSeconds": 60,
        # Three instances in batches of one, five in batches of two: three batches at most.
        "MaximumExecutionTimeoutInSeconds": 3 * 60 + 3 * 3600,
    }
    assert "BlueGreenUpdatePolicy" not in found


def test_all_at_once_only_bakes() -> None:
    policy = deployment(strategy="all-at-once", step=0.9, bake_s=300.0)["BlueGreenUpdatePolicy"]
    assert policy == {
        "TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0},
        "TerminationWaitInSeconds": 300,
        "MaximumExecutionTimeoutInSeconds": 3900,
    }


@pytest.mark.parametrize("strategy", ["canary", "linear", "rolling"])
def test_one_instance_has_no_share_to_begin_with(strategy: str) -> None:
    one = decision(replicas=Range(min=1, max=6))
    policy = deployment(one, strategy=strategy)["BlueGreenUpdatePolicy"]
    assert policy["TrafficRoutingConfiguration"]["Type"] == "ALL_AT_ONCE"
    (note,) = rendered(one, strategy=strategy).notes
    assert note.startswith(f"{strategy} needs two instances")
    assert rendered(one).notes == ()


def test_a_default_that_cannot_be_gives_way() -> None:
    policy = deployment(decision(replicas=Range(min=1, max=6)))["BlueGreenUpdatePolicy"]
    assert policy["TrafficRoutingConfiguration"]["Type"] == "ALL_AT_ONCE"


@pytest.mark.parametrize(
    ("chosen", "block"),
    [(serverless(), {}), (decision(), {"image": PACKAGE, "marketplace": True}), (INF1, {})],
)
def test_what_has_no_guardrails_is_left_to_sagemaker(chosen: Decision, block: Any) -> None:
    state = rendered(chosen, block=block)
    assert "DeploymentConfig" not in bodies(state)["endpoint"]
    assert "alarm" not in bodies(state)
    assert deployment(chosen, block=block, strategy="all-at-once") == {}
    for key, value in (("strategy", "linear"), ("bake_s", 60.0), ("alarms", ("mine",))):
        stated = key.removesuffix("_s")
        rollout = Rollout(**{"strategy": "all-at-once", key: value}, stated=(stated,))
        (note,) = render(chosen, workload(rollout=rollout), **block).notes
        assert note.endswith(f"rollout.{stated} does nothing")


@pytest.mark.parametrize(
    ("strategy", "step", "hint"),
    [
        ("canary", 0.51, "write step: 50%"),
        ("canary", 0.005, "write step: 1%"),
        ("linear", 0.09, "write step: 10%"),
        ("linear", 0.6, "write step: 50%"),
        ("rolling", 0.04, "write step: 5%"),
        ("rolling", 1.0, "write step: 50%"),
    ],
)
def test_steps_have_bounds(strategy: str, step: float, hint: str) -> None:
    with pytest.raises(ProviderError) as caught:
        rendered(strategy=strategy, step=step)
    assert (caught.value.code, caught.value.path) == ("rollout-step", "spec.rollout.step")
    assert caught.value.hint == hint


def test_waits_have_bounds() -> None:
    assert refused(interval_s=3601.0) == ("rollout-too-long", "spec.rollout.interval")
    assert refused(bake_s=3601.0) == ("rollout-too-long", "spec.rollout.bake")
    assert deployment(interval_s=3600.0, bake_s=3600.0)
    wide = decision(replicas=Range(min=19, max=19))
    assert refused(wide, strategy="linear", step=0.1, interval_s=1800.0) == (
        "rollout-too-long",
        "spec.rollout.interval",
    )


def test_nothing_waits_without_an_alarm() -> None:
    found = deployment(rollback=False)
    assert "AutoRollbackConfiguration" not in found
    routing = found["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"]
    assert routing["WaitIntervalInSeconds"] == 0
    assert "alarm" not in bodies(rendered(rollback=False))
    with pytest.raises(ProviderError, match="rollback: false leaves none"):
        render(decision(), workload(rollout=Rollout(rollback=False, stated=("interval",))))


def test_a_rolling_update_has_nothing_left_to_bake() -> None:
    assert refused(strategy="rolling", bake_s=60.0) == ("rollout-unsupported", "spec.rollout.bake")


def test_the_specs_alarms_watch_too_and_ten_at_most() -> None:
    named = tuple(f"mine-{number}" for number in range(9))
    found = deployment(alarms=(*named, "mine-0"))["AutoRollbackConfiguration"]["Alarms"]
    assert [one["AlarmName"] for one in found] == ["fraud-scorer-5xx", *named]
    assert refused(alarms=(*named, "tenth")) == ("too-many-alarms", "spec.rollout.alarms")
    for name in ("x" * 256, " ", "a\nb"):
        assert refused(alarms=(name,)) == ("invalid-alarm-name", "spec.rollout.alarms")


def alarms(**slo: Any) -> dict[str, dict[str, Any]]:
    values: dict[str, Any] = {"latency": (P50, P99), "cold_start": ColdStart(allowed=False), **slo}
    state = render(decision(), workload(slo=Slo(**values)))
    assert wrong(state) == []
    return {one.name: one.body for one in state.resources if one.kind == "alarm"}


def test_alarms_watch_errors_and_the_tail_of_the_latency() -> None:
    found = alarms(availability=0.9995)
    assert list(found) == ["fraud-scorer-5xx", "fraud-scorer-latency-p99"]
    errors, latency = found.values()
    same = {
        "AlarmDescription": "Rolls updates of endpoint fraud-scorer back",
        "Namespace": "AWS/SageMaker",
        "Dimensions": [
            {"Name": "EndpointName", "Value": "fraud-scorer"},
            {"Name": "VariantName", "Value": "AllTraffic"},
        ],
        "Period": 60,
        "EvaluationPeriods": 3,
        "DatapointsToAlarm": 2,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
    }
    assert {key: item for key, item in errors.items() if key != "Tags"} == {
        **same,
        "AlarmName": "fraud-scorer-5xx",
        "MetricName": "Invocation5XXErrors",
        "Statistic": "Average",
        "Threshold": 0.0005,
    }
    assert {key: item for key, item in latency.items() if key != "Tags"} == {
        **same,
        "AlarmName": "fraud-scorer-latency-p99",
        "MetricName": "ModelLatency",
        "ExtendedStatistic": "p99",
        "Threshold": 45_000.0,  # 50 ms less the 5 ms that SageMaker is assumed to add
    }
    assert {"Key": "planner:owner", "Value": "fraud-scorer"} in errors["Tags"]


@pytest.mark.parametrize(
    ("target", "name", "statistic"),
    [
        (LatencyTarget(label="p99.9", quantile=0.999, seconds=0.1), "p99.9", "p99.9"),
        (LatencyTarget(label="mean", quantile=None, seconds=0.1), "mean", "Average"),
        (LatencyTarget(label="max", quantile=1.0, seconds=0.1), "max", "Maximum"),
    ],
)
def test_other_objectives_have_their_statistic(
    target: LatencyTarget, name: str, statistic: str
) -> None:
    found = alarms(latency=(target,), measured_at=MeasuredAt.MODEL)
    body = found[f"fraud-scorer-latency-{name}"]
    assert body.get("Statistic", body.get("ExtendedStatistic")) == statistic
    assert body["Threshold"] == 100_000.0
    assert found["fraud-scorer-5xx"]["Threshold"] == 0.01


def test_a_percentile_goes_before_mean_and_maximum() -> None:
    mean = LatencyTarget(label="mean", quantile=None, seconds=0.01)
    most = LatencyTarget(label="max", quantile=1.0, seconds=0.1)
    assert "fraud-scorer-latency-p50" in alarms(latency=(mean, P50, most))
    assert "fraud-scorer-latency-mean" in alarms(latency=(most, mean))


def test_an_objective_below_the_overhead_is_not_watched() -> None:
    short = LatencyTarget(label="p99", quantile=0.99, seconds=0.004)
    assert list(alarms(latency=(short,))) == ["fraud-scorer-5xx"]


def test_the_rollout_is_no_property_of_anything() -> None:
    """Nothing but the argument of the update differs, so that a plan finds nothing to do."""
    states = (rendered(), rendered(strategy="linear", interval_s=60.0, alarms=("mine",)))
    first, second = (
        [
            {key: item for key, item in one.body.items() if key != "DeploymentConfig"}
            for one in state.resources
        ]
        for state in states
    )
    assert first == second


STATED = """\
apiVersion: planner/v1alpha1
kind: Endpoint
metadata: {name: one}
spec:
  models: [{name: m, size: 100MiB, service_time: 10ms}]
  traffic: {type: steady, rate: 1/s}
  slo: {latency: {p99: 200ms}}
  constraints: {hosting: [dedicated]}
  pin: {replicas: 2}
  rollout: {strategy: linear, step: 60%}
  providers:
    sagemaker:
      region: us-east-1
      role_arn: arn:aws:iam::123456789012:role/r
      image: 123456789012.dkr.ecr.us-east-1.amazonaws.com/m:1
"""


def test_what_cannot_be_is_shown_at_its_line(tmp_path: Path) -> None:
    spec = tmp_path / "planner.yaml"
    spec.write_text(STATED)
    with pytest.raises(SpecError) as caught:
        planner.plan(planner.load([str(spec)]), verify=False)
    (found,) = caught.value.diagnostics
    assert (found.code, found.path) == ("rollout-step", "spec.rollout.step")
    assert found.location is not None
    assert found.location.line == 10
    spec.write_text(STATED.replace(", step: 60%", ""))
    assert planner.plan(planner.load([str(spec)]), verify=False).plan.complete


def test_alarms_that_may_not_roll_back_contradict(tmp_path: Path) -> None:
    spec = tmp_path / "planner.yaml"
    spec.write_text(STATED.replace("strategy: linear", "alarms: [mine], rollback: false"))
    with pytest.raises(SpecError) as caught:
        planner.load([str(spec)])
    (found,) = caught.value.diagnostics
    assert (found.code, found.path) == ("contradiction", "spec.rollout.alarms")
