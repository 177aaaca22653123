"""inference-perf: `stage_N_lifecycle_metrics.json`, and the summary of a run of one stage.

Fields as its report generator writes them (2026). Times are in seconds. A stage has a rate, or a
concurrency; how requests of a rate are spaced stands in the configuration only, so that the evenly
spaced ones, which are the safe side, are taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from planner.profiling.content import Content
from planner.profiling.observation import Given, Loop, Observation, Stats
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
    stated: Loop | None = "closed" if users else "open" if rate else None
    loop = given.loop_of(_TOOL, stated)
    is_open = loop == "open"
    failed = (content.json.get("failures") or {}).get("count") or 0
    errors = failed / (failed + good["count"])
    sent = (_sent(load) or rate) if is_open else None
    latency = good["latency"]
    return (
        Observation(
            instance_type=given.instance(),
            loop=loop,
            users=float(users) if users and not is_open else None,
            throughput_per_s=_rate(content.json, is_open),
            # Its throughput is of the answers that were good.
            offered_per_s=float(sent) * (1.0 - errors) if sent else None,
            arrivals="constant" if is_open else "poisson",
            mean_s=float(times["mean"]),
            latency=of_names(times, 1.0),
            requests=int(good["count"]) + int(failed),
            errors=errors,
            ttft=_all(latency, "time_to_first_token"),
            itl=_all(latency, "inter_token_latency"),
            input_tokens=_mean(good, "prompt_tokens", "prompt_len"),
            output_tokens=_mean(good, "output_tokens", "output_len"),
            tool=_TOOL,
            date=given.day(),
        ),
    )


def _rate(whole: Mapping[str, Any], is_open: bool) -> float | None:
    """Answers a second; of an open loop without the tail of the last one.

    Where a replica keeps up, that tail is about as long as a mean answer takes; where it does not,
    answers go on long after the last request was sent.
    """
    load, good = whole["load_summary"], whole["successes"]
    whole_s = float(whole.get("benchmark_time_seconds") or 0.0)
    if is_open and load.get("send_duration"):
        mean_s = float(good["latency"]["request_latency"]["mean"])
        return float(good["count"]) / max(float(load["send_duration"]), whole_s - mean_s)
    found = (good.get("throughput") or {}).get("requests_per_sec")
    return float(found) if found else None


def _sent(load: Mapping[str, Any]) -> float | None:
    """Requests a second as they came to be sent, which by chance are not those asked for.

    Had the tool not fallen behind its own schedule, by twice the mean delay in the end, it would
    have sent them sooner.
    """
    seconds, delay = load.get("send_duration"), (load.get("schedule_delay") or {}).get("mean")
    if not seconds or delay is None or not load.get("count"):
        return None
    left = float(seconds) - 2.0 * max(float(delay), 0.0)
    return float(load["count"]) / left if left > 0.0 else None


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
