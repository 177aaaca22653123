"""Metrics of an endpoint in the text format of Prometheus."""

from __future__ import annotations

from collections.abc import Iterator

from starlette.responses import PlainTextResponse, Response

from planner.model.value import value
from planner.provider.sandbox.store import Document
from planner_databricks.sandbox.entities import most_concurrency
from planner_databricks.sandbox.errors import not_found
from planner_databricks.sandbox.finding import existing
from planner_databricks.sandbox.invocations import MINUTE_S
from planner_databricks.sandbox.operation import ENDPOINT, Operation
from planner_databricks.sandbox.workspace import Call, milliseconds

_BUCKETS_MS = (*map(str, (10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000)), "+Inf")


@value
class _Sample:
    """One line; the labels of the endpoint are on all."""

    name: str
    amount: float
    labels: tuple[tuple[str, str], ...] = ()


def export(call: Call) -> Response:
    """What was measured in the last minute.

    The names end in `_total` and are gauges of one minute all the same (docs,
    metrics-export-serving-endpoint). An endpoint that has never served has none.
    """
    endpoint = existing(call)
    if endpoint["config"] is None:
        raise not_found(f"Endpoint {endpoint['name']} has no metrics yet.")
    asked = sum(at > call.now - MINUTE_S for at in endpoint.get("asked", ()))
    lines: list[str] = []
    for kind, samples in (
        ("gauge", _gauges(endpoint, asked)),
        ("histogram", _histograms(asked)),
    ):
        lines += _lines(call, kind, samples)
    return PlainTextResponse("\n".join([*lines, ""]))


def _gauges(endpoint: Document, asked: int) -> Iterator[_Sample]:
    yield _Sample(name="request_count_total", amount=asked)
    yield _Sample(name="request_4xx_count_total", amount=0)
    yield _Sample(name="request_5xx_count_total", amount=0)
    entities = endpoint["config"]["entities"]
    for entity in entities:
        yield _Sample(
            name="provisioned_concurrent_requests_total",
            amount=0 if endpoint["suspended"] else most_concurrency(entity),
            labels=(("served_model_name", entity["name"]),),
        )
    # Nothing is computed here, so nothing is used and nothing takes time.
    for name in ("cpu_usage_percentage", "mem_usage_percentage"):
        for entity in entities:
            yield _Sample(name=name, amount=0, labels=(("served_model_name", entity["name"]),))


def _histograms(asked: int) -> Iterator[_Sample]:
    for name in ("request_latency_ms", "model_prediction_latency_ms", "model_queue_time_ms"):
        for bound in _BUCKETS_MS:
            yield _Sample(name=f"{name}_bucket", amount=asked, labels=(("le", bound),))
        yield _Sample(name=f"{name}_sum", amount=0)
        yield _Sample(name=f"{name}_count", amount=asked)


def _lines(call: Call, kind: str, samples: Iterator[_Sample]) -> Iterator[str]:
    typed = ""
    for sample in samples:
        name = sample.name
        if kind == "histogram":
            name = name.rpartition("_")[0]
        if name != typed:
            typed = name
            yield f"# TYPE {name} {kind}"
        labels = (("endpoint_name", call.path["name"]), *sample.labels)
        shown = ",".join(f'{label}="{text}"' for label, text in labels)
        # The time of the sample, in milliseconds, stands behind its value.
        yield f"{sample.name}{{{shown}}} {float(sample.amount)} {milliseconds(call.now)}"


OPERATIONS = (
    Operation(name="ExportMetrics", method="GET", path=f"{ENDPOINT}/metrics", handler=export),
)
