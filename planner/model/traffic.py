"""Traffic as described: five patterns, one value each, in requests per second and seconds.

Clock times are seconds after local midnight; days count from Monday = 0.
"""

from __future__ import annotations

from typing import Literal

from planner.model.value import value

Arrival = Literal["poisson", "uniform"]


@value
class Burst:
    """A rise to `rate` for `duration_s`, once every `every_s`."""

    rate: float
    duration_s: float
    every_s: float


@value
class WeeklyWindow:
    """Hours of some weekdays; `end_s` <= `start_s` runs past midnight."""

    days: tuple[int, ...]
    start_s: float
    end_s: float


@value
class Spike:
    """A known event: from each match of the five-field `cron`, `rate` for `duration_s`.

    `starts_s` are the matches in one reference week, seconds after Monday 00:00 local time.
    """

    name: str
    cron: str
    rate: float
    duration_s: float
    starts_s: tuple[float, ...]


@value
class Stage:
    """The rate moves in a straight line to `target` over `duration_s`."""

    target: float
    duration_s: float


@value
class Steady:
    """One rate, around the clock."""

    rate: float
    burst: Burst | None = None


@value
class Intermittent:
    """`requests_per_day` spread evenly over the windows of each day that has one."""

    requests_per_day: float
    windows: tuple[WeeklyWindow, ...]


@value
class Diurnal:
    """A daily bell from `base` to `peak` around `peak_at_s`, `width_s` wide at half height.

    On Saturday and Sunday the rate is multiplied by `weekend`.
    """

    base: float
    peak: float
    peak_at_s: float
    width_s: float
    weekend: float = 1.0
    spikes: tuple[Spike, ...] = ()


@value
class Stages:
    """Straight-line stages from `start`, repeated for ever."""

    start: float
    stages: tuple[Stage, ...]


@value
class Trace:
    """Recorded requests, rising: `stamps_s` (one per request, from 0) or `counts` per `bucket_s`.

    Exactly one of the two is filled. `scale` multiplies the rate; `size_for` is the quantile of the
    buckets that capacity must cover (1.0: every one).
    """

    file: str
    stamps_s: tuple[float, ...] = ()
    counts: tuple[float, ...] = ()
    bucket_s: float = 60.0
    scale: float = 1.0
    size_for: float = 0.99

    def __hash__(self) -> int:
        # A tuple keeps no hash: over a million numbers every look-up in a cache would cost 15 ms.
        ends = (*self.stamps_s[-8:], *self.counts[:8], *self.counts[-8:])
        sizes = (len(self.stamps_s), len(self.counts), self.bucket_s)
        return hash((self.file, sizes, ends, self.scale, self.size_for))


Pattern = Steady | Intermittent | Diurnal | Stages | Trace


@value
class Traffic:
    """A pattern with what holds for all of them.

    `burstiness` is the coefficient of variation of the gaps inside a window (1.0: Poisson). Rates
    are those of the month that the spec sizes for, growth included.
    """

    pattern: Pattern
    arrival: Arrival = "poisson"
    burstiness: float = 1.0
    timezone: str = "UTC"
