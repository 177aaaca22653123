"""Metrics of a running endpoint as observations of one replica under its share of the load.

Callers do not wait for each other: an open loop. How many requests were in service at a time is no
metric; by Little's law it is the rate times the time in the model. Where the wait for a slot is
measured apart, or nobody waits for one, that time is the service time; else it has the queue in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from planner.model.units import format_number
from planner.model.value import value
from planner.model.vitals import Spread, Vitals
from planner.profiling.observation import MeasurementError, Observation, Place, Stats

FEWEST = 200
"""Requests of a window from which its mean or median says something."""
TAIL = 2_000
"""Requests from which a p99 does: twenty beyond it."""
LONGER = (
    "look further back with --since 1d, or, where a cloud shows the last minute only, more often "
    "with --looks 10"
)
"""What helps where there are too few."""


@value
class Serving:
    """What answered, as it was planned and applied.

    `replicas` where metrics do not count them, None where there are none to count: each request has
    a place of its own then. `outside_s` is what the cloud adds to the whole time.
    """

    endpoint: str
    provider: str
    instance_type: str
    replicas: float | None
    outside_s: float

    @property
    def alone(self) -> bool:
        """Whether a request is never served beside another."""
        return self.replicas is None


@value
class Served:
    """An observation for each window that had requests enough, and what was left out."""

    observations: tuple[Observation, ...]
    notes: tuple[str, ...]


def served(serving: Serving, windows: Sequence[Vitals]) -> Served:
    """What the windows tell; MeasurementError where none tells anything."""
    enough = [one for one in windows if one.requests >= FEWEST]
    if not enough:
        most = max((one.requests for one in windows), default=0.0)
        raise MeasurementError(
            "too-few-requests",
            f"{serving.endpoint} had {most:,.0f} requests in the busiest of {len(windows)} "
            f"windows: they say nothing about a service time; it takes {FEWEST}",
            hint=LONGER,
        )
    notes = list(dict.fromkeys(note for one in enough for note in one.notes))
    if len(enough) < len(windows):
        notes.append(
            f"{len(windows) - len(enough)} of {len(windows)} windows left out: fewer than "
            f"{FEWEST} requests"
        )
    if not serving.alone and not all(map(_counted, enough)):
        notes.append(
            f"no metric counts the replicas: {format_number(serving.replicas or 0.0)}, as planned"
        )
    return Served(
        observations=tuple(_observation(serving, one) for one in enough), notes=tuple(notes)
    )


def _observation(serving: Serving, vitals: Vitals) -> Observation:
    spread, at, outside_s = _spread(serving, vitals)
    mean_s = spread.mean_s - outside_s
    apart = serving.alone or (at == "model" and vitals.queue is not None)
    replicas = _replicas(serving, vitals)
    # Beside no other, a request stands for itself, however many there are.
    rate = vitals.rate_per_s / replicas if replicas else min(vitals.rate_per_s, 1.0 / mean_s)
    labels = [
        ("endpoint", serving.endpoint),
        ("since", _moment(vitals.since_s)),
        ("until", _moment(vitals.until_s)),
    ]
    if replicas:
        labels.append(("replicas", format_number(replicas)))
        labels.append(("in_service", format_number(rate * mean_s)))
    return Observation(
        instance_type=serving.instance_type,
        loop="open",
        queue="apart" if apart else "inside",
        mean_s=mean_s,
        throughput_per_s=rate,
        latency=_percentiles(spread, vitals, outside_s),
        requests=round(vitals.requests),
        errors=vitals.share("errors_5xx"),
        labels=tuple(labels),
        at=at,
        tool=f"metrics of {serving.provider}",
        date=_moment(vitals.until_s)[:10],
    )


def _spread(serving: Serving, vitals: Vitals) -> tuple[Spread, Place, float]:
    """The time in the model; else the whole, and what of it is the cloud's."""
    if vitals.model is not None and vitals.model.mean_s > 0.0:
        return vitals.model, "model", 0.0
    if vitals.total is not None and vitals.total.mean_s > serving.outside_s:
        return vitals.total, "endpoint", serving.outside_s
    raise MeasurementError(
        "nothing-observed",
        f"the metrics of {serving.endpoint} have no latency of the model",
        hint="planner profile import FILE of a load test",
    )


def _replicas(serving: Serving, vitals: Vitals) -> float | None:
    """Replicas that a request found on average."""
    if serving.alone:
        return None
    known = [(one.requests, one.replicas) for one in vitals.periods if one.replicas]
    weight = sum(requests for requests, _ in known)
    if weight <= 0.0:
        return serving.replicas
    return sum(requests * count for requests, count in known) / weight


def _counted(vitals: Vitals) -> bool:
    return any(one.replicas and one.requests for one in vitals.periods)


def _percentiles(spread: Spread, vitals: Vitals, outside_s: float) -> Stats:
    """Those that are no line through a bucket, and have requests beyond them."""
    if spread.buckets:
        return ()
    found = {"p50": spread.p50_s, "p90": spread.p90_s, "p95": spread.p95_s}
    if vitals.requests >= TAIL:
        found["p99"] = spread.p99_s
    return tuple(_later(found.items(), outside_s))


def _later(named: Iterable[tuple[str, float | None]], less_s: float) -> Iterable[tuple[str, float]]:
    for name, took_s in named:
        if took_s is not None and took_s > less_s:
            yield name, took_s - less_s


def _moment(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%MZ")
