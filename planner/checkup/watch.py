"""Endpoints whose service time is to be told: their metrics in several windows of time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from planner.checkup.examine import Looking, vitals_of, window_of
from planner.checkup.running import Planned, Running, running
from planner.engine import Connections
from planner.errors import ProviderError
from planner.model.effort import Effort
from planner.model.units import format_duration
from planner.model.value import value
from planner.model.vitals import Vitals, Window

_SHORTEST_S, _MOST = 600.0, 6
"""A window has enough requests for a median, and so many of them tell what is not usual."""

_KNOWN = Effort(requests=2_000)
"""What runs, and under which conditions, is known of itself; nothing that is simulated is used."""


@value
class Watched:
    """An endpoint of one model, and what its metrics show, window by window."""

    running: Running
    windows: tuple[Vitals, ...]


def watched(
    planned: Iterable[Planned], connections: Connections, looking: Looking
) -> tuple[Watched, ...]:
    """Every endpoint that is there and serves one model; raises ProviderError where none does."""
    there = list(running(list(planned), connections, effort=_KNOWN))
    if not there:
        raise ProviderError(
            "nothing-to-look-at", "none of these endpoints exists", hint="planner apply SPEC"
        )
    alone = [one for one in there if len(one.decision.models) == 1]
    if not alone:
        raise ProviderError(
            "shared-endpoint",
            "several models share the endpoint, and metrics do not tell them apart",
            hint="planner profile import of a load test of one model",
        )
    return tuple(_watched(one, connections, looking) for one in alone)


def _watched(one: Running, connections: Connections, looking: Looking) -> Watched:
    whole = window_of(one, connections, looking)
    first = vitals_of(one, connections, whole)
    since_s, until_s = max(first.since_s, _changed_s(one, first)), first.until_s
    if not first.measured or until_s - since_s < first.period_s:
        raise ProviderError(
            "no-metrics",
            f"{one.decision.endpoint} has no metrics of the last "
            f"{format_duration(looking.seconds)}, or since it was changed",
            hint="wait for traffic, or look further back with --since 1d",
        )
    # A cloud that shows the last minute only was looked at as often as was asked for.
    if first.since_s >= whole.until_s - first.period_s:
        return Watched(running=one, windows=(first,))
    count = max(1, min(_MOST, int((until_s - since_s) / _SHORTEST_S)))
    width_s = (until_s - since_s) / count
    parts = (
        Window(since_s=since_s + i * width_s, until_s=since_s + (i + 1) * width_s)
        for i in range(count)
    )
    return Watched(
        running=one,
        windows=tuple(
            vitals_of(one, connections, replace(whole, since_s=w.since_s, until_s=w.until_s))
            for w in parts
        ),
    )


def _changed_s(one: Running, vitals: Vitals) -> float:
    """From when on it has run as it does; autoscaling counts as an update, and is none."""
    if one.decision.autoscaling is not None or vitals.updated_s is None:
        return 0.0
    return vitals.updated_s
