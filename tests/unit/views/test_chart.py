import re

import pytest

from planner.model.units import format_duration, format_number
from planner.views.chart import Span, Strip, chart
from planner.views.style import Style
from planner.views.timeline import DAY_S

THREE = """\
          rate
       8 │               █████
       0 │     ▄▄▄▄▄██████████
          up
       9 │          █▀▀▀▀▄
         │▀▀▀▀▀▀▀▀▀▀     █▄▄▄▄
       0 │
          p99
  200 ms │               █▀▀▀▀
   50 ms │┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄█┄┄┄┄
         │          ▀▀▀▀▀
   10 ms │▄▄▄▄▄
         └┴─────────┴─────────
          0 s       30 s
"""
THREE_IN_ASCII = """\
          rate
       8 |               #####
       0 |     :::::##########
          up
       9 |          :''''.
         |''''''''''     :....
       0 |
          p99
  200 ms |               :''''
   50 ms |---------------:----
         |          '''''
   10 ms |.....
         ++---------+---------
          0 s       30 s
"""


def spans(*levels: float | None, seconds: float = 15.0) -> tuple[Span, ...]:
    return tuple(
        Span(index * seconds, (index + 1) * seconds, level) for index, level in enumerate(levels)
    )


def bars(*levels: float | None, rows: int = 2) -> Strip:
    return Strip(title="rate", spans=spans(*levels), label=format_number, kind="bars", rows=rows)


def line(*levels: float | None, rows: int = 3) -> Strip:
    return Strip(title="up", spans=spans(*levels), label=format_number, rows=rows)


def latency(*levels: float | None, mark: float | None = 0.05) -> Strip:
    return Strip(
        title="p99", spans=spans(*levels), label=format_duration, rows=4, log=True, mark=mark
    )


def three() -> tuple[Strip, ...]:
    return (bars(0, 2, 4, 8), line(5, 5, 9, 4), latency(0.01, None, 0.03, 0.2))


def drawn(
    *strips: Strip, width: int = 26, cycle_s: float = 60.0, calendar: bool = True, **style: bool
) -> str:
    lines = chart(strips, cycle_s=cycle_s, calendar=calendar, style=Style(width=width, **style))
    return "".join(f"{line}\n" for line in lines)


def test_three_strips_share_one_axis() -> None:
    assert drawn(*three(), width=30, blocks=True) == THREE
    assert drawn(*three(), width=30) == THREE_IN_ASCII


@pytest.mark.parametrize("width", [60, 100, 200])
@pytest.mark.parametrize("blocks", [False, True])
def test_a_chart_is_as_wide_as_asked(width: int, *, blocks: bool) -> None:
    lines = drawn(*three(), width=width, blocks=blocks).splitlines()
    assert max(map(len, lines)) == width
    assert len(lines) == 14
    assert "".join(lines).isascii() is not blocks


def test_colour_adds_nothing_but_colour_and_shows_what_is_above_the_mark() -> None:
    plain, colored = (drawn(*three(), width=30, blocks=True, color=one) for one in (False, True))
    assert re.sub(r"\x1b\[\d+m", "", colored) == plain
    assert "\x1b[31m█▀▀▀▀\x1b[0m" in colored
    assert "\x1b[34m▀▀▀▀▀\x1b[0m" in colored
    assert "\x1b[33m┄" in colored


def test_nothing_known_draws_an_empty_strip() -> None:
    for strip in (bars(), bars(None), line(None, None), latency(None, mark=None)):
        rows = drawn(strip, cycle_s=15.0).splitlines()[1:-2]
        assert len(rows) == strip.rows
        assert {row.partition("|")[2] for row in rows} == {""}


def test_a_silent_strip_stands_on_zero() -> None:
    assert drawn(bars(0, 0, 0, 0)).splitlines()[1:3] == ["    |", "  0 |"]


def test_a_level_that_is_not_finite_is_unknown() -> None:
    known = drawn(line(5, None, 9, 4))
    assert drawn(line(5, float("inf"), 9, 4)) == known
    assert drawn(line(5, float("nan"), 9, 4)) == known


def test_the_smallest_bar_is_seen() -> None:
    lowest = drawn(bars(1, 1_000_000), width=60, cycle_s=30.0).splitlines()[2]
    assert re.search(r"\|\.{10,}#{10,}$", lowest)


def test_windows_in_one_column_are_all_drawn() -> None:
    levels = [5.0] * 1000
    levels[500], levels[700] = 10.0, 0.0
    rows = drawn(bars(*levels), line(*levels), width=55, cycle_s=15_000.0, blocks=True).splitlines()
    assert rows[1].count("█") == 1
    top, bottom = (row.partition("│")[2] for row in (rows[4], rows[6]))
    width = 55 - len("  10 │")
    assert [index for index, char in enumerate(top) if char != " "] == [width // 2]
    assert [index for index, char in enumerate(bottom) if char != " "] == [int(width * 0.7)]


def test_a_window_fills_its_columns_and_what_is_unknown_stays_open() -> None:
    text = drawn(line(3, None, 3, rows=1), width=35, cycle_s=45.0)
    assert text.splitlines()[1] == "  3 |''''''''''          ''''''''''"


def test_a_window_past_the_end_of_the_cycle_is_cut_off() -> None:
    assert max(map(len, drawn(line(1, 2, 3, 4), cycle_s=50.0).splitlines())) == 26


def test_the_ends_of_a_log_scale_are_round() -> None:
    def named(strip: Strip) -> list[str]:
        rows = drawn(strip, width=40).splitlines()[1:-2]
        return [label.strip() for label in (row.partition("|")[0] for row in rows) if label.strip()]

    assert named(latency(0.0123, 0.071)) == ["100 ms", "50 ms", "10 ms"]
    assert named(latency(0.2, 0.2, mark=None)) == ["500 ms", "200 ms"]
    assert named(latency(0.011, 0.0, 0.03, mark=None)) == ["50 ms", "10 ms"]
    assert named(latency(0.004, mark=0.004)) == ["5 ms", "4 ms", "2 ms"]
    assert named(latency(None, mark=0.05)) == ["100 ms", "50 ms"]


def test_a_week() -> None:
    strip = line(1, 2, 3, 4, 5, 6, 7)
    week = drawn(strip, width=100, cycle_s=7 * DAY_S).splitlines()[-1]
    assert week.split() == ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    recorded = drawn(strip, width=100, cycle_s=7 * DAY_S, calendar=False).splitlines()[-1]
    assert recorded.split()[:4] == ["day", "1", "day", "2"]
