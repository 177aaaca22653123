"""Cold starts of capacity that leaves after an idle time.

One instance under Poisson traffic: P(cold) = exp(-rate x idle). Several instances, the most
recently used first: the j-th is needed when a request finds j - 1 busy, so it meets a cold start
with probability exp(-crossings of level j x idle); the sum over j reduces to the first formula for
one. Mean absolute error 0.7 percentage points against 11 recorded runs of AWS Lambda at 0.002 to
0.1 requests per second, and within 0.1 of a keep-alive simulation up to 20 per second
(`bench/cold_starts.py`). Traffic that is burstier than Poisson meets more.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import deque
from collections.abc import Iterator, Sequence

from planner.capacity.load import MONTH_S, Load, Segment
from planner.model.value import value


@value
class Idle:
    """Scale-to-zero over a cycle.

    `cold_fraction` of the requests start capacity, `on_fraction` of the time it is up, and
    `starts_per_month` times it is started.
    """

    cold_fraction: float
    on_fraction: float
    starts_per_month: float


def instance_cold_fraction(
    load: Load, *, service_s: float, idle_s: float, warm: int, limit: int
) -> float:
    """Share of requests that start an instance, `warm` of which never leave, `limit` at most.

    Adds the instances that a rise in load brings up anew after more than `idle_s` below it.
    """
    steady = sum(
        b.share_requests * _cold_at(b.rate, service_s, idle_s, warm, limit)
        for b in load.bins
        if b.rate > 0.0
    )
    requests = load.mean * load.cycle_s
    if requests <= 0.0:
        return 0.0
    return min(1.0, steady + _rises(load, service_s, idle_s, warm) / requests)


def _cold_at(rate: float, service_s: float, idle_s: float, warm: int, limit: int) -> float:
    busy = rate * service_s
    probability = math.exp(-busy)
    total = 0.0
    for level in range(1, limit + 1):
        if level > warm:
            total += probability * math.exp(-min(rate * probability * idle_s, 700.0))
        probability *= busy / level
        if level > busy and probability < 1e-9:
            break
    return total


def _level(rate: float, service_s: float) -> int:
    """Instances usually up at a rate: all but one request in a hundred find one."""
    if rate <= 0.0:
        return 0
    busy = rate * service_s
    return max(1, math.ceil(busy + 2.33 * math.sqrt(busy)))


def _rises(load: Load, service_s: float, idle_s: float, warm: int) -> float:
    """Instances started per cycle because load rises after a calm longer than `idle_s`."""
    segments = load.segments
    if len(segments) < 2:
        return 0.0
    by_rate = {rate: max(_level(rate, service_s), warm) for rate in {s.rate for s in segments}}
    course = [(s.seconds, by_rate[s.rate]) for s in segments]
    recent: deque[tuple[float, int]] = deque()
    started, now, before = 0, 0.0, warm
    for counted in (False, True):  # the first time only shows what was up before the cycle begins
        for seconds, level in course:
            if level != before:
                while recent and recent[-1][1] <= before:
                    recent.pop()
                recent.append((now, before))
                while recent[0][0] < now - idle_s:
                    recent.popleft()
                if counted and level > before:
                    started += max(0, level - recent[0][1])
                before = level
            now += seconds
    return float(started)


def blocking_limit(offered: float, allowed: float, cap: int) -> int | None:
    """Fewest concurrent requests whose loss (Erlang B) is at most `allowed`; None above `cap`."""
    b = 1.0
    for servers in range(1, cap + 1):
        b = offered * b / (servers + offered * b)
        if b <= allowed:
            return servers
    return None


def whole_endpoint(load: Load, *, idle_s: float, cold_s: float) -> Idle:
    """An endpoint that goes to zero as a whole after `idle_s` without a request.

    Requests that arrive during the start of `cold_s` wait for it too: with Poisson arrivals
    (1 + rate x cold) / (exp(rate x idle) + rate x cold) are delayed. A recorded request starts
    the endpoint when none came in the `idle_s` before it.
    """
    requests, cycle = load.mean * load.cycle_s, load.cycle_s
    if requests <= 0.0:
        return Idle(cold_fraction=0.0, on_fraction=0.0, starts_per_month=0.0)
    course = _Course(load.segments)
    moment = _recorded if load.recorded else _poisson
    starts = delayed = on = 0.0
    for at, piece in _pieces(load.segments, idle_s):
        started, waiting, off = moment(course, at, piece, idle_s=idle_s, cold_s=cold_s)
        starts += started
        delayed += started * waiting
        on += piece.seconds * (1.0 - off) + (started * cold_s if load.recorded else 0.0)
    return Idle(
        cold_fraction=min(1.0, delayed / requests),
        on_fraction=min(1.0, on / cycle),
        starts_per_month=starts * MONTH_S / cycle,
    )


class _Course:
    """Requests since the start of a repeating cycle."""

    __slots__ = ("_before", "_cycle_s", "_rates", "_starts", "_total")

    def __init__(self, segments: Sequence[Segment]) -> None:
        self._rates = [s.rate for s in segments]
        self._starts: list[float] = []
        self._before: list[float] = []
        at = total = 0.0
        for segment in segments:
            self._starts.append(at)
            self._before.append(total)
            at += segment.seconds
            total += segment.seconds * segment.rate
        self._cycle_s, self._total = at, total

    def until(self, second: float) -> float:
        """Requests up to a moment, negative before the first cycle."""
        cycles, rest = divmod(second, self._cycle_s)
        i = bisect_right(self._starts, rest) - 1
        return cycles * self._total + self._before[i] + (rest - self._starts[i]) * self._rates[i]

    def between(self, start: float, end: float) -> float:
        """Requests from one moment to a later one."""
        return self.until(end) - self.until(start)


def _poisson(
    course: _Course, at: float, piece: Segment, *, idle_s: float, cold_s: float
) -> tuple[float, float, float]:
    """(starts, requests each one delays, share of the time off) where rates are means.

    Exact but for what the piece takes as straight: off at t means no request since t - idle, and no
    start so late before that its own idle time still runs.
    """
    end = at + piece.seconds
    before, after = course.between(at - idle_s, at), course.between(end - idle_s, end)
    quiet = math.exp(-before)
    if abs(after - before) > 1e-9:
        quiet = (quiet - math.exp(-after)) / (after - before)
    middle = (at + end) / 2.0 - idle_s
    off = quiet / (1.0 + course.between(middle - cold_s, middle) * quiet)
    return piece.rate * piece.seconds * off, 1.0 + piece.rate * cold_s, off


def _recorded(
    course: _Course, at: float, piece: Segment, *, idle_s: float, cold_s: float
) -> tuple[float, float, float]:
    """The same where the requests of a piece are those that came: the first one starts."""
    off = max(0.0, 1.0 - course.between(at - idle_s, at))
    started = off * min(1.0, piece.rate * piece.seconds)
    return started, max(1.0, course.between(at, at + cold_s)), off


def _pieces(segments: Sequence[Segment], idle_s: float) -> Iterator[tuple[float, Segment]]:
    """Segments with their starts, cut where the idle time before no longer reaches beyond them."""
    at = 0.0
    most = 24 if 1 < len(segments) <= 500 else 1
    for segment in segments:
        head = min(segment.seconds, idle_s) if len(segments) > 1 else segment.seconds
        count = max(1, min(most, math.ceil(head / 60.0)))
        for i in range(count):
            yield at + i * head / count, Segment(head / count, segment.rate)
        if segment.seconds > head:
            yield at + head, Segment(segment.seconds - head, segment.rate)
        at += segment.seconds
