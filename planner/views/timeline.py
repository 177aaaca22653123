"""Times within a repeating cycle, as people read them."""

from __future__ import annotations

DAY_S = 86_400.0
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_STEPS_S = (
    *(1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0),
    *(3600.0, 7200.0, 10800.0, 21600.0, 43200.0, DAY_S, 2 * DAY_S, 7 * DAY_S, 14 * DAY_S),
    *(28 * DAY_S, 91 * DAY_S, 364 * DAY_S),
)
_IN_SECONDS_S = 600.0
_APART = 2


def moment(at_s: float, *, cycle_s: float, calendar: bool) -> str:
    """A time in the cycle: `Mon 06:00` or `day 9 06:00`, `06:00` within a day, `95 s` if short.

    `calendar` where the cycle starts on a Monday at midnight; else its days have numbers.
    """
    if cycle_s <= _IN_SECONDS_S:
        return f"{at_s:.3f}".rstrip("0").rstrip(".") + " s"
    second = at_s % DAY_S
    clock = f"{int(second // 3600):02}:{int(second // 60) % 60:02}"
    if second % 60 >= 1.0:
        clock += f":{int(second % 60):02}"
    return clock if cycle_s <= DAY_S else f"{_day(at_s, calendar=calendar)} {clock}"


def ticks(cycle_s: float, *, width: int, calendar: bool) -> list[tuple[int, str]]:
    """Columns of round times with their labels, as many as stand apart within the width."""
    for step_s in _STEPS_S:
        count = int((cycle_s - 1e-9) // step_s) + 1
        if count > width:
            continue
        named = [
            (round(at_s / cycle_s * width), _named(at_s, step_s, cycle_s, calendar))
            for at_s in (index * step_s for index in range(count))
        ]
        longest = max(len(label) for _, label in named)
        if count == 1 or longest + _APART <= step_s / cycle_s * width:
            return [(column, label) for column, label in named if column + len(label) <= width]
    return [(0, moment(0.0, cycle_s=cycle_s, calendar=calendar))]


def _named(at_s: float, step_s: float, cycle_s: float, calendar: bool) -> str:
    if step_s >= DAY_S and cycle_s > DAY_S:
        return _day(at_s, calendar=calendar)
    return moment(at_s, cycle_s=cycle_s, calendar=calendar)


def _day(at_s: float, *, calendar: bool) -> str:
    index = int(at_s // DAY_S)
    return _DAYS[index % 7] if calendar else f"day {index + 1}"
