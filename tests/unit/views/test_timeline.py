from itertools import pairwise

import pytest

from planner.views.timeline import DAY_S, moment, ticks

WEEK_S = 7 * DAY_S


@pytest.mark.parametrize(
    ("at_s", "cycle_s", "expected"),
    [
        (0.0, 60.0, "0 s"),
        (95.0, 600.0, "95 s"),
        (12.25, 600.0, "12.25 s"),
        (0.0, DAY_S, "00:00"),
        (45_900.0, DAY_S, "12:45"),
        (45_930.0, DAY_S, "12:45:30"),
        (95.0, 601.0, "00:01:35"),
        (21_600.0, WEEK_S, "Mon 06:00"),
        (6 * DAY_S + 86_340.0, WEEK_S, "Sun 23:59"),
        (8 * DAY_S, 14 * DAY_S, "Tue 00:00"),
    ],
)
def test_a_moment_of_a_calendar_cycle(at_s: float, cycle_s: float, expected: str) -> None:
    assert moment(at_s, cycle_s=cycle_s, calendar=True) == expected


def test_days_of_a_recording_have_numbers() -> None:
    assert moment(8 * DAY_S + 21_600, cycle_s=14 * DAY_S, calendar=False) == "day 9 06:00"
    assert moment(21_600.0, cycle_s=DAY_S, calendar=False) == "06:00"


def labels(cycle_s: float, width: int, *, calendar: bool = True) -> list[str]:
    return [label for _, label in ticks(cycle_s, width=width, calendar=calendar)]


def test_ticks_are_round_times() -> None:
    assert labels(WEEK_S, 88) == ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    assert labels(WEEK_S, 190)[:3] == ["Mon 00:00", "Mon 12:00", "Tue 00:00"]
    assert labels(WEEK_S, 88, calendar=False)[:2] == ["day 1", "day 2"]
    assert labels(DAY_S, 48) == ["00:00", "06:00", "12:00", "18:00"]
    assert labels(60.0, 40) == ["0 s", "10 s", "20 s", "30 s", "40 s", "50 s"]
    assert labels(1.0, 40) == ["0 s"]


@pytest.mark.parametrize("cycle_s", [0.5, 7.0, 90.0, 5400.0, DAY_S, 1.5 * DAY_S, WEEK_S, 9e7, 1e11])
@pytest.mark.parametrize("width", [20, 48, 88, 190])
def test_ticks_stand_apart_and_within_the_width(cycle_s: float, width: int) -> None:
    made = ticks(cycle_s, width=width, calendar=False)
    assert made[0][0] == 0
    for (column, label), (following, _) in pairwise(made):
        assert column + len(label) < following
    assert made[-1][0] + len(made[-1][1]) <= width
