"""inference-perf: `stage_N_lifecycle_metrics.json`, and the summary of a run of one stage.

Fields as its report generator writes them (2026). Times are in seconds. A stage has a rate, or a
concurrency; how requests of a rate are spaced stands in the configuration only, so that the evenly
spaced ones, which are the safe side, are taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from planner.profiling.content import Content
from planner.profiling.observation import Given, Observation, Stats
from planner.profiling.statistics import of_names

_TOOL = "inference-perf"


def is_report(content: Content) -> bool:
    """Tell a report of requests."""
    found = content.json
    return isinstance(found, dict) and {"load_summary", "successes"} <= found.keys()


def report(content: Content, given: Given) -> tuple[Observation, ...]:
    """The stage as one observation."""
    load, good = content.json["load_summary"], content.json["successes"]
    times = (good.get("latency") or {}).get("request_latency") or {}
    if not times.get("mean") or not good.get("count"):
        return ()
    users = given.users if given.users is not None else load.get("concurrency")
    rate = load.get("requested_rate")
    loop = given.loop or ("closed" if users else "open" if rate else given.closed_or_open(_TOOL))
    failed = (content.json.get("failures") or {}).get("count") or 0
    latency = good["latency"]
    return (
        Observation(
            instance_type=given.instance(),
            loop=loop,
            users=float(users) if users and loop == "closed" else None,
            throughput_per_s=_rate(content.json, loop == "open"),
            offered_per_s=float(rate) if rate and loop == "open" else None,
            arrivals="constant",
            mean_s=float(times["mean"]),
            latency=of_names(times, 1.0),
            requests=int(good["count"]) + int(failed),
            errors=failed / (failed + good["count"]),
            ttft=_all(latency, "time_to_first_token"),
            itl=_all(latency, "inter_token_latency"),
            input_tokens=_mean(good, "prompt_tokens", "prompt_len"),
            output_tokens=_mean(good, "output_tokens", "output_len"),
            tool=_TOOL,
            date=given.day(),
        ),
    )


def _rate(whole: Mapping[str, Any], is_open: bool) -> float | None:
    """Answers a second; of an open loop while it was sending, without the tail of the last ones."""
    load, good = whole["load_summary"], whole["successes"]
    if is_open and load.get("send_duration"):
        return float(good["count"]) / float(load["send_duration"])
    found = (good.get("throughput") or {}).get("requests_per_sec")
    return float(found) if found else None


def _all(latency: Mapping[str, Any], name: str) -> Stats:
    found = latency.get(name) or {}
    mean = found.get("mean")
    return (("mean", float(mean)), *of_names(found, 1.0)) if mean else ()


def _mean(good: Mapping[str, Any], *names: str) -> float | None:
    for name in names:
        found = (good.get(name) or {}).get("mean")
        if found:
            return float(found)
    return None
