"""Whether the models of a shared endpoint are where they should be: in memory."""

from __future__ import annotations

from collections.abc import Iterator

from planner.doctor.case import Case, chance
from planner.model.checkup import Finding, Severity
from planner.model.units import format_duration, format_fraction, format_number

_UNLOADED = 0.5
"""Of the loads that must push out another model for memory to be the cause."""


def models(case: Case) -> Iterator[Finding]:
    """Hits below the planned, loads that queue or take long, models that nobody planned."""
    if not case.shared or case.vitals.requests <= 0.0:
        return
    yield from _unknown(case)
    yield from _misses(case)
    yield from _loads(case)


def _misses(case: Case) -> Iterator[Finding]:
    """Fewer hits than planned: the memory is too small, or the models are called too rarely."""
    hits, requests = case.vitals.hit_rate, case.vitals.requests
    planned = 1.0 - case.forecast.cold
    if hits is None:
        return
    if hits < case.limit("cache-pointless") and case.decision.option("model_cache") != "disabled":
        yield _finding(
            case,
            ("cache-pointless", "M6"),
            f"only {format_fraction(hits)} of the requests find their model in memory: most "
            "models are called once",
            "ModelCacheSetting Disabled: without the cache more requests are served; plan again "
            "with the weights of the models as they are",
        )
        return
    missing = (planned - hits) * requests
    if missing <= max(case.limit("hit-rate-below") * requests, chance((1 - planned) * requests)):
        return
    unloads = case.vitals.count("unloads") or 0.0
    if unloads >= _UNLOADED * (1.0 - hits) * requests:
        yield _finding(
            case,
            ("cache-thrash", "M3"),
            "models push each other out of memory: loads and unloads go hand in hand",
            "instances with more memory or more of them, or fewer models on this endpoint; check "
            "models[].memory in the spec",
        )
    else:
        yield _finding(
            case,
            ("hit-rate", "L2"),
            "models are loaded, and hardly one is unloaded: they are called for the first time",
            "warm the models up before their traffic comes; models[].weight in the spec may be "
            "other than the calls are",
        )


def _finding(case: Case, named: tuple[str, str], cause: str, action: str) -> Finding:
    rule, row = named
    return Finding(
        rule=rule,
        source_id=row,
        severity=Severity.WARNING,
        cause=cause,
        action=action,
        measured=f"{format_fraction(case.vitals.hit_rate or 0.0)} hits",
        expected=f"{format_fraction(1.0 - case.forecast.cold)} hits",
    )


def _loads(case: Case) -> Iterator[Finding]:
    """Loads that wait for one another, or that take longer than planned."""
    vitals = case.vitals
    if vitals.waiting is None or vitals.loading is None:
        return
    download_s = vitals.downloading.mean_s if vitals.downloading else 0.0
    own_s = download_s + vitals.loading.mean_s
    if vitals.waiting.mean_s > case.limit("contention") * own_s:
        yield Finding(
            rule="loads-queue",
            source_id="L2",
            severity=Severity.WARNING,
            cause=f"requests wait {format_duration(vitals.waiting.mean_s)} for a model that takes "
            f"{format_duration(own_s)} to fetch and load: loads queue",
            action="more instances, so that fewer models are loaded at once on each",
            measured=format_duration(vitals.waiting.mean_s),
            expected=f"about {format_duration(own_s)}",
        )
    planned_s = _planned_load_s(case)
    if planned_s > 0.0 and own_s > case.limit("contention") * planned_s:
        fetching = download_s > vitals.loading.mean_s
        yield Finding(
            rule="slow-loads",
            source_id="L2",
            severity=Severity.WARNING,
            cause=f"a model takes {format_duration(own_s)} to load, most of it "
            + ("the download" if fetching else "reading it in"),
            action="smaller artifacts, in the same region; models[].load_time in the spec as it is"
            if fetching
            else "a format that loads faster, less work at load; models[].load_time as it is",
            measured=format_duration(own_s),
            expected=format_duration(planned_s),
        )


def _planned_load_s(case: Case) -> float:
    return max((one.load_s for one in case.models), default=0.0)


def _unknown(case: Case) -> Iterator[Finding]:
    """More models in one memory than the spec has: adding one needs no update, and no plan."""
    resident = max((one.resident or 0.0 for one in case.vitals.periods), default=0.0)
    if resident <= len(case.models) + 0.5:
        return
    yield Finding(
        rule="models-unplanned",
        source_id="M4",
        severity=Severity.WARNING,
        cause=f"an instance holds {format_number(resident)} models, and the spec has "
        f"{len(case.models)}: models were added below its prefix",
        action="put them into models[] with their size and weight, so that memory and replicas "
        "are planned for them; adding needs no update of the endpoint",
        measured=f"{format_number(resident)} models",
        expected=f"at most {len(case.models)}",
    )
