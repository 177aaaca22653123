"""Small seeded simulations that judge the closed forms; they share no code with what they judge."""

from __future__ import annotations

import heapq
import math
import random
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence

Draw = Callable[[random.Random], float]


def lognormal(mean: float, scv: float) -> Draw:
    """Service times with this mean and squared coefficient of variation."""
    if scv == 0.0:
        return lambda _: mean
    sigma = math.sqrt(math.log(1.0 + scv))
    mu = math.log(mean) - sigma * sigma / 2.0
    return lambda rng: rng.lognormvariate(mu, sigma)


def gamma(mean: float, scv: float) -> Draw:
    """The same from a gamma distribution, whose tail is lighter."""
    if scv == 0.0:
        return lambda _: mean
    return lambda rng: rng.gammavariate(1.0 / scv, mean * scv)


def first_come(
    *, rate: float, servers: int, service: Draw, requests: int, seed: int
) -> list[float]:
    """Sorted response times of a queue with `servers` in order of arrival, Poisson arrivals."""
    rng = random.Random(seed)
    free_at = [0.0] * servers
    now, times = 0.0, []
    for index in range(requests + requests // 20):
        now += rng.expovariate(rate)
        start = max(now, free_at[0])
        end = start + service(rng)
        heapq.heapreplace(free_at, end)
        if index >= requests // 20:
            times.append(end - now)
    return sorted(times)


def at_random(
    *, rate: float, replicas: int, slots: int, service: Draw, requests: int, seed: int
) -> list[float]:
    """The same where each replica of `slots` has its own line and is chosen by lot."""
    rng = random.Random(seed)
    lines = [[0.0] * slots for _ in range(replicas)]
    now, times = 0.0, []
    for _ in range(requests):
        now += rng.expovariate(rate)
        free_at = rng.choice(lines)
        end = max(now, free_at[0]) + service(rng)
        heapq.heapreplace(free_at, end)
        times.append(end - now)
    return sorted(times)


def percentile(ordered: Sequence[float], q: float) -> float:
    return ordered[min(len(ordered) - 1, math.ceil(q * len(ordered)) - 1)]


def poisson(
    seconds: float, seed: int, rate: Callable[[float], float], most: float
) -> Iterator[float]:
    """Arrival times of a rate that moves, by thinning."""
    rng = random.Random(seed)
    now = 0.0
    while True:
        now += rng.expovariate(most)
        if now >= seconds:
            return
        if rng.random() * most < rate(now):
            yield now


def cold_share(
    arrivals: Sequence[float], *, service_s: float, idle_s: float, warm: int = 0
) -> float:
    """Share of requests that start an instance; the most recently used free one serves first.

    An instance leaves `idle_s` after its last request; `warm` of them never leave.
    """
    free: list[float] = [-math.inf] * warm  # moments since when each is free
    busy: list[float] = []
    cold, kept = 0, warm
    for now in arrivals:
        while busy and busy[0] <= now:
            free.append(heapq.heappop(busy))
        free.sort()
        while len(free) + len(busy) > kept and free and now - free[0] > idle_s:
            free.pop(0)
        if free:
            free.pop()
        else:
            cold += 1
        heapq.heappush(busy, now + service_s)
    return cold / len(arrivals)


def on_from_zero(
    arrivals: Sequence[float], *, seconds: float, idle_s: float, cold_s: float
) -> tuple[float, float, int]:
    """(share of requests delayed, share of the time up, starts) of one thing that sleeps."""
    up_from = up_until = -math.inf
    delayed, on, starts = 0, 0.0, 0
    for now in arrivals:
        if now > up_until:
            starts += 1
            up_from, up_until = now + cold_s, now + cold_s
            on += cold_s
        if now < up_from:
            delayed += 1
        on += max(0.0, max(now, up_from) + idle_s - up_until)
        up_until = max(now, up_from) + idle_s
    return delayed / len(arrivals), on / seconds, starts


def least_recently_used(
    weights: Sequence[float], sizes: Sequence[float], capacity: float, *, requests: int, seed: int
) -> float:
    """Share of requests that miss a cache of `capacity` that evicts the least recently used."""
    rng = random.Random(seed)
    names = list(range(len(weights)))
    kept: OrderedDict[int, float] = OrderedDict()
    used, missed = 0.0, 0
    for turn, name in enumerate(rng.choices(names, weights, k=requests)):
        if name in kept:
            kept.move_to_end(name)
            continue
        missed += turn >= requests // 5
        kept[name] = sizes[name]
        used += sizes[name]
        while used > capacity:
            used -= kept.popitem(last=False)[1]
    return missed / (requests - requests // 5)
