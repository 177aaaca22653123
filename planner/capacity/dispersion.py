"""Burstiness of recorded traffic: how much more the requests of a window vary than by chance."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable

from planner.model.traffic import Trace


def index_of_dispersion(trace: Trace, width_s: float) -> float | None:
    """Variance over mean of the requests in windows of `width_s`, which for Poisson arrivals is 1.

    Of the recording as it is, before `scale`. Windows that the recording does not fill are left
    out; None with fewer than two, or without a request, and for windows narrower than the buckets
    of a trace that has only counts.
    """
    if trace.counts:
        several = round(width_s / trace.bucket_s)
        if abs(several * trace.bucket_s - width_s) > 0.01 * width_s:
            return None
        return _of_counts(trace.counts, several)
    return _of_stamps(trace.stamps_s, width_s)


def dispersions(trace: Trace, service_s: float) -> tuple[tuple[float, float], ...]:
    """(width, index) at the scale of a service time, a second and a minute, or of the buckets."""
    widths = {trace.bucket_s if trace.counts else service_s, 1.0, 60.0}
    found = ((width, index_of_dispersion(trace, width)) for width in sorted(widths))
    return tuple((width, index) for width, index in found if index is not None)


def _of_stamps(stamps_s: tuple[float, ...], width_s: float) -> float | None:
    windows = int(stamps_s[-1] / width_s)
    numbers = Counter([int(stamp / width_s) for stamp in stamps_s])
    filled = [number for index, number in numbers.items() if index < windows]
    return _ratio(filled, windows)


def _of_counts(counts: tuple[float, ...], several: int) -> float | None:
    windows = len(counts) // several if several else 0
    if several == 1:
        return _ratio(counts, windows)
    sums = array("d", [sum(counts[i * several : (i + 1) * several]) for i in range(windows)])
    return _ratio(sums, windows)


def _ratio(filled: Iterable[float], windows: int) -> float | None:
    """Sample variance over mean of `windows` numbers; those not in `filled` are 0."""
    values = list(filled)
    total = sum(values)
    if windows < 2 or total <= 0.0:
        return None
    mean = total / windows
    empty = windows - len(values)
    squares = sum((value - mean) ** 2 for value in values) + empty * mean * mean
    return squares / (windows - 1) / mean
