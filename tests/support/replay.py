"""A replay of arrivals on replicas, request by request: the judge of plans.

It shares no code with the planner and is written to be read, not to be fast.
"""

from __future__ import annotations

import heapq
import math
import random
from collections.abc import Callable, Iterator, Sequence

from planner.model.candidate import Decision
from tests.support.simulations import Draw, percentile

Z99 = 2.3263478740408408
Counts = Sequence[tuple[float, int]]
"""(moment, replicas from then on), rising."""


def spread(mean_s: float, p99_s: float) -> Draw:
    """Log-normal service times with this mean and 99th percentile."""
    sigma = Z99 - math.sqrt(Z99 * Z99 - 2.0 * math.log(p99_s / mean_s))
    mu = math.log(mean_s) - sigma * sigma / 2.0
    return lambda rng: rng.lognormvariate(mu, sigma)


def responses(
    arrivals: Sequence[float],
    counts: Counts,
    *,
    slots: int,
    routing: str,
    service: Draw,
    seed: int,
) -> list[float]:
    """Seconds from each arrival to its answer, in order of arrival.

    `routing` is one line for all, least-outstanding with ties by lot, or random. Replicas that
    leave finish what they have; the last one stays.
    """
    rng = random.Random(seed)
    if routing == "one line":
        assert len(counts) == 1
        slots, counts, routing = counts[0][1] * slots, ((0.0, 1),), "random"
    lines: list[_Line] = []
    ends: list[tuple[float, int, _Line]] = []
    found, at = [], 0
    for number, now in enumerate(arrivals):
        while at < len(counts) and counts[at][0] <= now:
            wanted = max(1, counts[at][1])
            del lines[wanted:]
            lines += [_Line([now] * slots) for _ in range(wanted - len(lines))]
            at += 1
        while ends and ends[0][0] <= now:
            heapq.heappop(ends)[2].inside -= 1
        if routing == "least-outstanding":
            least = min([line.inside for line in lines])
            line = rng.choice([line for line in lines if line.inside == least])
        else:
            line = rng.choice(lines)
        end = max(now, line.free[0]) + service(rng)
        heapq.heapreplace(line.free, end)
        heapq.heappush(ends, (end, number, line))
        line.inside += 1
        found.append(end - now)
    return found


class _Line:
    """A replica: when each of its slots is free, and how many requests are inside."""

    def __init__(self, free: list[float]) -> None:
        self.free = free
        self.inside = 0


def clustered(seconds: float, rate: float, scv: float, seed: int) -> Iterator[float]:
    """Arrivals with hyperexponential gaps of balanced means (Whitt 1982)."""
    rng = random.Random(seed)
    often = 0.5 * (1.0 + math.sqrt((scv - 1.0) / (scv + 1.0)))
    now = 0.0
    while True:
        part = often if rng.random() < often else 1.0 - often
        now += rng.expovariate(2.0 * part * rate)
        if now >= seconds:
            return
        yield now


def p99_of(
    decision: Decision,
    arrivals: Sequence[float],
    service: Draw,
    *,
    seed: int = 99,
    more: int = 0,
    routing: str | None = None,
    overhead_s: float = 0.005,
) -> float:
    """The p99 that a fixed decision answers with, with `more` replicas or another routing."""
    if decision.units is not None:
        count, slots, usual = decision.units.max, 1, "one line"
    else:
        assert decision.replicas is not None
        count, slots = decision.replicas.max, decision.concurrency.per_replica
        usual = decision.routing
    times = responses(
        arrivals,
        ((0.0, count + more),),
        slots=slots,
        routing=routing or usual,
        service=service,
        seed=seed,
    )
    return overhead_s + percentile(sorted(times[len(times) // 20 :]), 0.99)


def late_share(times: Sequence[float], limit_s: float) -> float:
    return sum(1 for each in times if each > limit_s) / len(times)


def by_policy(
    arrivals: Sequence[float],
    *,
    seconds: float,
    target: float,
    least: int,
    most: int,
    period_s: float,
    breaches: tuple[int, int],
    start_s: float,
    cooldown_s: tuple[float, float],
    floor: Callable[[float], int] = lambda _: 0,
) -> list[tuple[float, int]]:
    """What a target-tracking policy has up, told only what came in each period.

    It adds after `breaches[0]` periods above `target` per replica, ready `start_s` later, and
    takes away after `breaches[1]` periods below nine tenths of it. `floor` is scheduled.
    """
    up, ready, high, low, calm_from = least, [], 0, 0, 0.0
    changes = [(0.0, up)]
    at = 0
    for period in range(math.ceil(seconds / period_s)):
        end = (period + 1) * period_s
        came = -at
        while at < len(arrivals) and arrivals[at] < end:
            at += 1
        came += at
        wanted = min(most, max(least, floor(end), math.ceil(came / period_s / target)))
        load = came / period_s / up
        high = high + 1 if load > target else 0
        low = low + 1 if load < 0.9 * target else 0
        planned = up + sum(count for _, count in ready)
        if wanted > planned and (high >= breaches[0] or floor(end) > planned):
            ready.append((end + start_s, wanted - planned))
            calm_from = max(calm_from, end + start_s, end + cooldown_s[0])
        elif low >= breaches[1] and wanted < up and not ready and end >= calm_from:
            up = wanted
            changes.append((end, up))
            calm_from = end + cooldown_s[1]
        while ready and ready[0][0] < end + period_s:
            moment, count = ready.pop(0)
            up += count
            changes.append((max(moment, changes[-1][0]), up))
    return changes


def average(counts: Counts, seconds: float) -> float:
    """Mean replicas over time."""
    edges = [*(moment for moment, _ in counts[1:]), seconds]
    total = sum(
        (min(end, seconds) - moment) * count
        for (moment, count), end in zip(counts, edges, strict=True)
        if moment < seconds
    )
    return total / seconds
