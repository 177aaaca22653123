"""Service times at random, quickly: from strata of equal probability, with an exact upper tail."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import pairwise
from random import Random
from statistics import NormalDist

from planner.capacity.service_time import ServiceTime

Draw = Callable[[int], list[float]]
"""Returns so many service times, in seconds."""

STRATA = 1024
_NORMAL = NormalDist()


def drawing(service: ServiceTime, rng: Random) -> Draw:
    """A source of service times of this distribution."""
    if service.sigma == 0.0:
        return lambda n: [service.mean_s] * n
    table = [service.mean_s * value for value in _strata(service.sigma)]
    choices = rng.choices

    def draw(n: int) -> list[float]:
        drawn = choices(table, k=n)
        _tail(drawn, table[-1], service, rng)
        return drawn

    return draw


class Levels:
    """Service times on one replica by the requests it already has in service.

    `services` holds one distribution for each concurrency from 1 on; a request keeps the one that
    it meets when it starts. The last holds for all beyond; with only one, draws are exact in the
    tail, with more the top stratum stands at its mean.
    """

    __slots__ = ("_rng", "_tables", "services")

    def __init__(self, services: Sequence[ServiceTime], rng: Random) -> None:
        self.services = tuple(services)
        self._rng = rng
        self._tables = (
            [[s.mean_s * value for value in _strata(s.sigma)] for s in services]
            if len(services) > 1
            else []
        )

    def drawn(self, count: int, slots: int) -> tuple[list[list[float]], Sequence[int]]:
        """Rows of service times by concurrency, `slots` of them, and where each request looks."""
        if not self._tables:
            return [drawing(self.services[0], self._rng)(count)] * slots, range(count)
        rows = [self._tables[min(i, len(self._tables) - 1)] for i in range(slots)]
        return rows, self._rng.choices(range(STRATA), k=count)


def _tail(drawn: list[float], last: float, service: ServiceTime, rng: Random) -> None:
    """Replace what fell in the last stratum by a draw from it: it holds the heavy tail."""
    at = -1
    try:
        while True:
            at = drawn.index(last, at + 1)
            drawn[at] = service.quantile(1.0 - (1.0 - rng.random()) / STRATA)
    except ValueError:
        return


@lru_cache(maxsize=256)
def _strata(sigma: float) -> tuple[float, ...]:
    """Mean of each stratum of a log-normal with mean 1; all 1 without a spread."""
    if sigma == 0.0:
        return (1.0,) * STRATA
    edges = [_NORMAL.inv_cdf(i / STRATA) for i in range(1, STRATA)]
    below = [0.0, *(_NORMAL.cdf(z - sigma) for z in edges), 1.0]
    return tuple((high - low) * STRATA for low, high in pairwise(below))


def renewal_times(
    rng: Random, *, start_s: float, seconds: float, rate: float, scv: float = 1.0
) -> list[float]:
    """Arrivals of a renewal process with this rate and SCV of the gaps, rising.

    SCV 1 is Poisson, 0 evenly spaced, below 1 gamma gaps, above 1 hyperexponential gaps with
    balanced means (Whitt 1982): the index of dispersion over long windows equals the SCV.
    """
    if rate <= 0.0 or seconds <= 0.0:
        return []
    gaps = _gaps(rng, rate, scv)
    times: list[float] = []
    end, now = start_s + seconds, start_s
    if scv != 1.0:
        now += _first_gap(rng, rate, scv)
        times.append(now)
    while now < end:
        left = (end - now) * rate
        for gap in gaps(int(left + 4.0 * math.sqrt(left * max(scv, 0.01)) + 8.0)):
            now += gap
            times.append(now)
    while times and times[-1] >= end:
        times.pop()
    return times


def _first_gap(rng: Random, rate: float, scv: float) -> float:
    """From any moment to the next arrival: what is left of a gap, the long ones met more often.

    Started at an arrival, each stretch would begin with a cluster of its own.
    """
    if scv == 0.0:
        return rng.random() / rate
    if scv < 1.0:
        return rng.random() * rng.gammavariate(1.0 + 1.0 / scv, scv / rate)
    often = (1.0 + math.sqrt((scv - 1.0) / (scv + 1.0))) / 2.0
    # Balanced means: as much time passes in the short gaps as in the long ones.
    return rng.expovariate(2.0 * rate * (often if rng.random() < 0.5 else 1.0 - often))


def _gaps(rng: Random, rate: float, scv: float) -> Draw:
    random, log = rng.random, math.log
    if scv == 1.0:
        scale = -1.0 / rate
        return lambda n: [scale * log(1.0 - random()) for _ in range(n)]
    if scv == 0.0:
        return lambda n: [1.0 / rate] * n
    if scv < 1.0:
        return lambda n: [rng.gammavariate(1.0 / scv, scv / rate) for _ in range(n)]
    often = (1.0 + math.sqrt((scv - 1.0) / (scv + 1.0))) / 2.0
    short, long = -0.5 / (rate * often), -0.5 / (rate * (1.0 - often))
    return lambda n: [(short if random() < often else long) * log(1.0 - random()) for _ in range(n)]


def spread_times(rng: Random, *, start_s: float, seconds: float, count: int) -> list[float]:
    """So many arrivals anywhere in a stretch: a recording that states counts only, jittered."""
    return sorted([start_s + seconds * rng.random() for _ in range(count)])
