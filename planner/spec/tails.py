"""Whether a mean and a p99 can be those of the service times that the planner computes with."""

from __future__ import annotations

import math

from planner.model.units import format_duration
from planner.spec.report import Finding

WIDEST_P99 = 14.97
"""The most that the p99 of a log-normal can be of its mean: exp(z^2 / 2) with z = 2.3263."""


WIDEST_SCV = 223.0
"""The squared coefficient of variation that goes with it: beyond, the p99 falls again."""
_Z99 = 2.3263478740408408


def p99_of(mean_s: float, scv: float) -> float:
    """The p99 of the log-normal with this mean and squared coefficient of variation."""
    sigma = math.sqrt(math.log1p(min(scv, WIDEST_SCV)))
    return mean_s * math.exp(sigma * (_Z99 - sigma / 2.0))


def tail_finding(mean_s: float, p99_s: float) -> Finding | None:
    """Say why no log-normal has this mean and this p99, or None."""
    tail, mean = format_duration(p99_s), format_duration(mean_s)
    if p99_s < mean_s:
        return Finding(
            "percentiles-contradict",
            f"the p99 of {tail} is below the mean of {mean}",
            "check units and columns: a p99 is at least the mean",
        )
    if p99_s <= WIDEST_P99 * mean_s:
        return None
    return Finding(
        "unmodelled-tail",
        f"a p99 of {tail} is {p99_s / mean_s:.0f} times the mean of {mean}: no log-normal "
        "service time reaches more than 15",
        "measure without cold starts and time-outs, or plan slow requests as their own endpoint",
    )
