"""What one run of a load test, or one window of a live endpoint, saw at one level of load."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from planner.errors import PlannerError
from planner.model.value import value

Loop = Literal["open", "closed"]
Place = Literal["model", "endpoint", "client"]
Stats = tuple[tuple[str, float], ...]
"""(`p99`, seconds) pairs, in the words of an objective: p50, p99.9, min, max."""


class MeasurementError(PlannerError):
    """A file of measurements cannot be read, or what it says contradicts itself."""


@value
class Observation:
    """Answers at one level of load on one replica of an instance type.

    A closed loop keeps `users` requests out, each user waiting for its answer (and thinking); an
    open one sends at a rate whatever comes back. `users` None: nobody said. `arrivals` are those of
    an open loop, `offered_per_s` is what it sent. A wait for a slot is `inside` the latency, or not
    because it is measured apart or nobody waits. `labels` tell apart what one file measured side by
    side; `whole` sums up others of the same file.
    """

    instance_type: str
    loop: Loop
    mean_s: float
    users: float | None = None
    throughput_per_s: float | None = None
    offered_per_s: float | None = None
    arrivals: Literal["poisson", "constant"] = "poisson"
    queue: Literal["inside", "apart"] = "inside"
    latency: Stats = ()
    std_s: float | None = None
    requests: int | None = None
    errors: float | None = None
    ttft: Stats = ()
    itl: Stats = ()
    input_tokens: float | None = None
    output_tokens: float | None = None
    labels: tuple[tuple[str, str], ...] = ()
    whole: bool = False
    at: Place = "client"
    tool: str = ""
    date: str = ""

    def percentile(self, label: str) -> float | None:
        """Seconds of `p99`, or None where it was not measured."""
        return dict(self.latency).get(label)


@value
class Given:
    """What the file does not say, or what is to be taken in its place.

    `written_on` is the day of the file, for formats that hold no date.
    """

    instance_type: str | None = None
    users: float | None = None
    loop: Loop | None = None
    at: Place | None = None
    date: str = ""
    written_on: str = ""
    only: Mapping[str, str] = field(default_factory=dict)
    overhead_s: float = 0.0
    columns: Mapping[str, str] = field(default_factory=dict)

    def instance(self, stated: str | None = None) -> str:
        """The instance type as stated, else as given; MeasurementError where nobody says."""
        found = self.instance_type or stated
        if not found:
            raise MeasurementError(
                "which-instance",
                "nothing in the file says which instance type answered",
                hint="--instance ml.c7i.large",
            )
        return found

    def day(self, stated: str = "") -> str:
        """The day of the measurement: as given, else as stated, else that of the file."""
        return self.date or stated or self.written_on

    def loop_of(self, tool: str, stated: Loop | None) -> Loop:
        """The loop as stated by the file, else as given.

        MeasurementError where both say something else, or nobody says anything.
        """
        if stated is None:
            return self.closed_or_open(tool)
        if self.loop not in {None, stated}:
            raise MeasurementError(
                "loop-contradicts",
                f"the file of {tool} says that the loop was {stated}: percentiles of a closed one "
                "lack the queue of an open one",
                hint=f"leave --loop out, or --loop {stated}",
            )
        return stated

    def closed_or_open(self, tool: str) -> Loop:
        """The loop as given; MeasurementError for a tool whose files do not tell."""
        if self.loop is None:
            raise MeasurementError(
                "which-loop",
                f"{tool} does not write whether its clients waited for answers (closed) or sent at "
                "a rate (open), and the two mean different things",
                hint="--loop closed, or --loop open",
            )
        return self.loop
