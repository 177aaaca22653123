"""What simulated requests met at one configuration, over one cycle of its traffic."""

from __future__ import annotations

from planner.model.candidate import Decision, Interval, Latency, Margin
from planner.model.value import value

Times = tuple[tuple[float, float], ...]
"""(seconds, share of the requests): how long something takes, rising."""


@value
class SimulatedWindow:
    """A stretch of the cycle, from `start_s` on; rates and shares are means over it.

    `capacity` counts replicas, units, or busy instances on demand. `late` is the share of its
    requests that miss the tightest latency objective, `refused` the share answered 429, `cold`
    the share that waited for capacity or a model to start. Percentiles are None without requests.
    `answers` (whole latencies, the cold ones last) and `waits` are there where they were asked for.
    """

    start_s: float
    seconds: float
    rate_per_s: float
    capacity: float
    utilization: float
    late: float
    refused: float
    cold: float
    p50_s: float | None
    p99_s: float | None
    answers: Times = ()
    waits: Times = ()


@value
class Conditions:
    """What the numbers of a simulation rest on.

    A request is in service for `service_s` on average, on one of `slots` of a replica or unit, and
    keeps `cpu` of its processors busy; `overhead_s` is the platform's, of which `answered_s` is
    part of the latencies. `memory` is the part of a replica's memory that models fill, `resident`
    how many of them; None where it says nothing.
    """

    service_s: float
    slots: int
    overhead_s: float
    answered_s: float
    load_s: float
    cpu: float
    memory: float | None
    resident: float | None
    accelerated: bool


@value
class Simulation:
    """One endpoint's configuration under its traffic, simulated.

    `simulated` requests stand for the `requests` of a cycle of `cycle_s`. `late_windows` counts
    the windows in which more than the allowed share is late. `intervals` are those of p50, p90,
    p95 and p99 at `confidence`.
    """

    endpoint: str
    decision: Decision
    seed: int
    confidence: float
    simulated: int
    requests: float
    cycle_s: float
    latency: Latency
    intervals: tuple[Interval, ...]
    margins: tuple[Margin, ...]
    refused: float
    cold: float
    utilization: float
    capacity: float
    windows: tuple[SimulatedWindow, ...]
    late_windows: int
    notes: tuple[str, ...] = ()
    conditions: Conditions | None = None

    @property
    def met(self) -> bool:
        """True when every objective held."""
        return all(margin.met for margin in self.margins)
