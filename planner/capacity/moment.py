"""Where in its cycle a load is at a moment, and what rate is to be expected over a while."""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, datetime
from itertools import accumulate
from zoneinfo import ZoneInfo

from planner.capacity.load import DAY_S, Load
from planner.model.traffic import Diurnal, Intermittent, Traffic
from planner.model.value import value

_LOOKS = 96


@value
class Expected:
    """Requests per second on average over a while: least, mean and most, one where it is known."""

    low: float
    mean: float
    high: float


class Course:
    """A load by the calendar; `anchored` where that says at what place of the cycle it is.

    A cycle that no calendar rules begins with the epoch.
    """

    def __init__(self, traffic: Traffic, load: Load) -> None:
        self.anchored = isinstance(traffic.pattern, Diurnal | Intermittent)
        self._zone = ZoneInfo(traffic.timezone)
        self._load = load
        segments = load.segments
        self._ends = list(accumulate(s.seconds for s in segments))
        self._passed = list(accumulate((s.seconds * s.rate for s in segments), initial=0.0))

    def place(self, at_s: float) -> float:
        """Seconds into the cycle at a moment."""
        if not self.anchored:
            return at_s % self._load.cycle_s
        local = datetime.fromtimestamp(at_s, UTC).astimezone(self._zone)
        clock_s = local.hour * 3600 + local.minute * 60 + local.second + local.microsecond / 1e6
        return (local.weekday() * DAY_S + clock_s) % self._load.cycle_s

    def requests(self, place_s: float, seconds: float) -> float:
        """Requests that come from a place in the cycle on."""
        return self._until(place_s + seconds) - self._until(place_s)

    def expected(self, since_s: float, seconds: float) -> Expected:
        """The rate that a stretch of time should have; a range where its place is not known."""
        if self.anchored:
            rate = self.requests(self.place(since_s), seconds) / seconds
            return Expected(low=rate, mean=rate, high=rate)
        starts = [self._load.cycle_s * index / _LOOKS for index in range(_LOOKS)]
        rates = [self.requests(start, seconds) / seconds for start in starts]
        return Expected(low=min(rates), mean=self._load.mean, high=max(rates))

    def _until(self, place_s: float) -> float:
        """Requests from the start of the cycle on, over any number of cycles."""
        whole, rest = divmod(place_s, self._ends[-1])
        index = min(bisect_right(self._ends, rest), len(self._ends) - 1)
        begun_s = self._ends[index] - self._load.segments[index].seconds
        inside = (rest - begun_s) * self._load.segments[index].rate
        return whole * self._passed[-1] + self._passed[index] + inside
