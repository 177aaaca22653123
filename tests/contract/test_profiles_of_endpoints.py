"""Service times from the metrics of running endpoints, over HTTP: what was driven comes back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

import planner
from planner.checkup import Looking, watched
from planner.cli.running import planned_live
from planner.engine import Connections
from planner.model.vitals import Vitals
from planner.model.workload import Workload
from planner.profiling.conversion import converted
from planner.profiling.serving import Serving, served
from planner.spec import Source
from tests.support.databricks_live import SHOP
from tests.support.specs import STEADY
from tests.support.ward import Patient, Traffic, admitted, ward

FIXED = STEADY.replace(
    "  providers:", "  pin: {hosting: dedicated, instance: ml.c7i.large, replicas: 2}\n  providers:"
)


@pytest.fixture(scope="module")
def connections() -> Iterator[Connections]:
    with ward() as found:
        yield found


def patient(connections: Connections, text: str) -> Patient:
    specs = planner.load([Source(name="planner.yaml", text=text.encode())])
    (found,) = admitted(connections, list(specs))
    return found


def slower(workload: Workload, factor: float) -> Workload:
    """The same model, slower."""
    (model,) = workload.models
    curves = tuple(
        replace(curve, points=tuple(replace(p, mean_s=p.mean_s * factor) for p in curve.points))
        for curve in model.curves
    )
    return replace(workload, models=(replace(model, curves=curves),))


def serving(one: Patient) -> Serving:
    decision, conditions = one.running.decision, one.running.simulation.conditions
    assert conditions is not None
    return Serving(
        endpoint=decision.endpoint,
        provider=decision.provider,
        instance_type=decision.instance_type,
        replicas=one.running.simulation.capacity,
        outside_s=conditions.overhead_s,
    )


def shown(one: Patient, workload: Workload) -> Vitals:
    return one.case(Traffic(workload=workload, minutes_long=15)).vitals


def test_a_replica_of_sagemaker(connections: Connections) -> None:
    one = patient(connections, FIXED)
    slow = slower(one.workload, 1.5)
    found = served(serving(one), [shown(one, slow)])
    (seen,) = found.observations
    assert found.notes == ()
    assert (seen.at, seen.queue, seen.tool) == ("model", "inside", "metrics of sagemaker")
    assert seen.throughput_per_s == pytest.approx(50.0, rel=0.02)  # 100/s over two
    assert dict(seen.labels)["replicas"] == "2"
    (curve,) = converted(found.observations)
    (point,) = curve.points
    # Two slots and half a request in them: hardly anybody waits.
    assert (point.concurrency, point.mean_s) == (1, pytest.approx(0.009, rel=0.06))
    assert point.p99_s is not None
    assert curve.loop == "open"


def test_a_unit_of_databricks_whose_queue_is_measured_apart(connections: Connections) -> None:
    one = patient(connections, SHOP)
    found = served(serving(one), [shown(one, slower(one.workload, 1.4))])
    assert "last minute only" in found.notes[0]
    (curve,) = converted(found.observations)
    (point,) = curve.points
    assert (point.concurrency, point.mean_s) == (1, pytest.approx(0.028, rel=0.06))
    assert point.p99_s is None  # a percentile within a bucket is none
    assert curve.converted == "from rate x mean, by Little's law"


def test_a_cloud_that_shows_the_last_minute_is_looked_at_so_often_and_no_more(
    connections: Connections,
) -> None:
    one = patient(connections, SHOP.replace("name: shop", "name: looked-at"))
    stand_in = connections.stand_in("databricks")
    assert stand_in is not None
    one.case(Traffic(minutes_long=5))
    before_s = stand_in.now_s()
    planned = planned_live([one.running.spec], connections)
    (found,) = watched(planned, connections, Looking(seconds=10_800.0, looks=12))
    assert len(found.windows) == 1
    assert found.windows[0].seconds <= 720.0
    assert stand_in.now_s() - before_s < 720.0
