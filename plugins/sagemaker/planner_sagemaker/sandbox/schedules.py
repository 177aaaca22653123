"""When schedules of Application Auto Scaling strike: `at(...)`, `rate(...)`, `cron(...)`.

The cron of AWS has six fields and its own rules: minutes, hours, day of month, month, day of week
(1 is Sunday), year; one of the two days must be `?` (EventBridge user guide, cron expressions).
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from planner.model.value import value

_AT = re.compile(r"at\((\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})\)")
_RATE = re.compile(r"rate\(([1-9]\d*) (minute|hour|day)s?\)")
_CRON = re.compile(r"cron\((\S+(?: \S+){5})\)")
_UNITS = {"minute": 60, "hour": 3600, "day": 86_400}
_MONTHS = {
    "JAN": 1, "FEB": 2, "MAR": 3, "APR": 4, "MAY": 5, "JUN": 6,
    "JUL": 7, "AUG": 8, "SEP": 9, "OCT": 10, "NOV": 11, "DEC": 12,
}  # fmt: skip
_WEEKDAYS = {"SUN": 1, "MON": 2, "TUE": 3, "WED": 4, "THU": 5, "FRI": 6, "SAT": 7}
_YEARS = (1970, 2199)
_Days = Callable[[date], bool]


@value
class _Cron:
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    months: frozenset[int]
    years: frozenset[int]
    is_day: _Days


def next_strike(
    schedule: str, zone: str, after: float, *, anchor: float, inclusive: bool = False
) -> float | None:
    """The first moment after another at which a schedule strikes; None where there is none.

    A rate counts from its anchor, `inclusive` if it strikes there too. ValueError for what is no
    schedule.
    """
    at, rate, cron = (one.fullmatch(schedule) for one in (_AT, _RATE, _CRON))
    if at:
        moment = datetime.fromisoformat(at[1]).replace(tzinfo=ZoneInfo(zone)).timestamp()
        return moment if moment > after else None
    if rate:
        step = int(rate[1]) * _UNITS[rate[2]]
        first = anchor if inclusive else anchor + step
        return first if first > after else first + ((after - first) // step + 1) * step
    if cron:
        return _after(_parsed(cron[1]), ZoneInfo(zone), after)
    raise ValueError(f"Invalid schedule: {schedule}")


def _after(cron: _Cron, zone: ZoneInfo, after: float) -> float | None:
    day = datetime.fromtimestamp(after, zone).date()
    while day.year <= max(cron.years):
        if day.year not in cron.years:
            day = date(day.year + 1, 1, 1)
        elif day.month not in cron.months:
            day = (day.replace(day=1) + timedelta(days=31)).replace(day=1)
        else:
            found = _on(cron, day, zone, after) if cron.is_day(day) else None
            if found is not None:
                return found
            day += timedelta(days=1)
    return None


def _on(cron: _Cron, day: date, zone: ZoneInfo, after: float) -> float | None:
    for hour in cron.hours:
        for minute in cron.minutes:
            local = datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone)
            if local.timestamp() > after:
                return local.timestamp()
    return None


@lru_cache(maxsize=256)
def _parsed(text: str) -> _Cron:
    minutes, hours, of_month, months, of_week, years = text.upper().split(" ")
    if (of_month == "?") == (of_week == "?"):
        raise ValueError(f"Invalid schedule: one of the two days of cron({text}) must be ?")
    return _Cron(
        minutes=tuple(sorted(_numbers(minutes, 0, 59))),
        hours=tuple(sorted(_numbers(hours, 0, 23))),
        months=_numbers(months, 1, 12, _MONTHS),
        years=_numbers(years, *_YEARS),
        is_day=_day_of_week(of_week) if of_month == "?" else _day_of_month(of_month),
    )


def _day_of_month(text: str) -> _Days:
    if text == "L":
        return lambda day: day.day == _last(day)
    if re.fullmatch(r"\d{1,2}W", text):
        wanted = int(text[:-1])
        return lambda day: day == _working(day, wanted)
    days = _numbers(text, 1, 31)
    return lambda day: day.day in days


def _working(day: date, wanted: int) -> date | None:
    """The working day nearest to a day of the month, in the same month."""
    if not 1 <= wanted <= _last(day):
        return None
    nearest = day.replace(day=wanted)
    if nearest.weekday() == 5:
        return nearest + timedelta(days=-1 if wanted > 1 else 2)
    if nearest.weekday() == 6:
        return nearest + timedelta(days=1 if wanted < _last(day) else -2)
    return nearest


def _day_of_week(text: str) -> _Days:
    last = re.fullmatch(r"([1-7]|[A-Z]{3})L", text)
    numbered = re.fullmatch(r"([1-7]|[A-Z]{3})#([1-5])", text)
    if last:
        (own,) = _numbers(last[1], 1, 7, _WEEKDAYS)
        return lambda day: _weekday(day) == own and day.day > _last(day) - 7
    if numbered:
        (own,) = _numbers(numbered[1], 1, 7, _WEEKDAYS)
        week = int(numbered[2])
        return lambda day: _weekday(day) == own and (day.day + 6) // 7 == week
    days = _numbers("7" if text == "L" else text, 1, 7, _WEEKDAYS)
    return lambda day: _weekday(day) in days


def _weekday(day: date) -> int:
    return day.isoweekday() % 7 + 1


def _last(day: date) -> int:
    return monthrange(day.year, day.month)[1]


def _numbers(
    text: str, least: int, most: int, names: Mapping[str, int] | None = None
) -> frozenset[int]:
    """What a list of values, ranges and steps stands for."""
    found: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        low, dash, high = span.partition("-")
        if span == "*":
            first, last = least, most
        else:
            first = _number(low, names)
            last = _number(high, names) if dash else (most if step else first)
        if not least <= first <= last <= most or (step and int(step) < 1):
            raise ValueError(f"Invalid schedule: {part} is not within {least}-{most}")
        found.update(range(first, last + 1, int(step or 1)))
    return frozenset(found)


def _number(text: str, names: Mapping[str, int] | None) -> int:
    if names is not None and text in names:
        return names[text]
    if not text.isdecimal():
        raise ValueError(f"Invalid schedule: {text!r} is no value")
    return int(text)
