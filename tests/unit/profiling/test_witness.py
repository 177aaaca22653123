"""What metrics of a running endpoint tell of its model's service time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from planner.capacity.service_time import ServiceTime
from planner.model.candidate import Range
from planner.model.simulation import Conditions, Simulation
from planner.model.vitals import Period, Spread, Vitals
from planner.model.workload import ServicePoint
from planner.profiling import MeasurementError
from planner.profiling.witness import told, why, witnessed
from tests.support import decisions, simulated
from tests.unit.profiling.test_calibrate import shown

POINTS = (ServicePoint(concurrency=2, mean_s=0.010),)
CONDITIONS = Conditions(
    service_s=0.010,
    slots=2,
    overhead_s=0.005,
    answered_s=0.005,
    load_s=0.0,
    cpu=0.5,
    memory=None,
    resident=None,
    accelerated=False,
)
RUNS = simulated.simulation(conditions=CONDITIONS)
UNITS = replace(
    RUNS,
    decision=decisions.decision(replicas=None, units=Range(min=8, max=8), autoscaling=None),
    conditions=replace(CONDITIONS, slots=1, cpu=1.0),
)
ON_DEMAND = replace(RUNS, decision=decisions.decision(replicas=None, autoscaling=None))


def spread(mean_s: float, **more: object) -> Spread:
    return Spread(count=1.0, mean_s=mean_s, **more)  # type: ignore[arg-type]


def vitals(
    rate: float, *, replicas: float | None = 3.0, cpu: float = 0.5, **more: object
) -> Vitals:
    """Ten minutes of an endpoint."""
    periods = tuple(
        Period(start_s=60.0 * n, requests=60.0 * rate, replicas=replicas, cpu=cpu)
        for n in range(10)
    )
    whole = {"endpoint": "e", "since_s": 0.0, "until_s": 600.0, "period_s": 60.0}
    return Vitals(**whole, periods=periods, **more)  # type: ignore[arg-type]


def queueing(factor: float, rate: float) -> Vitals:
    """Three replicas with two slots each, whose model takes so many times as long."""
    service = CONDITIONS.service_s * factor
    seen = shown(fit(service), rate=rate, replicas=3, concurrency=2, names="mean p50 p99")
    took = {"p50_s": seen.latency["p50"], "p99_s": seen.latency["p99"]}
    return vitals(rate, model=spread(seen.latency["mean"], **took))


def fit(mean_s: float) -> ServiceTime:
    return ServiceTime(mean_s, 0.3)


def factor_of(*windows: Vitals, runs: Simulation = RUNS) -> float:
    return witnessed(POINTS, runs, windows).found.factor


@pytest.mark.parametrize("factor", [0.6, 1.0, 1.667])
def test_waiting_is_taken_off_what_the_model_took(factor: float) -> None:
    assert factor_of(queueing(factor, 200.0)) == pytest.approx(factor, rel=0.02)


def test_a_tail_that_nothing_explains_leaves_the_median() -> None:
    calm = queueing(1.667, 200.0)
    assert calm.model is not None
    burst = replace(calm, model=replace(calm.model, p99_s=3.0))
    assert factor_of(burst) == pytest.approx(1.667, rel=0.06)


def test_the_median_of_the_windows_is_taken_and_what_says_nothing_left_out() -> None:
    windows = [queueing(factor, 200.0) for factor in (1.5, 1.6, 1.7)]
    found = witnessed(POINTS, RUNS, [*windows, vitals(0.01, model=spread(9.0))])
    assert (found.used, found.windows) == (3, 4)
    assert found.found.factor == pytest.approx(1.6, rel=0.02)
    assert told(found).startswith("3 of 4 windows, ")
    assert why(found, RUNS).endswith("at 200/s on 3 replicas")
    with pytest.raises(MeasurementError, match="do not speak of one service time"):
        factor_of(queueing(1.0, 200.0), queueing(2.0, 200.0))


def test_a_wait_that_is_measured_apart_is_not_taken_off_again() -> None:
    seen = vitals(450.0, replicas=8.0, model=spread(0.0166), queue=spread(2.0), total=spread(2.1))
    assert factor_of(seen, runs=UNITS) == pytest.approx(1.66)
    assert why(witnessed(POINTS, UNITS, [seen]), UNITS).endswith("on 8 units")


def test_on_demand_nobody_waits() -> None:
    seen = vitals(50.0, replicas=None, model=spread(0.013, p50_s=0.011))
    assert factor_of(seen, runs=ON_DEMAND) == pytest.approx(1.3)


def test_the_platforms_part_is_taken_off_where_only_the_whole_is_measured() -> None:
    bounds = (0.01, 0.025, 0.05)
    seen = vitals(100.0, total=spread(0.0151, p50_s=0.0175, buckets=bounds))
    assert factor_of(seen) == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize(("cpu", "factor"), [(0.95, 1.9), (1.0, 2.0)])
def test_where_slots_are_full_what_fills_them_is_the_least(cpu: float, factor: float) -> None:
    took = {"p50_s": 8.0, "p99_s": 15.0}
    found = witnessed(POINTS, RUNS, [vitals(300.0, cpu=cpu, model=spread(9.0, **took))])
    assert found.least
    assert found.found.factor == pytest.approx(factor)
    assert why(found, RUNS).startswith("at least: ")
    assert dict(found.found.seen.latency) == pytest.approx({"mean": 0.010 * factor})


def test_a_long_wait_with_idle_processors_is_no_service_time() -> None:
    seen = vitals(300.0, cpu=0.3, model=spread(9.0, p50_s=8.0, p99_s=15.0))
    with pytest.raises(MeasurementError) as refused:
        factor_of(seen)
    assert refused.value.code in {"out-of-reach", "outside-the-model"}


@pytest.mark.parametrize("windows", [(), (vitals(0.01, model=spread(0.01)),)])
def test_few_requests_say_nothing(windows: tuple[Vitals, ...]) -> None:
    with pytest.raises(MeasurementError) as refused:
        factor_of(*windows)
    assert refused.value.code == "too-few-requests"


def test_what_has_no_latency_says_nothing() -> None:
    with pytest.raises(MeasurementError) as refused:
        factor_of(vitals(100.0))
    assert refused.value.code == "nothing-observed"


def test_a_busy_window_without_latency_leaves_the_others_their_say() -> None:
    found = witnessed(POINTS, RUNS, [vitals(300.0, cpu=0.95), queueing(1.667, 200.0)])
    assert found.found.factor == pytest.approx(1.667, rel=0.02)
    assert (found.used, found.windows) == (1, 2)


def test_replicas_are_those_that_most_requests_met() -> None:
    seen = queueing(1.667, 200.0)
    few = tuple(
        replace(one, replicas=9.0, requests=10.0) if n < 4 else one
        for n, one in enumerate(seen.periods)
    )
    assert witnessed(POINTS, RUNS, [replace(seen, periods=few)]).found.seen.replicas == 3
