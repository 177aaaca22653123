"""Statistics of single requests, and names of percentiles that load tools write."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from planner.profiling.observation import Stats

_QUANTILES = (("p50", 0.50), ("p75", 0.75), ("p90", 0.90), ("p95", 0.95), ("p99", 0.99))
_NAMED = {"med": "p50", "median": "p50", "50%": "p50", "min": "min", "max": "max"}


def of_samples(seconds: Sequence[float]) -> tuple[float, float, Stats]:
    """Mean, standard deviation, and percentiles by linear interpolation."""
    ordered = sorted(seconds)
    count = len(ordered)
    mean = math.fsum(ordered) / count
    squares = math.fsum((one - mean) ** 2 for one in ordered)
    found = [("min", ordered[0])]
    for name, share in _QUANTILES:
        at = share * (count - 1)
        low = math.floor(at)
        high = min(low + 1, count - 1)
        found.append((name, ordered[low] + (ordered[high] - ordered[low]) * (at - low)))
    found.append(("max", ordered[-1]))
    return mean, math.sqrt(squares / (count - 1)) if count > 1 else 0.0, tuple(found)


def of_names(given: Mapping[str, object], unit_s: float) -> Stats:
    """Percentiles among the keys (`p99`, `p(99)`, `99%`, `med`) in seconds; others are no latency.

    Times of zero are left out: tools write them where there was nothing to measure.
    """
    found = {}
    for key, number in given.items():
        name = _NAMED.get(key) or _percentile(key)
        if name and isinstance(number, int | float) and not isinstance(number, bool) and number > 0:
            found[name] = float(number) * unit_s
    return tuple(sorted(found.items(), key=lambda one: (one[1], one[0])))


def _percentile(key: str) -> str:
    digits = key.removeprefix("p").strip("()%")
    try:
        share = float(digits)
    except ValueError:
        return ""
    return f"p{share:g}" if 0 < share < 100 and key != digits else ""
