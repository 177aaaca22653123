"""Requests counted by the second, in whatever order they come, in little memory."""

from __future__ import annotations

from array import array
from collections.abc import Iterator

from planner.errors import PlannerError
from planner.model.value import value

HOUR_S = 3600
LONGEST_S = 400 * 24 * HOUR_S
"""By the second they take 140 MB; stamps further apart have a wrong unit or zone somewhere."""

SCALES_S = (1, 10)
_SURE = 3.0
"""Standard errors from which on a difference is none of chance."""

_FEWEST = 6
"""Windows of a bucket that tell how much they vary."""

_LEAST_FREEDOM = 30
"""Below nothing can be told from chance."""


@value
class Dispersion:
    """Variance over mean of the requests in windows of `width_s` below a bucket; 1 is chance.

    `error` is the relative standard error of the estimate.
    """

    width_s: int
    index: float
    error: float

    def exceeds(self, index: float) -> bool:
        """Whether it is above an index by more than chance."""
        return self.index * (1.0 - _SURE * self.error) > index

    def below(self, index: float) -> bool:
        """Whether it is below an index by more than chance."""
        return self.index * (1.0 + _SURE * self.error) < index


class Tally:
    """Counts by second; an hour that has a request takes 14 kB, however many it has."""

    def __init__(self) -> None:
        self._hours: dict[int, array[int]] = {}
        self.requests = 0
        self.out_of_order = 0
        self._last = 0

    def add(self, second: int, number: int = 1) -> None:
        """Take requests of a second since the epoch; PlannerError over more than 400 days."""
        hour = self._hours.get(second // HOUR_S)
        if hour is None:
            hour = self._opened(second // HOUR_S)
        hour[second % HOUR_S] += number
        self.requests += number
        if second < self._last:
            self.out_of_order += number
        else:
            self._last = second

    def _opened(self, index: int) -> array[int]:
        known = (*self._hours, index)
        if (max(known) - min(known)) * HOUR_S > LONGEST_S:
            raise PlannerError(
                "trace-too-long",
                "the time stamps are more than 400 days apart: the unit or the zone of some may be "
                "wrong",
                hint="planner trace import FILE --columns timestamp=COLUMN",
            )
        made = self._hours[index] = array("I", bytes(4 * HOUR_S))
        return made

    def buckets(self, bucket_s: int) -> Iterator[tuple[int, int]]:
        """Start and requests of every bucket from the first request to the last, empty ones too."""
        first, last = self._ends()
        start = first // bucket_s * bucket_s
        for at in range(start, last + 1, bucket_s):
            yield at, self._between(at, at + bucket_s)

    def dispersion(self, bucket_s: int) -> Dispersion | None:
        """How irregular requests come below the bucket, at the scale where it shows most.

        None where nothing below is known, or too little came.
        """
        found: Dispersion | None = None
        for width in SCALES_S:
            one = self._dispersion(bucket_s, width)
            if found is None or (one is not None and one.exceeds(found.index)):
                found = one
        return found

    def _dispersion(self, bucket_s: int, width: int) -> Dispersion | None:
        windows = min(bucket_s, HOUR_S) // width
        if windows < _FEWEST:
            return None
        spread = mean = 0.0
        freedom = 0
        for part in self._whole(windows, width):
            total = sum(part)
            if total:
                squares = sum([each * each for each in part])
                spread += (squares - total * total / windows) / (windows - 1)
                mean += total / windows
                freedom += windows - 1
        if freedom < _LEAST_FREEDOM:
            return None
        index = spread / mean
        return Dispersion(width_s=width, index=index, error=(2.0 / freedom) ** 0.5)

    def _whole(self, windows: int, width: int) -> Iterator[list[int]]:
        """Windows of every bucket but the first and the last, which a log may have parts of."""
        bucket = windows * width
        ends = {second // bucket for second in self._ends()}
        for index, hour in self._hours.items():
            sums = _sums(hour, width)
            for first in range(0, len(sums), windows):
                if (index * HOUR_S + first * width) // bucket not in ends:
                    yield sums[first : first + windows]

    def _ends(self) -> tuple[int, int]:
        low, high = min(self._hours), max(self._hours)
        first = next(i for i, number in enumerate(self._hours[low]) if number)
        last = next(i for i in reversed(range(HOUR_S)) if self._hours[high][i])
        return low * HOUR_S + first, high * HOUR_S + last

    def _between(self, start: int, end: int) -> int:
        total = 0
        for index in range(start // HOUR_S, (end - 1) // HOUR_S + 1):
            hour = self._hours.get(index)
            if hour is not None:
                base = index * HOUR_S
                total += sum(hour[max(0, start - base) : min(HOUR_S, end - base)])
        return total


def _sums(hour: array[int], width: int) -> list[int]:
    if width == 1:
        return hour.tolist()
    return [sum(hour[at : at + width]) for at in range(0, HOUR_S, width)]
