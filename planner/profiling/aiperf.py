"""AIPerf and its forerunner genai-perf: the summary of a run as JSON or csv.

`profile_export_aiperf.json` of schema 1.0 to 1.5, `profile_export_genai_perf.json` and the csv of
both. A unit stands beside every number and is believed. A concurrency is a closed loop, a request
rate an open one; a rate that a concurrency caps waits like a closed one. The csv says neither.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from io import StringIO
from typing import Any

from planner.model.value import value
from planner.profiling.content import Content
from planner.profiling.observation import Given, Loop, MeasurementError, Observation, Stats
from planner.profiling.statistics import of_names

_LATENCY = "request_latency"
_UNITS = {"s": 1.0, "sec": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
_NAMED = re.compile(r"(.*?)\s*(?:\(([^)]*)\))?\Z")
_CSV_STATS = {"metric", "avg"}


@value
class _Load:
    """What the run sent: the configuration of the tool, or what is given in its place."""

    users: float | None = None
    rate_per_s: float | None = None
    constant: bool = False


def is_json(content: Content) -> bool:
    """Tell a summary as JSON."""
    found = content.json
    return (
        isinstance(found, dict)
        and isinstance(found.get(_LATENCY), dict)
        and "avg" in found[_LATENCY]
    )


def is_csv(content: Content) -> bool:
    """Tell a summary as csv."""
    return {cell.lower() for cell in content.header[:2]} == _CSV_STATS


def from_json(content: Content, given: Given) -> tuple[Observation, ...]:
    """The run as one observation."""
    found = content.json
    tool = "aiperf" if "aiperf_version" in found or "schema_version" in found else "genai-perf"
    config = found.get("input_config") or {}
    load = _Load(
        users=_first(config, "concurrency"),
        rate_per_s=_first(config, "request_rate", "rate"),
        constant=any(one in _words(config) for one in ("constant", "fixed_schedule")),
    )
    day = given.day(str(found.get("start_time") or "")[:10])
    return (_observation(content, found, load, given, tool=tool, day=day),)


def from_csv(content: Content, given: Given) -> tuple[Observation, ...]:
    """The run as one observation; how it was loaded is given."""
    metrics: dict[str, dict[str, Any]] = {}
    for name, unit, numbers in _blocks(content):
        metrics[name] = {"unit": unit, **numbers}
    if _LATENCY not in metrics:
        return ()
    return (_observation(content, metrics, _Load(), given, tool="aiperf", day=given.day()),)


def _blocks(content: Content) -> Iterator[tuple[str, str, Mapping[str, float]]]:
    """Metrics of all blocks of the csv: a block starts with a header and ends with an empty row."""
    header: list[str] = []
    for row in csv.reader(StringIO(content.text, newline="")):
        if not any(row):
            header = []
        elif not header:
            header = [cell.strip() for cell in row]
        elif header[0] == "Metric" and len(row) == len(header):
            name, unit = _NAMED.match(row[0].strip()).groups()  # type: ignore[union-attr]
            numbers = {
                "avg" if key == "Value" else key: number
                for key, cell in zip(header[1:], row[1:], strict=True)
                if (number := _number(cell)) is not None
            }
            yield re.sub(r"\W+", "_", name.lower()), unit or "", numbers


def _number(cell: str) -> float | None:
    try:
        return float(cell.replace(",", ""))
    except ValueError:
        return None


def _observation(
    content: Content,
    metrics: Mapping[str, Any],
    load: _Load,
    given: Given,
    *,
    tool: str,
    day: str,
) -> Observation:
    mean_s, latency = _times(content, metrics, _LATENCY)
    if mean_s is None:
        raise MeasurementError(
            "no-mean-latency", f"{content.name}: {_LATENCY} has no average", hint="run it again"
        )
    users = given.users if given.users is not None else load.users
    rate = load.rate_per_s
    stated: Loop | None = "closed" if users else "open" if rate else None
    loop = given.loop_of(tool, stated)
    block = metrics[_LATENCY]
    std, errors = block.get("std"), _errors(metrics)
    return Observation(
        instance_type=given.instance(),
        loop=loop,
        users=users if loop == "closed" else None,
        throughput_per_s=_average(metrics, "request_throughput"),
        # Its throughput is of the answers that were good.
        offered_per_s=rate * (1.0 - (errors or 0.0)) if rate and loop == "open" else None,
        arrivals="constant" if loop == "open" and (load.constant or not rate) else "poisson",
        mean_s=mean_s,
        std_s=std * _unit(content, block) if isinstance(std, int | float) and std else None,
        latency=latency,
        requests=_count(metrics),
        errors=errors,
        ttft=_all(content, metrics, "time_to_first_token"),
        itl=_all(content, metrics, "inter_token_latency"),
        input_tokens=_average(metrics, "input_sequence_length"),
        output_tokens=_average(metrics, "output_sequence_length"),
        tool=tool,
        date=day,
    )


def _times(content: Content, metrics: Mapping[str, Any], name: str) -> tuple[float | None, Stats]:
    block = metrics.get(name)
    if not isinstance(block, Mapping) or not block.get("avg"):
        return None, ()
    unit = _unit(content, block)
    return float(block["avg"]) * unit, of_names(block, unit)


def _all(content: Content, metrics: Mapping[str, Any], name: str) -> Stats:
    mean, rest = _times(content, metrics, name)
    return () if mean is None else (("mean", mean), *rest)


def _unit(content: Content, block: Mapping[str, Any]) -> float:
    name = str(block.get("unit", "")).lower()
    if name not in _UNITS:
        raise MeasurementError(
            "unknown-unit",
            f"{content.name}: a latency in `{name}`",
            hint=f"units that are known: {', '.join(_UNITS)}",
        )
    return _UNITS[name]


def _average(metrics: Mapping[str, Any], name: str) -> float | None:
    block = metrics.get(name)
    found = block.get("avg") if isinstance(block, Mapping) else None
    return float(found) if isinstance(found, int | float) and found > 0 else None


def _count(metrics: Mapping[str, Any]) -> int | None:
    found = _average(metrics, "request_count") or metrics[_LATENCY].get("count")
    return int(found) if found else None


def _errors(metrics: Mapping[str, Any]) -> float | None:
    failed = _average(metrics, "error_request_count")
    good = _count(metrics)
    return failed / (failed + good) if failed and good else None


def _first(config: Any, *names: str) -> float | None:
    """The first positive number of one of these names, anywhere in the configuration."""
    for name, found in _leaves(config):
        if name in names and isinstance(found, int | float) and not isinstance(found, bool):
            return float(found) if found > 0 else None
    return None


def _words(config: Any) -> set[str]:
    """The texts that say how requests are timed."""
    return {
        found
        for name, found in _leaves(config)
        if isinstance(found, str) and (name == "type" or "mode" in name or "pattern" in name)
    }


def _leaves(config: Any) -> Iterator[tuple[str, Any]]:
    """What stands in the configuration, but for warm-up phases; phases are a list, or named."""
    if isinstance(config, list):
        for one in config:
            yield from _leaves(one)
    if not isinstance(config, Mapping) or config.get("kind") == "warmup":
        return
    for name, found in config.items():
        if "warmup" in name:
            continue
        if isinstance(found, Mapping | list):
            yield from _leaves(found)
        else:
            yield name, found
