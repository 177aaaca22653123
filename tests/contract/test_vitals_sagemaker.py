"""Metrics of CloudWatch in the planner's terms, over HTTP."""

from __future__ import annotations

import random
from collections.abc import Iterator
from statistics import quantiles
from typing import Any

import pytest
from planner_sagemaker.gateway import SageMakerGateway
from planner_sagemaker.sandbox.serve import running

from planner.model.resource import DesiredState
from planner.model.vitals import Vitals, Window
from tests.support.live import QUICK
from tests.support.sandbox import Sandbox

MINUTE, HOUR = 60.0, 3600.0


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    with running(":memory:", pace=QUICK) as url:
        found = Sandbox(url=url)
        yield found
        assert found.faulty == []


def put(sandbox: Sandbox, at_s: float, name: str, variant: str = "AllTraffic", **data: Any) -> None:
    space = data.pop("space", "AWS/SageMaker")
    sandbox.client("cloudwatch").put_metric_data(
        Namespace=space,
        MetricData=[
            {
                "MetricName": name,
                "Timestamp": at_s,
                "Dimensions": [
                    {"Name": "EndpointName", "Value": "e"},
                    {"Name": "VariantName", "Value": variant},
                ],
                **data,
            }
        ],
    )


def seen(sandbox: Sandbox, seconds: float) -> Vitals:
    gateway = SageMakerGateway("us-east-1", sandbox.url)
    state = DesiredState(endpoint="e", provider="sagemaker", region="us-east-1", resources=())
    now_s = sandbox.get("clock")["now"]
    window = Window(since_s=now_s - seconds, until_s=now_s)
    return gateway.vitals(gateway.read(state), window)


def grown(sandbox: Sandbox, seconds: float) -> float:
    """An endpoint of this age; the first whole minute of it."""
    sandbox.endpoint()
    now_s = sandbox.get("clock")["now"]
    sandbox.advance(seconds)
    return float(-(-now_s // MINUTE) * MINUTE)


def test_what_was_never_measured_has_no_periods(sandbox: Sandbox) -> None:
    grown(sandbox, HOUR)
    found = seen(sandbox, HOUR)
    assert not found.measured
    assert (found.periods, found.model, found.last_request_s) == ((), None, None)


def test_microseconds_percent_of_cores_and_counts_are_seconds_fractions_and_rates(
    sandbox: Sandbox,
) -> None:
    start_s = grown(sandbox, 10 * MINUTE)
    for minute in range(5):
        at_s = start_s + minute * MINUTE
        put(sandbox, at_s, "Invocations", Value=1.0, Unit="None")
        put(sandbox, at_s + 1, "Invocations", Values=[1.0], Counts=[119.0])
        put(sandbox, at_s, "InvocationsPerInstance", Value=60.0)
        put(sandbox, at_s, "Invocation4XXErrors", Values=[0.0, 1.0], Counts=[114.0, 6.0])
        put(sandbox, at_s, "ModelLatency", Values=[20_000.0], Counts=[120.0], Unit="Microseconds")
        put(sandbox, at_s, "OverheadLatency", Values=[5_000.0], Counts=[120.0])
        # Two processors, so that 150 % are three quarters of them.
        put(sandbox, at_s, "CPUUtilization", Value=150.0, space="/aws/sagemaker/Endpoints")
    found = seen(sandbox, HOUR)
    assert found.requests == 600
    assert found.share("errors_4xx") == pytest.approx(0.05)
    assert found.share("errors_5xx") is None
    busy = [one for one in found.periods if one.requests]
    assert [one.replicas for one in busy] == [2.0] * 5
    assert [one.cpu for one in busy] == [0.75] * 5
    assert found.model is not None
    assert found.overhead is not None
    assert (found.model.mean_s, found.overhead.mean_s) == (0.02, 0.005)
    assert found.model.p99_s == pytest.approx(0.02, rel=0.002)
    assert busy[0].latency_p99_s == pytest.approx(0.025)
    assert found.last_request_s is not None
    assert start_s <= found.since_s + MINUTE <= start_s + 2 * MINUTE  # no earlier than itself


def test_percentiles_of_a_window_are_those_of_all_its_requests(sandbox: Sandbox) -> None:
    start_s, rng = grown(sandbox, 30 * MINUTE), random.Random(7)
    every: list[float] = []
    for minute in range(20):
        slow = 1.0 + minute / 5.0
        took = [rng.lognormvariate(10.0, 0.4) * slow for _ in range(100)]
        every += took
        put(sandbox, start_s + minute * MINUTE, "ModelLatency", Values=took)
        put(sandbox, start_s + minute * MINUTE, "Invocations", Value=1.0)
    model = seen(sandbox, 30 * MINUTE).model
    assert model is not None
    exact = quantiles(every, n=100)
    for found, percent in ((model.p50_s, 50), (model.p90_s, 90), (model.p95_s, 95)):
        assert found == pytest.approx(exact[percent - 1] / 1e6, rel=0.03)
    assert model.p99_s == pytest.approx(exact[98] / 1e6, rel=0.08)


def test_the_last_request_is_found_days_before_the_window(sandbox: Sandbox) -> None:
    start_s = grown(sandbox, HOUR)
    put(sandbox, start_s, "Invocations", Value=1.0)
    sandbox.advance(3 * 24 * HOUR)
    found = seen(sandbox, HOUR)
    assert found.measured
    assert found.requests == 0
    assert found.last_request_s is not None
    assert 0.0 <= found.last_request_s - start_s <= HOUR


def test_no_call_asks_for_more_than_500_metrics(sandbox: Sandbox) -> None:
    sandbox.model()
    variants = [
        {
            "VariantName": f"v{number}",
            "ModelName": "m",
            "InstanceType": "ml.m5.large",
            "InitialInstanceCount": 1,
        }
        for number in range(10)
    ]
    sandbox.sagemaker.create_endpoint_config(EndpointConfigName="many", ProductionVariants=variants)
    sandbox.endpoint(config="many")
    start_s = -(-sandbox.get("clock")["now"] // MINUTE) * MINUTE
    sandbox.advance(10 * MINUTE)
    for number in range(10):
        put(sandbox, start_s, "Invocations", f"v{number}", Value=1.0)
        put(sandbox, start_s, "ModelLatency", f"v{number}", Value=1000.0 * (number + 1))
    found = seen(sandbox, HOUR)
    assert found.requests == 10
    assert found.model is not None
    assert found.model.count == 10
    assert found.model.mean_s == pytest.approx(0.0055)
