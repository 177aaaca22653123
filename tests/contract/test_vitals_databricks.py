"""The export of metrics of Databricks in the planner's terms."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from planner_databricks.gateway import DatabricksGateway
from planner_databricks.sandbox.serve import running
from planner_databricks.vitals import vitals

from planner.errors import ProviderError
from planner.model.change import Action
from planner.model.live import Operation
from planner.model.vitals import Window
from tests.support.databricks_values import rendered
from tests.support.workspace import Workspace

MINUTE = 60.0
EXPORT = """\
# TYPE cpu_usage_percentage gauge
cpu_usage_percentage{endpoint_name="e",served_model_name="a"} 40.0 1767225600000
cpu_usage_percentage{endpoint_name="e",served_model_name="b"} 62.0 1767225600000
# TYPE gpu_usage_percentage gauge
gpu_usage_percentage{endpoint_name="e",gpu="gpu0"} 90.0 1767225600000
# TYPE provisioned_concurrent_requests_total gauge
provisioned_concurrent_requests_total{endpoint_name="e"} 8.0 1767225600000
# TYPE request_4xx_count_total gauge
request_4xx_count_total{endpoint_name="e"} 3.0 1767225600000
# TYPE request_count_total gauge
request_count_total{endpoint_name="e"} 100.0 1767225600000
# TYPE request_latency_ms histogram
request_latency_ms_bucket{endpoint_name="e",le="50.0"} 50.0 1767225600000
request_latency_ms_bucket{endpoint_name="e",le="100.0"} 98.0 1767225600000
request_latency_ms_bucket{endpoint_name="e",le="+Inf"} 100.0 1767225600000
request_latency_ms_sum{endpoint_name="e"} 6000.0 1767225600000
request_latency_ms_count{endpoint_name="e"} 100.0 1767225600000
"""
"""Names, types and labels as the documentation and public reports have them."""


def window(looks: int = 1) -> Window:
    return Window(since_s=0.0, until_s=1_767_225_600.0, looks=looks, pause=lambda _: None)


def test_gauges_of_a_minute_and_histograms_are_read_by_prometheus_own_parser() -> None:
    found = vitals(lambda: EXPORT, {}, "e", window())
    (period,) = found.periods
    assert (period.requests, period.errors_4xx, period.errors_5xx) == (100.0, 3.0, None)
    assert (period.replicas, period.cpu, period.gpu, period.memory) == (8.0, 0.62, 0.9, None)
    assert found.total is not None
    assert (found.total.mean_s, found.total.p50_s) == (0.06, 0.05)
    assert found.total.p90_s == pytest.approx(0.05 + 0.05 * 40 / 48)
    # Where in its bucket a percentile lies nobody knows; beyond the last nobody knows anything.
    assert found.total.least(0.9) == 0.05
    assert found.total.p99_s == 0.1
    assert found.model is None


def test_several_looks_are_one_distribution() -> None:
    slow = EXPORT.replace('le="50.0"} 50.0', 'le="50.0"} 0.0')
    texts = iter([EXPORT, slow])
    found = vitals(lambda: next(texts), {}, "e", window(2))
    assert [one.requests for one in found.periods] == [100.0, 100.0]
    assert found.total is not None
    assert found.total.count == 200
    assert found.total.p50_s == pytest.approx(0.05 + 0.05 * 50 / 146)
    assert "2 minutes were looked at" in found.notes[0]


def test_nothing_exported_is_no_data_and_nonsense_is_an_error() -> None:
    assert not vitals(str, {}, "e", window()).measured
    with pytest.raises(ProviderError, match="metrics cannot be read"):
        vitals(lambda: "request_count_total{endpoint_name=\n", {}, "e", window())


@pytest.fixture
def workspace(monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    monkeypatch.setenv("DATABRICKS_CONFIG_PROFILE", "nobody-has-this")
    with running(":memory:") as url:
        yield Workspace(url=url)


def test_the_export_comes_through_the_gateway(workspace: Workspace) -> None:
    gateway, state = DatabricksGateway(None, workspace.url), rendered()
    live = gateway.read(state)
    assert not gateway.vitals(live, window()).measured  # there is no such endpoint
    (one,) = state.resources
    gateway.write(
        Operation(
            address=one.address, kind=one.kind, name=one.name, action=Action.CREATE, body=one.body
        )
    )
    workspace.advance(200)
    found = gateway.vitals(gateway.read(state), window())
    (period,) = found.periods
    assert (period.requests, found.total) == (0.0, None)
    assert period.replicas is not None
    assert period.replicas > 0
    assert found.updated_s is not None
