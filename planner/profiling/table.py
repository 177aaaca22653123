"""Plain csv: a row for each level of load, columns by name or as named in `--columns`.

    instance,users,mean_ms,p99_ms,throughput
    ml.c7i.large,4,20.4,33,196

A latency column carries its unit: `mean_ms`, `p99_us`, `mean` (seconds are `mean_s`) is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from planner.profiling.content import Content, Row
from planner.profiling.observation import Given, Loop, MeasurementError, Observation

_UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
_TIME = re.compile(r"(mean|std|min|max|p\d{1,2}(?:\.\d+)?)_(s|ms|us|ns)\Z")
_RATES = {"throughput": 1.0, "per_s": 1.0, "per_min": 1 / 60.0}
_NAMES = {
    "instance": ("instance", "instance_type"),
    "users": ("users", "concurrency", "vus"),
    "rate": ("rate", "offered_per_s"),
    "loop": ("loop",),
    "requests": ("requests", "count"),
    "errors": ("errors", "error_rate"),
    "replicas": ("replicas",),
    "date": ("date",),
}
_TOOL = "csv"


def is_table(content: Content) -> bool:
    """Tell a csv with a mean latency that carries its unit."""
    return any(_TIME.match(name) and name.startswith("mean_") for name in content.header)


def table(content: Content, given: Given) -> tuple[Observation, ...]:
    """One observation a row; whatever else stands in a row labels it."""
    columns = _columns(content, given.columns)
    return tuple(_row(content, line, row, given, columns) for line, row in content.rows())


def _columns(content: Content, named: Mapping[str, str]) -> dict[str, str]:
    """Our names for the columns of the file; those that nothing is known of label a row."""
    found = {one: one for one in content.header if _TIME.match(one) or one in _RATES}
    for name, usual in _NAMES.items():
        found |= {one: name for one in usual if one in content.header}
    for name, column in named.items():
        if column not in content.header:
            raise MeasurementError(
                "unknown-column",
                f"{content.name} has no column {column}",
                hint=f"its columns: {', '.join(content.header)}",
            )
        found[column] = name
    if not any(name.startswith("mean_") for name in found.values()):
        raise MeasurementError(
            "no-mean-latency",
            f"{content.name} has no column mean_ms, mean_s or mean_us",
            hint=f"--columns mean_ms=COLUMN; its columns: {', '.join(content.header)}",
        )
    return found


def _row(
    content: Content, line: int, row: Row, given: Given, columns: Mapping[str, str]
) -> Observation:
    cells = {name: row[column] for column, name in columns.items()}
    numbers = {
        name: number
        for column, name in columns.items()
        if name not in {"instance", "loop", "date"}
        and (number := content.number(row, column, line)) is not None
    }
    times = {
        match[1]: numbers[name] * _UNITS[match[2]]
        for name in numbers
        if (match := _TIME.match(name))
    }
    if "mean" not in times:
        raise content.wrong(line, "no mean latency")
    share = max(numbers.get("replicas", 1.0), 1e-9)
    throughput = next((numbers[one] * _RATES[one] for one in _RATES if one in numbers), None)
    loop = _loop(content, line, cells, numbers, given)
    users = given.users if given.users is not None else numbers.get("users")
    rate = numbers.get("rate", throughput) if loop == "open" else throughput
    return Observation(
        instance_type=given.instance(cells.get("instance", "").strip()),
        loop=loop,
        users=None if users is None or loop == "open" else users / share,
        throughput_per_s=None if rate is None else rate / share,
        mean_s=times.pop("mean"),
        std_s=times.pop("std", None),
        latency=tuple(sorted(times.items())),
        requests=int(numbers["requests"]) if "requests" in numbers else None,
        errors=numbers.get("errors"),
        labels=tuple((one, row[one]) for one in content.header if one not in columns),
        tool=_TOOL,
        date=given.day(cells.get("date", "").strip()),
    )


def _loop(
    content: Content,
    line: int,
    cells: Mapping[str, str],
    numbers: Mapping[str, float],
    given: Given,
) -> Loop:
    """As given, as the row says, or as its load says: users wait, a rate does not."""
    said = cells.get("loop", "").strip().lower()
    if said not in {"open", "closed", ""}:
        raise content.wrong(line, f"loop is open or closed, not {said}")
    if said:
        return given.loop_of("this csv", "open" if said == "open" else "closed")
    if given.loop is not None:
        return given.loop
    if given.users is not None:
        return "closed"
    if ("users" in numbers) != ("rate" in numbers):
        return "closed" if "users" in numbers else "open"
    return given.closed_or_open("a csv without one of users and rate")
