"""Time zones and cron expressions, checked and resolved over one reference week."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache

from planner.model.units import UnitError
from planner.model.value import record
from planner.spec.nearest import nearest

_MONDAY = datetime(2024, 1, 1)  # noqa: DTZ001  a wall clock without a zone is what cron means
_WEEK = timedelta(days=7)
DAY_S = 86400.0
_WEEK_S = 7 * DAY_S
_MOST_STARTS = 7 * 24


@record
class WeekOfCron:
    """Starts, seconds after Monday 00:00; `rare` when the cron matches only some weeks."""

    starts_s: tuple[float, ...]
    rare: bool


@lru_cache(maxsize=256)
def check_timezone(name: str) -> None:
    """Raise UnitError with the nearest name when there is no such IANA time zone."""
    if name == "UTC":
        return
    from zoneinfo import ZoneInfo, available_timezones  # noqa: PLC0415  only for local time

    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        near = nearest(name, available_timezones())
        hint = f"did you mean {near}?" if near else "write an IANA name such as Europe/Vienna"
        raise UnitError(f"there is no time zone {name}", hint) from None


@lru_cache(maxsize=1024)
def week_of(cron: str) -> WeekOfCron:
    """Return when a five-field cron fires in one week; UnitError when it is none, or too often."""
    from croniter import CroniterError, croniter  # noqa: PLC0415  only where there are spikes

    example = 'write minute hour day month weekday, such as "0 12 * * fri"'
    if len(cron.split()) != 5:
        raise UnitError(f"a cron has five fields: {cron}", example)
    try:
        # One second earlier, as a match at the start itself counts.
        walk = croniter(cron, _MONDAY - timedelta(seconds=1))
        first = walk.get_next(datetime)
        starts: list[float] = []
        moment = first
        while moment < _MONDAY + _WEEK:
            starts.append((moment - _MONDAY).total_seconds())
            if len(starts) > _MOST_STARTS:
                raise UnitError(
                    f"fires more often than hourly: {cron}", "describe it as traffic of type stages"
                )
            moment = walk.get_next(datetime)
    except CroniterError as error:
        raise UnitError(f"cannot read the cron {cron}: {error}", example) from None
    if starts:
        return WeekOfCron(tuple(starts), rare=not _weekly(cron))
    offset = (first - _MONDAY).total_seconds() % _WEEK_S
    return WeekOfCron((offset,), rare=True)


def _weekly(cron: str) -> bool:
    """Tell whether a cron says nothing of days of the month or months."""
    _minute, _hour, day, month, _weekday = cron.split()
    return day in {"*", "?"} and month == "*"
