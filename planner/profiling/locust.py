"""Locust: `PREFIX_stats.csv`, and `PREFIX_stats_history.csv` of `--csv-full-history`.

Columns as locust 2.47 writes them. Locust's users wait for their answers: a closed loop. Times are
in milliseconds, the percentiles of the history those of the last ten seconds, and its totals those
since the start. Only the history says how many users there were.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby

from planner.model.value import record
from planner.profiling.content import Content, Row
from planner.profiling.observation import Given, MeasurementError, Observation, Stats

_TOOL = "locust"
_TOTAL = "Aggregated"
_STATS = {"Type", "Name", "Request Count", "Average Response Time", "Requests/s"}
_HISTORY = {"Timestamp", "User Count", "Total Request Count", "Total Average Response Time"}
_PERCENTILES = {"50%": "p50", "75%": "p75", "90%": "p90", "95%": "p95", "99%": "p99"}
_PERCENTILES |= {"99.9%": "p99.9", "100%": "max"}
_SETTLING_S = 2
"""Of each level, left out: users start, and answers of the level before still come in."""
_SHORTEST_S = 3


def is_stats(content: Content) -> bool:
    """Tell the file of totals."""
    return set(content.header) >= _STATS


def is_history(content: Content) -> bool:
    """Tell the file over time."""
    return set(content.header) >= _HISTORY


def stats(content: Content, given: Given) -> tuple[Observation, ...]:
    """One observation a request name, and their total; users are given, the file has none."""
    if given.users is None:
        raise MeasurementError(
            "which-users",
            f"{content.name}: locust writes the number of users only into its history",
            hint="--users 8, or import the _stats_history.csv of a run with --csv-full-history",
        )
    return tuple(
        found for line, row in content.rows() if (found := _total(content, line, row, given))
    )


def _total(content: Content, line: int, row: Row, given: Given) -> Observation | None:
    count = content.number(row, "Request Count", line) or 0.0
    failed = content.number(row, "Failure Count", line) or 0.0
    mean_ms = content.number(row, "Average Response Time", line)
    if not count or not mean_ms:
        return None
    least = content.number(row, "Min Response Time", line)
    return Observation(
        instance_type=given.instance(),
        loop=given.loop_of(_TOOL, "closed"),
        users=given.users,
        mean_s=mean_ms / 1e3,
        throughput_per_s=content.number(row, "Requests/s", line),
        latency=(*_min(least), *_percentiles(content, row, line)),
        requests=int(count),
        errors=failed / count,
        labels=_labels(row),
        whole=row["Name"] == _TOTAL,
        tool=_TOOL,
        date=given.day(),
    )


def _labels(row: Row) -> tuple[tuple[str, str], ...]:
    return (("request", f"{row.get('Type', '')} {row['Name']}".strip()),)


def _min(milliseconds: float | None) -> Stats:
    return () if milliseconds is None else (("min", milliseconds / 1e3),)


def _percentiles(content: Content, row: Row, line: int) -> Stats:
    found = ((name, content.number(row, cell, line)) for cell, name in _PERCENTILES.items())
    return tuple((name, given / 1e3) for name, given in found if given)


@record
class _Moment:
    """The totals since the start, at a second."""

    at_s: float
    users: float
    count: float
    failed: float
    total_ms: float


def history(content: Content, given: Given) -> tuple[Observation, ...]:
    """One observation for each stretch of constant users, from the differences of the totals.

    Its percentiles are not: those of the file overlap from row to row.
    """
    moments = list(_moments(content))
    levels: list[list[_Moment]] = [
        list(group) for _, group in groupby(moments, key=lambda one: one.users)
    ]
    parts: dict[float, list[tuple[_Moment, _Moment]]] = {}
    for level in levels:
        settled = [one for one in level if one.at_s >= level[0].at_s + _SETTLING_S]
        if level[0].users and settled and settled[-1].at_s - settled[0].at_s >= _SHORTEST_S:
            parts.setdefault(level[0].users, []).append((settled[0], settled[-1]))
    if not parts:
        raise MeasurementError(
            "no-steady-load",
            f"{content.name}: no number of users stood for {_SETTLING_S + _SHORTEST_S} s or more",
            hint="hold each number of users for 30 s, as in a LoadTestShape of steps",
        )
    date = given.day(datetime.fromtimestamp(moments[-1].at_s, UTC).date().isoformat())
    found = (_level(users, stretches, given, date) for users, stretches in parts.items())
    return tuple(one for one in found if one is not None)


def _moments(content: Content) -> Iterator[_Moment]:
    for line, row in content.rows():
        if row["Name"] != _TOTAL:
            continue
        at, users, count, failed, mean = (
            content.number(row, column, line) or 0.0
            for column in (
                "Timestamp",
                "User Count",
                "Total Request Count",
                "Total Failure Count",
                "Total Average Response Time",
            )
        )
        yield _Moment(at, users, count, failed, count * mean)


def _level(
    users: float, stretches: Sequence[tuple[_Moment, _Moment]], given: Given, date: str
) -> Observation | None:
    seconds = sum(last.at_s - first.at_s for first, last in stretches)
    count = sum(last.count - first.count for first, last in stretches)
    failed = sum(last.failed - first.failed for first, last in stretches)
    total_ms = sum(last.total_ms - first.total_ms for first, last in stretches)
    if count <= 0:
        return None
    return Observation(
        instance_type=given.instance(),
        loop=given.loop_of(_TOOL, "closed"),
        users=users,
        mean_s=total_ms / count / 1e3,
        throughput_per_s=count / seconds,
        requests=int(count),
        errors=failed / count,
        tool=_TOOL,
        date=date,
    )
