"""Files that locust wrote, against what the server behind them was."""

from __future__ import annotations

from pathlib import Path

import pytest

from planner.profiling import Given, MeasurementError, imported
from planner.profiling.content import Content
from planner.profiling.conversion import converted

HERE = Path(__file__).parents[2] / "cases" / "profiling" / "locust"
SLOTS = 2
MEAN_S = 0.040
GIVEN = Given(instance_type="ml.c7i.large")


def content(name: str) -> Content:
    return Content(name, (HERE / name).read_bytes())


def test_a_history_of_steps_gives_a_point_a_step() -> None:
    found = imported(content("steps_stats_history.csv"), GIVEN)
    assert found.form.name == "locust-history"
    assert [one.users for one in found.observations] == [1, 2, 4, 8]
    assert {one.date for one in found.observations} == {"2026-11-21"}
    (curve,) = converted(found.observations)
    assert curve.converted == ""
    means = {point.concurrency: point.mean_s for point in curve.points}
    for users, mean in means.items():
        # 4 to 5 ms a call are HTTP and Python, and no service.
        assert mean == pytest.approx(MEAN_S * max(1.0, users / SLOTS), rel=0.2), users
    assert means[8] == pytest.approx(2 * means[4], rel=0.03)


def test_percentiles_of_its_closed_loop_are_kept_and_lead_nowhere() -> None:
    (seen,) = imported(
        content("four_stats.csv"), Given(instance_type="ml.c7i.large", users=4)
    ).observations
    assert seen.percentile("p99") == 0.12
    assert seen.percentile("min") == pytest.approx(0.033856538)
    assert (seen.requests, seen.errors) == (430, 0.0)
    (curve,) = converted([seen])
    assert [point.p99_s for point in curve.points] == [None]


def test_users_who_pause_are_not_the_concurrency() -> None:
    found = imported(content("think_stats_history.csv"), GIVEN)
    (paused,) = converted(found.observations)
    (busy,) = converted(imported(content("steps_stats_history.csv"), GIVEN).observations)
    assert "pause 100 ms to 102 ms" in paused.converted
    wanted = {point.concurrency: point.mean_s for point in busy.points}
    for point in paused.points:
        if point.concurrency in wanted:
            assert point.mean_s == pytest.approx(wanted[point.concurrency], rel=0.13)


def test_totals_without_the_number_of_users() -> None:
    with pytest.raises(MeasurementError, match="only into its history") as raised:
        imported(content("four_stats.csv"), GIVEN)
    assert (raised.value.code, "--users 8" in raised.value.hint) == ("which-users", True)


def test_users_that_cannot_have_sent_so_much() -> None:
    found = imported(content("four_stats.csv"), Given(instance_type="ml.c7i.large", users=2))
    with pytest.raises(MeasurementError, match=r"2 users who wait 82\.9 ms") as raised:
        converted(found.observations)
    assert raised.value.code == "users-contradict"
