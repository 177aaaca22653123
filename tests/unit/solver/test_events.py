"""Known events as scheduled actions."""

from __future__ import annotations

from planner.model.candidate import ScheduledAction
from planner.model.traffic import Diurnal, Spike
from planner.solver import solve
from tests.support.asks import catalogs, latency, solved, workload

HOUR = 3600.0
NOON_FRIDAY = 4 * 24 * HOUR + 12 * HOUR


def scheduled(*spikes: tuple[str, float, float]) -> tuple[ScheduledAction, ...]:
    pattern = Diurnal(
        base=20.0,
        peak=200.0,
        peak_at_s=20 * HOUR,
        width_s=4 * HOUR,
        spikes=tuple(
            Spike(name=name, cron="-", rate=3000.0, duration_s=length, starts_s=(start,))
            for name, start, length in spikes
        ),
    )
    asked = workload(pattern, goals=latency(p99=0.2))
    (decision,) = solved(solve(asked, catalogs("sagemaker"))).decisions
    assert decision.autoscaling is not None
    return decision.autoscaling.scheduled


def test_an_event_raises_the_minimum_before_it_and_lowers_it_after() -> None:
    up, down = scheduled(("sale", NOON_FRIDAY, 1200.0))
    assert (up.name, up.cron) == ("sale-up", "52 11 * * fri")
    assert (down.name, down.cron) == ("sale-down", "20 12 * * fri")
    assert up.min > down.min
    assert up.max == down.max


def test_events_that_meet_are_one_so_that_none_takes_the_others_capacity() -> None:
    up, down = scheduled(("sale", NOON_FRIDAY, 1200.0), ("news", NOON_FRIDAY + 900.0, 1800.0))
    assert (up.cron, down.cron) == ("52 11 * * fri", "45 12 * * fri")


def test_events_apart_have_actions_of_their_own() -> None:
    actions = scheduled(("sale", NOON_FRIDAY, 1200.0), ("sale", NOON_FRIDAY + 5 * HOUR, 600.0))
    assert [one.name for one in actions] == ["sale-up", "sale-down", "sale-2-up", "sale-2-down"]
