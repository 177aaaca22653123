"""What somebody saw of a running endpoint, as it is written on a command line, in csv or in JSON.

    p50=12ms,p99=30ms,rate=310/s,replicas=4,concurrency=2

A csv has a column for each, with the unit in the name (`p50_ms`, `rate_per_s`); JSON is an object
or a list of them, with either kind of key.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from planner.model.units import UnitError, parse_duration, parse_rate
from planner.profiling.calibrate import Seen
from planner.profiling.content import Content
from planner.profiling.observation import MeasurementError

_LATENCY = re.compile(r"(mean|p\d{1,2}(?:\.\d+)?)(?:_(s|ms|us))?\Z")
_RATE = re.compile(r"rate(?:_per_(s|min|h))?\Z")
_COUNTS = ("replicas", "concurrency")


def window(given: Mapping[str, Any], *, overhead_s: float, concurrency: int) -> Seen:
    """One window; `concurrency` where it does not say. MeasurementError for what is missing."""
    latency: dict[str, float] = {}
    rate: float | None = None
    counts: dict[str, int] = {"concurrency": concurrency}
    for key, text in given.items():
        if match := _LATENCY.match(key):
            latency[match[1]] = _less(_read(parse_duration, key, text, match[2] or ""), overhead_s)
        elif match := _RATE.match(key):
            rate = _read(parse_rate, key, text, f"/{match[1]}" if match[1] else "")
        elif key in _COUNTS:
            counts[key] = _count(key, text)
        else:
            raise MeasurementError(
                "unknown-observation",
                f"{key} is nothing that an endpoint shows",
                hint="p50, p90, p95, p99, mean, rate, replicas, concurrency",
            )
    if not rate or "replicas" not in counts:
        raise MeasurementError(
            "incomplete-observation",
            "a latency means nothing without the rate and the replicas it was seen at",
            hint="--observed p50=12ms,p99=30ms,rate=310/s,replicas=4",
        )
    return Seen(
        latency=latency,
        rate_per_s=rate,
        replicas=counts["replicas"],
        concurrency=counts["concurrency"],
    )


def pairs(text: str) -> dict[str, str]:
    """`p50=12ms,rate=310/s` as a mapping."""
    found = {}
    for part in text.split(","):
        name, equals, given = part.partition("=")
        if not equals:
            raise MeasurementError(
                "unknown-observation",
                f"{part} is no NAME=VALUE",
                hint="p50=12ms,p99=30ms,rate=310/s,replicas=4",
            )
        found[name.strip()] = given.strip()
    return found


def rows(content: Content) -> Iterator[Mapping[str, Any]]:
    """The windows of a csv or of JSON."""
    if content.json is None:
        for _, row in content.rows():
            yield {name: cell for name, cell in row.items() if cell.strip()}
        return
    found = content.json if isinstance(content.json, list) else [content.json]
    for one in found:
        if not isinstance(one, dict):
            raise MeasurementError(
                "unreadable-measurements",
                f"{content.name}: a window is an object, not {one}",
                hint='{"p50_ms": 12, "rate_per_s": 310, "replicas": 4}',
            )
        yield one


def _read(parse: Any, key: str, text: Any, unit: str) -> float:
    try:
        number: float = parse(f"{text}{unit}" if unit else text)
    except UnitError as error:
        raise MeasurementError(error.code, f"{key}: {error.message}", hint=error.hint) from None
    if number <= 0:
        raise MeasurementError("impossible-latency", f"{key} is {text}", hint="check the units")
    return number


def _less(seconds: float, overhead_s: float) -> float:
    if seconds <= overhead_s:
        raise MeasurementError(
            "overhead-too-long",
            f"an overhead of {overhead_s * 1e3:.4g} ms leaves nothing of {seconds * 1e3:.4g} ms",
            hint="give the time that is not the model's",
        )
    return seconds - overhead_s


def _count(key: str, text: Any) -> int:
    try:
        number = float(text)
    except (TypeError, ValueError):
        number = 0.0
    if number < 1 or number != int(number):
        raise MeasurementError(
            "unknown-observation", f"{key} is a whole number from 1, not {text}", hint=f"{key}=4"
        )
    return int(number)
