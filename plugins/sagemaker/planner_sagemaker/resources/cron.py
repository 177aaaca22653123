"""Five-field cron as the six-field schedules of AWS.

AWS numbers Sunday 1, not 0, and wants `?` in one of the two day fields: days are written by name,
and a cron that restricts both (which means either) becomes two schedules.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from planner.errors import ProviderError

_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


def aws_schedules(cron: str) -> tuple[str, ...]:
    """One or two `cron(...)` expressions that match when `cron` does.

    Raises ProviderError `cron-unsupported` for what is no plain five-field cron.
    """
    fields = cron.split()
    if len(fields) != 5:
        raise _unsupported(cron)
    try:
        minute = _numbers(fields[0], 0, 59)
        hour = _numbers(fields[1], 0, 23)
        date = _numbers(fields[2], 1, 31)
        month = _numbers(fields[3], 1, 12, _MONTHS)
        day = _days(fields[4])
    except ValueError:
        raise _unsupported(cron) from None
    return tuple(
        f"cron({minute} {hour} {on_date} {month} {on_day} *)"
        for on_date, on_day in _day_fields(date, day, either="*" not in (fields[2], fields[4]))
    )


def _day_fields(date: str, day: str, *, either: bool) -> list[tuple[str, str]]:
    """Date and weekday of each schedule; `either` when cron matches on one or the other."""
    if either and "*" not in (date, day):
        return [(date, "?"), ("?", day)]
    if either or day == "*":
        return [("*" if either else date, "?")]
    return [("?", day)]


def _numbers(field: str, low: int, high: int, names: tuple[str, ...] = ()) -> str:
    """The field as a list of numbers and ranges; `*` stays."""

    def value(text: str) -> int:
        upper = text.upper()
        return names.index(upper) + low if upper in names else int(text)

    return _written(_matches(field, low, high, value), low, high, str)


def _days(field: str) -> str:
    """Days of the week by name; 0 and 7 are both Sunday."""

    def value(text: str) -> int:
        upper = text.upper()
        return _DAYS.index(upper) if upper in _DAYS else int(text)

    matches = {day % 7 for day in _matches(field, 0, 7, value)}
    return _written(matches, 0, 6, _DAYS.__getitem__)


def _matches(field: str, low: int, high: int, value: Callable[[str], int]) -> set[int]:
    """Every value that a cron field matches."""
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        if span == "*":
            first, last = low, high
        else:
            start, _, end = span.partition("-")
            first = value(start)
            last = value(end) if end else high if step else first
        if not low <= first <= last <= high or (step and int(step) < 1):
            raise ValueError(field)
        found.update(range(first, last + 1, int(step or 1)))
    return found


def _written(values: set[int], low: int, high: int, name: Callable[[int], str]) -> str:
    """The values in order, three or more neighbours as a range, all of them as `*`."""
    if len(values) == high - low + 1:
        return "*"
    ordered = sorted(values)
    breaks = [0, *(i + 1 for i, (a, b) in enumerate(pairwise(ordered)) if b != a + 1), len(ordered)]
    runs = [ordered[start:end] for start, end in pairwise(breaks)]
    return ",".join(
        f"{name(run[0])}-{name(run[-1])}" if len(run) > 2 else ",".join(map(name, run))
        for run in runs
    )


def _unsupported(cron: str) -> ProviderError:
    return ProviderError(
        "cron-unsupported",
        f"AWS cannot schedule {cron!r}",
        hint='write five plain fields: minute hour day month weekday, such as "45 11 * * 1-5"',
    )
