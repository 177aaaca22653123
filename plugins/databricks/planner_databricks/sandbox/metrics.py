"""Metrics of an endpoint in the text format of Prometheus."""

from __future__ import annotations

from collections.abc import Iterator

from starlette.responses import PlainTextResponse, Response

from planner.model.minute import Minute, Times
from planner.model.value import value
from planner.provider.sandbox.store import Document
from planner_databricks.sandbox.driving import last_minute
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
    minute = last_minute(call.workspace, call.path["name"], call.now) or _asked(call, endpoint)
    lines: list[str] = []
    for kind, samples in (
        ("gauge", _gauges(endpoint, minute)),
        ("histogram", _histograms(minute)),
    ):
        lines += _lines(call, kind, samples)
    return PlainTextResponse("\n".join([*lines, ""]))


def _asked(call: Call, endpoint: Document) -> Minute:
    """The requests of clients. Nothing is computed here, so nothing is used or takes time."""
    count = float(sum(at > call.now - MINUTE_S for at in endpoint.get("asked", ())))
    entities = endpoint["config"]["entities"]
    most = 0 if endpoint["suspended"] else sum(most_concurrency(one) for one in entities)
    at_once: Times = ((0.0, count),)
    return Minute(
        at_s=call.now - MINUTE_S,
        seconds=MINUTE_S,
        requests=count,
        refused=0.0,
        failed=0.0,
        total=at_once,
        model=at_once,
        overhead=(),
        queue=at_once,
        cold=(),
        loads=(),
        capacity=float(most),
        busy=0.0,
        slots=1.0,
        cpu=0.0,
        memory=0.0,
    )


def _gauges(endpoint: Document, minute: Minute) -> Iterator[_Sample]:
    yield _Sample(name="request_count_total", amount=minute.requests)
    yield _Sample(name="request_4xx_count_total", amount=minute.refused)
    yield _Sample(name="request_5xx_count_total", amount=minute.failed)
    entities = endpoint["config"]["entities"]
    total = sum(most_concurrency(entity) for entity in entities) or 1
    for entity in entities:
        yield _Sample(
            name="provisioned_concurrent_requests_total",
            amount=minute.capacity * most_concurrency(entity) / total,
            labels=(("served_model_name", entity["name"]),),
        )
    shares = {
        "cpu_usage_percentage": (minute.cpu, ()),
        "mem_usage_percentage": (minute.memory, ()),
        "gpu_usage_percentage": (minute.gpu, (("gpu", "gpu0"),)),
    }
    for name, (share, labels) in shares.items():
        for entity in entities if share is not None else ():
            own = (("served_model_name", entity["name"]), *labels)
            yield _Sample(name=name, amount=100 * (share or 0.0), labels=own)


def _histograms(minute: Minute) -> Iterator[_Sample]:
    served = sum(many for _, many in minute.total)
    waited_s = sum(took * many for took, many in minute.queue)
    inside_s = sum(took * many for took, many in minute.model)
    # What a model takes holds the wait for it, which is measured apart. The mean alone is exact:
    # where the wait is nearly all of it, a difference would be mostly rounding.
    own_s = served * minute.service_s or max(0.0, inside_s - waited_s)
    computing = own_s / inside_s if inside_s > 0.0 else 1.0
    for name, times in (
        ("request_latency_ms", minute.total),
        ("model_prediction_latency_ms", tuple((took * computing, n) for took, n in minute.model)),
        ("model_queue_time_ms", minute.queue),
    ):
        for bound in _BUCKETS_MS:
            upto = sum(many for took, many in times if took * 1000 <= float(bound))
            yield _Sample(name=f"{name}_bucket", amount=upto, labels=(("le", bound),))
        yield _Sample(name=f"{name}_sum", amount=sum(took * many * 1000 for took, many in times))
        yield _Sample(name=f"{name}_count", amount=served)


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
