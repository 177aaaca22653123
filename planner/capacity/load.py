"""Load over time: a traffic description as time-ordered segments of constant rate.

A formula at the mean rate meets its goal in about half of real traces, at the peak minute it
overpays; averaged over windows of max(1 s, 10 x service time) it does neither (pointwise
stationary approximation, Green and Kolesar 1991; measured over 46 scenarios).
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import groupby, pairwise
from typing import assert_never

from planner.model.traffic import (
    Diurnal,
    Intermittent,
    Stages,
    Steady,
    Trace,
    Traffic,
)
from planner.model.value import record, value

DAY_S = 86_400.0
WEEK_S = 7 * DAY_S
HOURS_PER_MONTH = 730.0
MONTH_S = HOURS_PER_MONTH * 3600.0
STEP_S = 300.0
MAX_BINS = 40
PEAK_WINDOW_S = 60.0


@record
class Segment:
    """`seconds` at `rate` requests per second; `spike` names a known event, else ""."""

    seconds: float
    rate: float
    spike: str = ""


@record
class Bin:
    """All time spent at about `rate`: `share_time` of the cycle, `share_requests` of requests."""

    rate: float
    share_time: float
    share_requests: float


@value
class Load:
    """One repeating cycle of load.

    `bins` are the segments by rising rate, at most MAX_BINS; a bin stands at the highest rate it
    holds. `peak` is the highest rate over at least a minute that is sized for, `beyond` the share
    of requests in windows above it (0 unless the spec sizes for less than every window).
    `recorded` segments count requests that came, where those of a pattern are mean rates.
    """

    segments: tuple[Segment, ...]
    bins: tuple[Bin, ...]
    mean: float
    peak: float
    beyond: float
    arrival_scv: float
    recorded: bool = False

    def scaled(self, factor: float) -> Load:
        """The same shape at `factor` times the rate."""
        if factor == 1.0:
            return self
        return replace(
            self,
            segments=tuple(Segment(s.seconds, s.rate * factor, s.spike) for s in self.segments),
            bins=tuple(Bin(b.rate * factor, b.share_time, b.share_requests) for b in self.bins),
            mean=self.mean * factor,
            peak=self.peak * factor,
        )

    @property
    def cycle_s(self) -> float:
        """Length of one cycle in seconds."""
        return sum(segment.seconds for segment in self.segments)

    @property
    def monthly_requests(self) -> float:
        """Requests in a month of 730 hours."""
        return self.mean * MONTH_S


def build_load(traffic: Traffic, *, service_s: float) -> Load:
    """The load of `traffic`, windowed for a service time of `service_s` seconds."""
    return _built(traffic, max(1.0, 10.0 * service_s))


@lru_cache(maxsize=16)
def _built(traffic: Traffic, window_s: float) -> Load:
    size_for = 1.0
    pattern = traffic.pattern
    match pattern:
        case Steady():
            segments = _steady(pattern)
        case Intermittent():
            segments = _intermittent(pattern)
        case Diurnal():
            segments = _diurnal(pattern)
        case Stages():
            segments = _stages(pattern)
        case Trace():
            segments = _trace(pattern, window_s)
            size_for = pattern.size_for
        case _:
            assert_never(pattern)
    arrival_scv = 0.0 if traffic.arrival == "uniform" else traffic.burstiness**2
    return _load(
        merge(segments),
        size_for,
        arrival_scv=arrival_scv,
        recorded=isinstance(pattern, Trace),
    )


def _load(
    segments: tuple[Segment, ...],
    size_for: float,
    *,
    arrival_scv: float,
    recorded: bool,
) -> Load:
    total_s = sum(s.seconds for s in segments)
    requests = sum(s.seconds * s.rate for s in segments)
    windows = _windows(segments, PEAK_WINDOW_S)
    peak = _sized_peak(windows, size_for)
    kept = [s for w in windows if w.rate <= peak for s in w.segments]
    inside = sum(s.seconds * s.rate for s in kept)
    return Load(
        segments=segments,
        bins=_bins(kept),
        mean=requests / total_s,
        peak=peak,
        beyond=1.0 - inside / requests if requests > 0.0 else 0.0,
        arrival_scv=arrival_scv,
        recorded=recorded,
    )


def left_out(load: Load) -> tuple[tuple[float, float], ...]:
    """(start, end) of the windows above the peak that capacity is not sized for."""
    if load.beyond <= 0.0:
        return ()
    found, at = [], 0.0
    for window in _windows(load.segments, PEAK_WINDOW_S):
        if window.rate > load.peak * (1.0 + 1e-12):
            found.append((at, at + window.seconds))
        at += window.seconds
    return tuple(found)


@record
class _Window:
    """Neighbouring segments and their mean rate over at least the window's width."""

    segments: tuple[Segment, ...]
    rate: float

    @property
    def seconds(self) -> float:
        return sum(segment.seconds for segment in self.segments)


def _sized_peak(windows: Sequence[_Window], size_for: float) -> float:
    """Highest rate over windows of at least a minute; below `size_for` 1, that quantile of them.

    Windows without a request do not count: of a recording that is silent most of the time, the
    quantile would be zero.
    """
    busy = [window for window in windows if window.rate > 0.0]
    if size_for >= 1.0 or not busy:
        return max(window.rate for window in windows)
    ordered = sorted(busy, key=lambda window: window.rate)
    threshold = size_for * sum(window.seconds for window in ordered)
    passed = 0.0
    for window in ordered:
        passed += window.seconds
        if passed >= threshold - 1e-9:
            return window.rate
    return ordered[-1].rate


def _windows(segments: Sequence[Segment], width_s: float) -> list[_Window]:
    """Consecutive windows of at least `width_s`; a segment that is as long stands for itself.

    What is left between two of those is filled up to the width with what comes next.
    """
    windows: list[_Window] = []
    pending: list[Segment] = []
    seconds = 0.0
    for segment in segments:
        if segment.seconds >= width_s:
            if pending:
                windows.append(_window(pending, width_s, beside=segment.rate))
            windows.append(_Window((segment,), segment.rate))
            pending, seconds = [], 0.0
            continue
        pending.append(segment)
        seconds += segment.seconds
        if seconds >= width_s - 1e-9:
            windows.append(_window(pending, width_s, beside=0.0))
            pending, seconds = [], 0.0
    if pending:
        beside = windows[0].rate if windows else sum(s.seconds * s.rate for s in pending) / seconds
        windows.append(_window(pending, width_s, beside=beside))
    return windows


def _window(segments: Sequence[Segment], width_s: float, *, beside: float) -> _Window:
    seconds = sum(s.seconds for s in segments)
    missing = max(width_s - seconds, 0.0)
    requests = sum(s.seconds * s.rate for s in segments) + missing * beside
    return _Window(tuple(segments), requests / (seconds + missing))


def _bins(segments: Sequence[Segment]) -> tuple[Bin, ...]:
    by_rate: dict[float, float] = {}
    for segment in segments:
        by_rate[segment.rate] = by_rate.get(segment.rate, 0.0) + segment.seconds
    top = max(by_rate)
    if len(by_rate) > MAX_BINS:
        width = top / MAX_BINS
        grouped: dict[int, list[tuple[float, float]]] = {}
        for rate, seconds in by_rate.items():
            grouped.setdefault(math.ceil(rate / width - 1e-9), []).append((rate, seconds))
        pairs = [(max(r for r, _ in g), sum(s for _, s in g)) for g in grouped.values()]
    else:
        pairs = list(by_rate.items())
    total_s = sum(seconds for _, seconds in pairs)
    requests = sum(rate * seconds for rate, seconds in pairs) or 1.0
    return tuple(
        Bin(rate, seconds / total_s, rate * seconds / requests) for rate, seconds in sorted(pairs)
    )


def merge(segments: Iterable[Segment]) -> tuple[Segment, ...]:
    """Neighbours of equal rate and event become one segment."""
    return tuple(
        Segment(sum(s.seconds for s in group), rate, spike)
        for (rate, spike), group in groupby(segments, key=lambda s: (s.rate, s.spike))
    )


def _steady(pattern: Steady) -> list[Segment]:
    burst = pattern.burst
    if burst is None:
        return [Segment(WEEK_S, pattern.rate)]
    calm = max(burst.every_s - burst.duration_s, 0.0)
    return [Segment(calm, pattern.rate), Segment(burst.duration_s, burst.rate)]


def _intermittent(pattern: Intermittent) -> list[Segment]:
    spans: list[tuple[float, float]] = []
    open_s = [0.0] * 7
    for window in pattern.windows:
        for day in window.days:
            length = (window.end_s - window.start_s) % DAY_S or DAY_S
            start = day * DAY_S + window.start_s
            spans.append((start, start + length))
            open_s[day] += length
    rates = [pattern.requests_per_day / s if s else 0.0 for s in open_s]
    rises = [(start, end, rates[int(start // DAY_S)], "") for start, end in spans]
    return _overlay([Segment(WEEK_S, 0.0)], rises, add=True)


def _diurnal(pattern: Diurnal) -> list[Segment]:
    """A bell on a 24-hour circle: half of the rise is reached `width_s` / 2 from the peak."""
    sharpness = math.log(2.0) / (pattern.width_s / 2.0) ** 2
    day: list[float] = []
    for i in range(int(DAY_S / STEP_S)):
        distance = abs((i + 0.5) * STEP_S - pattern.peak_at_s)
        distance = min(distance, DAY_S - distance)
        bell = math.exp(-sharpness * distance * distance)
        day.append(pattern.base + (pattern.peak - pattern.base) * bell)
    week = [Segment(STEP_S, rate) for rate in day] * 5
    week += [Segment(STEP_S, rate * pattern.weekend) for rate in day] * 2
    rises = [
        (start, start + spike.duration_s, spike.rate, spike.name)
        for spike in pattern.spikes
        for start in spike.starts_s
    ]
    return _overlay(week, rises, add=False)


def _overlay(
    week: list[Segment], rises: list[tuple[float, float, float, str]], *, add: bool
) -> list[Segment]:
    """Lay (start, end, rate, name) over a week: added to its rate, or replacing it if higher.

    What runs past Sunday midnight continues on Monday.
    """
    if not rises:
        return week
    wrapped: list[tuple[float, float, float, str]] = []
    for start, end, rate, name in rises:
        wrapped.append((start, min(end, WEEK_S), rate, name))
        if end > WEEK_S:
            wrapped.append((0.0, end - WEEK_S, rate, name))
    cuts = {0.0, WEEK_S} | {t for start, end, _, _ in wrapped for t in (start, end)}
    at, starts = 0.0, []
    for segment in week:
        starts.append((at, segment))
        cuts.add(at)
        at += segment.seconds
    edges = sorted(cuts)
    result: list[Segment] = []
    index = 0
    for low, high in pairwise(edges):
        while index + 1 < len(starts) and starts[index + 1][0] <= low:
            index += 1
        base = starts[index][1].rate
        result.append(_lifted(base, [w for w in wrapped if w[0] <= low < w[1]], high - low, add))
    return result


def _lifted(
    base: float, over: list[tuple[float, float, float, str]], seconds: float, add: bool
) -> Segment:
    if not over:
        return Segment(seconds, base)
    if add:
        return Segment(seconds, base + sum(rise[2] for rise in over))
    highest = max(over, key=lambda rise: rise[2])
    return Segment(seconds, highest[2], highest[3]) if highest[2] > base else Segment(seconds, base)


def _stages(pattern: Stages) -> list[Segment]:
    """Each straight line as up to 60 steps at the rate of the step's end that is higher."""
    segments: list[Segment] = []
    level = pattern.start
    for stage in pattern.stages:
        if stage.duration_s <= 0.0:
            level = stage.target
            continue
        steps = 1 if stage.target == level else min(60, max(2, int(stage.duration_s // 10)))
        for i in range(steps):
            low = level + (stage.target - level) * i / steps
            high = level + (stage.target - level) * (i + 1) / steps
            segments.append(Segment(stage.duration_s / steps, max(low, high)))
        level = stage.target
    return segments


def _trace(pattern: Trace, window_s: float) -> list[Segment]:
    if pattern.counts:
        return _bucketed(pattern, window_s)
    stamps = pattern.stamps_s
    last = max(1, math.ceil((stamps[-1] + 1e-9) / window_s)) - 1
    segments: list[Segment] = []
    after = start = 0
    while start < len(stamps):
        # Rounding must not put a stamp on a boundary into the window that has just been counted.
        index = max(after, min(int(stamps[start] / window_s), last))
        if index > after:
            segments.append(Segment((index - after) * window_s, 0.0))
        end = len(stamps)
        if index < last:
            end = bisect_left(stamps, (index + 1) * window_s, start + 1)
        segments.append(Segment(window_s, (end - start) / window_s * pattern.scale))
        after, start = index + 1, end
    return segments


def _bucketed(pattern: Trace, window_s: float) -> list[Segment]:
    """Buckets, or windows of several where they are narrower: chance alone would look like load."""
    width, counts = pattern.bucket_s, pattern.counts
    several = max(1, round(window_s / width))
    if several == 1:
        return [Segment(width, n / width * pattern.scale) for n in counts]
    segments: list[Segment] = []
    for start in range(0, len(counts), several):
        group = counts[start : start + several]
        seconds = len(group) * width
        segments.append(Segment(seconds, sum(group) / seconds * pattern.scale))
    return segments
