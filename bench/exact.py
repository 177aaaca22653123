"""Queues whose answer is known exactly; nothing here is shared with the planner.

M/M/c by Erlang's formulas, M/D/1 by the positive series of Franx (2001) over the level-crossing
equations of the queue length, mean of M/G/1 by Pollaczek and Khinchine.
"""

from __future__ import annotations

import math
from collections.abc import Callable


def exponential_servers(servers: int, rate: float, mean_s: float) -> tuple[float, float]:
    """M/M/c: probability of waiting, and mean wait in seconds."""
    offered = rate * mean_s
    terms = [math.exp(k * math.log(offered) - math.lgamma(k + 1)) for k in range(servers)]
    last = math.exp(servers * math.log(offered) - math.lgamma(servers + 1))
    last *= servers / (servers - offered)
    waiting = last / (sum(terms) + last)
    return waiting, waiting * mean_s / (servers - offered)


def exponential_response(servers: int, rate: float, mean_s: float) -> Callable[[float], float]:
    """M/M/c: share of requests whose response takes longer."""
    waiting, _ = exponential_servers(servers, rate, mean_s)
    gap = servers - rate * mean_s - 1.0

    def exceeds(seconds: float) -> float:
        x = seconds / mean_s
        more = x if abs(gap) < 1e-9 else -math.expm1(-gap * x) / gap
        return math.exp(-x) * (1.0 + waiting * more)

    return exceeds


def constant_wait(rate: float, service_s: float, most: int = 4000) -> Callable[[float], float]:
    """M/D/1: share of requests that wait longer."""
    arrivals = rate * service_s
    at_most = _numbers_at_most(arrivals, most)

    def exceeds(seconds: float) -> float:
        k = math.floor(seconds / service_s) + 1
        left = rate * (k * service_s - seconds)
        total = sum(
            at_most[k - j] * math.exp(j * math.log(left) - math.lgamma(j + 1) - left)
            for j in range(k)
        )
        return 1.0 - total

    return exceeds


def _numbers_at_most(arrivals: float, most: int) -> list[float]:
    """P(N <= n) of requests in an M/D/1 system, from flow up = flow down at each level."""
    tail, term = [], math.exp(-arrivals)
    rest = 1.0
    for j in range(200):
        rest -= term
        tail.append(max(rest, 0.0))
        term *= arrivals / (j + 1)
    first = math.exp(-arrivals)
    chances = [1.0 - arrivals]
    sums = [chances[0]]
    for n in range(most):
        up = chances[0] * (tail[n] if n < 200 else 0.0)
        up += sum(chances[i] * tail[n - i + 1] for i in range(max(1, n - 198), n + 1))
        chances.append(up / first)
        sums.append(sums[-1] + chances[-1])
        if chances[-1] < 1e-14:
            break
    return sums + [sums[-1]] * (most - len(sums))


def general_mean_wait(rate: float, mean_s: float, scv: float) -> float:
    """M/G/1: mean wait in seconds."""
    rho = rate * mean_s
    return rho * mean_s * (1.0 + scv) / (2.0 * (1.0 - rho))


def quantile(exceeds: Callable[[float], float], q: float, scale: float) -> float:
    """The value that a share `q` does not exceed, to one in a million of `scale`."""
    low, high = 0.0, scale
    while exceeds(high) > 1.0 - q:
        low, high = high, 2.0 * high
    while high - low > 1e-6 * scale:
        middle = (low + high) / 2.0
        low, high = (middle, high) if exceeds(middle) > 1.0 - q else (low, middle)
    return high
