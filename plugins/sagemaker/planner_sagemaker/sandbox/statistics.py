"""Statistics over samples: the five plain ones, and percentiles such as p99.9."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from planner_sagemaker.sandbox.samples import Sample

_PERCENTILE = re.compile(r"p(\d{1,2}(?:\.\d{1,10})?|100)")
_PLAIN: Mapping[str, Callable[[Sequence[Sample]], float]] = {
    "SampleCount": lambda samples: sum(one.count for one in samples),
    "Sum": lambda samples: sum(one.total for one in samples),
    "Minimum": lambda samples: min(one.low for one in samples),
    "Maximum": lambda samples: max(one.high for one in samples),
    "Average": lambda samples: (
        sum(one.total for one in samples) / sum(one.count for one in samples)
    ),
}


def is_known(name: str) -> bool:
    """Whether this is a statistic; trimmed means and their like are not known here."""
    return name in _PLAIN or _PERCENTILE.fullmatch(name) is not None


def statistic(name: str, samples: Sequence[Sample]) -> float | None:
    """The statistic of samples; None of none, and for a percentile of values that nobody kept.

    A percentile is the least value that so many percent of all do not exceed. CloudWatch has none
    where sums were put, unless the least of them is the greatest (CloudWatch concepts).
    """
    if sum(one.count for one in samples) <= 0:
        return None
    if name in _PLAIN:
        return _PLAIN[name](samples)
    if any(one.low != one.high for one in samples):
        return None
    found = _PERCENTILE.fullmatch(name)
    assert found is not None
    return _percentile(float(found[1]) / 100, samples)


def _percentile(share: float, samples: Sequence[Sample]) -> float:
    ordered = sorted(samples, key=lambda one: one.low)
    wanted = share * sum(one.count for one in ordered)
    passed = 0.0
    for one in ordered:
        passed += one.count
        if passed >= wanted * (1 - 1e-12) and one.count > 0:
            break
    return one.low


def periods(samples: Sequence[Sample], start: float, period_s: int) -> dict[int, list[Sample]]:
    """Samples by the number of the period they fall into, counted from a moment."""
    found: dict[int, list[Sample]] = {}
    for one in samples:
        found.setdefault(int((one.at - start) // period_s), []).append(one)
    return found
