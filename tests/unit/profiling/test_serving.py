"""Metrics of a running endpoint as observations, and as service times."""

from __future__ import annotations

from dataclasses import replace

import pytest

from planner.model.vitals import Period, Spread, Vitals
from planner.profiling import MeasurementError
from planner.profiling.conversion import converted
from planner.profiling.serving import Serving, served

SERVING = Serving(
    endpoint="shop", provider="acme", instance_type="a", replicas=3.0, outside_s=0.005
)
MODEL = Spread(count=2400, mean_s=0.02, p50_s=0.018, p90_s=0.03, p95_s=0.034, p99_s=0.045)


def vitals(
    rate_per_s: float = 100.0, replicas: float | None = 4.0, minutes: int = 10, **more: object
) -> Vitals:
    periods = tuple(
        Period(start_s=60.0 * i, requests=60.0 * rate_per_s, replicas=replicas, errors_5xx=6.0)
        for i in range(minutes)
    )
    given = {"model": MODEL, **more}
    return Vitals(
        endpoint="shop",
        since_s=0.0,
        until_s=60.0 * minutes,
        period_s=60.0,
        periods=periods,
        **given,  # type: ignore[arg-type]
    )


def test_a_window_is_an_open_loop_of_one_replica() -> None:
    (one,) = served(SERVING, [vitals()]).observations
    assert (one.loop, one.users, one.queue, one.at) == ("open", None, "inside", "model")
    assert (one.throughput_per_s, one.mean_s) == (25.0, 0.02)
    assert (one.requests, one.errors) == (60_000, pytest.approx(0.001))
    assert (one.tool, one.date) == ("metrics of acme", "1970-01-01")
    labels = dict(one.labels)
    assert (labels["replicas"], labels["in_service"]) == ("4", "0.5")  # 25/s x 20 ms
    assert (labels["since"], labels["until"]) == ("1970-01-01T00:00Z", "1970-01-01T00:10Z")
    assert one.percentile("p99") == 0.045


def test_where_a_time_stands_depends_on_whether_a_wait_is_in_it() -> None:
    """1.6 in service: an arriving request finds so many in the queue of its replica, and itself."""
    inside = served(SERVING, [vitals(320.0)]).observations
    apart = served(SERVING, [vitals(320.0, queue=replace(MODEL, mean_s=0.01))]).observations
    (shared,), (alone,) = converted(inside), converted(apart)
    assert [(p.concurrency, p.mean_s) for p in alone.points] == [(1, pytest.approx(0.02))]
    assert alone.converted == "from rate x mean, by Little's law"
    assert [p.concurrency for p in shared.points] == [2]
    assert "product form" in shared.converted
    assert {one.loop for one in (shared, alone)} == {"open"}


def test_several_loads_make_a_curve() -> None:
    """What a shared replica of 20 ms shows: R = S / (1 - X S)."""
    windows = []
    for each in (5.0, 15.0, 25.0, 35.0):
        mean_s = 0.02 / (1.0 - each * 0.02)
        windows.append(vitals(4.0 * each, model=replace(MODEL, mean_s=mean_s)))
    (curve,) = converted(served(SERVING, windows).observations)
    assert [one.concurrency for one in curve.points] == [1, 2, 3]
    for point in curve.points:
        assert point.mean_s == pytest.approx(0.02 * point.concurrency, rel=0.05)


def test_what_has_a_place_of_its_own_is_alone_at_any_rate() -> None:
    serverless = replace(SERVING, replicas=None)
    (one,) = served(serverless, [vitals(900.0, replicas=None)]).observations
    assert "replicas" not in dict(one.labels)
    (curve,) = converted([one])
    assert [(point.concurrency, point.mean_s) for point in curve.points] == [
        (1, pytest.approx(0.02))
    ]


def test_replicas_that_nobody_counts_are_those_planned_and_that_is_said() -> None:
    found = served(SERVING, [vitals(replicas=None)])
    assert found.observations[0].throughput_per_s == pytest.approx(100.0 / 3.0)
    assert found.notes == ("no metric counts the replicas: 3, as planned",)


def test_the_whole_time_is_taken_where_the_models_is_not_known() -> None:
    (one,) = served(SERVING, [vitals(model=None, total=MODEL)]).observations
    assert (one.at, one.mean_s) == ("endpoint", pytest.approx(0.015))
    assert one.percentile("p50") == pytest.approx(0.013)


def test_a_line_through_a_bucket_is_no_percentile() -> None:
    (one,) = served(SERVING, [vitals(model=replace(MODEL, buckets=(0.05, 0.1)))]).observations
    assert one.latency == ()


@pytest.mark.parametrize(
    ("windows", "code"),
    [
        ([vitals(0.1)], "too-few-requests"),
        ([vitals(minutes=0)], "too-few-requests"),
        ([vitals(model=None)], "nothing-observed"),
    ],
)
def test_what_nothing_follows_from(windows: list[Vitals], code: str) -> None:
    with pytest.raises(MeasurementError) as raised:
        served(SERVING, windows)
    assert raised.value.code == code
    assert raised.value.hint


def test_windows_with_too_few_requests_are_left_out_and_told() -> None:
    found = served(SERVING, [vitals(0.1), vitals()])
    assert len(found.observations) == 1
    assert found.notes == ("1 of 2 windows left out: fewer than 200 requests",)
