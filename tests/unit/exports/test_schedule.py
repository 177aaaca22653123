from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from planner.exports.schedule import FLAT_S, SPAN_S, schedule
from planner.model.export import Asked
from planner.model.traffic import (
    Burst,
    Diurnal,
    Intermittent,
    Pattern,
    Spike,
    Stage,
    Stages,
    Steady,
    Trace,
    Traffic,
    WeeklyWindow,
)
from tests.support.exported_states import one, shown
from tests.support.sagemaker_values import decision, workload

HOUR = 3600.0
OFFICE = WeeklyWindow(days=(0, 1, 2, 3, 4), start_s=8 * HOUR, end_s=18 * HOUR)
CAMPAIGN = Spike(
    name="push", cron="0 12 * * 5", rate=900.0, duration_s=1200.0, starts_s=(4 * 86400.0 + 43200.0,)
)


def steps(pattern: Pattern) -> list[tuple[float, float]]:
    wanted = workload(traffic=Traffic(pattern=pattern))
    return [(step.seconds, step.rate) for step in schedule(one(decision(), wanted))]


def test_a_flat_rate_is_held_for_ten_minutes() -> None:
    assert steps(Steady(rate=42.0)) == [(FLAT_S, 42.0)]


def test_a_burst_stands_in_the_middle_of_an_hour() -> None:
    found = steps(Steady(rate=10.0, burst=Burst(rate=80.0, duration_s=120.0, every_s=6 * HOUR)))
    assert [rate for _, rate in found] == [10.0, 80.0, 10.0]
    assert [seconds for seconds, _ in found] == [1740.0, 120.0, 1740.0]


def test_stages_are_driven_whole() -> None:
    found = steps(Stages(start=0.0, stages=(Stage(target=60.0, duration_s=600.0),)))
    assert sum(seconds for seconds, _ in found) == pytest.approx(600.0)
    assert found[-1][1] == 60.0


def test_the_hour_of_a_day_is_the_one_around_its_peak() -> None:
    day = Diurnal(base=10.0, peak=100.0, peak_at_s=20 * HOUR, width_s=6 * HOUR)
    found = steps(day)
    assert sum(seconds for seconds, _ in found) == pytest.approx(SPAN_S)
    assert max(rate for _, rate in found) == pytest.approx(100.0, rel=0.01)
    assert min(rate for _, rate in found) > 95.0


def test_a_spike_has_traffic_before_and_after_it() -> None:
    day = Diurnal(base=10.0, peak=100.0, peak_at_s=20 * HOUR, width_s=6 * HOUR, spikes=(CAMPAIGN,))
    found = steps(day)
    at = next(index for index, (_, rate) in enumerate(found) if rate == 900.0)
    assert found[at][0] == 1200.0
    assert sum(seconds for seconds, _ in found[:at]) == pytest.approx(1200.0)
    assert sum(seconds for seconds, _ in found[at + 1 :]) == pytest.approx(1200.0)


def test_an_hour_may_run_over_the_end_of_the_week() -> None:
    late = Diurnal(base=10.0, peak=100.0, peak_at_s=0.0, width_s=6 * HOUR)
    assert sum(seconds for seconds, _ in steps(late)) == pytest.approx(SPAN_S)


@pytest.mark.parametrize(
    "pattern",
    [
        Intermittent(requests_per_day=400.0, windows=(OFFICE,)),
        Trace(file="t", counts=tuple(float(n % 7) for n in range(500)), bucket_s=60.0),
    ],
)
def test_whatever_the_pattern_there_is_an_hour_of_it(pattern: Pattern) -> None:
    found = steps(pattern)
    assert sum(seconds for seconds, _ in found) == pytest.approx(SPAN_S)
    assert max(rate for _, rate in found) > 0.0


def test_a_short_recording_is_driven_whole() -> None:
    found = steps(Trace(file="t", counts=(60.0, 120.0), bucket_s=60.0))
    assert found == [(60.0, 1.0), (60.0, 2.0)]


def test_an_endpoint_gets_the_share_of_its_models() -> None:
    whole: Asked = shown("fleet", "f")
    models: dict[str, Any] = {"models": tuple(whole.decision.models[:1])}
    part = replace(whole, decision=replace(whole.decision, **models))
    assert schedule(part)[0].rate == pytest.approx(schedule(whole)[0].rate / 4)
