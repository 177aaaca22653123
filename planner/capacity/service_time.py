"""Service time of one request as a log-normal distribution with known mean and spread."""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import pairwise
from statistics import NormalDist

from planner.model.value import record

DEFAULT_SCV = 0.10
"""Assumed squared coefficient of variation where only a mean is known.

Encoders measured in process at a fixed input length show 0.0001 to 0.002 (median and p90 of 137
rows: aws-neuron-samples, benchmark/results, 2023); real inputs vary in length, so we take more.
"""

_NORMAL = NormalDist()
_Z99 = _NORMAL.inv_cdf(0.99)

_EDGES = (
    *(i / 16 for i in range(9)),
    *(0.5 + 0.4 * i / 8 for i in range(1, 9)),
    *(0.9 + 0.09 * i / 6 for i in range(1, 7)),
    0.995,
    0.999,
    0.9999,
    1.0,
)
_CELLS = tuple((high - low, _NORMAL.inv_cdf((low + high) / 2.0)) for low, high in pairwise(_EDGES))


@record
class ServiceTime:
    """Log-normal service time: `mean_s` and `sigma` of its logarithm (0: constant)."""

    mean_s: float
    sigma: float

    @property
    def scv(self) -> float:
        """Squared coefficient of variation."""
        return math.expm1(self.sigma * self.sigma)

    @property
    def mu(self) -> float:
        """Mean of the logarithm."""
        return math.log(self.mean_s) - self.sigma * self.sigma / 2.0

    def quantile(self, q: float) -> float:
        """Service time that a share `q` of the requests does not exceed."""
        if self.sigma == 0.0:
            return self.mean_s
        return math.exp(self.mu + self.sigma * _NORMAL.inv_cdf(q))

    def exceeds(self, seconds: float) -> float:
        """Share of requests that take longer than `seconds`."""
        if seconds <= 0.0:
            return 1.0
        if self.sigma == 0.0:
            return 1.0 if self.mean_s > seconds else 0.0
        z = (math.log(seconds) - self.mu) / (self.sigma * math.sqrt(2.0))
        return 0.5 * math.erfc(z)

    def points(self) -> tuple[tuple[float, float], ...]:
        """(share, seconds) pairs that stand for the distribution in a convolution."""
        return _points(self)

    def plus(self, seconds: float) -> ServiceTime:
        """Longer by a constant, with the same absolute spread."""
        if seconds == 0.0:
            return self
        mean = self.mean_s + seconds
        variance = self.scv * self.mean_s * self.mean_s
        return ServiceTime(mean, math.sqrt(math.log1p(variance / (mean * mean))))

    def times(self, factor: float) -> ServiceTime:
        """Slower by `factor`, with the same relative spread."""
        return ServiceTime(self.mean_s * factor, self.sigma)


@lru_cache(maxsize=4096)
def _points(service: ServiceTime) -> tuple[tuple[float, float], ...]:
    if service.sigma == 0.0:
        return ((1.0, service.mean_s),)
    mu, sigma = service.mu, service.sigma
    return tuple((share, math.exp(mu + sigma * z)) for share, z in _CELLS)


def fit(mean_s: float, p99_s: float | None = None) -> ServiceTime:
    """Log-normal with this mean and p99; without a p99, DEFAULT_SCV (an assumption).

    A log-normal's p99 is at most exp(z^2 / 2) = 15 times its mean: beyond, the widest one.
    """
    if p99_s is None:
        return ServiceTime(mean_s, math.sqrt(math.log1p(DEFAULT_SCV)))
    ratio = math.log(max(p99_s / mean_s, 1.0))
    root = _Z99 * _Z99 - 2.0 * ratio
    return ServiceTime(mean_s, _Z99 - math.sqrt(root) if root > 0.0 else _Z99)
