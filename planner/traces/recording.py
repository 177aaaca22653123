"""Counts per bucket as a trace file, and what a spec says to use it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import pairwise

from planner.errors import PlannerError
from planner.model.recall import Recalled
from planner.model.units import format_duration, format_number
from planner.model.value import value
from planner.traces.tally import Dispersion, Tally

MOST_BUCKETS = 2_000_000
_USUAL_S = (60, 300, 600, 900, 1800, 3600, 21_600, 86_400)
_LATE = 0.05
"""Part of its width by which a bucket may be stamped late."""


@value
class Recorded:
    """Requests per bucket from `start_s` on, empty buckets included.

    `dispersion` is None where nothing is known below the bucket.
    """

    start_s: int
    bucket_s: int
    counts: tuple[float, ...]
    dispersion: Dispersion | None
    notes: tuple[str, ...] = ()

    @property
    def requests(self) -> float:
        """All of them."""
        return sum(self.counts)

    @property
    def length_s(self) -> int:
        """From the first bucket to the end of the last."""
        return self.bucket_s * len(self.counts)


def from_tally(tally: Tally, bucket_s: int, notes: Iterable[str] = ()) -> Recorded:
    """Single requests, counted by bucket."""
    if tally.requests == 0:
        raise PlannerError(
            "trace-empty", "there is no request in it", hint="another file, or another --path"
        )
    buckets = list(tally.buckets(bucket_s))
    return Recorded(
        start_s=buckets[0][0],
        bucket_s=bucket_s,
        counts=tuple(float(number) for _, number in buckets),
        dispersion=tally.dispersion(bucket_s),
        notes=tuple(notes),
    )


def from_counts(
    counts: Mapping[float, float], bucket_s: int, notes: Iterable[str] = ()
) -> Recorded:
    """Counts by the start of their own buckets, which may be wider than `bucket_s`."""
    if not any(counts.values()):
        raise PlannerError("trace-empty", "there is no request in it", hint="another --since")
    stamps = sorted(counts)
    step = _usual(min((round(b - a) for a, b in pairwise(stamps)), default=bucket_s))
    said = list(notes)
    if step > bucket_s:
        said.append(f"the counts are {format_duration(step)} apart, so that is the bucket")
        bucket_s = step
    start = int(stamps[0]) // bucket_s * bucket_s
    size = (int(stamps[-1]) - start) // bucket_s + 1
    if size > MOST_BUCKETS:
        raise PlannerError(
            "trace-too-long",
            f"{size:,} buckets of {format_duration(bucket_s)} are more than {MOST_BUCKETS:,}",
            hint="--bucket 1h",
        )
    filled = [0.0] * size
    for stamp, number in counts.items():
        filled[(int(stamp) - start) // bucket_s] += number
    return Recorded(
        start_s=start, bucket_s=bucket_s, counts=tuple(filled), dispersion=None, notes=tuple(said)
    )


def _usual(seconds: int) -> int:
    """The width of buckets that are so far apart, where some were stamped a little late."""
    near = (one for one in _USUAL_S if abs(seconds - one) <= _LATE * one)
    return next(near, seconds)


def from_cloud(found: Recalled, bucket_s: int) -> Recorded:
    """What a cloud remembers, in buckets that are no finer than its own."""
    notes = list(found.notes)
    period_s = int(found.period_s)
    if period_s > bucket_s:
        notes.append(f"{found.source} keeps this in periods of {format_duration(period_s)} only")
    made = from_counts(dict(found.counts), max(bucket_s, period_s), notes)
    if found.dispersion is None or made.bucket_s != period_s:
        return made
    freedom = max(1, found.seconds - len(found.counts))
    below = Dispersion(width_s=1, index=found.dispersion, error=(2.0 / freedom) ** 0.5)
    return Recorded(
        start_s=made.start_s,
        bucket_s=made.bucket_s,
        counts=made.counts,
        dispersion=below,
        notes=made.notes,
    )


def rows_of(recorded: Recorded) -> Iterator[str]:
    """The lines of the trace file: moments in UTC, and requests."""
    yield "timestamp,count"
    for index, number in enumerate(recorded.counts):
        shown = f"{number:.0f}" if number == int(number) else f"{number:.3f}"
        yield f"{moment(recorded.start_s + index * recorded.bucket_s)},{shown}"


def moment(second: float) -> str:
    """A moment in UTC as ISO-8601."""
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def snippet(recorded: Recorded, file: str) -> Iterator[str]:
    """The lines of `spec.traffic` that use the trace, with what is known below the bucket."""
    width = format_duration(recorded.bucket_s).replace(" ", "")
    yield "traffic:"
    yield "  type: trace"
    yield f"  file: {file}"
    yield "  columns: {timestamp: timestamp, count: count}"
    yield f"  bucket: {width}"
    below = recorded.dispersion
    if below is None:
        yield f"  # below {width} nothing is known: Poisson (dispersion: 1) is assumed"
        return
    measured = f"measured by {below.width_s} s within each {width}"
    if below.exceeds(1.0):
        yield f"  dispersion: {format_number(below.index)}   # {measured}; 1 is Poisson"
    elif below.below(1.0):
        yield f"  # {measured}: {format_number(below.index)}, more regular than Poisson"
    else:
        yield f"  # {measured}: {format_number(below.index)}, as by chance (Poisson)"


def silences(recorded: Recorded) -> Iterator[str]:
    """The longest stretch without a request, where it is long for this traffic."""
    longest = length = end = 0
    for index, number in enumerate(recorded.counts):
        length = 0 if number else length + 1
        if length > longest:
            longest, end = length, index + 1
    seconds = longest * recorded.bucket_s
    if longest >= 10 and seconds >= 0.01 * recorded.length_s:
        begin = recorded.start_s + (end - longest) * recorded.bucket_s
        yield (
            f"no request for {format_duration(seconds)} from {moment(begin)} on, which counts as "
            "no traffic; where the log is missing, leave that time out"
        )
