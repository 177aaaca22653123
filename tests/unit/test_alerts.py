"""The alerts of an endpoint follow from its spec, its decision and the table."""

from __future__ import annotations

from dataclasses import replace

from planner.alerts import Alert, Measure, alerts, thresholds
from planner.model.candidate import Range
from planner.model.traffic import Intermittent, Pattern, Stages, Steady, WeeklyWindow
from planner.model.workload import LatencyTarget
from tests.support.decisions import decision, workload

TEN = Steady(rate=10.0)


def _alerts(pattern: Pattern = TEN, **changed: object) -> dict[str, Alert]:
    asked = workload("shop")
    asked = replace(asked, traffic=replace(asked.traffic, pattern=pattern))
    return {one.id: one for one in alerts(asked, decision(**{"peak_per_s": 10.0, **changed}))}


def test_limits_of_the_spec_go_before_those_of_the_table() -> None:
    asked = workload("shop")
    assert asked.slo.availability is None
    table = {one.id: one for one in alerts(asked, decision())}
    assert table["errors"].limit == thresholds()["error-share"].value
    asked = replace(
        asked,
        slo=replace(asked.slo, availability=0.999),
        constraints=replace(asked.constraints, utilization=0.9),
    )
    found = {one.id: one for one in alerts(asked, decision())}
    assert found["errors"].limit == 0.001
    assert found["cpu"].limit == 0.95


def test_one_latency_tells_most() -> None:
    asked = workload("shop")
    p50, p99 = (
        LatencyTarget(quantile=q, seconds=s, label=f"p{q * 100:.0f}")
        for q, s in ((0.5, 0.05), (0.99, 0.1))
    )
    most = LatencyTarget(quantile=1.0, seconds=1.0, label="max")
    asked = replace(asked, slo=replace(asked.slo, latency=(p50, most, p99)))
    found = [one for one in alerts(asked, decision()) if one.measure is Measure.LATENCY]
    assert [(one.id, one.tail) for one in found] == [
        ("latency-p50", False),
        ("latency-max", False),
        ("latency-p99", True),
    ]


def test_capacity_that_comes_with_requests_has_no_room_to_watch() -> None:
    on_demand = _alerts(replicas=None, units=None, cold_start_fraction=0.02)
    assert not {"cpu", "memory", "fullness"} & on_demand.keys()
    assert on_demand["cold-starts"].limit == 0.03
    assert {"cpu", "memory", "fullness"} <= _alerts(replicas=Range(min=2, max=2)).keys()


def test_memory_that_is_shared_is_full_on_purpose_and_its_hits_are_watched() -> None:
    shared = _alerts(models=("a", "b"), cold_start_fraction=0.1)
    assert "memory" not in shared
    assert shared["hits"].limit == 0.85
    assert shared["hits"].below


def test_a_day_without_a_call_alarms_only_where_calls_come_daily() -> None:
    weekdays = WeeklyWindow(days=(0, 1, 2, 3, 4), start_s=0.0, end_s=86_400.0)
    daily = replace(weekdays, days=tuple(range(7)))
    assert _alerts(Steady(rate=1.0))["idle"].period_s == 86_400.0
    assert "idle" not in _alerts(Steady(rate=1e-5))
    assert "idle" in _alerts(Intermittent(requests_per_day=50.0, windows=(daily,)))
    assert "idle" not in _alerts(Intermittent(requests_per_day=50.0, windows=(weekdays,)))
    assert "idle" not in _alerts(Stages(start=5.0, stages=()))


def test_rare_events_are_counted_for_longer() -> None:
    """Half as many more than twenty, twice of three times, is no chance; of fewer it may be."""
    cold = {"replicas": None, "units": None, "cold_start_fraction": 0.02}

    def periods(rate: float) -> tuple[float, int, int, float]:
        one = _alerts(Steady(rate=rate), **cold)["cold-starts"]
        return one.period_s, one.periods, one.bad, one.limit

    assert periods(100.0) == (60.0, 5, 5, 0.03)
    assert periods(2.0) == (900.0, 3, 2, 0.03)
    assert periods(0.5) == (3600.0, 3, 2, 0.03)
    # 180 an hour, 3.6 of them cold: 4 standard deviations of that are 7.6 requests.
    assert periods(0.05) == (3600.0, 3, 2, 0.0622)
    assert periods(0.0001) == (3600.0, 3, 2, 1.0)
    assert _alerts(Stages(start=5.0, stages=()), **cold)["cold-starts"].period_s == 3600.0
    hits = _alerts(Steady(rate=2.0), models=("a", "b"), cold_start_fraction=0.1)["hits"]
    assert (hits.period_s, hits.limit) == (300.0, 0.85)
    rare = _alerts(Steady(rate=0.05), models=("a", "b"), cold_start_fraction=0.1)["hits"]
    assert (rare.period_s, rare.limit) == (3600.0, 0.8057)


def test_capacity_that_is_filled_on_purpose_is_full_later() -> None:
    asked = workload("shop")
    asked = replace(asked, constraints=replace(asked.constraints, utilization=0.9))
    found = {one.id: one for one in alerts(asked, decision(replicas=Range(min=2, max=2)))}
    assert found["fullness"].limit == found["cpu"].limit == 0.95
